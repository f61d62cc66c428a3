//! The server as a process that can be killed, on the data of a case.

use super::document::edit_file;
use qd_core::document;
use qd_core::ids::Millis;
use qd_core::row::{JobState, Row, RowKind};
use qd_core::state::State;
use qd_engine::Engine;
use qd_engine::step::{self, Step};
use qd_engine::time::Clock;
use qd_testkit::dying::{self, Ended};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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
    for name in ["edited", "rested"] {
        let _ = fs::remove_file(file(name));
    }
    let Ended { died, well, said } = dying::run(&orders.case, orders, orders.cut.map(|cut| cut as usize));
    assert!(died || (well && file("rested").exists()), "{orders:?}: {said}");
    let died_at = died.then(|| {
        let steps = fs::read_to_string(file("steps")).unwrap();
        let at = orders.cut.unwrap() as usize;
        steps.lines().nth(at - 1).unwrap_or_else(|| panic!("killed by nobody: {said}")).to_owned()
    });
    Life { died_at, edited: file("edited").exists() }
}

/// The other side of [`serve`]: nothing where this process is no server.
pub fn be_served() {
    let Some(orders) = dying::orders::<Orders>() else { return };
    let (case, life, now) = (orders.case.clone(), orders.life, orders.now);
    let dying = Mutex::new(orders);
    step::watch(move |step| passed(step, &dying.lock().unwrap_or_else(PoisonError::into_inner)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = Arc::new(Stopped { now, life, drawn: AtomicU64::new(0) });
        let engine = Engine::open(dying::config(&case, clock)).unwrap();
        engine.start().await;
        tokio::time::timeout(PATIENCE, at_rest(&engine)).await.unwrap_or_else(|_| panic!("{}", unrest(&engine)));
        engine.shutdown().await;
        fs::write(case.join("rested"), "").unwrap();
    });
}

fn passed(step: Step, orders: &Orders) {
    let count = dying::passed(&orders.case, step).unwrap();
    let Some(cut) = orders.cut.map(|cut| cut as usize) else { return };
    let of_document =
        matches!(step, Step::JobTaken | Step::DocumentFilled | Step::DocumentExchanged | Step::DocumentPlaced);
    if let Some((path, line)) = orders.edit.as_ref().filter(|_| count + 1 == cut && of_document)
        && edit_file(path, &orders.case.join("draft"), |text| text.editor.push(*line))
    {
        fs::write(orders.case.join("edited"), "").unwrap();
    }
    if count == cut {
        dying::die();
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
