//! `qd adopt`.

use super::Context;
use crate::client::{Client, Sending, find};
use crate::exit::Error;
use crate::say;
use qd_core::command::{Command, StartSession};
use qd_core::row::{Row, RowKind, Start};
use qd_core::state::State;
use qd_core::status::Kind;
use qd_wire::OutsideConversation;

/// Go on with a conversation that Claude Code or Codex had outside of the panel: a copy of it, in the worktree of a task.
///
/// Without a conversation it lists those of the open projects. The conversation itself stays as it is.
#[derive(clap::Args)]
pub struct Adopt {
    /// The conversation: its id, or the beginning of it.
    #[arg(requires = "task")]
    conversation: Option<String>,
    /// The task that it goes on with.
    #[arg(long)]
    task: Option<String>,
    /// What the agent is told beside the task.
    #[arg(long, default_value = "", hide_default_value = true)]
    message: String,
    #[command(flatten)]
    sending: Sending,
}

impl Adopt {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let state = client.state()?;
        let all = outside(&client, &state)?;
        let (Some(wanted), Some(task)) = (self.conversation, self.task) else {
            tell(&all, context.json);
            return Ok(());
        };
        let task = find::task(&state, &task)?.id;
        let fits: Vec<_> = all.into_iter().filter(|one| one.adopted.conversation.starts_with(&wanted)).collect();
        let [OutsideConversation { agent, adopted, .. }] = <[_; 1]>::try_from(fits).map_err(|fits| {
            let many = if fits.is_empty() { "no conversation begins" } else { "several conversations begin" };
            Error::failed(format!("{many} with `{wanted}`; `qd adopt` lists them"))
        })?;
        let id = self.sending.id();
        let start =
            Start { agent: Some(agent), instructions: self.message, adopted: Some(adopted), ..Start::default() };
        let command = Command::StartSession(StartSession { id: id.into(), task, kind: Kind::Implement, start });
        client.send(id, "session", &command, context.json)
    }
}

fn outside(client: &Client, state: &State) -> Result<Vec<OutsideConversation>, Error> {
    let projects = state.of_kind(RowKind::Project).filter_map(|row| match row {
        Row::Project(project) => Some(project.id),
        _ => None,
    });
    let lists = projects.map(|id| client.get::<Vec<OutsideConversation>>(&format!("/projects/{id}/outside")));
    Ok(lists.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

fn tell(all: &[OutsideConversation], as_json: bool) {
    if as_json {
        for one in all {
            say::json(one);
        }
        return;
    }
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|one| {
            let id = one.adopted.conversation.clone();
            vec![id, one.agent.clone(), one.adopted.title.clone(), one.cwd.clone()]
        })
        .collect();
    say::table(&["conversation", "agent", "begins with", "folder"], &rows);
}
