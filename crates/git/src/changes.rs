//! What a worktree changed since it left its base, asked of git and of nobody else.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::change_parser::parse;
use crate::command::GitError;
use crate::ids::{CommitId, TreeHash};
use crate::path::GitPath;
use crate::repo::Repo;
use crate::snapshot::Snapshot;

/// A diff longer than this is cut and says so.
const DIFF_LIMIT: usize = 2 << 20;

/// Everything that a worktree changed: committed, staged, unstaged and untracked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// What it is compared with.
    pub merge_base: CommitId,
    /// The content that was seen. Verdicts are bound to it.
    pub tree: TreeHash,
    /// By path.
    pub files: Vec<FileChange>,
    /// What could not be read, so may have changed unseen. Neither keeping nor discarding passes over it.
    pub unseen: Vec<GitPath>,
}

/// One changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Where it is now, or was.
    pub path: GitPath,
    /// Where it came from, for a rename or a copy.
    pub old_path: Option<GitPath>,
    /// What happened to it.
    pub status: Status,
    /// Its mode before; 0 where it was not there. 0o160000 is a submodule, 0o120000 a symbolic link.
    pub old_mode: u32,
    /// Its mode now; 0 where it is gone.
    pub new_mode: u32,
    /// Lines added; 0 for a binary file.
    pub additions: u64,
    /// Lines taken away; 0 for a binary file.
    pub deletions: u64,
    /// Whether git takes it for binary.
    pub binary: bool,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It is new.
    Added,
    /// Its content changed.
    Modified,
    /// It is gone.
    Deleted,
    /// It moved, and may have changed too.
    Renamed,
    /// It was copied, and may have changed too.
    Copied,
    /// It became another kind of thing: file, symbolic link, submodule.
    TypeChanged,
    /// Only its permission to be run changed.
    ModeChanged,
}

/// A unified diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// As git writes it; what is not UTF-8 is replaced.
    pub text: String,
    /// Whether the end was left out.
    pub truncated: bool,
}

impl Repo {
    /// What `worktree` changed since it left `base`, without what lies in `exclude`. Writes nothing into the
    /// repository. Takes the same number of git calls however much changed.
    pub async fn changes(&self, worktree: &Path, base: &CommitId, exclude: &[GitPath]) -> Result<Changes, GitError> {
        self.snapshot(worktree, base, exclude).await?.changes().await
    }

    /// The diff of one file, as [`Snapshot::diff`]; none where it did not change.
    pub async fn file_diff(&self, worktree: &Path, base: &CommitId, path: &GitPath) -> Result<Option<Diff>, GitError> {
        let snapshot = self.snapshot(worktree, base, &[]).await?;
        let changes = snapshot.changes().await?;
        match changes.files.iter().find(|file| file.path == *path) {
            Some(file) => snapshot.diff(file).await.map(Some),
            None => Ok(None),
        }
    }
}

impl Snapshot {
    /// What changed between the merge base and this snapshot.
    pub async fn changes(&self) -> Result<Changes, GitError> {
        let answer = self
            .diff_tree()
            // Renames are looked for among at most this many files, whatever the user's setting.
            .args(["-z", "--raw", "--numstat", "--no-abbrev", "-l1000"])
            .args([self.merge_base().as_str(), self.tree().as_str()])
            .ok()
            .await?;
        let unexpected = || GitError::Unexpected { command: "diff-tree".to_owned() };
        let mut files = parse(&answer).ok_or_else(unexpected)?;
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let unseen = self.unseen().to_vec();
        let (merge_base, tree) = (self.merge_base().clone(), self.tree().clone());
        Ok(Changes { merge_base, tree, files, unseen })
    }

    /// The diff of one changed file. Long ones are cut and say so.
    pub async fn diff(&self, file: &FileChange) -> Result<Diff, GitError> {
        let answer = self
            .diff_tree()
            .args(["-p", "-U3", "--full-index", "--src-prefix=a/", "--dst-prefix=b/"])
            .args([self.merge_base().as_str(), self.tree().as_str()])
            .paths(file.old_path.iter().chain([&file.path]))
            .cut_at(DIFF_LIMIT)
            .answer()
            .await?;
        if answer.code() != Some(0) && !answer.truncated() {
            return Err(answer.failed());
        }
        let truncated = answer.truncated();
        let text = String::from_utf8_lossy(&answer.into_stdout()).into_owned();
        Ok(Diff { text, truncated })
    }

    fn diff_tree(&self) -> crate::command::Git<'_> {
        // Programs that the user or the repository set for showing diffs are for eyes at a terminal.
        self.read("diff-tree").args([
            "-r",
            "-M",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--ignore-submodules=none",
        ])
    }
}
