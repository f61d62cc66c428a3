//! Sessions and the messages to them.

use crate::blob::AttachedImage;
use crate::event::{Activity, Ending, Request};
use crate::ids::{MessageId, Millis, ProjectId, RequestId, SessionId, TaskId};
use crate::status::{Kind, Status};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

/// What an agent may do without asking. What each agent makes of it stands in its quirks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// It reads; it asks before every edit and every command.
    Ask,
    /// It edits files of the worktree; it asks before commands.
    #[default]
    Edit,
    /// It edits and runs commands in the worktree without asking.
    Everything,
}

/// What a person chose when starting a session. Absent choices are resolved on the server at command time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Start {
    /// Name of the agent; null takes the default.
    pub agent: Option<String>,
    /// Model; null takes the agent's own default.
    pub model: Option<String>,
    /// Further instructions.
    pub instructions: String,
    /// What it may do without asking; null takes the default.
    pub permission: Option<Permission>,
    /// A conversation that the agent had outside of the panel, to go on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adopted: Option<Adopted>,
}

/// A conversation that an agent had outside of the panel. It stays as it is: a session goes on from a copy of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Adopted {
    /// The agent's own id of it.
    pub conversation: String,
    /// The first thing that was said in it.
    pub title: String,
    /// When it was used last.
    pub used: Millis,
}

/// What becomes of the worktree where a session goes on from an earlier message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Files {
    /// It goes back to before that message; what is there now is kept at a ref.
    #[default]
    Back,
    /// It stays as it is.
    Stay,
}

/// Where a session goes on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GoesOn {
    /// The session; it may have been removed since.
    pub session: SessionId,
    /// The message in whose place it goes on; null behind the last one.
    pub message: Option<MessageId>,
    /// What becomes of the worktree.
    pub files: Files,
}

/// A session: one conversation with an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Session {
    /// Its id, minted by whoever clicked.
    pub id: SessionId,
    /// Seq of the last op.
    #[ts(type = "number")]
    pub ver: u64,
    /// The project of its task.
    pub project: ProjectId,
    /// Its task.
    pub task: TaskId,
    /// What it is for.
    pub kind: Kind,
    /// Name of its agent.
    pub agent: String,
    /// The chosen model, null for the agent's own default.
    pub model: Option<String>,
    /// Further instructions.
    pub instructions: String,
    /// What it may do without asking.
    #[serde(default)]
    pub permission: Permission,
    /// The branch that is merged into the worktree before it begins, whose conflicts it is to resolve.
    #[serde(default)]
    pub resolves: Option<String>,
    /// Where it goes on from; null where it began by itself.
    #[serde(default)]
    pub origin: Option<GoesOn>,
    /// The conversation from outside of the panel that it goes on from.
    #[serde(default)]
    pub adopted: Option<Adopted>,
    /// How it stands.
    pub status: Status,
    /// Counts its agent processes from 1.
    pub attempt: u32,
    /// When it was started by a person.
    pub created: Millis,
    /// When the current attempt was accepted.
    pub since: Millis,
    /// While it is queued: the time before which its attempt does not start, where a person said one.
    #[serde(default)]
    pub not_before: Option<Millis>,
    /// When it ended, null while it has not.
    pub ended: Option<Millis>,
    /// How the last attempt ended.
    pub ending: Option<Ending>,
    /// What the agent waits for.
    pub requests: Vec<Request>,
    /// The agent's own id of the conversation; what it is resumed by.
    pub conversation: Option<String>,
    /// What the conversation had cost in US dollars when its last attempt ended, where the agent tells that.
    #[serde(default)]
    pub spent: Option<f64>,
    /// Byte after the last event of the last attempt, once it ended.
    #[ts(type = "number | null")]
    pub output_end: Option<u64>,
    /// Final figures of the last attempt.
    pub activity: Option<Activity>,
    /// Whether a person has seen its ending.
    pub seen: bool,
}

/// A message from a person to a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Message {
    /// Its id; the host echoes it in the output.
    pub id: MessageId,
    /// Seq of the last op.
    #[ts(type = "number")]
    pub ver: u64,
    /// Its session.
    pub session: SessionId,
    /// When it was sent.
    pub at: Millis,
    /// What it says.
    pub body: MessageBody,
    /// How it stands.
    pub state: MessageState,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum MessageBody {
    /// A prompt.
    Prompt {
        /// Its text.
        text: String,
        /// Images with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        images: Vec<AttachedImage>,
        /// Whether it is meant for the turn that runs; else it waits for its end.
        #[serde(default)]
        steer: bool,
    },
    /// The answer to a request.
    Answer {
        /// Which request.
        request: RequestId,
        /// The chosen option's id.
        option: String,
        /// What is said beside it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// The tool's input as the person edited it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(type = "unknown")]
        input: Option<Value>,
    },
    /// Ends the turn that runs.
    Interrupt,
    /// A choice among what the agent offers in the running conversation.
    Choose {
        /// The offer's id.
        offer: String,
        /// The value's id.
        value: String,
    },
}

impl MessageBody {
    /// A prompt of mere text, for the end of the turn.
    pub fn prompt(text: impl Into<String>) -> Self {
        Self::Prompt { text: text.into(), images: Vec::new(), steer: false }
    }

    /// The choice of an option, with nothing beside it.
    pub fn answer(request: RequestId, option: impl Into<String>) -> Self {
        Self::Answer { request, option: option.into(), note: None, input: None }
    }
}

/// How a message stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum MessageState {
    /// Waits for the host or for the end of the turn.
    Queued,
    /// The host handed it to the agent.
    Delivered,
    /// It did not reach the agent.
    Failed {
        /// Why.
        reason: String,
    },
    /// The host vanished while it was being handed over.
    Unknown,
}
