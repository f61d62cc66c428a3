//! The writer: one thread that owns the workspace, takes what is queued (at most [`BATCH`]), never waits for more,
//! commits once, publishes, answers.

use crate::shared::Shared;
use crate::time::SharedClock;
use crate::workspace::{Answer, BATCH, Submission, Workspace};
use qd_core::ids::Millis;
use qd_store::{Hash, Retention, StoreError};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// How many submissions may wait.
const QUEUE: usize = 4096;

/// What the writer is asked.
pub(crate) enum Ask {
    Settle(Submission, oneshot::Sender<Result<Answer, WriteError>>),
    PutSessionKey(Hash, oneshot::Sender<Result<(), WriteError>>),
    DropSessionKey(Hash, oneshot::Sender<Result<(), WriteError>>),
    Collect,
    Stop,
}

/// Why there is no definitive answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WriteError {
    /// No space is left.
    #[error("no space is left on the disk that holds the data directory")]
    Full,
    /// The outcome is not known.
    #[error("the database could not be written: {0}")]
    Unknown(String),
}

/// Why nothing could be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Too much waits already.
    Full,
    /// The writer is gone.
    Closed,
}

/// The way to the writer.
#[derive(Clone)]
pub(crate) struct Writer {
    asks: mpsc::Sender<Ask>,
}

impl Writer {
    /// Starts the writer's thread. It ends on `Ask::Stop`, when what was queued before is settled.
    pub(crate) fn start(
        workspace: Workspace,
        shared: Arc<Shared>,
        clock: SharedClock,
    ) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (asks, queue) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || run(workspace, &shared, &clock, queue))?;
        Ok((Self { asks }, thread))
    }

    /// Queues `ask`, unless the queue is full or the writer is gone.
    pub(crate) fn ask(&self, ask: Ask) -> Result<(), Refusal> {
        self.asks.try_send(ask).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => Refusal::Full,
            mpsc::error::TrySendError::Closed(_) => Refusal::Closed,
        })
    }

    /// Queues `ask` once there is room.
    pub(crate) async fn ask_patiently(&self, ask: Ask) -> Result<(), Refusal> {
        self.asks.send(ask).await.map_err(|_| Refusal::Closed)
    }
}

fn run(mut workspace: Workspace, shared: &Shared, clock: &SharedClock, mut queue: mpsc::Receiver<Ask>) {
    let mut asks = Vec::with_capacity(BATCH);
    while queue.blocking_recv_many(&mut asks, BATCH) > 0 {
        let now = clock.now();
        let mut batch = Vec::with_capacity(asks.len());
        let mut replies = Vec::with_capacity(asks.len());
        for ask in asks.drain(..) {
            match ask {
                Ask::Settle(submission, reply) => {
                    batch.push(submission);
                    replies.push(reply);
                }
                Ask::PutSessionKey(hash, reply) => {
                    let done = workspace.store().put_session_key(&hash, now).map_err(|e| write_error(&e));
                    let _ = reply.send(done);
                }
                Ask::DropSessionKey(hash, reply) => {
                    let done = workspace.store().drop_session_key(&hash).map_err(|e| write_error(&e));
                    let _ = reply.send(done);
                }
                Ask::Collect => collect(&mut workspace, now),
                Ask::Stop => queue.close(),
            }
        }
        if !batch.is_empty() {
            settle(&mut workspace, shared, clock, now, &batch, replies);
        }
    }
}

type Reply = oneshot::Sender<Result<Answer, WriteError>>;

fn settle(
    workspace: &mut Workspace,
    shared: &Shared,
    clock: &SharedClock,
    now: Millis,
    batch: &[Submission],
    replies: Vec<Reply>,
) {
    let mut tag = || {
        let mut bytes = [0; 4];
        clock.random(&mut bytes);
        u32::from_le_bytes(bytes)
    };
    match workspace.settle(batch, now, &mut tag) {
        Ok(settled) => {
            shared.publish(&settled.commits);
            for (reply, answer) in replies.into_iter().zip(settled.answers) {
                // Whoever asked may be gone: the outcome is stored, and asked for again by the same id.
                let _ = reply.send(Ok(answer));
            }
        }
        Err(error) => {
            tracing::error!(%error, mutations = batch.len(), "a batch could not be committed");
            let told = write_error(&error);
            for reply in replies {
                let _ = reply.send(Err(told.clone()));
            }
            if !matches!(error, StoreError::Full) {
                reload(workspace, shared);
            }
        }
    }
}

/// After a failed commit it is unknown what a crash would leave: memory begins again with what the store has.
fn reload(workspace: &mut Workspace, shared: &Shared) {
    match workspace.reload() {
        Ok(()) => shared.reset(workspace.state().clone(), workspace.head()),
        Err(error) => tracing::error!(%error, "the database could not be read again"),
    }
}

fn collect(workspace: &mut Workspace, now: Millis) {
    match workspace.store().collect(now, Retention::STANDARD) {
        Ok(collected) if collected.records + collected.outcomes > 0 => {
            tracing::debug!(records = collected.records, outcomes = collected.outcomes, "old history was removed");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "old history could not be removed"),
    }
}

fn write_error(error: &StoreError) -> WriteError {
    match error {
        StoreError::Full => WriteError::Full,
        other => WriteError::Unknown(other.to_string()),
    }
}
