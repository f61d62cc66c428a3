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
    /// Its place among those that move the same branch, the smallest first; the older first where it is the same.
    #[serde(default)]
    #[ts(type = "number")]
    pub rank: i64,
    /// What it does that takes its time and may be stopped; null while it must not be.
    #[serde(default)]
    pub doing: Option<String>,
}

impl Job {
    /// By what jobs are put in order.
    pub fn turn(&self) -> (i64, Millis, Mid) {
        (self.rank, self.at, self.id)
    }

    /// Whether it is about to move the task's file.
    pub fn moves_document(&self) -> bool {
        self.state == JobState::Pending && matches!(self.work, Work::MoveDocument { .. })
    }
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
    /// Move the task's file into the archive, or out of it.
    MoveDocument {
        /// Whether into it.
        archived: bool,
    },
    /// Commit the task's file in the person's checkout, after it was moved.
    CommitDocument {
        /// The commit's message.
        message: String,
        /// Where the file was, and where it is.
        paths: Vec<String>,
    },
    /// Commit work in its worktree.
    Commit {
        /// The commit's message.
        message: String,
        /// The files; null takes all.
        files: Option<Vec<String>>,
        /// Beside the files, parts of others.
        #[serde(default)]
        hunks: Vec<FileHunks>,
    },
    /// Merge the target branch into the worktree.
    Update,
    /// Take the worktree back to before that.
    UndoUpdate,
    /// Resolve the conflict of a file.
    Resolve {
        /// Which.
        path: String,
        /// How.
        side: Side,
    },
    /// Put the work into the person's checkout.
    Try,
    /// Take it out of there.
    Untry,
    /// Put the work onto its target branch.
    Keep {
        /// The commit's message.
        message: String,
        /// How it is put there.
        #[serde(default)]
        how: How,
    },
    /// Push the work and open a pull request.
    Propose {
        /// The commit's message; its first line is the title.
        message: String,
    },
    /// Ask what became of the pull request.
    LookAtProposal,
    /// Take what was kept back.
    UndoKeep,
    /// Take back what was kept by a commit that undoes it.
    Revert,
    /// Begin to take it back in the worktree, where what conflicts can be resolved.
    TakeBack,
    /// Save the worktree to a ref and remove it.
    Discard,
    /// Make the worktree again from where it was saved.
    UndoDiscard,
}

impl Work {
    /// Whether it is done on the files of the project, not by git.
    pub fn is_of_files(&self) -> bool {
        matches!(self, Self::WriteDocument { .. } | Self::MoveDocument { .. })
    }

    /// Whether it moves the work of its task: then nothing else does meanwhile.
    pub fn moves_work(&self) -> bool {
        !self.is_of_files() && !matches!(self, Self::LookAtProposal | Self::CommitDocument { .. })
    }
}

/// What the history of the target branch is to show of work that is put there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// One commit.
    #[default]
    Squash,
    /// The commits of the worktree, and one that merges them.
    Merge,
    /// The commits of the worktree, on top of the target one after the other.
    Rebase,
}

/// Parts of a file that are in no commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FileHunks {
    /// The file, as the list of changes names it.
    pub path: String,
    /// The ids of its hunks; other content has other ids.
    pub ids: Vec<String>,
}

/// Which side of a conflict is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What the work had.
    Ours,
    /// What the target has.
    Theirs,
    /// What stands in the file now.
    AsItIs,
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
        /// Whether the work and its target changed the same places: bringing the target in is the way on.
        #[serde(default)]
        conflict: bool,
    },
}
