//! Commands on the way from a worktree to its target branch: commits, bringing the target in, trying, landing.

use crate::ids::{Mid, SessionId, TaskId};
use crate::row::{FileHunks, How, Side, Start};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// See [`Command::KeepWork`](super::Command::KeepWork).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct KeepWork {
    pub id: TaskId,
    /// The commit's message; empty takes the one that was suggested, else the task's title.
    pub message: String,
    #[serde(default)]
    pub how: How,
}

impl KeepWork {
    /// As one commit.
    pub fn squash(id: TaskId, message: impl Into<String>) -> Self {
        Self { id, message: message.into(), how: How::Squash }
    }
}

/// See [`Command::CommitWork`](super::Command::CommitWork).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct CommitWork {
    pub id: TaskId,
    /// The message; empty takes the one that was suggested, else the task's title.
    pub message: String,
    /// The files, as the list of changes names them; null takes all.
    #[serde(default)]
    pub files: Option<Vec<String>>,
    /// Beside the files, parts of others.
    #[serde(default)]
    pub hunks: Vec<FileHunks>,
}

/// See [`Command::ProposeWork`](super::Command::ProposeWork).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct ProposeWork {
    pub id: TaskId,
    /// The message of the commit, and title and text of the pull request; empty takes the one that was suggested, else
    /// the task's title.
    pub message: String,
}

/// See [`Command::UpdateWork`](super::Command::UpdateWork).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct UpdateWork {
    pub id: TaskId,
    /// The id of a new session that resolves the conflicts; null leaves them to the person.
    #[serde(default)]
    pub session: Option<SessionId>,
    #[serde(default)]
    pub start: Start,
}

/// See [`Command::ResolveFile`](super::Command::ResolveFile).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct ResolveFile {
    pub id: TaskId,
    /// As the changes of the task name it.
    pub path: String,
    pub side: Side,
}

/// See [`Command::OrderJob`](super::Command::OrderJob).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct OrderJob {
    pub id: Mid,
    /// The one that it comes before; null puts it behind all.
    #[serde(default)]
    pub before: Option<Mid>,
}
