//! The server as a process that can be killed: this very test program, started again, runs the real engine on the
//! data of a case until there is nothing to do, or until it dies at the step that was asked for.
//!
//! Steps are those that the engine names and those calls of git that change something (see `bin/git`), counted in one
//! file in the order in which they happened.

use super::document::edit_file;
use qd_core::document;
use qd_core::ids::Millis;
use qd_core::row::{JobState, Row, RowKind};
use qd_core::state::State;
use qd_engine::step::{self, Step};
use qd_engine::time::Clock;
use qd_engine::{Engine, EngineConfig};
use qd_proc::{Identity, Signal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Says that this process is the server, and what it is to do.
const ORDERS: &str = "QD_SERVED";
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks whether there is nothing to do.
const GLANCE: Duration = Duration::from_millis(10);

#[derive(Debug, Serialize, Deserialize)]
pub struct Orders {
    /// The folder of the case.
    pub case: PathBuf,
    pub now: Millis,
    /// Which server of the case this is.
    pub life: u64,
    /// The step at which it dies.
    pub cut: Option<u32>,
    /// An edit of this file by a line, at the step before, where that is one of a document.
    pub edit: Option<(PathBuf, u32)>,
}

/// How a server came to its end.
#[derive(Debug)]
pub struct Life {
    /// The step that it died at; none where it ended with nothing to do.
    pub died_at: Option<String>,
    pub edited: bool,
}

/// Runs a server to its end.
pub fn serve(orders: &Orders) -> Life {
    let file = |name: &str| orders.case.join(name);
    for name in ["steps", "edited", "rested"] {
        let _ = fs::remove_file(file(name));
    }
    fs::write(file("cut"), format!("{}\n", orders.cut.unwrap_or(0))).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the server that is killed is this program once more")]
    let mut server = std::process::Command::new(std::env::current_exe().unwrap());
    server.args(["tests::the_server_that_dies", "--exact", "--nocapture", "--test-threads=1"]);
    let output = server.env(ORDERS, serde_json::to_string(orders).unwrap()).output().unwrap();
    let died = output.status.signal() == Some(9);
    let said = || String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned();
    assert!(died || (output.status.success() && file("rested").exists()), "{orders:?}: {}", said());
    let died_at = died.then(|| {
        let steps = fs::read_to_string(file("steps")).unwrap();
        let at = orders.cut.unwrap() as usize;
        steps.lines().nth(at - 1).unwrap_or_else(|| panic!("killed by nobody: {}", said())).to_owned()
    });
    Life { died_at, edited: file("edited").exists() }
}

/// The other side of [`serve`]: nothing where this process is no server.
pub fn be_served() {
    let Some(orders) = std::env::var_os(ORDERS) else { return };
    let orders: Orders = serde_json::from_str(orders.to_str().unwrap()).unwrap();
    let (case, life, now) = (orders.case.clone(), orders.life, orders.now);
    let dying = Mutex::new(orders);
    step::watch(move |step| passed(step, &dying.lock().unwrap_or_else(PoisonError::into_inner)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let engine = Engine::open(config(&case, now, life)).unwrap();
        engine.start().await;
        tokio::time::timeout(PATIENCE, at_rest(&engine)).await.unwrap_or_else(|_| panic!("{}", unrest(&engine)));
        engine.shutdown().await;
        fs::write(case.join("rested"), "").unwrap();
    });
}

fn passed(step: Step, orders: &Orders) {
    let steps = orders.case.join("steps");
    let mut file = OpenOptions::new().create(true).append(true).open(&steps).unwrap();
    writeln!(file, "{step:?}").unwrap();
    let count = fs::read_to_string(&steps).unwrap().lines().count();
    let Some(cut) = orders.cut.map(|cut| cut as usize) else { return };
    let of_document =
        matches!(step, Step::JobTaken | Step::DocumentFilled | Step::DocumentExchanged | Step::DocumentPlaced);
    if let Some((path, line)) = orders.edit.as_ref().filter(|_| count + 1 == cut && of_document)
        && edit_file(path, &orders.case.join("draft"), |text| text.editor.push(*line))
    {
        fs::write(orders.case.join("edited"), "").unwrap();
    }
    if count == cut {
        Identity::own().unwrap().signal(Signal::Kill).unwrap();
        loop {
            std::thread::park();
        }
    }
}

/// Waits until no job and no session is left to attend to, and the rows say what the files have.
async fn at_rest(engine: &Engine) {
    let mut head = engine.head();
    while !unrest(engine).is_empty() {
        let _ = tokio::time::timeout(GLANCE, head.changed()).await;
    }
}

/// What is still to come.
fn unrest(engine: &Engine) -> String {
    let rows = engine.read(|state: &State| {
        [RowKind::Project, RowKind::Task, RowKind::Session, RowKind::Job]
            .into_iter()
            .flat_map(|kind| state.of_kind(kind).cloned().collect::<Vec<_>>())
            .collect::<Vec<_>>()
    });
    let mut unrest = String::new();
    let mut root = PathBuf::new();
    for row in rows {
        let restless = match &row {
            Row::Project(project) => {
                root = PathBuf::from(&project.path);
                let temporary = |name: &str| name.starts_with('.');
                names(&root.join("tasks")).iter().any(|name| temporary(name))
            }
            Row::Task(task) => {
                let there = task.path.as_ref().and_then(|path| fs::read(root.join(path)).ok());
                there.is_none_or(|bytes| document::hash(&bytes) != task.document.hash)
            }
            Row::Session(session) => session.status.is_active(),
            Row::Job(job) => job.state == JobState::Pending,
            _ => false,
        };
        if restless {
            unrest = format!("{unrest}{row:?}\n");
        }
    }
    unrest
}

/// The names in a folder.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn config(case: &Path, now: Millis, life: u64) -> EngineConfig {
    let bin = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server/bin");
    EngineConfig {
        data_dir: case.join("data"),
        clock: Arc::new(Stopped { now, life, drawn: AtomicU64::new(0) }),
        qd: bin.join("qd"),
        env: BTreeMap::from([("PATH".to_owned(), bin.to_str().unwrap().to_owned())]),
        home: case.join("home"),
        agents: BTreeMap::new(),
        limits: qd_engine::host::Limits::default(),
        confine: true,
        max_sessions: 100,
        tasks_dir: "tasks".to_owned(),
        demo: false,
    }
}

/// The time of the model; what is drawn differs from server to server.
struct Stopped {
    now: Millis,
    life: u64,
    drawn: AtomicU64,
}

impl Clock for Stopped {
    fn now(&self) -> Millis {
        self.now
    }

    fn random(&self, bytes: &mut [u8]) {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        let seed = (self.life << 32) | drawn;
        let mixed = document::hash(&seed.to_be_bytes());
        for (byte, from) in bytes.iter_mut().zip(mixed.bytes().cycle()) {
            *byte = from;
        }
    }
}
