//! Ops and records: the units of the log.

use crate::ids::{Mid, Millis};
use crate::row::{Key, Row, RowKind};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use ts_rs::TS;
use uuid::Uuid;

/// One change of one row.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(tag = "op", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "ops live briefly, and most are rows or patches of them")]
pub enum Op {
    /// Makes or replaces a row.
    Put {
        /// The row.
        #[serde(flatten)]
        row: Row,
    },
    /// Sets top-level fields of a row that is there; null is a value.
    Patch {
        /// Its kind.
        kind: RowKind,
        /// Its id.
        #[ts(type = "string")]
        id: Uuid,
        /// The fields.
        #[ts(type = "Record<string, unknown>")]
        fields: Map<String, Value>,
    },
    /// Removes a row.
    Delete {
        /// Its kind.
        kind: RowKind,
        /// Its id.
        #[ts(type = "string")]
        id: Uuid,
    },
}

/// Read from text, as [`Row`] is.
impl<'de> Deserialize<'de> for Op {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        #[derive(Deserialize)]
        struct Form {
            op: String,
            kind: RowKind,
            id: Option<Uuid>,
            row: Option<Box<RawValue>>,
            fields: Option<Map<String, Value>>,
        }
        let Form { op, kind, id, row, fields } = Form::deserialize(deserializer)?;
        match (op.as_str(), id, row, fields) {
            ("put", _, Some(row), _) => Row::from_json(kind, row.get()).map(Self::put).map_err(D::Error::custom),
            ("patch", Some(id), _, Some(fields)) => Ok(Self::Patch { kind, id, fields }),
            ("delete", Some(id), _, _) => Ok(Self::Delete { kind, id }),
            _ => Err(D::Error::custom(format!("`{op}` is no op, or lacks a field"))),
        }
    }
}

impl Op {
    /// Makes or replaces `row`.
    pub fn put(row: Row) -> Self {
        Self::Put { row }
    }

    /// Removes the row `key`.
    pub fn delete(key: impl Into<Key>) -> Self {
        let key = key.into();
        Self::Delete { kind: key.kind, id: key.id }
    }

    /// The patch that leads from `old` to `new` (rows of one key), or `None` where they are equal.
    pub fn change(old: &Row, new: &Row) -> Option<Self> {
        let before = old.fields();
        let fields: Map<String, Value> =
            new.fields().into_iter().filter(|(name, value)| name != "ver" && before.get(name) != Some(value)).collect();
        let key = new.key();
        (!fields.is_empty()).then_some(Self::Patch { kind: key.kind, id: key.id, fields })
    }

    /// The row it is about.
    pub fn key(&self) -> Key {
        match self {
            Self::Put { row } => row.key(),
            Self::Patch { kind, id, .. } | Self::Delete { kind, id } => Key { kind: *kind, id: *id },
        }
    }
}

/// Who acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person, by page or CLI.
    Person,
    /// The server itself: files, hosts, jobs.
    Server,
}

/// Why a mutation was refused. The code is for programs, the message for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[error("{message}")]
pub struct Reject {
    /// One of the closed set of codes.
    pub code: RejectCode,
    /// One or two sentences that say what to do.
    pub message: String,
}

impl Reject {
    /// Refuses with this code and message.
    pub fn new(code: RejectCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// The codes of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RejectCode {
    /// Name or arguments do not parse.
    Invalid,
    /// What it is about does not exist.
    NotFound,
    /// The state does not allow it now.
    NotAllowed,
    /// The task already has a session that writes.
    TaskBusy,
    /// The agent is missing or not usable.
    AgentMissing,
    /// The id exists under another mutation.
    IdTaken,
    /// The same `mid` with other arguments.
    MidReuse,
    /// What it `requires` was refused.
    Dependency,
    /// What it comes `after` did not arrive in time.
    PredecessorUnknown,
    /// It is older than it may be.
    TooLate,
    /// Its `mid` is older than outcomes are kept.
    MutationExpired,
    /// Its `mid` lies in the future.
    Clock,
    /// The demonstration was asked to refuse it.
    Refused,
    /// Only the server may do this.
    Forbidden,
    /// Too large.
    TooLarge,
}

/// One entry of the log: the one terminal record of a mutation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Record {
    /// Changes when history is not a continuation.
    #[ts(type = "number")]
    pub epoch: u64,
    /// Gapless within the workspace.
    #[ts(type = "number")]
    pub seq: u64,
    /// 32 random bits that tell one history from another with the same numbers.
    pub tag: u32,
    /// When it was decided.
    pub ts: Millis,
    /// Who acted.
    pub actor: Actor,
    /// The mutation it settles.
    pub mid: Mid,
    /// Accepted or refused.
    pub ok: bool,
    /// Why refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub err: Option<Reject>,
    /// What changed; empty where refused.
    pub ops: Vec<Op>,
}

/// A position in the log, on the wire as `epoch.seq.tag`, zero-padded so that it sorts as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Offset {
    /// Epoch.
    pub epoch: u64,
    /// Seq of the last record before it; 0 for the beginning.
    pub seq: u64,
    /// Tag of that record; 0 for the beginning.
    pub tag: u32,
}

impl std::fmt::Display for Offset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:010}.{:016}.{:08x}", self.epoch, self.seq, self.tag)
    }
}

/// An offset that does not parse.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an offset: expected epoch.seq.tag")]
pub struct BadOffset(pub String);

impl std::str::FromStr for Offset {
    type Err = BadOffset;

    fn from_str(s: &str) -> Result<Self, BadOffset> {
        let bad = || BadOffset(s.chars().take(80).collect());
        let mut parts = s.split('.');
        let (Some(epoch), Some(seq), Some(tag), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(bad());
        };
        Ok(Self {
            epoch: epoch.parse().map_err(|_| bad())?,
            seq: seq.parse().map_err(|_| bad())?,
            tag: u32::from_str_radix(tag, 16).map_err(|_| bad())?,
        })
    }
}

impl From<&Record> for Offset {
    fn from(r: &Record) -> Self {
        Self { epoch: r.epoch, seq: r.seq, tag: r.tag }
    }
}

/// The stored outcome of a mutation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Outcome {
    /// Which mutation.
    pub mid: Mid,
    /// The epoch it was settled in.
    #[ts(type = "number")]
    pub epoch: u64,
    /// The seq of its record.
    #[ts(type = "number")]
    pub seq: u64,
    /// Accepted or refused.
    pub ok: bool,
    /// Why refused.
    #[serde(default)]
    pub err: Option<Reject>,
}

impl From<&Record> for Outcome {
    fn from(r: &Record) -> Self {
        Self { mid: r.mid, epoch: r.epoch, seq: r.seq, ok: r.ok, err: r.err.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_sort_as_text_and_come_back() {
        let a = Offset { epoch: 2, seq: 9, tag: 0xdead_beef };
        let b = Offset { epoch: 2, seq: 10, tag: 1 };
        assert!(a.to_string() < b.to_string());
        assert_eq!(a.to_string().parse(), Ok(a));
        assert!("1.2".parse::<Offset>().is_err());
        assert!("1.2.zz.4".parse::<Offset>().is_err());
    }
}
