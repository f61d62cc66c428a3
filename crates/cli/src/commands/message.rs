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
    #[command(flatten)]
    sending: Sending,
}

impl Message {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let session = find::session(&client.state()?, &self.session)?.id;
        let id = self.sending.id();
        let command = Command::SendMessage(SendMessage::new(id.into(), session, self.text));
        client.send(id, "message", &command, context.json)
    }
}
