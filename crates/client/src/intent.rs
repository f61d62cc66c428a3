//! An intent: what a person wants and the server has not yet settled as far as this tab has applied the log.

use qd_core::command::Command;
use qd_core::ids::{Mid, Millis};
use qd_core::op::Outcome;
use qd_core::row::Key;
use qd_wire::Mutation;

/// See the module.
#[derive(Clone, Debug)]
pub struct Intent {
    /// What is sent.
    pub mutation: Mutation,
    /// What it does; `None` where this page does not know the command: it is sent without overlay.
    pub command: Option<Command>,
    /// When it was clicked.
    pub clicked: Millis,
    /// Its key in the journal.
    pub key: String,
    /// Whether this tab sends it.
    pub mine: bool,
    /// Whether the journal refused it: it will not survive a reload.
    pub unsaved: bool,
    /// Whether another tab took it out of the journal without an outcome.
    pub gone: bool,
    /// Its outcome, where it is known ahead of the log.
    pub outcome: Option<Outcome>,
    /// How its sending stands.
    pub sending: Sending,
}

/// How the sending of an intent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// It was never sent.
    Unsent,
    /// A POST is on its way.
    OnItsWay {
        /// How many before it were without answer.
        tries: u32,
    },
    /// A POST had no definitive answer; the next is due then.
    Again {
        /// When.
        at: Millis,
        /// How many were without answer.
        tries: u32,
    },
}

impl Intent {
    /// The mutation's id.
    pub fn mid(&self) -> Mid {
        self.mutation.mid
    }

    /// Whether it is about one of these rows.
    pub(crate) fn is_about(&self, subjects: &[Key]) -> bool {
        self.command.as_ref().is_some_and(|c| c.subjects().iter().any(|s| subjects.contains(s)))
    }

    /// Whether it makes this row.
    pub(crate) fn makes(&self, key: Key) -> bool {
        match &self.command {
            Some(Command::CreateTask(c)) => Key::from(c.id) == key,
            Some(Command::StartSession(c)) => Key::from(c.id) == key,
            Some(Command::RetryFrom(c)) => Key::from(c.id) == key,
            _ => false,
        }
    }
}
