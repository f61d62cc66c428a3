//! What goes over HTTP: requests, answers, stream frames, error codes. Source of the TypeScript types and of the
//! `OpenAPI` document.
//!
//! Must not know: behaviour.

pub mod rest;
pub mod review;
pub mod schema;

pub use rest::{
    ConfigAnswer, DocumentText, FilesAnswer, FoundFile, HealthAnswer, LogPage, LoginAnswer, LoginRequest, OpenProject,
    OpenedProject, OutsideConversation, RegistryAgent,
};
pub use review::{
    ChangedFile, ChangesAnswer, DiffHunk, DiffLine, FileColours, FileContent, FileDiff, FileLines, FileStatus,
    LineSide, Meeting, OpenWorktree, Opener, OtherFolder, UncommittedHunk, WorktreeRow, WorktreesAnswer,
};

use qd_core::command::Command;
use qd_core::event::Activity;
use qd_core::ids::{Mid, SessionId};
use qd_core::op::{Outcome, Record};
use qd_core::row::Row;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use ts_rs::TS;
use utoipa::ToSchema;

/// `POST /api/v1/mutations`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Mutation {
    /// Minted by the client: `UUIDv7`.
    #[schema(value_type = Uuid)]
    pub mid: Mid,
    /// Name of the command.
    pub name: String,
    /// Its arguments.
    #[ts(type = "unknown")]
    #[schema(value_type = Object)]
    pub args: Value,
    /// Order only: decided when that mutation is settled, whatever its outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub after: Option<Mid>,
    /// Must have been accepted, else this is refused with `dependency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub requires: Option<Mid>,
    /// Milliseconds since the click by the client's own clock, set at each send. Not part of what is hashed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number | null", optional)]
    pub age_ms: Option<u64>,
    /// Refused with `too_late` when older than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number | null", optional)]
    pub max_age_ms: Option<u64>,
    /// The sender does not have the blobs that it names (any more): where they are missing it is refused for good. Not
    /// part of what is hashed.
    #[serde(default, skip_serializing_if = "is_false")]
    #[ts(optional, as = "Option<bool>")]
    pub blobs_gone: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Mutation {
    /// The command it carries.
    pub fn command(&self) -> Result<Command, serde_json::Error> {
        Command::of_wire(&self.name, &self.args)
    }

    /// A mutation that carries `command`.
    pub fn new(mid: Mid, command: &Command) -> Self {
        let (name, args) = command.to_wire();
        Self {
            mid,
            name,
            args,
            after: None,
            requires: None,
            age_ms: None,
            max_age_ms: command.max_age_ms(),
            blobs_gone: false,
        }
    }
}

/// The definitive answer to a mutation: 200 where accepted, 4xx where refused.
pub type MutationAnswer = Outcome;

/// `GET /api/v1/snapshot`, or `POST` with [`SnapshotRequest`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct Snapshot {
    /// Of the read transaction.
    #[ts(type = "number")]
    pub epoch: u64,
    /// Of the read transaction.
    #[ts(type = "number")]
    pub seq: u64,
    /// Of the record at `seq`.
    pub tag: u32,
    /// All live rows.
    #[schema(value_type = Vec<schema::Row>)]
    pub rows: Vec<Row>,
    /// Outcomes of the asked mutations, as far as they are settled.
    #[schema(value_type = BTreeMap<String, schema::Outcome>)]
    pub settled: BTreeMap<Mid, Outcome>,
}

/// Asks which of these mutations are settled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct SnapshotRequest {
    /// The caller's pending mutations.
    #[schema(value_type = Vec<Uuid>)]
    pub mids: Vec<Mid>,
}

/// One frame of `GET /api/v1/log?live=sse`. The SSE event's name is `frame`'s value; a record's SSE id is its offset.
#[derive(Clone, Debug, PartialEq, Serialize, TS, ToSchema)]
#[serde(tag = "frame", rename_all = "snake_case")]
pub enum LogFrame {
    /// The next record.
    Record {
        /// It.
        #[schema(value_type = schema::Record)]
        record: Record,
    },
    /// What a live session does; has no seq, the latest wins.
    Activity {
        /// Which session.
        #[schema(value_type = Uuid)]
        session: SessionId,
        /// What it does.
        #[schema(value_type = Object)]
        activity: Activity,
    },
    /// Every 15 s, and at once on opening.
    Heartbeat {
        /// Seq of the head as the server has it.
        #[ts(type = "number")]
        seq: u64,
    },
    /// The reader was too slow or its rights changed: resume by offset.
    Resync,
}

/// A tagged form buffers what it reads, which rows can't be read from: they are read from text.
impl<'de> Deserialize<'de> for LogFrame {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Form {
            frame: String,
            record: Option<Record>,
            session: Option<SessionId>,
            activity: Option<Activity>,
            seq: Option<u64>,
        }
        match Form::deserialize(deserializer)? {
            Form { frame, record: Some(record), .. } if frame == "record" => Ok(Self::Record { record }),
            Form { frame, session: Some(session), activity: Some(activity), .. } if frame == "activity" => {
                Ok(Self::Activity { session, activity })
            }
            Form { frame, seq: Some(seq), .. } if frame == "heartbeat" => Ok(Self::Heartbeat { seq }),
            Form { frame, .. } if frame == "resync" => Ok(Self::Resync),
            Form { frame, .. } => Err(serde::de::Error::custom(format!("`{frame}` is no frame, or lacks a field"))),
        }
    }
}

/// An error at the edge: everything that is not a definitive answer to a mutation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct ApiError {
    /// One of a closed set.
    pub code: ErrorCode,
    /// What happened, and what to do.
    pub message: String,
    /// Further hints.
    #[serde(default)]
    pub hints: Vec<String>,
}

/// Codes of [`ApiError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum ErrorCode {
    BadRequest,
    Unauthorized,
    ForeignHost,
    ForeignOrigin,
    NotFound,
    Unavailable,
    OffsetGone,
    OffsetConflict,
    TooEarly,
    BlobMissing,
    TooLarge,
    OtherType,
    Overloaded,
    StorageFull,
    Internal,
}
