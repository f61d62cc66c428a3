//! `qd message`.

use super::Context;
use crate::client::{Sending, find};
use crate::exit::Error;
use qd_core::command::{Command, SendMessage};
use qd_core::ids::Millis;
use qd_core::row::Session;

/// What is said where nothing is.
const GO_ON: &str = "Go on where you stopped.";

/// Send a message to a session; one that has ended goes on with it.
#[derive(clap::Args)]
pub struct Message {
    /// The session: its id, or the beginning or end of it.
    session: String,
    /// What to say; with --when-limit-ends that it shall go on, where nothing is said.
    #[arg(required_unless_present = "when_limit_ends")]
    text: Option<String>,
    /// Say it into the turn that runs, where the agent can take it then; else it waits for the end of the turn.
    #[arg(long)]
    steer: bool,
    /// Say it when the provider's limit ends, to a session that ended because of it.
    #[arg(long)]
    when_limit_ends: bool,
    #[command(flatten)]
    sending: Sending,
}

impl Message {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let state = client.state()?;
        let row = find::session(&state, &self.session)?;
        let at = if self.when_limit_ends { Some(limit_ends(row)?) } else { None };
        let id = self.sending.id();
        let text = self.text.unwrap_or_else(|| GO_ON.to_owned());
        let message = SendMessage { steer: self.steer, at, ..SendMessage::new(id.into(), row.id, text) };
        let command = Command::SendMessage(message);
        client.send(id, "message", &command, context.json)
    }
}

/// When the limit ends that the session ran into. Clocks differ, and a limit that has just ended is told as reached once
/// more.
fn limit_ends(row: &Session) -> Result<Millis, Error> {
    let limit = row.activity.as_ref().and_then(|activity| activity.limit.as_ref()).filter(|_| row.status.is_ended());
    let until = limit.and_then(|limit| limit.until);
    until.map(|until| Millis(until.0 + 15_000)).ok_or_else(|| {
        Error::failed("it did not end at a limit whose end is known; without --when-limit-ends it goes on at once")
    })
}
