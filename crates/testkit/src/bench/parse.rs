//! How fast the drivers read, and every line is kept as it was: the recordings of real agents, over and over.

use super::Setup;
use super::figures::{Figure, Limit};
use anyhow::{Context as _, Result, ensure};
use qd_agents::catalogue::{Protocol, quirks};
use qd_agents::driver::{Outbox, Start, driver};
use qd_agents::link::{Tap as _, Way};
use qd_core::row::Permission;
use qd_engine::host::Wire;
use serde_json::Value;
use std::fs;
use std::time::Instant;

/// So much each driver reads.
const BYTES: usize = 60 << 20;

/// What is read by whom: the beginnings of the recordings' names.
const DRIVERS: [(&str, &str, Protocol, &[&str]); 3] = [
    ("parse.acp", "codex", Protocol::Acp, &["claude-agent-acp-", "codex-acp-", "gemini-", "opencode-", "copilot-"]),
    ("parse.claude", "claude-code", Protocol::ClaudeStreamJson, &["claude-control-", "claude-oneshot-"]),
    ("parse.codex", "codex", Protocol::CodexAppServer, &["codex-app-server"]),
];

pub(super) fn measure(setup: &Setup) -> Result<Vec<Figure>> {
    DRIVERS.into_iter().map(|(id, agent, protocol, names)| throughput(setup, id, agent, protocol, names)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "bytes of some recordings")]
fn throughput(setup: &Setup, id: &str, agent: &str, protocol: Protocol, names: &[&str]) -> Result<Figure> {
    let lines = recorded(setup, names)?;
    let once: usize = lines.iter().map(Vec::len).sum();
    ensure!(once > 0, "there are no recordings of {names:?}");
    let wanted = if setup.scale.rounds < 1000 { BYTES / 20 } else { BYTES };
    let kept = tempfile::tempdir()?;
    let mut read = 0;
    let mut events = 0;
    let began = Instant::now();
    let mut wire = Wire::begin(kept.path());
    while read < wanted {
        let start = Start {
            title: agent.to_owned(),
            cwd: "/fixture/project".into(),
            resume: None,
            fork: None,
            spent: None,
            permission: Permission::Ask,
            model: None,
            seed: "bench".to_owned(),
            login: None,
            quirks: quirks(agent, protocol),
        };
        let (mut driver, mut out) = (driver(protocol, start), Outbox::default());
        driver.begin(&mut out);
        for line in &lines {
            wire.line(Way::FromAgent, line);
            driver.line(line, &mut out);
            out.take_bytes();
            events += out.take_signals().len();
        }
        read += once;
    }
    // Written out to the end.
    drop(wire);
    let speed = read as f64 / 1e6 / began.elapsed().as_secs_f64();
    let what = format!("recordings of {once} bytes through the driver, every line kept in the wire record");
    Ok(Figure::value(id, &what, "MB/s", Limit::Least(30.0), speed).with_note(&format!("{events} events")))
}

/// What agents said of themselves in these recordings. Answers to calls are left out: their ids are of other calls.
fn recorded(setup: &Setup, names: &[&str]) -> Result<Vec<Vec<u8>>> {
    let folder = setup.root.join("crates/agents/tests/transcripts");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .with_context(|| format!("{} can't be read", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            names.iter().any(|start| name.starts_with(start))
        })
        .collect();
    files.sort();
    let mut lines = Vec::new();
    for file in files {
        for line in fs::read_to_string(&file)?.lines() {
            let line: Value = serde_json::from_str(line)?;
            let said = if line["dir"].is_null() { &line } else { &line["msg"] };
            let from_agent = line["dir"].is_null() || line["dir"] == "<";
            let is_answer = said["method"].is_null() && !said["id"].is_null() || said["type"] == "control_response";
            if from_agent && !is_answer {
                lines.push(said.to_string().into_bytes());
            }
        }
    }
    Ok(lines)
}
