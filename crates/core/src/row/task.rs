//! Projects and tasks.

use crate::ids::{Mid, Millis, ProjectId, SessionId, TaskId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A project: one git repository (or a folder that is not one, with the reason).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Seq of the last op.
    #[ts(type = "number")]
    pub ver: u64,
    /// Its name: the last part of its path.
    pub name: String,
    /// Its absolute path.
    pub path: String,
    /// Folder of its task documents, relative to the path.
    pub tasks_dir: String,
    /// The branch that is checked out, null where HEAD is detached.
    pub branch: Option<String>,
    /// Why nothing can be started in it, null where all is well.
    pub problem: Option<String>,
    /// Whether changes of its files are seen at once (false: they are looked for every 2 s).
    pub watched: bool,
    /// Whether it is the demo project.
    pub demo: bool,
}

/// A task: one markdown file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Task {
    /// Its id, through renames.
    pub id: TaskId,
    /// Seq of the last op.
    #[ts(type = "number")]
    pub ver: u64,
    /// Its project.
    pub project: ProjectId,
    /// First heading, else the file's name.
    pub title: String,
    /// Path relative to the project; null until its file is made.
    pub path: Option<String>,
    /// Its text.
    pub document: Document,
    /// Checkboxes of the plan.
    pub progress: Progress,
    /// Checkboxes under "Success criteria".
    pub criteria: Progress,
    /// Why its file can't be read or written, null where it can.
    pub problem: Option<String>,
    /// Whether its file is on the checked-out branch.
    pub on_branch: bool,
    /// Whether it is archived.
    pub archived: bool,
    /// When it was first seen or made.
    pub created: Millis,
    /// When its document last changed.
    pub updated: Millis,
    /// An edit that could not be merged; both sides are kept until one is chosen.
    pub conflict: Option<Conflict>,
    /// The worktree and branch of its work, null before the first session.
    pub branch: Option<Branch>,
    /// What was last kept of it, for Undo.
    pub landing: Option<Landing>,
}

/// Which text a task has. The text itself is fetched.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Document {
    /// The mutation that made this version; null before the first was read.
    pub version: Option<Mid>,
    /// SHA-256 of the text in hexadecimal.
    pub hash: String,
    /// Bytes.
    #[ts(type = "number")]
    pub size: u64,
}

/// Counted checkboxes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Progress {
    /// `[x]`
    pub done: u32,
    /// `[-]`
    pub doing: u32,
    /// All.
    pub total: u32,
}

/// Two texts of one document that can't be merged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Conflict {
    /// The version that was saved and is not in the file.
    pub yours: Mid,
    /// The version that the file has.
    pub theirs: Mid,
}

/// The worktree of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Branch {
    /// The session that it was made for; part of its name.
    pub session: SessionId,
    /// The branch, `qd/<slug>-<short id>`.
    pub name: String,
    /// Absolute path of the worktree.
    pub path: String,
    /// The commit it started from.
    pub base: String,
    /// The branch it started from and is kept to; null where HEAD was detached.
    pub target: Option<String>,
    /// What changed in it, as last counted; null before that.
    pub changed: Option<Changed>,
    /// Where its content was saved when it was discarded; null while it stands.
    pub discarded: Option<String>,
}

/// Counted changes of a worktree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Changed {
    /// Files.
    pub files: u32,
    /// Lines added.
    pub additions: u32,
    /// Lines removed.
    pub deletions: u32,
}

/// Work that was put onto its target branch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Landing {
    /// The branch that moved.
    pub target: String,
    /// Its commit before.
    pub old: String,
    /// Its commit after.
    pub new: String,
    /// When.
    pub at: Millis,
}
