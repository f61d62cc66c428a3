//! Codex's own protocol: JSON-RPC with `codex app-server`.

use crate::driver::{AgentDriver, Command, Outbox, Refused, Signal, Start};

/// The client's side of one `codex app-server` process with one conversation.
#[derive(Debug)]
pub struct Codex {
    start: Start,
}

impl Codex {
    /// A driver for one attempt.
    pub fn new(start: Start) -> Self {
        Self { start }
    }
}

impl AgentDriver for Codex {
    fn begin(&mut self, out: &mut Outbox) {
        out.signal(Signal::Broken { reason: format!("{} has no driver yet.", self.start.title) });
    }

    fn line(&mut self, _line: &[u8], _out: &mut Outbox) {}

    fn command(&mut self, _command: Command, _out: &mut Outbox) -> Result<(), Refused> {
        Err(Refused::NotReady)
    }
}
