//! A project with one task, and servers over the same data folder, one after the other.

use qd_core::command::{Command, OnSession, SendMessage, StartSession};
use qd_core::event::{Ending, Event, EventBody};
use qd_core::ids::{MessageId, Mid, Millis, SessionId};
use qd_core::op::{Actor, Outcome};
use qd_core::row::{MessageState, Row, RowKind, Session, Start, Task};
use qd_core::state::State;
use qd_core::status::{Kind, Status};
use qd_engine::time::{Clock, SystemClock, mint};
use qd_engine::{Engine, EngineConfig, ProjectConfig};
use qd_proc::{Identity, Run, Spawn, marked};
use qd_store::Outputs;
use qd_wire::Mutation;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::timeout;
use uuid::Uuid;

pub const QD: &str = env!("CARGO_BIN_EXE_qd-session-fixture");
pub const LIMIT: Duration = Duration::from_secs(30);
/// What opens worktrees.
const OPENERS: [(&str, &str); 3] = [
    ("Editor", "pwd > ../../opened; exec sleep 1"),
    ("Broken", "echo no screen >&2; exit 3"),
    ("Web", "editor://open{path}"),
];
const TASK: &str = "# A clock\n\nShows the time.\n\n- [ ] show the hour\n- [ ] show the minute\n";

/// The system's clock, put forward.
#[derive(Debug, Default)]
pub struct ShiftedClock(AtomicU64);

impl ShiftedClock {
    pub fn forward(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Millis {
        Millis(SystemClock.now().0 + self.0.load(Ordering::Relaxed))
    }

    fn random(&self, bytes: &mut [u8]) {
        SystemClock.random(bytes);
    }
}

/// See the module.
pub struct Stage {
    folder: PathBuf,
    _removed: Option<TempDir>,
    pub clock: Arc<ShiftedClock>,
    pub qd: PathBuf,
    /// Whether the demo agent ends before it says anything.
    pub fails: bool,
    /// So many sessions run at once.
    pub places: u32,
    /// What makes new worktrees ready.
    pub setup: Option<String>,
    /// Whether worktrees are made ahead.
    pub ahead: bool,
}

impl Stage {
    /// One that is there.
    pub fn at(folder: PathBuf) -> Self {
        Self {
            folder,
            _removed: None,
            clock: Arc::default(),
            qd: QD.into(),
            fails: false,
            places: 4,
            setup: None,
            ahead: false,
        }
    }

    pub async fn new() -> Self {
        let removed = tempfile::tempdir().unwrap();
        let stage = Self::at(removed.path().to_owned());
        let stage = Self { _removed: Some(removed), ..stage };
        let project = stage.project();
        fs::create_dir_all(project.join("tasks")).unwrap();
        fs::create_dir_all(stage.path("home")).unwrap();
        fs::write(project.join("tasks/clock.md"), TASK).unwrap();
        fs::write(project.join("README.md"), "# Clocks\n").unwrap();
        stage.git(&["init", "--quiet", "--initial-branch=main"]).await;
        stage.git(&["add", "."]).await;
        stage.git(&["commit", "--quiet", "--message=Begin"]).await;
        stage
    }

    async fn git(&self, args: &[&str]) {
        let env = self.env();
        let spawn = Spawn::new("git").args(args).envs(&env).cwd(self.project());
        let output = Run::new(spawn, LIMIT).output().await.unwrap();
        assert!(output.success(), "{}", output.stderr.text());
    }

    fn env(&self) -> BTreeMap<String, String> {
        let home = self.path("home").display().to_string();
        let demo = self.path("demo").display().to_string();
        let path = std::env::var_os("PATH").unwrap().into_string().unwrap();
        [
            ("PATH", path.as_str()),
            ("HOME", &home),
            ("QD_DEMO_HOME", &demo),
            ("QD_DEMO_STEP_MS", "0"),
            ("QD_DEMO_FAIL", if self.fails { "1" } else { "0" }),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "A"),
            ("GIT_AUTHOR_EMAIL", "a@example.com"),
            ("GIT_COMMITTER_NAME", "A"),
            ("GIT_COMMITTER_EMAIL", "a@example.com"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
    }

    pub fn project(&self) -> PathBuf {
        self.path("project")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn config(&self) -> EngineConfig {
        EngineConfig {
            data_dir: self.path("data"),
            clock: Arc::<ShiftedClock>::clone(&self.clock),
            qd: self.qd.clone(),
            env: self.env(),
            home: self.path("home"),
            agents: BTreeMap::new(),
            limits: qd_engine::host::Limits::default(),
            confine: true,
            openers: BTreeMap::from(OPENERS.map(|(name, command)| (name.to_owned(), command.to_owned()))),
            projects: BTreeMap::from([(self.project().canonicalize().unwrap(), self.project_config())]),
            spare_after: self.ahead.then_some(Duration::ZERO),
            max_sessions: self.places,
            tasks_dir: "tasks".to_owned(),
            commit_tasks: false,
            demo: false,
        }
    }

    fn project_config(&self) -> ProjectConfig {
        ProjectConfig { setup: self.setup.clone(), ports: vec!["PORT".to_owned()], ..ProjectConfig::default() }
    }

    /// An id as a page mints it.
    pub fn mint(&self) -> Uuid {
        mint(self.clock.as_ref())
    }

    /// A server that reads and writes rows, and does nothing by itself.
    pub fn dormant(&self) -> Server {
        // The one before may still be letting go of the folder.
        let until = std::time::Instant::now() + LIMIT;
        loop {
            match Engine::open(self.config()) {
                Ok(engine) => return Server { engine, runs: self.config().runs() },
                Err(error) => assert!(std::time::Instant::now() < until, "{error}"),
            }
            std::thread::yield_now();
        }
    }

    /// A server with the project open and its agents found.
    pub async fn server(&self) -> Server {
        let server = self.dormant();
        server.engine.start().await;
        server.engine.attach_project(&self.project()).await.unwrap();
        server
            .until("the task and the agent", |state| {
                let agent = state.agents().iter().any(|agent| agent.scripted);
                (agent && task(state).is_some()).then_some(())
            })
            .await;
        server
    }
}

fn task(state: &State) -> Option<&Task> {
    state.of_kind(RowKind::Task).find_map(|row| if let Row::Task(t) = row { Some(t) } else { None })
}

/// An engine with what a person does and sees.
pub struct Server {
    pub engine: Engine,
    runs: PathBuf,
}

impl Server {
    fn mint(&self) -> Uuid {
        mint(self.engine.config().clock.as_ref())
    }

    pub async fn act(&self, command: &Command) -> Outcome {
        let mutation = Mutation::new(Mid(self.mint()), command);
        self.engine.mutate(mutation, Actor::Person).await.unwrap()
    }

    pub fn task(&self) -> Task {
        self.engine.read(|state| task(state).cloned()).unwrap()
    }

    pub fn start_of(&self, kind: Kind, instructions: &str) -> StartSession {
        let start = Start { agent: Some("demo".to_owned()), instructions: instructions.to_owned(), ..Start::default() };
        StartSession { id: SessionId(self.mint()), task: self.task().id, kind, start }
    }

    pub async fn start(&self, kind: Kind, instructions: &str) -> SessionId {
        let start = self.start_of(kind, instructions);
        let id = start.id;
        let outcome = self.act(&Command::StartSession(start)).await;
        assert!(outcome.ok, "{outcome:?}");
        id
    }

    pub async fn cancel(&self, id: SessionId) {
        assert!(self.act(&Command::CancelSession(OnSession { id })).await.ok);
    }

    pub async fn send(&self, session: SessionId, text: &str) -> MessageId {
        let id = MessageId(self.mint());
        let outcome = self.act(&Command::SendMessage(SendMessage::new(id, session, text))).await;
        assert!(outcome.ok, "{outcome:?}");
        id
    }

    pub fn session(&self, id: SessionId) -> Session {
        self.engine.read(|state| state.session(id).cloned()).unwrap()
    }

    pub fn message(&self, id: MessageId) -> MessageState {
        self.engine.read(|state| state.message(id).map(|m| m.state.clone())).unwrap()
    }

    /// Waits until the rows have something.
    pub async fn until<T>(&self, what: &str, mut find: impl FnMut(&State) -> Option<T>) -> T {
        let mut head = self.engine.head();
        let found = async {
            loop {
                head.mark_unchanged();
                if let Some(found) = self.engine.read(&mut find) {
                    return found;
                }
                head.changed().await.unwrap();
            }
        };
        let waited = timeout(LIMIT, found).await;
        waited.unwrap_or_else(|_| {
            let rows: Vec<Row> = self.engine.read(|state| state.rows().map(|row| row.as_ref().clone()).collect());
            panic!("waited in vain for {what}; the rows are {rows:#?}")
        })
    }

    pub async fn until_status(&self, id: SessionId, status: Status) -> Session {
        let find = |state: &State| state.session(id).filter(|s| s.status == status).cloned();
        self.until(&format!("{status:?}"), find).await
    }

    pub async fn until_end(&self, id: SessionId) -> (Session, Ending) {
        let find = |state: &State| state.session(id).filter(|s| s.status.is_ended()).cloned();
        let session = self.until("an ending", find).await;
        let ending = session.ending.clone().unwrap();
        (session, ending)
    }

    /// Waits until a live session does something.
    pub async fn until_line(&self, id: SessionId, words: &str) {
        let seen = async {
            loop {
                let (now, mut later) = self.engine.activity();
                if now.iter().any(|(session, activity)| *session == id && activity.line.contains(words)) {
                    return;
                }
                let _ = later.recv().await;
            }
        };
        timeout(LIMIT, seen).await.unwrap_or_else(|_| panic!("waited in vain for {words:?}: {:?}", self.session(id)));
    }

    pub fn run_dir(&self, id: SessionId, attempt: u32) -> PathBuf {
        self.runs.join(id.to_string()).join(attempt.to_string())
    }

    /// The output of an attempt, compressed or not.
    pub fn output(&self, id: SessionId, attempt: u32) -> String {
        let mut text = String::new();
        Outputs::new(self.runs.parent().unwrap()).whole(id, attempt).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// The events of an attempt; checks that they are numbered without gaps.
    pub fn events(&self, id: SessionId, attempt: u32) -> Vec<Event> {
        let text = self.output(id, attempt);
        let events: Vec<Event> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<_>>(), "numbers without gaps");
        events
    }

    /// The messages that the agent of an attempt was sent.
    pub fn prompts(&self, id: SessionId, attempt: u32) -> Vec<MessageId> {
        let prompt =
            |event: Event| if let EventBody::Prompt { message, .. } = event.body { Some(message) } else { None };
        self.events(id, attempt).into_iter().filter_map(prompt).collect()
    }

    /// Checks that the output of the last attempt ends with the ending of the row, where the row says it does.
    pub fn check_output(&self, session: &Session) {
        let length = self.output(session.id, session.attempt).len();
        assert_eq!(session.output_end, Some(length as u64));
        let events = self.events(session.id, session.attempt);
        assert!(matches!(events.last().unwrap().body, EventBody::Ended { .. }));
        assert_eq!(events.iter().filter(|event| matches!(event.body, EventBody::Ended { .. })).count(), 1);
    }

    /// The server ends in good order.
    pub async fn close(self) {
        self.engine.shutdown().await;
    }
}

/// The processes that carry the mark of an attempt.
pub fn processes(id: SessionId, attempt: u32) -> Vec<Identity> {
    marked(&format!("{id}.{attempt}")).unwrap()
}

/// The lines of a file; none where it is not there.
pub fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}
