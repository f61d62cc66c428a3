//! Identifiers. Ids of entities and mutations are `UUIDv7` minted by whoever acts (a page, the CLI); the
//! server's own commands use `UUIDv5` of their cause, so that a second try after a crash gives the same id.
//! This module forms ids from given bytes and times: it never reads a clock or a source of randomness.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

/// Milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[ts(type = "number")]
pub struct Millis(pub u64);

impl Millis {
    /// Milliseconds from `earlier` to `self`, zero where the clock went backwards.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Forms a `UUIDv7` of a time and ten random bytes (RFC 9562, section 5.7).
pub fn v7(at: Millis, random: [u8; 10]) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(at.0, &random).into_uuid()
}

/// The time in a `UUIDv7`, or `None` where the id is of another version.
pub fn v7_time(id: Uuid) -> Option<Millis> {
    (id.get_version_num() == 7).then(|| {
        let bytes = id.as_bytes();
        let mut ms = [0u8; 8];
        ms[2..].copy_from_slice(&bytes[..6]);
        Millis(u64::from_be_bytes(ms))
    })
}

/// Namespace of the ids that the server derives from a cause.
const CAUSE: Uuid = Uuid::from_u128(0x7164_5f63_6175_7365_5f6e_616d_6573_7061);

/// Derives an id from the parts of its cause: the same cause gives the same id.
pub fn of_cause(parts: &[&str]) -> Uuid {
    Uuid::new_v5(&CAUSE, parts.join("\u{1f}").as_bytes())
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[ts(type = "string")]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, uuid::Error> {
                s.parse().map(Self)
            }
        }
    )*};
}

id! {
    /// A mutation: one act of a person or of the server. Also names the job and the document version it makes.
    Mid,
    /// A project: one git repository.
    ProjectId,
    /// A task: one markdown file, through renames.
    TaskId,
    /// A session: one conversation with an agent.
    SessionId,
    /// A message from a person to a session: a prompt or an answer.
    MessageId,
    /// A comment on what the work of a task changed.
    CommentId,
    /// A question or a permission that an agent asks for.
    RequestId,
    /// An agent that can be started, by its name.
    AgentId,
}

impl AgentId {
    /// The id of the agent of this name.
    pub fn named(name: &str) -> Self {
        Self(of_cause(&["agent", name]))
    }
}

/// The id of the message that an attempt of a session begins with where it opens a conversation: its rendered prompt.
pub fn prompt_id(session: SessionId, attempt: u32) -> MessageId {
    MessageId(of_cause(&["prompt", &session.to_string(), &attempt.to_string()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v7_carries_its_time() {
        let id = v7(Millis(1_763_800_000_123), [7; 10]);
        assert_eq!(v7_time(id), Some(Millis(1_763_800_000_123)));
        assert_eq!(v7_time(of_cause(&["a"])), None);
    }

    #[test]
    fn the_parts_of_a_cause_do_not_run_together() {
        assert_ne!(of_cause(&["ab", "c"]), of_cause(&["a", "bc"]));
    }
}
