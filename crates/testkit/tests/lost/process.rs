//! The server as a process that can be killed: it is given commands, and ends when there is nothing to do.

use qd_core::command::Command;
use qd_core::ids::Mid;
use qd_core::op::Actor;
use qd_core::row::{JobState, Row, RowKind};
use qd_core::state::State;
use qd_engine::Engine;
use qd_engine::step::{self, Step};
use qd_engine::time::SystemClock;
use qd_testkit::dying::{self, Ended};
use qd_wire::Mutation;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(10);

#[derive(Debug, Serialize, Deserialize)]
pub struct Orders {
    pub case: PathBuf,
    /// What persons send, each with its id. The same is sent again after a death.
    pub commands: Vec<(Mid, Command)>,
    /// The step at which it dies.
    pub cut: Option<usize>,
}

/// What the server tells when it has come to rest.
#[derive(Debug, Serialize, Deserialize)]
pub struct Told {
    /// The rows.
    pub rows: Vec<Row>,
    /// What was refused, and why.
    pub refused: Vec<String>,
}

/// Runs a server; none where it died at the step.
pub fn serve(orders: &Orders) -> Option<Told> {
    let _ = fs::remove_file(orders.case.join("told"));
    let Ended { died, well, said } = dying::run(&orders.case, orders, orders.cut);
    if died {
        return None;
    }
    assert!(well, "{orders:?}: {said}");
    let told = fs::read(orders.case.join("told")).unwrap_or_else(|_| panic!("it told nothing: {said}"));
    Some(serde_json::from_slice(&told).unwrap())
}

/// The other side of [`serve`]: nothing where this process is no server.
pub fn be_served() {
    let Some(orders) = dying::orders::<Orders>() else { return };
    let (case, commands) = (orders.case.clone(), orders.commands.clone());
    let dying = Mutex::new(orders);
    step::watch(move |step| passed(step, &dying.lock().unwrap_or_else(PoisonError::into_inner)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let engine = Engine::open(dying::config(&case, Arc::new(SystemClock))).unwrap();
        let deck = case.join("deck");
        engine.attach_project(&deck).await.unwrap();
        engine.start().await;
        rest(&engine).await;
        let mut refused = Vec::new();
        for (mid, command) in commands {
            // As the page does for whoever comes back to it.
            for row in rows(&engine) {
                if let Row::Task(task) = row {
                    let _ = engine.changes(task.id).await;
                }
            }
            let outcome = engine.mutate(Mutation::new(mid, &command), Actor::Person).await.unwrap();
            refused.extend(outcome.err.map(|reject| reject.message));
            rest(&engine).await;
        }
        let told = Told { rows: rows(&engine), refused };
        engine.shutdown().await;
        fs::write(case.join("told"), serde_json::to_vec(&told).unwrap()).unwrap();
    });
}

async fn rest(engine: &Engine) {
    let resting = async {
        let mut head = engine.head();
        while engine.read(restless) {
            let _ = tokio::time::timeout(GLANCE, head.changed()).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, resting).await;
    waited.unwrap_or_else(|_| panic!("it does not come to rest: {:?}", rows(engine)));
}

fn restless(state: &State) -> bool {
    let rows = [RowKind::Session, RowKind::Job].into_iter().flat_map(|kind| state.of_kind(kind));
    let unread = state.of_kind(RowKind::Task).next().is_none();
    let mut restless = rows.map(|row| match row {
        Row::Session(session) => session.status.is_active(),
        Row::Job(job) => job.state == JobState::Pending,
        _ => false,
    });
    unread || restless.any(|is| is)
}

fn rows(engine: &Engine) -> Vec<Row> {
    let kinds = [RowKind::Project, RowKind::Task, RowKind::Session, RowKind::Job];
    engine.read(|state| kinds.into_iter().flat_map(|kind| state.of_kind(kind).cloned().collect::<Vec<_>>()).collect())
}

fn passed(step: Step, orders: &Orders) {
    if orders.cut == Some(dying::passed(&orders.case, step).unwrap()) {
        dying::die();
    }
}

/// A new id.
pub fn mint() -> uuid::Uuid {
    qd_engine::time::mint(&SystemClock)
}
