//! What the demonstration does to processes.

use qd_core::ids::SessionId;
use qd_proc::{Identity, Scope, Signal};
use qd_server::Mischief;

/// By signals.
pub struct Signals;

impl Mischief for Signals {
    fn kill_agent(&self, session: SessionId, attempt: u32) -> bool {
        let agent = Scope::nobody().with_mark(format!("{session}.{attempt}"));
        match agent.signal(Signal::Kill) {
            Ok(killed) => !killed.is_empty(),
            Err(e) => {
                tracing::warn!("the agent was not killed: {e}");
                false
            }
        }
    }

    fn kill_server(&self) {
        if let Some(Err(e)) = Identity::own().map(|own| own.signal(Signal::Kill)) {
            tracing::warn!("the server was not killed: {e}");
        }
    }
}
