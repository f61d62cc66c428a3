//! Jobs: work on files, git or processes that a mutation asked for (R18). A job stands in the rows from the
//! mutation's commit until it is done; a failed one stays, with Retry and Discard.

use crate::ids::{Mid, Millis, TaskId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A job. Its id is the `mid` that asked for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Job {
    /// The mutation that asked for it.
    pub id: Mid,
    /// Seq of the last op.
    #[ts(type = "number")]
    pub ver: u64,
    /// The task it works for.
    pub task: TaskId,
    /// When it was asked for.
    pub at: Millis,
    /// What is to be done.
    pub work: Work,
    /// How it stands.
    pub state: JobState,
}

/// What a job does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Work {
    /// Write a version of the document into the task's file; makes the file where the task has none.
    WriteDocument {
        /// The version to write; its text is in the store.
        version: Mid,
        /// The version it was edited from, null for a new task.
        base: Option<Mid>,
    },
    /// Put the work onto its target branch as one commit.
    Keep {
        /// The commit's message.
        message: String,
    },
    /// Take what was kept back.
    UndoKeep,
    /// Save the worktree to a ref and remove it.
    Discard,
    /// Make the worktree again from where it was saved.
    UndoDiscard,
}

/// How a job stands. A job that is done has no row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum JobState {
    /// Being done, or to be done again after a restart.
    Pending,
    /// It could not be done; what was written stays in the store.
    Failed {
        /// What failed and what to do.
        reason: String,
        /// The files it concerns, where there are any.
        files: Vec<String>,
    },
}
