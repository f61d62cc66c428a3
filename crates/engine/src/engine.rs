//! The engine as the server sees it: settle a mutation, read rows, log, documents, changes and output.

use crate::config::EngineConfig;
use crate::shared::{Shared, Told};
use crate::workspace::{Answer, Submission, Workspace};
use crate::writer::{Ask, Refusal, WriteError, Writer};
use qd_core::command::{Command, Configure};
use qd_core::ids::{Mid, TaskId, of_cause};
use qd_core::op::{Actor, Offset, Outcome, Reject, RejectCode};
use qd_core::state::State;
use qd_store::{
    Entry, Hash, OpenError as StoreOpenError, ReadError, SharedReader, Snapshot, SqliteStore, StoreError, Version,
};
use qd_wire::{DocumentText, Mutation};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long the demonstration's slow server takes to answer.
const DEMO_DELAY: Duration = Duration::from_secs(5);

/// How often old history is looked for.
const COLLECT_EVERY: Duration = Duration::from_hours(1);

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: EngineConfig,
    pub(crate) shared: Arc<Shared>,
    writer: Writer,
    reader: SharedReader,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
    faults: Faults,
    pub(crate) projects: crate::projects::OpenProjects,
    pub(crate) sessions: crate::sessions::Sessions,
    pub(crate) works: crate::work::Cache,
    pub(crate) lookouts: crate::work::Lookouts,
    pub(crate) repos: crate::work::Repos,
    pub(crate) palette: crate::review::Palette,
    pub(crate) meetings: crate::worktrees::Meetings,
    pub(crate) desks: crate::work::Desks,
    pub(crate) mentions: crate::mentions::Lists,
}

/// What the demonstration was asked to do wrong.
#[derive(Default)]
struct Faults {
    slow: AtomicBool,
    refuse: AtomicBool,
}

/// The engine can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data directory can't be used.
    #[error(transparent)]
    Store(#[from] StoreOpenError),
    /// What is stored can't be read.
    #[error(transparent)]
    Load(#[from] StoreError),
    /// The writer could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// There is no definitive answer: the same mutation may be sent again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MutateError {
    /// What it comes after is not settled yet.
    #[error("an earlier action is not settled yet")]
    TooEarly,
    /// Too many mutations wait.
    #[error("too many actions wait to be stored")]
    Overloaded,
    /// A blob that it names is not here.
    #[error("an image that it names is not here; send that first")]
    BlobMissing,
    /// No space is left.
    #[error(
        "no space is left on the disk that holds the data directory; free some: nothing was lost, and this is tried again"
    )]
    StorageFull,
    /// The database failed.
    #[error("{0}")]
    Storage(String),
    /// The server is ending.
    #[error("the server is ending")]
    Closed,
}

impl Engine {
    /// Opens the data directory and starts the writer. Nothing else runs until [`Engine::start`].
    pub fn open(config: EngineConfig) -> Result<Self, OpenError> {
        let store = SqliteStore::open(&config.data_dir)?;
        let workspace = Workspace::load(Box::new(store))?;
        let reader = workspace.reader();
        let shared = Arc::new(Shared::new(workspace.state().clone(), workspace.head()));
        let (writer, thread) = Writer::start(workspace, Arc::clone(&shared), Arc::clone(&config.clock))?;
        let inner = Inner {
            config,
            shared,
            writer,
            reader,
            thread: Mutex::new(Some(thread)),
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
            faults: Faults::default(),
            projects: crate::projects::OpenProjects::default(),
            sessions: crate::sessions::Sessions::default(),
            works: crate::work::Cache::default(),
            lookouts: crate::work::Lookouts::default(),
            repos: crate::work::Repos::default(),
            palette: crate::review::Palette::default(),
            meetings: crate::worktrees::Meetings::default(),
            desks: crate::work::Desks::default(),
            mentions: crate::mentions::Lists::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Starts the reconcilers: settings, sessions, jobs, agents, files of the projects, collection.
    pub async fn start(&self) {
        let config = &self.inner.config;
        let configure = Configure { max_sessions: config.max_sessions, demo: config.demo };
        self.report(
            Command::Configure(configure),
            &["configure", &config.max_sessions.to_string(), &config.demo.to_string(), &self.started()],
        )
        .await;
        self.collect_blobs().await;
        self.watch_stored_projects();
        self.run_jobs();
        self.watch_meetings();
        crate::sessions::start(self);
        self.run_catalogue();
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            engine.inner.shutdown.run_until_cancelled(engine.collect_scratch()).await;
            engine.inner.shutdown.run_until_cancelled(engine.collect_spares()).await;
            engine.inner.shutdown.run_until_cancelled(engine.tidy_up()).await;
        });
    }

    /// Removes old history, a bounded part at a time, for as long as the engine runs.
    async fn tidy_up(&self) {
        let mut hour = tokio::time::interval(COLLECT_EVERY);
        loop {
            hour.tick().await;
            if self.inner.writer.ask_patiently(Ask::Collect).await.is_err() {
                return;
            }
        }
    }

    /// Names this run of the server in causes that hold for one run only.
    pub(crate) fn started(&self) -> String {
        crate::time::mint(self.inner.config.clock.as_ref()).to_string()
    }

    /// Settles a mutation.
    pub async fn mutate(&self, mutation: Mutation, actor: Actor) -> Result<Outcome, MutateError> {
        let person = actor == Actor::Person;
        let starts = person && ["start_session", "send_comments"].contains(&mutation.name.as_str());
        if starts && self.inner.faults.slow.swap(false, Ordering::Relaxed) {
            tokio::time::sleep(DEMO_DELAY).await;
        }
        let refuse = (starts && self.inner.faults.refuse.swap(false, Ordering::Relaxed)).then(|| {
            Reject::new(RejectCode::Refused, "The demonstration was asked to refuse this start. Retry starts it.")
        });
        let refuse = match refuse {
            None if person && self.lacks_blobs(&mutation).await => {
                // A sender that has it will send it; one that has not must hear an end of it.
                Some(mutation.blobs_gone.then(image_gone).ok_or(MutateError::BlobMissing)?)
            }
            refuse => refuse,
        };
        if person {
            Box::pin(self.count_what_would_be_refused(&mutation)).await;
        }
        let (reply, answer) = oneshot::channel();
        let ask = Ask::Settle(Submission { mutation, actor, refuse }, reply);
        if person {
            self.inner.writer.ask(ask).map_err(|refusal| match refusal {
                Refusal::Full => MutateError::Overloaded,
                Refusal::Closed => MutateError::Closed,
            })?;
        } else {
            self.inner.writer.ask_patiently(ask).await.map_err(|_| MutateError::Closed)?;
        }
        match answer.await {
            Ok(Ok(Answer::Settled(outcome))) => Ok(outcome),
            Ok(Ok(Answer::TooEarly)) => Err(MutateError::TooEarly),
            Ok(Err(WriteError::Full)) => Err(MutateError::StorageFull),
            Ok(Err(WriteError::Unknown(why))) => Err(MutateError::Storage(why)),
            Err(_) => Err(MutateError::Closed),
        }
    }

    /// Submits a command of the server itself under the id of its cause. `None` where it could not be stored or was
    /// refused: reconcilers find what is undone when they run again.
    pub(crate) async fn report(&self, command: Command, cause: &[&str]) -> Option<Outcome> {
        let mutation = Mutation::new(Mid(of_cause(cause)), &command);
        match self.mutate(mutation, Actor::Server).await {
            Ok(outcome) => {
                if let Some(reject) = &outcome.err {
                    tracing::warn!(code = ?reject.code, reason = %reject.message, cause = ?cause, "a report of the server was refused");
                    return None;
                }
                Some(outcome)
            }
            Err(error) => {
                if error != MutateError::Closed {
                    tracing::error!(%error, cause = ?cause, "a report of the server could not be stored");
                }
                None
            }
        }
    }

    /// Reads the rows as of the newest durable record.
    pub fn read<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        self.inner.shared.read(read)
    }

    /// The configuration it was opened with.
    pub fn config(&self) -> &EngineConfig {
        &self.inner.config
    }

    /// Where the log stands; changes after each durable batch. Read the records, then wait.
    pub fn head(&self) -> watch::Receiver<Offset> {
        self.inner.shared.head()
    }

    /// The records after an offset, at most about `limit`.
    pub async fn records(&self, after: Offset, limit: usize) -> Result<Vec<Arc<Entry>>, ReadError> {
        if let Some(entries) = self.inner.shared.recent(after, limit) {
            return Ok(entries);
        }
        self.blocking(move |reader| reader.records_after(after, limit))
            .await
            .map(|entries| entries.into_iter().map(Arc::new).collect())
    }

    /// The snapshot with the outcomes of `mids`.
    pub async fn snapshot(&self, mids: Vec<Mid>) -> Result<Snapshot, StoreError> {
        self.blocking(move |reader| reader.snapshot(&mids)).await
    }

    /// A version of a task's document; the newest where none is named. `None` where there is no such.
    pub async fn document(&self, task: TaskId, version: Option<Mid>) -> Result<Option<DocumentText>, StoreError> {
        let newest = || self.read(|state| state.task(task).and_then(|t| t.document.version));
        let Some(version) = version.or_else(newest) else {
            return Ok(None);
        };
        let text = self.blocking(move |reader| reader.text(version)).await?;
        Ok(text.filter(|t| t.version.task == task).map(|t| DocumentText { version, text: t.text }))
    }

    /// The versions of a task's document, oldest first.
    pub async fn versions(&self, task: TaskId) -> Result<Vec<Version>, StoreError> {
        self.blocking(move |reader| reader.versions(task)).await
    }

    /// What the live sessions do now, and what they will do.
    pub fn activity(&self) -> (Vec<Told>, broadcast::Receiver<Told>) {
        self.inner.shared.activity()
    }

    /// Keeps the hash of a page's session key.
    pub async fn put_session_key(&self, hash: Hash) -> Result<(), MutateError> {
        self.ask_about_key(|reply| Ask::PutSessionKey(hash, reply)).await
    }

    /// Forgets the hash of a page's session key.
    pub async fn drop_session_key(&self, hash: Hash) -> Result<(), MutateError> {
        self.ask_about_key(|reply| Ask::DropSessionKey(hash, reply)).await
    }

    async fn ask_about_key(
        &self,
        ask: impl FnOnce(oneshot::Sender<Result<(), WriteError>>) -> Ask,
    ) -> Result<(), MutateError> {
        let (reply, answer) = oneshot::channel();
        self.inner.writer.ask_patiently(ask(reply)).await.map_err(|_| MutateError::Closed)?;
        match answer.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(WriteError::Full)) => Err(MutateError::StorageFull),
            Ok(Err(WriteError::Unknown(why))) => Err(MutateError::Storage(why)),
            Err(_) => Err(MutateError::Closed),
        }
    }

    /// Whether a page holds the key of this hash.
    pub async fn has_session_key(&self, hash: Hash) -> Result<bool, StoreError> {
        self.blocking(move |reader| reader.has_session_key(&hash)).await
    }

    /// Demonstration: the next start is answered after 5 s.
    pub fn slow_next(&self) {
        self.inner.faults.slow.store(true, Ordering::Relaxed);
    }

    /// Demonstration: the next start is refused.
    pub fn refuse_next(&self) {
        self.inner.faults.refuse.store(true, Ordering::Relaxed);
    }

    /// Ends everything that the engine runs; sessions go on in their hosts. Returns when the store is closed.
    pub async fn shutdown(self) {
        self.inner.shutdown.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        let thread = self.inner.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let stopped = self.inner.writer.ask_patiently(Ask::Stop).await;
        if let (Some(thread), Ok(())) = (thread, stopped) {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    async fn blocking<R, E>(
        &self,
        read: impl FnOnce(&dyn qd_store::Reader) -> Result<R, E> + Send + 'static,
    ) -> Result<R, E>
    where
        R: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let reader = Arc::clone(&self.inner.reader);
        match tokio::task::spawn_blocking(move || read(reader.as_ref())).await {
            Ok(result) => result,
            Err(e) => Err(E::from(StoreError::Io(Box::new(e)))),
        }
    }
}

fn image_gone() -> Reject {
    let message = "The image that goes with it is neither here nor in the browser any more. Attach it again.";
    Reject::new(RejectCode::NotFound, message)
}
