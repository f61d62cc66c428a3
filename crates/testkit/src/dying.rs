//! A server that dies at a step: a test program starts itself once more, and that one runs the real engine until there
//! is nothing to do, or kills itself.
//!
//! Steps are those that the engine names and those calls of git that change something (see `tests/server/bin/git`),
//! counted in one file in the order in which they happened.

use qd_engine::EngineConfig;
use qd_engine::step::Step;
use qd_engine::time::Clock;
use qd_proc::{Identity, Signal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Says that this process is the server, and what it is to do.
const ORDERS: &str = "QD_SERVED";

/// How a server came to its end.
#[derive(Debug)]
pub struct Ended {
    /// Whether it was killed.
    pub died: bool,
    /// Whether it ended well by itself.
    pub well: bool,
    /// What it printed.
    pub said: String,
}

/// Runs the test `tests::the_server_that_dies` of this program as the server of `case`; it dies at the step `cut`.
///
/// # Panics
/// Where it can't be started.
pub fn run(case: &Path, orders: &impl Serialize, cut: Option<usize>) -> Ended {
    let _ = fs::remove_file(case.join("steps"));
    let started = || -> anyhow::Result<std::process::Output> {
        fs::write(case.join("cut"), format!("{}\n", cut.unwrap_or(0)))?;
        #[expect(clippy::disallowed_methods, reason = "the server that is killed is this program once more")]
        let mut server = std::process::Command::new(std::env::current_exe()?);
        server.args(["tests::the_server_that_dies", "--exact", "--nocapture", "--test-threads=1"]);
        Ok(server.env(ORDERS, serde_json::to_string(orders)?).output()?)
    };
    #[expect(clippy::panic, reason = "a test that cannot go on fails")]
    let output = started().unwrap_or_else(|error| panic!("no server: {error:#}"));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Ended { died: output.status.signal() == Some(9), well: output.status.success(), said }
}

/// What this process is to do, where it is the server.
pub fn orders<T: DeserializeOwned>() -> Option<T> {
    serde_json::from_str(std::env::var_os(ORDERS)?.to_str()?).ok()
}

/// Notes that a step was passed; how many were, with it.
///
/// # Errors
/// Where the file of the steps can't be written.
pub fn passed(case: &Path, step: Step) -> std::io::Result<usize> {
    let steps = case.join("steps");
    writeln!(OpenOptions::new().create(true).append(true).open(&steps)?, "{step:?}")?;
    Ok(fs::read_to_string(&steps)?.lines().count())
}

/// Kills this process.
pub fn die() -> ! {
    let _ = Identity::own().map(|own| own.signal(Signal::Kill));
    loop {
        std::thread::park();
    }
}

/// The engine of the case: its git counts steps, its host only says that it was started.
pub fn config(case: &Path, clock: Arc<dyn Clock>) -> EngineConfig {
    let bin = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server/bin");
    EngineConfig {
        data_dir: case.join("data"),
        clock,
        qd: bin.join("qd"),
        env: BTreeMap::from([("PATH".to_owned(), bin.display().to_string())]),
        home: case.join("home"),
        agents: BTreeMap::new(),
        limits: qd_engine::host::Limits::default(),
        confine: true,
        openers: BTreeMap::new(),
        projects: BTreeMap::new(),
        // Always: what is made ahead must not be lost either.
        spare_after: Some(Duration::ZERO),
        max_sessions: 100,
        tasks_dir: "tasks".to_owned(),
        commit_tasks: false,
        demo: false,
    }
}
