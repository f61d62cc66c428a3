//! `qd revert`, `qd qa` and `qd discard`: what becomes of the work on a task.

use super::Context;
use crate::client::{Sending, Working, find};
use crate::exit::Error;
use qd_core::command::{Command, JudgeWork, OnTask, UpdateWork};
use qd_core::ids::SessionId;
use qd_core::row::{self, Start};

/// Take back what was kept of a task, by a commit on the branch. What came later stays.
///
/// Where what came later changed the same places, take it back in the worktree, resolve what conflicts, and keep that.
#[derive(clap::Args)]
pub struct Revert {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// Only in the worktree, which has the work again when that is kept, or after `qd update --undo`.
    #[arg(long)]
    worktree: bool,
    /// Start a session that resolves what conflicts.
    #[arg(long, requires = "worktree")]
    resolve: bool,
    /// The agent of that session; else the default.
    #[arg(long, requires = "resolve")]
    agent: Option<String>,
    #[command(flatten)]
    working: Working,
}

/// Say whether what was kept of a task holds, now that it was tried.
#[derive(clap::Args)]
pub struct Qa {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// Whether it does.
    #[arg(value_enum)]
    verdict: Verdict,
    /// What was seen; the next `qd implement` is told.
    #[arg(long, default_value = "", hide_default_value = true)]
    note: String,
    #[command(flatten)]
    sending: Sending,
}

/// What a person says.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Verdict {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// It is to be tried again.
    Pending,
}

/// Save the work on a task to a ref and remove its worktree. With --undo make it again.
#[derive(clap::Args)]
pub struct Discard {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// Make the worktree again.
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    working: Working,
}

impl Revert {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let id = find::task(&client.state()?, &self.task)?.id;
        let mid = self.working.id();
        if !self.worktree {
            return client.work(&self.working, mid, "revert", &Command::RevertWork(OnTask { id }), context.json);
        }
        let session = self.resolve.then_some(SessionId(mid));
        let start = Start { agent: self.agent, ..Start::default() };
        let command = Command::TakeBack(Box::new(UpdateWork { id, session, start }));
        client.work(&self.working, mid, "revert", &command, context.json)
    }
}

impl Qa {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let id = find::task(&client.state()?, &self.task)?.id;
        let verdict = match self.verdict {
            Verdict::Pass => row::Verdict::Passed,
            Verdict::Fail => row::Verdict::Failed,
            Verdict::Pending => row::Verdict::Pending,
        };
        let command = Command::JudgeWork(JudgeWork { id, verdict, note: self.note });
        client.send(self.sending.id(), "qa", &command, context.json)
    }
}

impl Discard {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let id = find::task(&client.state()?, &self.task)?.id;
        let (what, command) = if self.undo {
            ("undo", Command::UndoDiscard(OnTask { id }))
        } else {
            ("discard", Command::DiscardWork(OnTask { id }))
        };
        client.work(&self.working, self.working.id(), what, &command, context.json)
    }
}
