//! `qd interrupt`.

use super::Context;
use crate::client::{Sending, find};
use crate::exit::Error;
use qd_core::command::{Command, InterruptTurn};

/// End the turn that a session's agent is in; the agent stays for the messages that wait.
#[derive(clap::Args)]
pub struct Interrupt {
    /// The session: its id, or the beginning or end of it.
    session: String,
    #[command(flatten)]
    sending: Sending,
}

impl Interrupt {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let session = find::session(&client.state()?, &self.session)?.id;
        let id = self.sending.id();
        client.send(id, "interrupt", &Command::InterruptTurn(InterruptTurn { id: id.into(), session }), context.json)
    }
}
