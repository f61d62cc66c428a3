//! What these tests do over and over.

use qd_core::command::{Command, CreateTask, StartSession};
use qd_core::ids::{ProjectId, SessionId, TaskId};
use qd_core::op::Outcome;
use qd_core::row::{Project, Row, RowKind, Session, Start, Task};
use qd_core::state::State;
use qd_core::status::Kind;
use qd_engine::time::{SystemClock, mint};
use qd_testkit::panel::{Api, Home, Panel, built_qd, wait_for};
use std::path::Path;
use std::time::Duration;

/// How long something may take that should take a moment.
pub const SOON: Duration = Duration::from_secs(20);

pub fn home() -> Home {
    Home::new(&built_qd().unwrap()).unwrap()
}

/// A repository with one task.
pub fn deck(home: &Home) -> std::path::PathBuf {
    home.repository("deck", &[("tasks/first.md", b"# The first task\n\n- [ ] one\n"), ("code.txt", b"code\n")]).unwrap()
}

pub fn serve(home: &Home, dir: &Path) -> Panel {
    home.serve(&[dir.to_str().unwrap()]).unwrap()
}

pub fn project(api: &Api) -> Project {
    let state = api.state().unwrap();
    let found =
        state.of_kind(RowKind::Project).find_map(|row| if let Row::Project(p) = row { Some(p.clone()) } else { None });
    found.unwrap()
}

fn tasks(state: &State) -> Vec<Task> {
    state.of_kind(RowKind::Task).filter_map(|row| if let Row::Task(t) = row { Some(t.clone()) } else { None }).collect()
}

/// Waits for a task that is meant.
pub fn task(api: &Api, what: &str, meant: impl Fn(&Task) -> bool) -> Task {
    wait_for(what, SOON, || Ok(tasks(&api.state()?).into_iter().find(&meant))).unwrap()
}

/// Waits for the task of a file.
pub fn task_at(api: &Api, path: &str) -> Task {
    task(api, path, |task| task.path.as_deref() == Some(path))
}

/// Makes a task.
pub fn create(api: &Api, project: ProjectId, text: &str) -> (TaskId, Outcome) {
    let id = TaskId(mint(&SystemClock));
    let outcome = api.send(&Command::CreateTask(CreateTask { id, project, text: text.to_owned() })).unwrap();
    (id, outcome)
}

/// Starts the demo agent, or another, on a task.
pub fn start(api: &Api, task: TaskId, agent: &str) -> (SessionId, Outcome) {
    wait_for("the agents are known", SOON, || Ok((!api.state()?.agents().is_empty()).then_some(()))).unwrap();
    let id = SessionId(mint(&SystemClock));
    let start =
        Start { agent: Some(agent.to_owned()), instructions: "[[demo: no-permission]]".to_owned(), ..Start::default() };
    let outcome = api.send(&Command::StartSession(StartSession { id, task, kind: Kind::Implement, start })).unwrap();
    (id, outcome)
}

/// Why it was refused.
pub fn refusal(outcome: Outcome) -> String {
    assert!(!outcome.ok, "it was accepted");
    outcome.err.unwrap().message
}

/// Waits for a session's end.
pub fn ended(api: &Api, id: SessionId) -> Session {
    wait_for("the session ends", Duration::from_secs(40), || {
        Ok(api.state()?.session(id).filter(|session| session.status.is_ended()).cloned())
    })
    .unwrap()
}

/// Whether all of the words are there.
#[track_caller]
pub fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}

/// Whether this runs as root; says so where not.
pub fn is_root(test: &str) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let root = status.lines().any(|line| line.starts_with("Uid:\t0\t"));
    if !root {
        eprintln!("SKIPPED {test}: it needs root, to mount and to change users");
    }
    root
}
