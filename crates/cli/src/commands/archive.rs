//! `qd archive` and `qd restore`.

use super::Context;
use crate::client::{Working, find};
use crate::exit::Error;
use qd_core::command::{ArchiveTask, Command, OnTask};

/// Put a task away: its file moves to the month's folder of the archive.
#[derive(clap::Args)]
pub struct Archive {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// Also where its work is not kept or comments are not sent.
    #[arg(long)]
    anyway: bool,
    #[command(flatten)]
    working: Working,
}

/// Take a task out of the archive.
#[derive(clap::Args)]
pub struct Restore {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    #[command(flatten)]
    working: Working,
}

impl Archive {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let id = find::task(&client.state()?, &self.task)?.id;
        let command = Command::ArchiveTask(ArchiveTask { id, anyway: self.anyway });
        client.work(&self.working, self.working.id(), "archive", &command, context.json)
    }
}

impl Restore {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let id = find::task(&client.state()?, &self.task)?.id;
        client.work(&self.working, self.working.id(), "restore", &Command::RestoreTask(OnTask { id }), context.json)
    }
}
