//! What lies between an agent and the log of its session, and how an agent ends.

use super::Setup;
use super::acting::{STAMP, nanoseconds};
use super::figures::{Figure, Limit};
use super::ground::{demo_agent, home, serve, settled, start};
use super::starts::status;
use crate::panel::{Home, Panel, processes, wait_for};
use anyhow::{Context as _, Result, ensure};
use qd_core::command::{Command, OnSession};
use qd_core::ids::SessionId;
use qd_core::status::Status;
use std::fs;
use std::io::Read as _;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How many events are timed.
const EVENTS: usize = 1_500;
/// Between two looks at the log.
const LOOK: Duration = Duration::from_micros(100);
/// How many sessions are cancelled, of those that obey and of those that do not.
const CANCELLED: (usize, usize) = (20, 3);

/// A server whose agent is this shell line.
fn stage(setup: &Setup, line: &str) -> Result<(Home, Panel, SessionId)> {
    let home = home(&setup.qd, line)?;
    let repository = home.repository("deck", &[("tasks/a.md", b"# A\n")])?;
    let panel = serve(&home, &[repository.to_str().context("a path that is not UTF-8")?])?;
    let task = *settled(&panel, 1)?.first().context("no task")?;
    let command = start(task, "[[demo: hang]]");
    let session = command.id;
    panel.api.send(&Command::StartSession(command))?;
    Ok((home, panel, session))
}

/// The shell line of an agent that the bench plays.
fn played(part: &str, events: usize) -> Result<String> {
    let own = std::env::current_exe()?;
    Ok(format!("exec '{}' --play {part} --events {events}", own.display()))
}

/// From the agent's line to the line of the log.
pub(super) fn overhead(setup: &Setup) -> Result<Vec<Figure>> {
    let events = EVENTS.min(setup.scale.rounds * 2);
    let tools = timed(setup, "tools", events)?;
    let words = timed(setup, "words", events)?;
    let what = "agent's line → readable in the output log, a tool call every 20 ms";
    Ok(vec![
        Figure::spread("driver.event", what, "ms", Limit::Spread(1.0, 5.0), &tools)?,
        Figure::spread("driver.text", "the same for words", "ms", Limit::Spread(1.0, 5.0), &words)?,
    ])
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of moments are few")]
fn timed(setup: &Setup, part: &str, events: usize) -> Result<Vec<f64>> {
    let (home, panel, session) = stage(setup, &played(part, events)?)?;
    let file = home.data().join(format!("run/{session}/1/output.jsonl"));
    let mut log = wait_for("the log", Duration::from_secs(20), || Ok(fs::File::open(&file).ok()))?;
    let (mut rest, mut chunk) = (Vec::new(), vec![0; 64 << 10]);
    let mut times = Vec::new();
    let begun = Instant::now();
    while times.len() < events && begun.elapsed() < Duration::from_mins(2) {
        let read = log.read(&mut chunk)?;
        let now = nanoseconds();
        if read == 0 {
            sleep(LOOK);
            continue;
        }
        rest.extend_from_slice(chunk.get(..read).unwrap_or_default());
        // Only whole lines can be read.
        let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else { continue };
        let lines: Vec<u8> = rest.drain(..=end).collect();
        let text = String::from_utf8_lossy(&lines);
        for stamp in text.split(STAMP).skip(1) {
            let written: u64 = stamp.split(' ').next().unwrap_or_default().parse()?;
            times.push(now.saturating_sub(written) as f64 / 1e6);
        }
    }
    ensure!(times.len() == events, "{} of {events} events were read", times.len());
    status(&panel, session, Status::Completed)?;
    Ok(times)
}

/// From the click to an empty tree.
pub(super) fn cancel(setup: &Setup) -> Result<Vec<Figure>> {
    let (obeys, stubborn) = (CANCELLED.0.min(setup.scale.rounds), CANCELLED.1.min(setup.scale.rounds));
    let obeys = (0..obeys).map(|_| emptied(setup, &demo_agent(&setup.qd))).collect::<Result<Vec<_>>>()?;
    // Ignored signals stay ignored in what is executed.
    let deaf = format!("trap '' TERM INT HUP; {}", played("stubborn", 0)?);
    let stubborn = (0..stubborn).map(|_| emptied(setup, &deaf)).collect::<Result<Vec<_>>>()?;
    Ok(vec![
        Figure::spread(
            "cancel.obeys",
            "cancel → no process of the agent, which obeys",
            "ms",
            Limit::Spread(300.0, 300.0),
            &obeys,
        )?,
        Figure::spread(
            "cancel.stubborn",
            "cancel → no process of the agent, which hears nothing",
            "ms",
            Limit::Spread(5300.0, 5300.0),
            &stubborn,
        )?,
    ])
}

/// Milliseconds from the click until no process of a running agent is left.
fn emptied(setup: &Setup, line: &str) -> Result<f64> {
    let (home, panel, session) = stage(setup, line)?;
    status(&panel, session, Status::Running)?;
    // Its turn runs once the prompt was handed over.
    wait_for("the prompt", Duration::from_secs(10), || {
        let output = panel.api.output(session)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&output).contains("\"kind\":\"prompt\"").then_some(()))
    })?;
    let marked =
        |root: &Home| -> Result<bool> { Ok(processes(&root.path(""))?.iter().any(|process| process.mark.is_some())) };
    ensure!(marked(&home)?, "the agent does not run");
    let clicked = Instant::now();
    panel.api.send(&Command::CancelSession(OnSession { id: session }))?;
    while marked(&home)? {
        ensure!(clicked.elapsed() < Duration::from_secs(30), "it never ended");
    }
    let took = clicked.elapsed().as_secs_f64() * 1000.0;
    status(&panel, session, Status::Cancelled)?;
    Ok(took)
}
