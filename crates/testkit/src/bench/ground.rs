//! The large workspace: task files that the server itself found, sessions that went through the real `decide` into the
//! real store, and one of them with a long output. Each measurement works on a copy.

use super::Scale;
use crate::panel::{Home, Panel, wait_for};
use anyhow::{Context as _, Result, ensure};
use qd_core::command::{Command, EndSession, StartSession};
use qd_core::event::{Activity, Ending, Event, EventBody, ToolKind, ToolStatus, ToolUpdate, Usage};
use qd_core::ids::{Mid, Millis, SessionId, TaskId};
use qd_core::op::Actor;
use qd_core::row::{Row, RowKind, Start};
use qd_core::status::Kind;
use qd_engine::time::{Clock as _, SystemClock, mint};
use qd_engine::workspace::{Answer, BATCH, Submission, Workspace};
use qd_store::{Outputs, SqliteStore};
use qd_wire::Mutation;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The agent of all sessions.
pub(super) const AGENT: &str = "bench";
/// Events of the long output, about 200 bytes each.
const LONG: u64 = 100_000;

/// See the module.
pub(super) struct Ground {
    home: Home,
    qd: PathBuf,
    /// The tasks.
    pub(super) tasks: Vec<TaskId>,
    /// The session with the long output.
    pub(super) long: SessionId,
}

/// A home whose configuration has the bench's agent, run by this shell line.
pub(super) fn home(qd: &Path, line: &str) -> Result<Home> {
    let home = Home::new(qd)?;
    fs::create_dir(home.data())?;
    let line = line.replace('\\', "\\\\").replace('"', "\\\"");
    let config = format!("max_sessions = 16\n[agents.{AGENT}]\ncommand = '/bin/sh'\nargs = ['-c', \"{line}\"]\n");
    fs::write(home.data().join("config.toml"), config)?;
    Ok(home)
}

/// The shell line that becomes the demo agent.
pub(super) fn demo_agent(qd: &Path) -> String {
    format!("exec '{}' demo-agent", qd.display())
}

/// Starts a server as a person would: without the log of a developer.
pub(super) fn serve(home: &Home, arguments: &[&str]) -> Result<Panel> {
    let mut all = vec!["serve", "--no-open", "--port", "0"];
    all.extend(arguments);
    let mut command = home.qd(&all);
    command.env_remove("QD_LOG");
    home.start(command)
}

/// Waits for so many tasks and the agent.
pub(super) fn settled(panel: &Panel, tasks: usize) -> Result<Vec<TaskId>> {
    wait_for("tasks and agent", Duration::from_mins(5), || {
        let state = panel.api.state()?;
        let found = state.agents().iter().any(|agent| agent.name == AGENT && agent.found);
        let ids: Vec<TaskId> = state.of_kind(RowKind::Task).map(|row| TaskId(row.key().id)).collect();
        if !found || ids.len() < tasks {
            // Each look is a whole snapshot, which is not free at this size.
            std::thread::sleep(Duration::from_millis(300));
            return Ok(None);
        }
        Ok(Some(ids))
    })
}

/// What starts a session on a task with instructions for the demo agent.
pub(super) fn start(task: TaskId, instructions: &str) -> StartSession {
    let start = Start { agent: Some(AGENT.to_owned()), instructions: instructions.to_owned(), ..Start::default() };
    StartSession { id: SessionId(mint(&SystemClock)), task, kind: Kind::Implement, start }
}

impl Ground {
    /// Makes it.
    pub(super) fn make(qd: &Path, scale: Scale) -> Result<Self> {
        let home = home(qd, &demo_agent(qd))?;
        let repository = home.repository("deck", &[("README.md", b"A large project.\n")])?;
        for n in 0..scale.tasks {
            let text = format!(
                "# Task {n}: make part {} of the deck watertight\n\n[[demo: quick]]\n\n## Plan\n\n- [x] Find the leak\n- [ ] Close it\n- [ ] Prove it\n",
                n % 97
            );
            fs::write(repository.join(format!("tasks/{n:05}-part.md")), text)?;
        }
        let panel = serve(&home, &[repository.to_str().context("a path that is not UTF-8")?])?;
        let tasks = settled(&panel, scale.tasks)?;
        panel.stop()?;
        let long = seed(&home.data(), &tasks, scale.sessions)?;
        Ok(Self { home, qd: qd.to_owned(), tasks, long })
    }

    /// A copy of it in a home of its own.
    pub(super) fn copy(&self) -> Result<Home> {
        let home = Home::new(&self.qd)?;
        copy_folder(&self.home.data(), &home.data())?;
        Ok(home)
    }

    /// Starts a server on a copy; it serves the project that is stored.
    pub(super) fn serve(home: &Home, arguments: &[&str]) -> Result<Panel> {
        serve(home, arguments)
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else if entry.file_type()?.is_file() {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Sessions over the first half of the tasks, ended one after the other; the last one has the long output.
fn seed(data: &Path, tasks: &[TaskId], count: usize) -> Result<SessionId> {
    let mut workspace = Workspace::load(Box::new(SqliteStore::open(data)?))?;
    let mut long = None;
    let mut batch = Vec::new();
    let half = tasks.len().div_ceil(2);
    for n in 0..count {
        let task = *tasks.get(n % half).context("there are no tasks")?;
        let begun = start(task, "Mind the seams.");
        let id = begun.id;
        let output_end = if n + 1 == count { write_long(data, id)? } else { 0 };
        let usage = Usage { input: Some(48_000), output: Some(3_100), ..Usage::default() };
        let activity =
            Activity { line: "All three boxes are ticked.".to_owned(), operations: 17, usage, ..Activity::default() };
        let end = EndSession { id, attempt: 1, ending: Ending::Completed, output_end, activity, conversation: None };
        batch.push(submission(&Command::StartSession(begun), Actor::Person));
        batch.push(submission(&Command::EndSession(end), Actor::Server));
        if batch.len() >= BATCH || n + 1 == count {
            settle(&mut workspace, &batch)?;
            batch.clear();
        }
        long = Some(id);
    }
    let sessions =
        workspace.state().of_kind(RowKind::Session).filter(|row| matches!(row, Row::Session(s) if s.status.is_ended()));
    ensure!(sessions.count() == count, "not all sessions were stored");
    long.context("there are no sessions")
}

fn submission(command: &Command, actor: Actor) -> Submission {
    Submission { mutation: Mutation::new(Mid(mint(&SystemClock)), command), actor, refuse: None }
}

fn settle(workspace: &mut Workspace, batch: &[Submission]) -> Result<()> {
    let mut tag = 0;
    let settled = workspace.settle(batch, SystemClock.now(), &mut || {
        tag += 1;
        tag
    })?;
    for answer in settled.answers {
        ensure!(matches!(&answer, Answer::Settled(outcome) if outcome.ok), "a seed was refused: {answer:?}");
    }
    Ok(())
}

/// Writes the long output as a host would have and compresses it as the server does after an ending.
fn write_long(data: &Path, session: SessionId) -> Result<u64> {
    let dir = data.join("run").join(session.to_string()).join("1");
    fs::create_dir_all(&dir)?;
    let mut lines = Vec::new();
    for seq in 1..=LONG {
        let body = if seq == LONG {
            EventBody::Ended { ending: Ending::Completed, activity: Activity::default() }
        } else if seq % 2 == 0 {
            EventBody::Text {
                text: format!("Paragraph {seq}: {}\n\n", "the seam was found open and is closed again. ".repeat(2)),
            }
        } else {
            let (title, input) =
                (Some(format!("Read part {seq}")), Some(serde_json::json!({ "path": format!("src/part_{seq}.rs") })));
            let (tool, status) = (Some(ToolKind::Execute), Some(ToolStatus::Completed));
            EventBody::Tool(ToolUpdate {
                id: format!("call-{seq}"),
                title,
                tool,
                status,
                input,
                ..ToolUpdate::default()
            })
        };
        serde_json::to_writer(&mut lines, &Event { seq, ts: Millis(1_760_000_000_000 + seq), body })?;
        lines.push(b'\n');
    }
    fs::write(dir.join("output.jsonl"), &lines)?;
    Outputs::new(data).compress(session, 1)?;
    Ok(lines.len() as u64)
}
