//! A bench for tests: a real engine over a real store, with a real repository in a temporary folder.

use crate::config::{EngineConfig, ProjectConfig};
use crate::engine::{Engine, OpenError};
use crate::time::{SystemClock, mint};
use qd_core::command::{Command, CreateTask, OnJob, OnTask, SaveDocument};
use qd_core::ids::{Mid, ProjectId, TaskId};
use qd_core::op::{Actor, Outcome};
use qd_core::row::{Job, JobState, Row, RowKind, Task};
use qd_core::state::State;
use qd_wire::Mutation;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Bench {
    folder: TempDir,
    pub engine: Engine,
    pub project: ProjectId,
    check: Option<&'static str>,
}

impl Bench {
    /// A started engine with a repository of two tasks, looked at once.
    pub async fn new() -> Self {
        let bench = Self::closed().await;
        bench.start();
        bench.wait(|state| (tasks(state).len() == 2).then_some(())).await;
        bench
    }

    /// The same, opened and not started.
    pub async fn closed() -> Self {
        Self::checked(None).await
    }

    /// The same, where what is kept must pass a check.
    pub async fn checked(check: Option<&'static str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        fs::write(folder.path().join("home/.gitconfig"), "[user]\nname = Ada\nemail = ada@example.org\n").unwrap();
        let deck = folder.path().join("deck");
        fs::create_dir_all(deck.join("tasks")).unwrap();
        fs::write(deck.join("tasks/one.md"), "# One\n\nfirst\n\n- [ ] a\n\nlast\n").unwrap();
        fs::write(deck.join("tasks/two.md"), "# Two\n\nsecond\n").unwrap();
        fs::write(deck.join("lib.rs"), "fn a() {}\n").unwrap();
        git(&deck, &["init", "-q", "-b", "main"]);
        git(&deck, &["add", "-A"]);
        git(&deck, &["commit", "-q", "-m", "Start"]);
        let engine = open(folder.path(), check);
        Self { folder, engine, project: ProjectId(uuid::Uuid::nil()), check }.attached().await
    }

    async fn attached(mut self) -> Self {
        // Facts only: what looks after the files begins with the start.
        self.project = self.engine.attach_facts(&self.deck()).await.unwrap();
        self
    }

    /// Starts what looks after files and jobs. Sessions stay as the test makes them.
    pub fn start(&self) {
        self.engine.watch_stored_projects();
        self.engine.run_jobs();
    }

    /// Opens the same data again, after a shutdown.
    pub fn reopened(mut self) -> Self {
        self.engine = open(self.folder.path(), self.check);
        self
    }

    /// Ends the engine and opens the same data again, started.
    pub async fn restarted(self) -> Self {
        self.engine.clone().shutdown().await;
        let bench = self.reopened();
        bench.start();
        bench
    }

    pub fn deck(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("deck")
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.deck().join(path)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    pub fn file(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// A file of the data directory; nothing where it is not there.
    pub fn data(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("data").join(name)).unwrap_or_default()
    }

    pub fn git(&self, args: &[&str]) -> String {
        git(&self.deck(), args)
    }

    /// Waits until the rows give an answer.
    pub async fn wait<T>(&self, mut read: impl FnMut(&State) -> Option<T>) -> T {
        let mut head = self.engine.head();
        let waiting = async {
            loop {
                head.borrow_and_update();
                if let Some(answer) = self.engine.read(&mut read) {
                    return answer;
                }
                head.changed().await.unwrap();
            }
        };
        let answer = tokio::time::timeout(PATIENCE, waiting).await;
        answer.unwrap_or_else(|e| panic!("{e}: {:#?}", self.engine.read(|state| (tasks(state), jobs(state)))))
    }

    /// Waits until the task at a path is as asked.
    pub async fn wait_task(&self, path: &str, is: impl Fn(&Task) -> bool) -> Task {
        self.wait(|state| tasks(state).into_iter().find(|t| t.path.as_deref() == Some(path) && is(t))).await
    }

    /// Waits until no job is pending.
    pub async fn settled(&self) {
        self.wait(|state| jobs(state).iter().all(|job| job.state != JobState::Pending).then_some(())).await;
    }

    pub fn task(&self, path: &str) -> Task {
        self.engine.read(tasks).into_iter().find(|t| t.path.as_deref() == Some(path)).unwrap()
    }

    pub fn tasks(&self) -> Vec<Task> {
        self.engine.read(tasks)
    }

    pub fn jobs(&self) -> Vec<Job> {
        self.engine.read(jobs)
    }

    /// What a person does. Accepted.
    pub async fn person(&self, command: Command) -> Mid {
        let mid = Mid(fresh());
        let outcome: Outcome = self.engine.mutate(Mutation::new(mid, &command), Actor::Person).await.unwrap();
        assert!(outcome.ok, "{:?}", outcome.err);
        mid
    }

    /// What a person tries and is refused, with these words.
    pub async fn refused(&self, command: Command) -> String {
        let mutation = Mutation::new(Mid(fresh()), &command);
        let outcome: Outcome = self.engine.mutate(mutation, Actor::Person).await.unwrap();
        outcome.err.unwrap().message
    }

    pub async fn server(&self, command: Command) {
        let cause = fresh().to_string();
        self.engine.report(command, &[&cause]).await.unwrap();
    }

    pub async fn create(&self, text: &str) -> TaskId {
        let id = TaskId(fresh());
        self.person(Command::CreateTask(CreateTask { id, project: self.project, text: text.into() })).await;
        id
    }

    pub async fn save(&self, task: &Task, text: &str) -> Mid {
        let save = SaveDocument { id: task.id, base: task.document.version, text: text.into() };
        self.person(Command::SaveDocument(save)).await
    }

    pub async fn retry(&self, job: Mid) {
        self.person(Command::RetryJob(OnJob { id: job })).await;
    }

    pub async fn text(&self, task: TaskId) -> String {
        self.engine.document(task, None).await.unwrap().unwrap().text
    }
}

/// A new id.
pub(crate) fn fresh() -> uuid::Uuid {
    mint(&SystemClock)
}

pub(crate) fn on(id: TaskId) -> OnTask {
    OnTask { id }
}

fn open(folder: &Path, check: Option<&str>) -> Engine {
    let folder = folder.canonicalize().unwrap();
    #[expect(clippy::disallowed_methods, reason = "git is found where the one who tests has it")]
    let path = std::env::var("PATH").unwrap();
    let config = EngineConfig {
        data_dir: folder.join("data"),
        clock: Arc::new(SystemClock),
        qd: "/nonexistent/qd".into(),
        // Programs that a test puts there come first.
        env: BTreeMap::from([("PATH".to_owned(), format!("{}:{path}", folder.join("bin").display()))]),
        home: folder.join("home"),
        agents: BTreeMap::new(),
        max_sessions: 4,
        limits: crate::host::Limits::default(),
        confine: true,
        openers: BTreeMap::new(),
        projects: BTreeMap::from([(
            folder.join("deck"),
            ProjectConfig { check: check.map(str::to_owned), ..ProjectConfig::default() },
        )]),
        spare_after: None,
        tasks_dir: "tasks".into(),
        commit_tasks: false,
        demo: false,
    };
    let began = std::time::Instant::now();
    loop {
        match Engine::open(config.clone()) {
            // A program that another test starts in this process holds the lock of an earlier engine until it runs.
            Err(OpenError::Store(qd_store::OpenError::Locked { .. })) if began.elapsed() < PATIENCE => {
                std::thread::yield_now();
            }
            opened => return opened.unwrap(),
        }
    }
}

pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    #[expect(clippy::disallowed_methods, reason = "the test plays the user with their git")]
    let mut git = std::process::Command::new("git");
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    let output = git.current_dir(dir).args(identity).args(args).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn tasks(state: &State) -> Vec<Task> {
    state.of_kind(RowKind::Task).filter_map(|row| if let Row::Task(t) = row { Some(t.clone()) } else { None }).collect()
}

pub(crate) fn jobs(state: &State) -> Vec<Job> {
    state.of_kind(RowKind::Job).filter_map(|row| if let Row::Job(j) = row { Some(j.clone()) } else { None }).collect()
}
