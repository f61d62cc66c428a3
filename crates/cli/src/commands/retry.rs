//! `qd retry` and `qd fork`.

use super::Context;
use crate::client::{Sending, find};
use crate::exit::Error;
use qd_core::command::{Command, RetryFrom};
use qd_core::ids::{MessageId, of_cause, prompt_id};
use qd_core::row::{Files, MessageBody, Session};
use qd_core::state::State;

/// Say something else in the place of an earlier message: the worktree goes back to before it (what is there now is
/// kept at a ref), and a new session goes on from there.
#[derive(clap::Args)]
pub struct Retry {
    /// The session: its id, or the beginning or end of it. It has to have ended.
    session: String,
    /// What to say in place of the message.
    text: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    sending: Sending,
}

/// Go on from a session in a new one, in the same worktree as it is: from its end, or from an earlier message.
#[derive(clap::Args)]
pub struct Fork {
    /// The session: its id, or the beginning or end of it. It has to have ended.
    session: String,
    /// What to say.
    text: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    sending: Sending,
}

/// Which message.
#[derive(clap::Args)]
#[group(multiple = false)]
struct Place {
    /// The message, by its id (`qd logs --json` shows it).
    #[arg(long, value_name = "ID")]
    message: Option<MessageId>,
    /// The message, by its number among those of the session, from 1.
    #[arg(long, value_name = "N")]
    turn: Option<usize>,
}

impl Place {
    fn find(&self, state: &State, row: &Session) -> Result<Option<MessageId>, Error> {
        match (self.message, self.turn) {
            (Some(message), _) => Ok(Some(message)),
            (None, None) => Ok(None),
            (None, Some(turn)) => {
                let missing = || Error::failed(format!("the session has no message {turn}"));
                let at = turn.checked_sub(1).ok_or_else(missing)?;
                messages(state, row).get(at).copied().map(Some).ok_or_else(missing)
            }
        }
    }
}

/// The messages of a session, those that it began with among them.
fn messages(state: &State, row: &Session) -> Vec<MessageId> {
    let rendered = row.origin.is_none().then(|| prompt_id(row.id, 1));
    let mut sent: Vec<_> = state
        .messages_of(row.id)
        .filter(|m| matches!(m.body, MessageBody::Prompt { .. }))
        .map(|m| (m.at, m.id))
        .collect();
    sent.sort_unstable();
    rendered.into_iter().chain(sent.into_iter().map(|(_, id)| id)).collect()
}

impl Retry {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let Self { session, text, place, sending } = self;
        if place.message.is_none() && place.turn.is_none() {
            return Err(Error::failed("say which message: --turn N or --message ID"));
        }
        go_on(context, &session, text, &place, &sending, Files::Back)
    }
}

impl Fork {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let Self { session, text, place, sending } = self;
        go_on(context, &session, text, &place, &sending, Files::Stay)
    }
}

fn go_on(
    context: &Context,
    session: &str,
    text: String,
    place: &Place,
    sending: &Sending,
    files: Files,
) -> Result<(), Error> {
    let client = context.client()?;
    let state = client.state()?;
    let row = find::session(&state, session)?;
    let message = place.find(&state, row)?;
    let id = sending.id();
    let command = RetryFrom {
        id: id.into(),
        prompt: MessageId(of_cause(&["retry", &id.to_string()])),
        session: row.id,
        message,
        text,
        images: Vec::new(),
        files,
    };
    client.send(id, "session", &Command::RetryFrom(Box::new(command)), context.json)
}
