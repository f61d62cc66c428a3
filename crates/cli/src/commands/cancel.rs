//! `qd cancel`.

use super::Context;
use crate::client::{Sending, find};
use crate::exit::Error;
use qd_core::command::{Command, OnSession};

/// End a session and every process of it.
#[derive(clap::Args)]
pub struct Cancel {
    /// The session: its id, or the beginning or end of it.
    session: String,
    #[command(flatten)]
    sending: Sending,
}

impl Cancel {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let id = find::session(&client.state()?, &self.session)?.id;
        let command = Command::CancelSession(OnSession { id });
        client.send(self.sending.id(), "cancel", &command, context.json)
    }
}
