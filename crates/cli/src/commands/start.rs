//! `qd plan`, `qd implement`, `qd verify`, `qd rewrite`: starting a session on a task.

use super::Context;
use crate::client::{Sending, find};
use crate::exit::Error;
use qd_core::command::{Command, StartSession};
use qd_core::row::{Permission, Start};
use qd_core::status::Kind;

/// Have an agent implement a task, in a worktree of its own.
///
/// Prints the id of the session first. `qd logs -f ID` follows it.
#[derive(clap::Args)]
pub struct Implement {
    #[command(flatten)]
    choice: Choice,
}

/// Have an agent write a plan into the document of a task.
#[derive(clap::Args)]
pub struct Plan {
    #[command(flatten)]
    choice: Choice,
}

/// Have an agent check whether a task is done.
#[derive(clap::Args)]
pub struct Verify {
    #[command(flatten)]
    choice: Choice,
}

/// Have an agent change the document of a task.
#[derive(clap::Args)]
pub struct Rewrite {
    #[command(flatten)]
    choice: Choice,
}

#[derive(clap::Args)]
struct Choice {
    /// The task: its id or a part of it, its file, or words of its title.
    task: String,
    /// The agent; else the default one.
    #[arg(long)]
    agent: Option<String>,
    /// The model; else the agent's own default.
    #[arg(long)]
    model: Option<String>,
    /// What it may do without asking: ask (before edits and commands), edit (asks before commands) or everything.
    #[arg(long, value_parser = permission, value_name = "ask|edit|everything")]
    permission: Option<Permission>,
    /// Further instructions.
    #[arg(long, default_value = "", hide_default_value = true)]
    instructions: String,
    #[command(flatten)]
    sending: Sending,
}

fn permission(written: &str) -> Result<Permission, String> {
    match written {
        "ask" => Ok(Permission::Ask),
        "edit" => Ok(Permission::Edit),
        "everything" => Ok(Permission::Everything),
        _ => Err("it is one of ask, edit, everything".to_owned()),
    }
}

impl Choice {
    fn start(self, kind: Kind, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let state = client.state()?;
        let Self { task, agent, model, permission, instructions, sending } = self;
        let task = find::task(&state, &task)?.id;
        let id = sending.id();
        let start = Start { agent, model, instructions, permission, adopted: None };
        let command = Command::StartSession(StartSession { id: id.into(), task, kind, start });
        client.send(id, "session", &command, context.json)
    }
}

impl Implement {
    /// Starts it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        self.choice.start(Kind::Implement, context)
    }
}

impl Plan {
    /// Starts it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        self.choice.start(Kind::Plan, context)
    }
}

impl Verify {
    /// Starts it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        self.choice.start(Kind::Verify, context)
    }
}

impl Rewrite {
    /// Starts it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        self.choice.start(Kind::Rewrite, context)
    }
}
