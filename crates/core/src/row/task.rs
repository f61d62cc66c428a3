//! Projects and tasks.

use super::{How, Proposal};
use crate::ids::{Mid, Millis, ProjectId, SessionId, TaskId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A project: one git repository (or a folder that is not one, with the reason).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
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
    /// Whether it has a remote repository that work can be pushed to.
    #[serde(default)]
    pub remote: bool,
    /// Whether the panel commits documents that it archives or restores.
    #[serde(default)]
    pub commits: bool,
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
    /// What was last kept of it.
    pub landing: Option<Landing>,
    /// What was kept of it before that, the latest last.
    #[serde(default)]
    pub landed_before: Vec<Landing>,
    /// Where its work stands in the person's checkout to be tried; null where it does not.
    #[serde(default)]
    pub trial: Option<Box<Trial>>,
    /// Where its work was pushed last, to be taken from there; null where it was not.
    #[serde(default)]
    pub proposal: Option<Box<Proposal>>,
}

impl Task {
    /// Its worktree, where that stands.
    pub fn standing(&self) -> Option<&Branch> {
        self.branch.as_ref().filter(|branch| branch.discarded.is_none())
    }

    /// What is being taken back in its worktree, where that stands.
    pub fn taking_back(&self) -> Option<&TakingBack> {
        self.standing()?.taking_back.as_deref()
    }

    /// What was last kept of it, where that stands on its target branch.
    pub fn landed(&self) -> Option<&Landing> {
        self.landing.as_ref().filter(|landing| landing.reverted.is_none())
    }
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
    /// What was brought in of the target last; null where nothing was, or that was undone.
    #[serde(default)]
    pub update: Option<Box<Update>>,
    /// The last commit that the panel made in it.
    #[serde(default)]
    pub commit: Option<Box<Commit>>,
    /// The message that is suggested for what is in it.
    #[serde(default)]
    pub draft: Option<Box<Draft>>,
    /// The first of the ports that are for what runs in it.
    #[serde(default)]
    pub port: Option<u16>,
    /// What is being taken back in it, in place of the work; null while it holds the work.
    #[serde(default)]
    pub taking_back: Option<Box<TakingBack>>,
    /// The other tasks whose work changes the same files, as last looked at.
    #[serde(default)]
    pub meets: Vec<Meets>,
}

impl Branch {
    /// The message that is suggested, where the worktree is still what it was written for.
    pub fn fresh_draft(&self) -> Option<&Draft> {
        let tree = self.changed.as_ref().map(|changed| changed.tree.as_str());
        self.draft.as_deref().filter(|draft| tree == Some(draft.tree.as_str()))
    }
}

/// A message for a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Draft {
    /// The message.
    pub text: String,
    /// Hash of the tree that it was written for.
    pub tree: String,
    /// The session that wrote it; null where it was made of the task's document.
    pub session: Option<SessionId>,
}

/// What was brought into a worktree of its target branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Update {
    /// The ref that keeps the worktree as it was before.
    pub before: String,
    /// When.
    pub at: Millis,
}

/// Another task whose work changes the same files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
pub struct Meets {
    /// Which.
    pub task: TaskId,
    /// How many files.
    pub files: u32,
    /// In how many of them a merge of both would conflict.
    pub conflicts: u32,
}

/// Kept work that is taken back in its worktree, because what came later changed the same places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TakingBack {
    /// The ref that keeps the worktree with the work.
    pub before: String,
    /// Since when.
    pub at: Millis,
}

/// A commit in a worktree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Commit {
    /// Its id.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
    /// What git and the person's hooks said.
    pub said: String,
    /// When.
    pub at: Millis,
}

/// Work that stands in the person's checkout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Trial {
    /// HEAD of the checkout.
    pub head: String,
    /// What the checkout holds, as a commit.
    pub commit: String,
    /// Since when.
    pub at: Millis,
}

/// Counted changes of a worktree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Changed {
    /// Files.
    pub files: u32,
    /// Lines added.
    pub additions: u32,
    /// Lines removed.
    pub deletions: u32,
    /// Hash of the tree that was counted.
    #[serde(default)]
    pub tree: String,
    /// Whether a merge is open in it.
    #[serde(default)]
    pub merging: bool,
    /// Files of that merge whose conflict nobody has resolved.
    #[serde(default)]
    pub conflicts: Vec<String>,
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
    /// How it was put there.
    #[serde(default)]
    pub how: How,
    /// The check that passed on exactly this; null where the project has none.
    #[serde(default)]
    pub check: Option<Checked>,
    /// What a person who tried it says.
    #[serde(default)]
    pub qa: Qa,
    /// The commit that took it back; null while it stands.
    #[serde(default)]
    pub reverted: Option<Reverted>,
}

/// A check that passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Checked {
    /// The command.
    pub command: String,
    /// Hash of the tree that it ran on.
    pub tree: String,
    /// How long it took, in milliseconds.
    #[ts(type = "number")]
    pub ms: u64,
}

/// What a person says of work that was kept, when it was tried.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Qa {
    /// How it stands.
    pub verdict: Verdict,
    /// What was seen.
    pub note: String,
    /// When that was said; null before.
    pub at: Option<Millis>,
}

/// Whether work that was kept holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nobody has said.
    #[default]
    Pending,
    /// It does.
    Passed,
    /// It does not.
    Failed,
}

/// A commit that took kept work back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Reverted {
    /// The commit.
    pub commit: String,
    /// When.
    pub at: Millis,
}
