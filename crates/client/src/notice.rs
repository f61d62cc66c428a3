//! Notices: what was refused, told to the person with the reason and Retry.

use crate::list::task_of;
use qd_core::command::{Command, SendMessage};
use qd_core::decide::kind_name;
use qd_core::ids::Mid;
use qd_core::op::Reject;
use qd_core::state::State;
use serde::Serialize;
use ts_rs::TS;

/// A refusal to tell.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct Notice {
    /// The refused mutation.
    pub id: Mid,
    /// Why.
    pub reject: Reject,
    /// What did not happen, in a few words.
    pub title: String,
    /// The title of the task that it is about.
    pub task: Option<String>,
    /// Whether it can be tried again.
    pub retry: bool,
    /// The message that was refused: it goes back to where it was written, which is how it is tried again.
    pub message: Option<SendMessage>,
    /// What Retry does again.
    #[serde(skip)]
    pub(crate) command: Option<Command>,
}

impl Notice {
    /// `state` is what was visible before the action left.
    pub(crate) fn new(id: Mid, command: Option<&Command>, reject: &Reject, state: &State) -> Self {
        Self {
            id,
            reject: reject.clone(),
            title: command.map_or_else(|| "An action was refused".to_owned(), title),
            task: command.and_then(|command| task(command, state)),
            retry: command.is_some_and(|command| !matches!(command, Command::SendMessage(_))),
            message: match command {
                Some(Command::SendMessage(message)) => Some(message.clone()),
                _ => None,
            },
            command: command.cloned(),
        }
    }
}

fn task(command: &Command, state: &State) -> Option<String> {
    let id = command.subjects().into_iter().find_map(|key| task_of(state, key))?;
    state.task(id).map(|task| task.title.clone())
}

fn title(command: &Command) -> String {
    match command {
        Command::CreateTask(_) => "The task was not created",
        Command::RenameTask(_) => "The task was not renamed",
        Command::SaveDocument(_) | Command::ResolveConflict(_) => "The document was not saved",
        Command::StartSession(c) => return format!("{} did not start", kind_name(c.kind)),
        Command::RetryFrom(_) => "This was not tried again",
        Command::CancelSession(_) => "The session was not cancelled",
        Command::DeleteSession(_) => "The card was not removed",
        Command::SendMessage(_) => "The message was not sent",
        Command::AnswerRequest(_) => "The answer was not given",
        Command::InterruptTurn(_) => "The turn was not interrupted",
        Command::ChooseOffer(_) => "This was not chosen",
        Command::KeepWork(_) => "The work was not kept",
        Command::ProposeWork(_) => "The work was not proposed",
        Command::LookAtProposal(_) => "The pull request was not looked at",
        Command::CommitWork(_) => "The work was not committed",
        Command::UpdateWork(_) => "The branch was not merged in",
        Command::ResolveFile(_) => "The conflict was not resolved",
        Command::TryWork(_) => "The work was not put into your checkout",
        Command::UntryWork(_) => "The work was not taken out of your checkout",
        Command::OrderJob(_) => "The order was not changed",
        Command::ArchiveTask(_) => "The task was not archived",
        Command::RestoreTask(_) => "The task was not restored",
        Command::AddComment(_) => "The comment was not added",
        Command::SendComments(_) | Command::SendRemarks(_) => "The comments were not sent",
        Command::DiscardWork(_) => "The work was not discarded",
        Command::RevertWork(_) | Command::TakeBack(_) => "The work was not reverted",
        Command::UndoKeep(_) | Command::UndoDiscard(_) | Command::UndoUpdate(_) => "This was not undone",
        _ => "An action was refused",
    }
    .to_owned()
}
