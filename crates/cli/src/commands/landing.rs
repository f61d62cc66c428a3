//! `qd commit`, `qd update`, `qd resolve`, `qd try` and `qd keep`: the way of work from its worktree to its branch.

use super::Context;
use crate::client::{Client, Working, find};
use crate::exit::Error;
use qd_core::command::{Command, CommitWork, KeepWork, OnTask, ResolveFile, UpdateWork};
use qd_core::ids::{SessionId, TaskId, v7_time};
use qd_core::row::{self, FileHunks, Start};
use std::collections::BTreeMap;

/// Commit the work on a task in its worktree, with your hooks and your signature.
#[derive(clap::Args)]
pub struct Commit {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// The files, as `qd diff --stat` names them; else all that changed.
    files: Vec<String>,
    /// A part of a file, by its number in `qd diff --parts FILE`. May be given several times.
    #[arg(long = "part", value_name = "FILE:NUMBER", value_parser = part)]
    parts: Vec<Part>,
    /// The message; else the title of the task.
    #[arg(long, short, default_value = "", hide_default_value = true)]
    message: String,
    #[command(flatten)]
    working: Working,
}

/// Merge what its branch has meanwhile into the worktree of a task. With --undo go back to before that, or to before
/// `qd revert --worktree`.
#[derive(clap::Args)]
pub struct Update {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// Start a session that resolves what conflicts.
    #[arg(long, conflicts_with = "undo")]
    resolve: bool,
    /// The agent of that session; else the default.
    #[arg(long, requires = "resolve")]
    agent: Option<String>,
    /// Go back to before the last update.
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    working: Working,
}

/// Resolve the conflict of a file in the worktree of a task.
#[derive(clap::Args)]
pub struct Resolve {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// The file, as the task's conflicts name it.
    file: String,
    /// Which side is taken.
    #[arg(value_enum)]
    side: Side,
    #[command(flatten)]
    working: Working,
}

/// A side of a conflict.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Side {
    /// What the work has.
    Ours,
    /// What the branch has.
    Theirs,
    /// What stands in the file now.
    File,
}

/// Put the work on a task into your own checkout, to try it there. With --undo take it out again.
#[derive(clap::Args)]
pub struct Try {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// Take it out again.
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    working: Working,
}

/// Put the work on a task onto its target branch. With --undo take it back.
#[derive(clap::Args)]
pub struct Keep {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// The message of the commit; else the title of the task.
    #[arg(long, short, default_value = "", hide_default_value = true, conflicts_with = "undo")]
    message: String,
    /// What the history of the branch is to show of it.
    #[arg(long, value_enum, default_value = "squash", conflicts_with = "undo")]
    how: How,
    /// Take back what was kept last.
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    working: Working,
}

/// How work is put onto a branch.
#[derive(Clone, Copy, clap::ValueEnum)]
enum How {
    /// One commit.
    Squash,
    /// The commits of the worktree, and one that merges them.
    Merge,
    /// The commits of the worktree, on top of the branch one after the other.
    Rebase,
}

impl Commit {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let id = find::task(&client.state()?, &self.task)?.id;
        let files = (!self.files.is_empty() || !self.parts.is_empty()).then_some(self.files);
        let hunks = chosen(&client, id, &self.parts)?;
        let command = Command::CommitWork(CommitWork { id, message: self.message, files, hunks });
        client.work(&self.working, self.working.id(), "commit", &command, context.json)
    }
}

/// A part of a file, by its number.
#[derive(Clone)]
struct Part {
    path: String,
    number: usize,
}

fn part(text: &str) -> Result<Part, &'static str> {
    let named = text.rsplit_once(':').and_then(|(path, number)| Some((path.to_owned(), number.parse().ok()?)));
    named.map(|(path, number)| Part { path, number }).ok_or("name a file and a number: src/main.rs:2")
}

/// The parts as the server knows them, each file once.
fn chosen(client: &Client, task: TaskId, parts: &[Part]) -> Result<Vec<FileHunks>, Error> {
    let mut chosen: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for Part { path, number } in parts {
        let there = client.uncommitted(task, path)?;
        let Some(hunk) = number.checked_sub(1).and_then(|at| there.get(at)) else {
            let said = format!("{path} has {} parts that are in no commit: see `qd diff --parts`", there.len());
            return Err(Error::failed(said));
        };
        chosen.entry(path).or_default().push(hunk.id.clone());
    }
    Ok(chosen.into_iter().map(|(path, ids)| FileHunks { path: path.to_owned(), ids }).collect())
}

impl Update {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let id = find::task(&client.state()?, &self.task)?.id;
        if self.undo {
            return client.work(
                &self.working,
                self.working.id(),
                "undo",
                &Command::UndoUpdate(OnTask { id }),
                context.json,
            );
        }
        let mid = self.working.id();
        let session = self.resolve.then_some(SessionId(mid));
        let start = Start { agent: self.agent, ..Start::default() };
        let command = Command::UpdateWork(Box::new(UpdateWork { id, session, start }));
        client.work(&self.working, mid, "update", &command, context.json)
    }
}

impl Resolve {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let id = find::task(&client.state()?, &self.task)?.id;
        let side = match self.side {
            Side::Ours => row::Side::Ours,
            Side::Theirs => row::Side::Theirs,
            Side::File => row::Side::AsItIs,
        };
        let command = Command::ResolveFile(ResolveFile { id, path: self.file, side });
        client.work(&self.working, self.working.id(), "resolve", &command, context.json)
    }
}

impl Try {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let id = find::task(&client.state()?, &self.task)?.id;
        let on = OnTask { id };
        let (what, command) = if self.undo { ("undo", Command::UntryWork(on)) } else { ("try", Command::TryWork(on)) };
        client.work(&self.working, self.working.id(), what, &command, context.json)
    }
}

impl Keep {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let id = find::task(&client.state()?, &self.task)?.id;
        let how = match self.how {
            How::Squash => row::How::Squash,
            How::Merge => row::How::Merge,
            How::Rebase => row::How::Rebase,
        };
        let mid = self.working.id();
        if self.undo {
            return client.work(&self.working, mid, "undo", &Command::UndoKeep(OnTask { id }), context.json);
        }
        let command = Command::KeepWork(KeepWork { id, message: self.message, how });
        client.work(&self.working, mid, "keep", &command, context.json)?;
        let landing = client.state()?.task(id).and_then(|task| task.landing.clone());
        let moved = landing.map(|landing| landing.reverted.map_or(landing.at, |reverted| reverted.at));
        if self.working.waits() && moved < v7_time(mid) {
            return Err(Error::failed("it was stopped: nothing was kept"));
        }
        Ok(())
    }
}
