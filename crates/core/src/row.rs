//! Rows: what the log moves and a snapshot holds. Every row has an `id` and a `ver` (the seq of its last op).
//! Rows are plain data; how they may change lies in `decide`.

pub mod agent;
pub mod comment;
pub mod job;
pub mod proposal;
pub mod session;
pub mod task;

pub use agent::{Agent, Install, Model, Origin, Settings, Setup};
pub use comment::{Comment, Place};
pub use job::{FileHunks, How, Job, JobState, Side, Work};
pub use proposal::{Checks, Fate, Proposal, Reception, Remark};
pub use session::{Adopted, Files, GoesOn, Message, MessageBody, MessageState, Permission, Session, Start};
pub use task::{
    Branch, Changed, Checked, Commit, Conflict, Document, Draft, Landing, Meets, Progress, Project, Qa, Reverted,
    TakingBack, Task, Trial, Update, Verdict,
};

use crate::ids::{AgentId, CommentId, MessageId, Mid, ProjectId, SessionId, TaskId};
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use ts_rs::TS;
use uuid::Uuid;

/// Kinds of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(rename = "RowKind")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum RowKind {
    Settings,
    Project,
    Agent,
    Task,
    Session,
    Message,
    Job,
    Comment,
}

/// Names one row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
pub struct Key {
    /// Its kind.
    pub kind: RowKind,
    /// Its id.
    #[ts(type = "string")]
    pub id: Uuid,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}:{}", self.kind, self.id)
    }
}

/// A row of any kind.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(tag = "kind", content = "row", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Row {
    Settings(Settings),
    Project(Project),
    Agent(Agent),
    Task(Task),
    Session(Session),
    Message(Message),
    Job(Job),
    Comment(Comment),
}

macro_rules! each {
    ($row:expr, $r:ident => $e:expr) => {
        match $row {
            Row::Settings($r) => $e,
            Row::Project($r) => $e,
            Row::Agent($r) => $e,
            Row::Task($r) => $e,
            Row::Session($r) => $e,
            Row::Message($r) => $e,
            Row::Job($r) => $e,
            Row::Comment($r) => $e,
        }
    };
}

impl Row {
    /// Its name.
    pub fn key(&self) -> Key {
        match self {
            Self::Settings(r) => Key { kind: RowKind::Settings, id: r.id },
            Self::Project(r) => r.id.into(),
            Self::Agent(r) => r.id.into(),
            Self::Task(r) => r.id.into(),
            Self::Session(r) => r.id.into(),
            Self::Message(r) => r.id.into(),
            Self::Job(r) => r.id.into(),
            Self::Comment(r) => r.id.into(),
        }
    }

    /// The seq of its last op.
    pub fn ver(&self) -> u64 {
        each!(self, r => r.ver)
    }

    /// Sets the seq of its last op.
    pub fn set_ver(&mut self, ver: u64) {
        each!(self, r => r.ver = ver);
    }

    /// The row that it belongs to, where it belongs to one: a task to its project, a session to its task, a
    /// message to its session, a job and a comment to their task.
    pub fn parent(&self) -> Option<Key> {
        match self {
            Self::Settings(_) | Self::Project(_) | Self::Agent(_) => None,
            Self::Task(r) => Some(r.project.into()),
            Self::Session(r) => Some(r.task.into()),
            Self::Message(r) => Some(r.session.into()),
            Self::Job(r) => Some(r.task.into()),
            Self::Comment(r) => Some(r.task.into()),
        }
    }

    /// Its content as JSON.
    pub fn fields(&self) -> serde_json::Map<String, serde_json::Value> {
        let value = each!(self, r => serde_json::to_value(r));
        match value {
            Ok(serde_json::Value::Object(map)) => map,
            _ => serde_json::Map::new(),
        }
    }

    /// The row of this kind with this content.
    pub fn from_json(kind: RowKind, json: &str) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            RowKind::Settings => Self::Settings(serde_json::from_str(json)?),
            RowKind::Project => Self::Project(serde_json::from_str(json)?),
            RowKind::Agent => Self::Agent(serde_json::from_str(json)?),
            RowKind::Task => Self::Task(serde_json::from_str(json)?),
            RowKind::Session => Self::Session(serde_json::from_str(json)?),
            RowKind::Message => Self::Message(serde_json::from_str(json)?),
            RowKind::Job => Self::Job(serde_json::from_str(json)?),
            RowKind::Comment => Self::Comment(serde_json::from_str(json)?),
        })
    }

    /// The content of a row of this kind, which comes next.
    fn next<'de, A: MapAccess<'de>>(kind: RowKind, map: &mut A) -> Result<Self, A::Error> {
        Ok(match kind {
            RowKind::Settings => Self::Settings(map.next_value()?),
            RowKind::Project => Self::Project(map.next_value()?),
            RowKind::Agent => Self::Agent(map.next_value()?),
            RowKind::Task => Self::Task(map.next_value()?),
            RowKind::Session => Self::Session(map.next_value()?),
            RowKind::Message => Self::Message(map.next_value()?),
            RowKind::Job => Self::Job(map.next_value()?),
            RowKind::Comment => Self::Comment(map.next_value()?),
        })
    }
}

/// Each type is read from text and from nothing else: a derived reader would bring a second copy of the code of every
/// type, and the page downloads it. The kind stands first wherever this project wrote the row, so the content is read
/// in place; where it does not, the content waits as text.
impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RowVisitor)
    }
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Row;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a row: its kind, then its content")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        #[derive(Deserialize)]
        #[serde(field_identifier, rename_all = "snake_case")]
        enum Field {
            Kind,
            Row,
            #[serde(other)]
            Other,
        }
        let (mut kind, mut row, mut early) = (None, None, None::<Box<RawValue>>);
        while let Some(field) = map.next_key::<Field>()? {
            match (field, kind) {
                (Field::Kind, _) => kind = Some(map.next_value()?),
                (Field::Row, Some(kind)) => row = Some(Row::next(kind, &mut map)?),
                (Field::Row, None) => early = Some(map.next_value()?),
                (Field::Other, _) => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match (row, kind, early) {
            (Some(row), _, _) => Ok(row),
            (None, Some(kind), Some(early)) => Row::from_json(kind, early.get()).map_err(Error::custom),
            (None, None, _) => Err(Error::missing_field("kind")),
            (None, Some(_), None) => Err(Error::missing_field("row")),
        }
    }
}

macro_rules! keyed {
    ($($id:ident => $kind:ident),* $(,)?) => {$(
        impl From<$id> for Key {
            fn from(id: $id) -> Self {
                Self { kind: RowKind::$kind, id: id.0 }
            }
        }
    )*};
}

keyed! {
    ProjectId => Project,
    TaskId => Task,
    SessionId => Session,
    MessageId => Message,
    AgentId => Agent,
    Mid => Job,
    CommentId => Comment,
}
