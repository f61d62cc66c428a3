//! `qd message`.

use super::Context;
use crate::client::{Sending, find};
use crate::exit::Error;
use qd_core::command::{Command, SendMessage};

/// Send a message to a session; one that has ended goes on with it.
#[derive(clap::Args)]
pub struct Message {
    /// The session: its id, or the beginning or end of it.
    session: String,
    /// What to say.
    text: String,
    /// Say it into the turn that runs, where the agent can take it then; else it waits for the end of the turn.
    #[arg(long)]
    steer: bool,
    #[command(flatten)]
    sending: Sending,
}

impl Message {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let session = find::session(&client.state()?, &self.session)?.id;
        let id = self.sending.id();
        let command =
            Command::SendMessage(SendMessage { steer: self.steer, ..SendMessage::new(id.into(), session, self.text) });
        client.send(id, "message", &command, context.json)
    }
}
