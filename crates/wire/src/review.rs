//! What a person reviews: the changes of a task's work, file by file, and the worktrees that it lies in.

use qd_core::ids::Millis;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

/// `GET /api/v1/tasks/{id}/changes`: what the work of a task changed, from git.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ChangesAnswer {
    /// The commit that the work is compared with.
    pub base: String,
    /// Hash of the tree that the worktree stands for.
    pub tree: String,
    /// Every changed file, in path order.
    pub files: Vec<ChangedFile>,
}

/// One file of [`ChangesAnswer`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ChangedFile {
    /// Its path relative to the repository; bytes that are not UTF-8 stand as `\xNN`.
    pub path: String,
    /// Where it lay before it was renamed or copied.
    pub old_path: Option<String>,
    /// What happened to it.
    pub status: FileStatus,
    /// Lines added; 0 for a binary file.
    pub additions: u32,
    /// Lines removed; 0 for a binary file.
    pub deletions: u32,
    /// What it held and holds: the same as long as neither side changes. A mark that it was viewed is bound to it.
    pub stamp: String,
    /// Whether it is binary.
    pub binary: bool,
}

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum FileStatus {
    Added,
    Modified,
    Deleted,
    Renamed,
    Copied,
    TypeChanged,
    ModeChanged,
}

/// `GET /api/v1/tasks/{id}/changes/file`: one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct FileDiff {
    /// The tree that it was read from: that of the list, where the server still had it.
    pub tree: String,
    /// What there is to show.
    pub content: FileContent,
    /// Its mode before in octal, where that changed and it was there.
    pub old_mode: Option<String>,
    /// Its mode now in octal, where that changed and it is there.
    pub new_mode: Option<String>,
    /// Where it changed; nothing where it is not text.
    pub hunks: Vec<DiffHunk>,
    /// The lines that it has now.
    pub new_lines: u32,
    /// Whether the end was left out because it is too large to show.
    pub truncated: bool,
}

/// What a changed file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileContent {
    /// Text, or nothing.
    Text,
    /// An image on each side that it is there.
    Image,
    /// Bytes.
    Binary,
    /// The commit of a submodule.
    Submodule,
}

/// Lines that changed, with those around them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct DiffHunk {
    /// The first line before, from 1; 0 where there was none.
    pub old: u32,
    /// The first line now, from 1; 0 where there is none.
    pub new: u32,
    /// The function that it lies in, as git sees it.
    pub heading: String,
    /// Its lines, in order.
    pub lines: Vec<DiffLine>,
}

/// A part of a file that is in no commit, by which it can be committed alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct UncommittedHunk {
    /// What `commit_work` names it by; other content has another one.
    pub id: String,
    /// Its lines.
    pub hunk: DiffHunk,
}

/// A line of a hunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct DiffLine {
    /// Which side has it.
    pub side: LineSide,
    /// Its text; a carriage return at its end stays.
    pub text: String,
    /// What differs from its counterpart: from and to, in UTF-16 units of the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<(u32, u32)>>")]
    #[schema(value_type = Vec<Vec<u32>>)]
    pub words: Vec<(u32, u32)>,
    /// Whether the file ends with it without a newline.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub unended: bool,
}

/// Which side of a diff has a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub enum LineSide {
    /// Both.
    #[serde(rename = "=")]
    Both,
    /// The one before.
    #[serde(rename = "-")]
    Old,
    /// The one now.
    #[serde(rename = "+")]
    New,
}

/// `GET /api/v1/tasks/{id}/changes/colours`: how the lines of both sides are coloured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct FileColours {
    /// The lines before. Each is a list of lengths in UTF-16 units, each followed by its colour, an index into `names`.
    pub old: Vec<Vec<u32>>,
    /// The lines now.
    pub new: Vec<Vec<u32>>,
    /// What the colours stand for; the first is plain text.
    pub names: Vec<String>,
}

/// `GET /api/v1/tasks/{id}/changes/lines`: lines that did not change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct FileLines {
    /// The first one's number, from 1.
    pub from: u32,
    /// Their texts.
    pub lines: Vec<String>,
}

/// An answer of `GET /api/v1/worktrees`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct WorktreesAnswer {
    /// Those of the tasks of all projects, the largest first.
    pub worktrees: Vec<WorktreeRow>,
    /// Folders beside them that no task has.
    pub others: Vec<OtherFolder>,
    /// What worktrees can be opened with.
    pub openers: Vec<Opener>,
}

/// A folder of a worktree that no task has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct OtherFolder {
    /// Absolute.
    pub path: String,
    /// Bytes of its files.
    #[ts(type = "number")]
    pub size: u64,
    /// Whether all of them were counted within two seconds.
    pub size_whole: bool,
    /// Whether it was made ahead, so that the next task starts sooner. Else nobody knows it.
    pub ahead: bool,
}

/// Something that opens a worktree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Opener {
    /// Its name.
    pub name: String,
    /// The address that opens it where the page is, with `{path}` in place of the folder's path; null where the server
    /// opens it.
    pub address: Option<String>,
}

/// A body of `POST /api/v1/tasks/{id}/open`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct OpenWorktree {
    /// The name of the opener.
    pub with: String,
}

/// The worktree of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct WorktreeRow {
    /// The task.
    #[ts(type = "string")]
    pub task: Uuid,
    /// Its project.
    #[ts(type = "string")]
    pub project: Uuid,
    /// Absolute.
    pub path: String,
    /// The branch that is checked out in it; null where none is.
    pub branch: Option<String>,
    /// The branch that its work is kept on.
    pub target: Option<String>,
    /// Bytes of its files.
    #[ts(type = "number")]
    pub size: u64,
    /// Whether all of them were counted within two seconds.
    pub size_whole: bool,
    /// Files that differ from its last commit or are not tracked.
    #[ts(type = "number")]
    pub dirty: u64,
    /// Commits that its target has not; null without a target.
    #[ts(type = "number | null")]
    pub ahead: Option<u64>,
    /// Commits of its target that it has not.
    #[ts(type = "number | null")]
    pub behind: Option<u64>,
    /// Commits that nothing else holds.
    #[ts(type = "number")]
    pub unmerged: u64,
    /// Ignored files and folders, at most 50: no save holds them.
    pub ignored: Vec<String>,
    /// The first of the ten ports that are for what runs in it.
    pub port: Option<u16>,
    /// The session that runs in it.
    #[ts(type = "string | null")]
    pub session: Option<Uuid>,
    /// When a session last ran in it.
    #[schema(value_type = u64)]
    pub used: Millis,
    /// Why it can't be read.
    pub problem: Option<String>,
}

/// An answer of `GET /api/v1/projects/{id}/radar`: two tasks whose work changes the same files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Meeting {
    /// The tasks.
    #[ts(type = "[string, string]")]
    pub tasks: [Uuid; 2],
    /// The files that both change.
    pub files: Vec<String>,
    /// Those in which a merge of both would conflict.
    pub conflicts: Vec<String>,
}
