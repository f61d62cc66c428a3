//! Commands of the review: comments on what the work changed, what became of it once it was kept, and the task put away.

use crate::ids::{CommentId, MessageId, SessionId, TaskId};
use crate::row::{Place, Start, Verdict};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// See [`Command::AddComment`](super::Command::AddComment).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct AddComment {
    pub id: CommentId,
    pub task: TaskId,
    pub place: Place,
    pub text: String,
}

/// See [`Command::EditComment`](super::Command::EditComment).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct EditComment {
    pub id: CommentId,
    /// Its task: what is sent together is sent behind it.
    pub task: TaskId,
    pub text: String,
}

/// See [`Command::ResolveComment`](super::Command::ResolveComment).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct ResolveComment {
    pub id: CommentId,
    /// Its task: what is sent together is sent behind it.
    pub task: TaskId,
    pub resolved: bool,
}

/// A command on a comment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct OnComment {
    pub id: CommentId,
    /// Its task: what is sent together is sent behind it.
    pub task: TaskId,
}

/// See [`Command::SendComments`](super::Command::SendComments).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct SendComments {
    pub task: TaskId,
    /// The session that works on them: one of the task, or the id of a new one.
    pub session: SessionId,
    /// The message that carries them to a session that is there.
    pub message: MessageId,
    /// What is said above them.
    #[serde(default)]
    pub note: String,
    /// How a new session is started; its instructions are the comments.
    #[serde(default)]
    pub start: Start,
}

/// See [`Command::JudgeWork`](super::Command::JudgeWork).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct JudgeWork {
    pub id: TaskId,
    pub verdict: Verdict,
    /// What was seen.
    #[serde(default)]
    pub note: String,
}

/// See [`Command::ArchiveTask`](super::Command::ArchiveTask).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct ArchiveTask {
    pub id: TaskId,
    /// Whether what stands in the way and can be passed over is.
    #[serde(default)]
    pub anyway: bool,
}
