//! The session supervisor: sees to it that every session that has not ended has exactly one task here that attends to
//! its attempt. A reconciler: it takes no input, reads rows and run folders, and may be killed and run again at any
//! instant. Nothing that was started is started again; hosts go on without it.
//!
//! Must not know: how a worktree is made, how a document is merged, what an agent says.

mod attempt;
mod desk;
mod drafting;
mod fence;
mod folders;
mod heard;
mod origin;
mod pack;
mod prepare;
mod recap;
mod talk;

use crate::engine::Engine;
use crate::host::{self, Run};
use attempt::Attempt;
use folders::Folders;
use heard::Heard;
use qd_core::command::{Command, TakePlaces};
use qd_core::ids::{SessionId, TaskId};
use qd_core::row::Session;
use qd_core::status::Status;
use qd_proc::Scope;
use qd_store::Known;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

/// The safety net below the signals: what went wrong is tried again, folders of deleted sessions are removed.
const TICK: Duration = Duration::from_secs(2);

/// What the supervisor shares with the rest of the engine.
#[derive(Default)]
pub(crate) struct Sessions {
    heard: Heard,
    boots: Boots,
    leases: Mutex<HashMap<TaskId, Arc<tokio::sync::Mutex<()>>>>,
}

/// At most as many agents boot at once as there are cores: a boot takes all of one for seconds, and twenty at once
/// would let each miss its deadline.
struct Boots(Arc<Semaphore>);

impl Default for Boots {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self(Arc::new(Semaphore::new(cores)))
    }
}

impl Boots {
    /// Waits for a place.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}

impl Sessions {
    /// Whoever holds it is the only one to set up or to leave the worktree of a task.
    fn lease(&self, task: TaskId) -> Arc<tokio::sync::Mutex<()>> {
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        leases.retain(|_, lease| Arc::strong_count(lease) > 1);
        Arc::clone(leases.entry(task).or_default())
    }
}

impl Engine {
    /// How far the output of a session is known to go; changes when its host reports and when it ends. The other side
    /// goes when the session is deleted.
    pub fn output(&self, session: SessionId) -> watch::Receiver<Known> {
        self.inner.sessions.heard.listen(session, || self.read(|state| state.session(session).cloned()))
    }

    /// Demonstration: kills the agent of the session that was started last, as a crash would.
    pub async fn demo_kill_agent(&self) {
        let mut live: Vec<Session> = self
            .inner
            .shared
            .active()
            .into_iter()
            .filter_map(|id| self.read(|state| state.session(id).cloned()))
            .filter(|s| s.status.rank() == 2)
            .collect();
        live.sort_by_key(|s| (s.created, s.id));
        let Some(newest) = live.pop() else { return };
        let dir = self.inner.config.run_dir(newest.id, newest.attempt);
        let found = tokio::task::spawn_blocking(move || host::inspect(&dir)).await;
        if let Ok(Ok(Run::Running(host))) = found {
            let killed = Scope::nobody().with_descendants_of(host.pid).kill().await;
            if let Err(error) = killed {
                tracing::warn!(session.id = %newest.id, %error, "the agent could not be killed");
            }
        }
    }
}

/// Starts the supervisor. It ends on the shutdown token.
pub(crate) fn start(engine: &Engine) {
    engine.inner.tasks.spawn(supervise(engine.clone()));
}

async fn supervise(engine: Engine) {
    let served_since = engine.inner.config.clock.now();
    let mut head = engine.head();
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut attempts = JoinSet::new();
    let mut attending: HashMap<SessionId, AbortHandle> = HashMap::new();
    let mut folders = Folders::list(&engine).await;
    let packing = pack::start(&engine, folders.sessions());
    loop {
        // Marked before the rows are read: what commits meanwhile wakes us again.
        head.mark_unchanged();
        for session in unattended(&engine, &attending) {
            let id = session.id;
            folders.note(id);
            let attempt = Attempt::new(engine.clone(), &session, served_since);
            attending.insert(id, attempts.spawn(attempt.attend()));
        }
        engine.inner.sessions.heard.refresh(|id| engine.read(|state| state.session(id).cloned()));
        tokio::select! {
            () = engine.inner.shutdown.cancelled() => break,
            changed = head.changed() => if changed.is_err() { break },
            Some(ended) = attempts.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "attending to a session broke off");
                }
                attending.retain(|id, task| {
                    let over = task.is_finished();
                    if over {
                        packing.add(*id);
                    }
                    !over
                });
            }
            _ = tick.tick() => {
                folders.clear(&engine).await;
                wake(&engine).await;
            }
        }
    }
    // They watch the token themselves, and end at a point where nothing is half done.
    while attempts.join_next().await.is_some() {}
}

/// Lets the sessions begin whose time has come.
async fn wake(engine: &Engine) {
    let now = engine.inner.config.clock.now();
    let is_time = |session: &Session| session.not_before.is_some_and(|at| at <= now);
    let active = engine.inner.shared.active();
    if active.into_iter().any(|id| engine.read(|state| state.session(id).is_some_and(is_time))) {
        engine.report(Command::TakePlaces(TakePlaces {}), &["places", &engine.started()]).await;
    }
}

/// The sessions that have an attempt nobody attends to. The next attempt waits until the one before is left.
fn unattended(engine: &Engine, attending: &HashMap<SessionId, AbortHandle>) -> Vec<Session> {
    let active = engine.inner.shared.active();
    let new = active.into_iter().filter(|id| !attending.contains_key(id));
    new.filter_map(|id| engine.read(|state| state.session(id).cloned())).filter(has_attempt).collect()
}

fn has_attempt(session: &Session) -> bool {
    session.status.is_active() && session.status != Status::Queued
}
