//! Claude Code's own protocol: lines of stream-json, with control requests both ways.

use crate::driver::{AgentDriver, Command, Outbox, Refused, Signal, Start};

/// The client's side of one `claude` process with one conversation.
#[derive(Debug)]
pub struct Claude {
    start: Start,
}

impl Claude {
    /// A driver for one attempt.
    pub fn new(start: Start) -> Self {
        Self { start }
    }

    /// The arguments of the program, behind those of its door.
    pub fn arguments(_start: &Start) -> Vec<String> {
        Vec::new()
    }
}

impl AgentDriver for Claude {
    fn begin(&mut self, out: &mut Outbox) {
        out.signal(Signal::Broken { reason: format!("{} has no driver yet.", self.start.title) });
    }

    fn line(&mut self, _line: &[u8], _out: &mut Outbox) {}

    fn command(&mut self, _command: Command, _out: &mut Outbox) -> Result<(), Refused> {
        Err(Refused::NotReady)
    }
}
