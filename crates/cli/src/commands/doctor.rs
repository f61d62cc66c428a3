//! `qd doctor`.

use super::Context;
use crate::config::Config;
use crate::exit::Error;
use crate::say;
use crate::server_file::ServerFile;
use qd_agents::{Detected, Surroundings};
use qd_core::row::Install;
use qd_proc::{Run, Spawn};
use serde_json::json;
use std::time::Duration;

/// How long git may take to tell its version.
const GIT_TIMEOUT: Duration = Duration::from_secs(5);

/// Say what is there, what is missing, and the one command that mends it.
#[derive(clap::Args)]
pub struct Doctor {}

/// One thing that was looked at.
struct Finding {
    name: String,
    ok: bool,
    says: String,
    mend: Option<String>,
}

impl Doctor {
    /// Does it. Ends with 0 also where an agent is missing: only what nothing works without is a failure.
    pub fn run(context: &Context) -> Result<(), Error> {
        let data_dir = context.data_dir();
        let config = Config::load(&context.environment.config_file(), &data_dir);
        let agents = config.as_ref().map(|c| c.agents.clone()).unwrap_or_default();
        let surroundings = Surroundings {
            home: context.environment.home(),
            env: context.environment.texts(),
            cwd: std::env::current_dir().map_err(Error::failed)?,
            own_program: std::env::current_exe().map_err(Error::failed)?,
            installed: data_dir.join("agents"),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::failed)?;
        let (git, detected) =
            runtime.block_on(async { (git(context).await, qd_agents::detect(&surroundings, &agents).await) });
        let server = ServerFile::running(&data_dir);
        let mut findings = vec![
            git,
            Finding {
                name: "configuration".to_owned(),
                ok: config.is_ok(),
                says: config.as_ref().map_or_else(ToString::to_string, |_| "understood".to_owned()),
                mend: None,
            },
            Finding {
                name: "server".to_owned(),
                ok: true,
                says: server
                    .map_or_else(|| "not running".to_owned(), |s| format!("{} (pid {})", s.url(), s.identity.pid)),
                mend: None,
            },
        ];
        let broken = findings.iter().any(|f| !f.ok);
        findings.extend(detected.iter().map(agent));
        tell(&findings, context.json);
        if broken { Err(Error::failed("something that nothing works without is missing")) } else { Ok(()) }
    }
}

async fn git(context: &Context) -> Finding {
    let spawn = Spawn::new("git").arg("--version").allow(context.environment.all(), ["PATH"]);
    let version = Run::new(spawn, GIT_TIMEOUT).output().await;
    let says = version.ok().filter(qd_proc::Output::success).map(|output| output.stdout.text().trim().to_owned());
    Finding {
        name: "git".to_owned(),
        ok: says.is_some(),
        mend: says.is_none().then(|| "apt install git".to_owned()),
        says: says.unwrap_or_else(|| "not found".to_owned()),
    }
}

fn agent(agent: &Detected) -> Finding {
    let login = match agent.logged_in {
        Some(true) => ", logged in",
        Some(false) => ", not logged in",
        None => "",
    };
    let says = match (agent.scripted, agent.found) {
        (true, _) => "built in: scripted, no model".to_owned(),
        (false, true) => format!("{}{login}", agent.version.as_deref().unwrap_or("found")),
        (false, false) => "not found".to_owned(),
    };
    Finding {
        name: agent.title.clone(),
        ok: agent.found && agent.logged_in != Some(false),
        says,
        mend: agent.mend.as_ref().map(|mend| match &agent.install {
            Install::Offered { .. } if !agent.found => format!("{mend}   or: qd agents install {}", agent.name),
            _ => mend.clone(),
        }),
    }
}

fn tell(findings: &[Finding], as_json: bool) {
    for finding in findings {
        let Finding { name, ok, says, mend } = finding;
        if as_json {
            say::json(&json!({ "name": name, "ok": ok, "says": says, "mend": mend }));
            continue;
        }
        say::line(format_args!("{} {name}: {says}", if *ok { "ok     " } else { "missing" }));
        if let Some(mend) = mend {
            say::line(format_args!("          mend it: {mend}"));
        }
    }
}
