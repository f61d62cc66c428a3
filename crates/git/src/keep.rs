//! Keeping the work of a worktree: one commit on the target branch, moved there by compare-and-swap.
//!
//! Nothing is checked out for it and no hook of the user runs. Whatever the outcome, the worktree as it was stays
//! reachable from the ref of the save.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::change_parser::parse;
use crate::checkout::{Moved, Refusal};
use crate::command::{GitError, one_line, text};
use crate::ids::{CommitId, TreeHash};
use crate::path::GitPath;
use crate::repo::Repo;
use crate::save::Saved;
use crate::snapshot::{Objects, TempIndex};

/// What is to be kept, and where.
#[derive(Debug, Clone)]
pub struct KeepRequest {
    /// The worktree with the work.
    pub worktree: PathBuf,
    /// The branch to land on, without `refs/heads/`.
    pub target: String,
    /// The message of the commit.
    pub message: String,
    /// Files and folders that the commit leaves as the target has them.
    pub exclude: Vec<GitPath>,
    /// Names the save; the same id again adds to it.
    pub id: String,
}

/// A commit that is made and not landed yet. With it in a journal, landing can be repeated after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedKeep {
    /// The full name of the branch to land on.
    pub target_ref: String,
    /// Where it was when this was made.
    pub old: CommitId,
    /// The commit to land.
    pub new: CommitId,
    /// The worktree as it was.
    pub saved: Saved,
}

/// Proof of a landing, and what its undo needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepReceipt {
    /// The full name of the branch.
    pub target_ref: String,
    /// Where it was.
    pub old: CommitId,
    /// Where it is.
    pub new: CommitId,
    /// The worktree as it was.
    pub saved: Saved,
    /// Checkouts that followed.
    pub followed: Vec<PathBuf>,
}

/// How preparing went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepared {
    /// There is a commit to land.
    Ready(PreparedKeep),
    /// The target has all of it already.
    Nothing(Saved),
    /// The target moved on and both changed the same places.
    Conflicts {
        /// Which files.
        files: Vec<GitPath>,
        /// The worktree as it was.
        saved: Saved,
    },
}

/// How landing went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landing {
    /// The branch is at the new commit.
    Landed(KeepReceipt),
    /// The branch moved (none: is gone) since the commit was prepared. Nothing was done; prepare again.
    TargetMoved(Option<CommitId>),
    /// A checkout of the branch cannot follow. Nothing was done, unless this repeats a landing whose branch had
    /// moved before a crash.
    CheckoutRefused(Refusal),
}

/// How keeping went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeepOutcome {
    /// The branch is at the new commit.
    Kept(KeepReceipt),
    /// The target has all of it already.
    Nothing(Saved),
    /// The target moved on and both changed the same places. Nothing moved.
    Conflicts {
        /// Which files.
        files: Vec<GitPath>,
        /// The worktree as it was.
        saved: Saved,
    },
    /// The target moved at that very moment. Nothing was done.
    TargetMoved(Option<CommitId>),
    /// A checkout of the branch cannot follow. Nothing moved.
    CheckoutRefused(Refusal),
}

/// How undoing went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoOutcome {
    /// The branch is back; the commit that was on it stays reachable from this ref.
    Undone {
        /// Which ref.
        kept_at: String,
    },
    /// The branch has moved on (none: is gone) since. Nothing was done.
    TargetMoved(Option<CommitId>),
    /// A checkout of the branch cannot follow back. Nothing was done.
    CheckoutRefused(Refusal),
}

/// Why keeping could not be tried.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// There is no such branch.
    #[error("no branch {target}")]
    NoTarget {
        /// As it was asked for.
        target: String,
    },
    /// Git knows no name and address for the author.
    #[error("git has no user.name and user.email to commit with")]
    NoAuthor,
    /// The worktree and the target have no commit in common.
    #[error("the worktree has no history in common with {target}")]
    Unrelated {
        /// As it was asked for.
        target: String,
    },
    /// Repositories lie in the worktree that are no submodules: a commit would hold their names and not their files.
    #[error("repositories in the worktree are not registered as submodules")]
    LooseRepositories {
        /// Where.
        paths: Vec<GitPath>,
    },
    /// Git did not do it.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Repo {
    /// Saves the worktree, makes one commit of it and lands that on the target branch.
    pub async fn keep(&self, request: &KeepRequest) -> Result<KeepOutcome, KeepError> {
        let prepared = match self.prepare_keep(request).await? {
            Prepared::Ready(prepared) => prepared,
            Prepared::Nothing(saved) => return Ok(KeepOutcome::Nothing(saved)),
            Prepared::Conflicts { files, saved } => {
                return Ok(KeepOutcome::Conflicts { files, saved });
            }
        };
        Ok(match self.land(&prepared).await? {
            Landing::Landed(receipt) => KeepOutcome::Kept(receipt),
            Landing::TargetMoved(found) => KeepOutcome::TargetMoved(found),
            Landing::CheckoutRefused(refusal) => KeepOutcome::CheckoutRefused(refusal),
        })
    }

    /// Saves the worktree and makes the commit, merged with the target where that moved on. No branch moves.
    pub async fn prepare_keep(&self, request: &KeepRequest) -> Result<Prepared, KeepError> {
        let KeepRequest { worktree, target, message, exclude, id } = request;
        let target_ref = format!("refs/heads/{target}");
        let no_target = || KeepError::NoTarget { target: target.clone() };
        let old = self.resolve(&target_ref).await?.ok_or_else(no_target)?;
        self.require_author().await?;
        let unrelated = || KeepError::Unrelated { target: target.clone() };
        let base = self.merge_base(worktree, &old).await?.ok_or_else(unrelated)?;
        let saved = self.save(worktree, id, &[]).await?;
        let own = self.kept_tree(worktree, &base, exclude).await?;
        self.require_no_loose_repositories(&base, &own).await?;
        let tree = if base == old {
            own
        } else {
            match self.merge_onto(&old, &base, &own).await? {
                Ok(tree) => tree,
                Err(files) => return Ok(Prepared::Conflicts { files, saved }),
            }
        };
        if tree == self.tree_of(&old).await? {
            return Ok(Prepared::Nothing(saved));
        }
        let new = self.user_commit(&tree, &old, message).await?;
        Ok(Prepared::Ready(PreparedKeep { target_ref, old, new, saved }))
    }

    /// Lands a prepared commit, by compare-and-swap; checkouts of the branch follow or nothing moves. Repeated
    /// after a crash it finishes what was begun.
    pub async fn land(&self, prepared: &PreparedKeep) -> Result<Landing, GitError> {
        let PreparedKeep { target_ref, old, new, saved } = prepared;
        let moved = self.move_branch(target_ref, old, new, "quarterdeck: keep").await?;
        Ok(match moved {
            Moved::Done(followed) => Landing::Landed(KeepReceipt {
                target_ref: target_ref.clone(),
                old: old.clone(),
                new: new.clone(),
                saved: saved.clone(),
                followed,
            }),
            Moved::Elsewhere(found) => Landing::TargetMoved(found),
            Moved::Refused(refusal) => Landing::CheckoutRefused(refusal),
        })
    }

    /// Puts the branch back where it was before the landing, if nothing landed on it since.
    pub async fn undo_keep(&self, receipt: &KeepReceipt) -> Result<UndoOutcome, GitError> {
        let KeepReceipt { target_ref, old, new, .. } = receipt;
        // First of all the commit gets a ref of its own, as it would be on none.
        let kept_at = format!("refs/quarterdeck/undone/{new}");
        if self.resolve(&kept_at).await?.is_none() {
            self.set_ref(&kept_at, None, new, "quarterdeck: undo").await?;
        }
        let moved = self.move_branch(target_ref, new, old, "quarterdeck: undo").await?;
        Ok(match moved {
            Moved::Done(_) => UndoOutcome::Undone { kept_at },
            Moved::Elsewhere(found) => UndoOutcome::TargetMoved(found),
            Moved::Refused(refusal) => UndoOutcome::CheckoutRefused(refusal),
        })
    }

    async fn require_author(&self) -> Result<(), KeepError> {
        for identity in ["GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"] {
            let answer = self
                .read(&self.root, "var")
                // Without it git makes up a name from the account and the machine.
                .config("user.useConfigOnly", "true")
                .arg(identity)
                .answer()
                .await?;
            if answer.code() != Some(0) {
                return Err(KeepError::NoAuthor);
            }
        }
        Ok(())
    }

    async fn require_no_loose_repositories(&self, base: &CommitId, own: &TreeHash) -> Result<(), KeepError> {
        let trees = [base.as_str(), own.as_str()];
        let raw = self.read(&self.root, "diff-tree").args(["-r", "-z", "--raw", "--no-renames"]);
        let unexpected = || GitError::Unexpected { command: "diff-tree".to_owned() };
        let changes = parse(&raw.args(trees).ok().await?).ok_or_else(unexpected)?;
        let is_link = |mode| mode == 0o160_000;
        let added = changes.into_iter().filter(|file| is_link(file.new_mode) && !is_link(file.old_mode));
        let mut paths: Vec<_> = added.map(|file| file.path).collect();
        if paths.is_empty() {
            return Ok(());
        }
        let question = ["--blob", &format!("{own}:.gitmodules"), "--get-regexp", r"\.path$"];
        let answer = self.read(&self.root, "config").arg("-z").args(question).answer().await?;
        // Any code but 0: no such file, or nothing in it. Then no path is registered.
        let registered = if answer.code() == Some(0) { answer.into_stdout() } else { Vec::new() };
        // Each entry is a key, a line end, and the value.
        let values = registered.split(|byte| *byte == 0);
        let values = values.filter_map(|entry| entry.splitn(2, |byte| *byte == b'\n').nth(1));
        let registered: Vec<_> = values.map(GitPath::new).collect();
        paths.retain(|path| !registered.contains(path));
        if paths.is_empty() { Ok(()) } else { Err(KeepError::LooseRepositories { paths }) }
    }

    async fn kept_tree(&self, worktree: &Path, base: &CommitId, exclude: &[GitPath]) -> Result<TreeHash, GitError> {
        let index = TempIndex::of(self, worktree, Objects::Repository).await?;
        index.add_all_or_fail(self).await?;
        index.take_from(self, base, exclude).await?;
        index.write_tree(self).await
    }

    /// Merges the work onto a target that moved on, without a checkout. The error is the files in conflict.
    async fn merge_onto(
        &self,
        target: &CommitId,
        base: &CommitId,
        own: &TreeHash,
    ) -> Result<Result<TreeHash, Vec<GitPath>>, GitError> {
        // As one commit on the base, so that git finds exactly this base.
        let squashed = self.user_commit(own, base, "Squashed").await?;
        let answer = self
            .write(&self.root, "merge-tree")
            .args(["--write-tree", "-z", "--name-only", "--no-messages"])
            .args([target.as_str(), squashed.as_str()])
            .answer()
            .await?;
        let conflicts = match answer.code() {
            Some(0) => false,
            Some(1) => true,
            _ => return Err(answer.failed()),
        };
        let unexpected = || GitError::Unexpected { command: "merge-tree".to_owned() };
        let answer = answer.into_stdout();
        let mut fields = answer.split(|byte| *byte == 0);
        let tree = fields.next().and_then(|field| text(field)).and_then(TreeHash::parse);
        if !conflicts {
            return tree.map(Ok).ok_or_else(unexpected);
        }
        let files = fields.filter(|field| !field.is_empty()).map(GitPath::new);
        Ok(Err(files.collect()))
    }

    async fn user_commit(&self, tree: &TreeHash, parent: &CommitId, message: &str) -> Result<CommitId, GitError> {
        let made = self
            .write(&self.root, "commit-tree")
            .config("user.useConfigOnly", "true")
            .args([tree.as_str(), "-p", parent.as_str(), "-F", "-"])
            .stdin(message)
            .ok()
            .await?;
        let unexpected = || GitError::Unexpected { command: "commit-tree".to_owned() };
        text(&one_line(made)).and_then(CommitId::parse).ok_or_else(unexpected)
    }
}
