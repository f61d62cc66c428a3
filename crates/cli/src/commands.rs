//! The commands, one file each.

mod adopt;
mod agents;
mod approve;
mod archive;
mod cancel;
mod comment;
mod demo_agent;
mod diff;
mod doctor;
mod host;
mod interrupt;
mod jobs;
mod landing;
mod logs;
mod message;
mod proposing;
mod retry;
mod serve;
mod sessions;
mod start;
mod task;
mod work;
mod worktrees;

use crate::client::Client;
use crate::environment::Environment;
use crate::exit::Error;
use std::path::PathBuf;

/// What every command is given.
pub struct Context {
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--json`.
    pub json: bool,
    /// The environment of the process.
    pub environment: Environment,
}

impl Context {
    /// The data directory: as said, else the user's.
    pub fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| self.environment.data_dir())
    }

    /// The server of the data directory.
    pub fn client(&self) -> Result<Client, Error> {
        Client::connect(self.data_dir())
    }
}

/// A command.
#[derive(clap::Subcommand)]
pub enum Command {
    Serve(serve::Serve),
    Task(task::Task),
    Plan(start::Plan),
    Implement(start::Implement),
    Verify(start::Verify),
    Rewrite(start::Rewrite),
    Sessions(sessions::Sessions),
    Logs(logs::Logs),
    Cancel(cancel::Cancel),
    Approve(approve::Approve),
    Message(message::Message),
    Retry(retry::Retry),
    Fork(retry::Fork),
    Interrupt(interrupt::Interrupt),
    Diff(diff::Diff),
    Comment(comment::Comment),
    Commit(landing::Commit),
    Update(landing::Update),
    Resolve(landing::Resolve),
    Try(landing::Try),
    #[command(visible_alias = "land")]
    Keep(landing::Keep),
    #[command(name = "pr")]
    PullRequest(proposing::PullRequest),
    Revert(work::Revert),
    Qa(work::Qa),
    Discard(work::Discard),
    Jobs(jobs::Jobs),
    Worktrees(worktrees::Worktrees),
    Open(worktrees::Open),
    Archive(archive::Archive),
    Restore(archive::Restore),
    Adopt(adopt::Adopt),
    Agents(agents::Agents),
    Doctor(doctor::Doctor),
    Host(host::Host),
    DemoAgent(demo_agent::DemoAgent),
}

impl Command {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        match self {
            Self::Serve(command) => command.run(context),
            Self::Task(command) => command.run(context),
            Self::Plan(command) => command.run(context),
            Self::Implement(command) => command.run(context),
            Self::Verify(command) => command.run(context),
            Self::Rewrite(command) => command.run(context),
            Self::Sessions(command) => command.run(context),
            Self::Logs(command) => command.run(context),
            Self::Cancel(command) => command.run(context),
            Self::Approve(command) => command.run(context),
            Self::Message(command) => command.run(context),
            Self::Retry(command) => command.run(context),
            Self::Fork(command) => command.run(context),
            Self::Interrupt(command) => command.run(context),
            Self::Diff(command) => command.run(context),
            Self::Comment(command) => command.run(context),
            Self::Commit(command) => command.run(context),
            Self::Update(command) => command.run(context),
            Self::Resolve(command) => command.run(context),
            Self::Try(command) => command.run(context),
            Self::Keep(command) => command.run(context),
            Self::PullRequest(command) => command.run(context),
            Self::Revert(command) => command.run(context),
            Self::Qa(command) => command.run(context),
            Self::Discard(command) => command.run(context),
            Self::Jobs(command) => command.run(context),
            Self::Worktrees(_) => worktrees::Worktrees::run(context),
            Self::Open(command) => command.run(context),
            Self::Archive(command) => command.run(context),
            Self::Restore(command) => command.run(context),
            Self::Adopt(command) => command.run(context),
            Self::Agents(command) => command.run(context),
            Self::Doctor(_) => doctor::Doctor::run(context),
            Self::Host(command) => command.run(context),
            Self::DemoAgent(_) => demo_agent::DemoAgent::run(context),
        }
    }
}
