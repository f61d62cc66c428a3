//! `qd keep` and `qd discard`: what becomes of the work on a task.

use super::Context;
use crate::client::{Sending, find};
use crate::exit::Error;
use qd_core::command::{Command, KeepWork, OnTask};

/// Put the work on a task onto its target branch, as one commit. With --undo take it back.
#[derive(clap::Args)]
pub struct Keep {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// The message of the commit; else the title of the task.
    #[arg(long, short, default_value = "", hide_default_value = true, conflicts_with = "undo")]
    message: String,
    /// Take back what was kept last.
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    sending: Sending,
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
    sending: Sending,
}

impl Keep {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let id = find::task(&client.state()?, &self.task)?.id;
        let (what, command) = if self.undo {
            ("undo", Command::UndoKeep(OnTask { id }))
        } else {
            ("keep", Command::KeepWork(KeepWork { id, message: self.message }))
        };
        client.send(self.sending.id(), what, &command, context.json)
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
        client.send(self.sending.id(), what, &command, context.json)
    }
}
