//! Keeping the work of a worktree: as one commit on the target branch, merged into it, or with its commits one by one;
//! moved there by compare-and-swap.
//!
//! Nothing is checked out for it and no hook of the user runs; commits are signed where the user's git signs. Whatever the outcome, the worktree as it was stays
//! reachable from the ref of the save.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::change_parser::parse;
use crate::changes::SUBMODULE;
use crate::checkout::{Moved, Refusal};
use crate::command::{GitError, text};
use crate::ids::{CommitId, TreeHash};
use crate::path::GitPath;
use crate::repo::Repo;
use crate::save::Saved;
use crate::snapshot::{Objects, TempIndex};

/// What the target's history is to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum How {
    /// One commit.
    #[default]
    Squash,
    /// The commits of the worktree, and one that merges them.
    Merge,
    /// The commits of the worktree, one after the other on top of the target.
    Rebase,
}

/// What is to be kept, and where.
#[derive(Debug, Clone)]
pub struct KeepRequest {
    /// The worktree with the work.
    pub worktree: PathBuf,
    /// The branch to land on, without `refs/heads/`.
    pub target: String,
    /// The message of the commit.
    pub message: String,
    /// How it is put there.
    pub how: How,
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
    /// A merge is open in the worktree, and nobody has resolved these conflicts.
    #[error("conflicts are not resolved")]
    Unresolved {
        /// In which files.
        paths: Vec<GitPath>,
    },
    /// The work merges, but one of its commits does not go onto the target by itself.
    #[error("the commit {subject:?} conflicts with the target")]
    NotReplayable {
        /// The first line of its message.
        subject: String,
        /// In which files.
        paths: Vec<GitPath>,
    },
    /// The target moves while it is being merged.
    #[error("{target} moves")]
    Moving {
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
        let KeepRequest { worktree, target, message, how, exclude, id } = request;
        let target_ref = format!("refs/heads/{target}");
        let no_target = || KeepError::NoTarget { target: target.clone() };
        let old = self.resolve(&target_ref).await?.ok_or_else(no_target)?;
        self.require_author().await?;
        let unrelated = || KeepError::Unrelated { target: target.clone() };
        let base = self.merge_base(worktree, &old).await?.ok_or_else(unrelated)?;
        let saved = self.save(worktree, id, &[]).await?;
        let paths = self.unresolved(worktree).await?;
        if !paths.is_empty() {
            return Err(KeepError::Unresolved { paths });
        }
        let own = self.kept_tree(worktree, &base, exclude).await?;
        self.require_no_loose_repositories(&base, &own).await?;
        let tree = if base == old {
            own.clone()
        } else {
            match self.merge_onto(&old, &base, &own).await? {
                Ok(tree) => tree,
                Err(files) => return Ok(Prepared::Conflicts { files, saved }),
            }
        };
        if tree == self.tree_of(&old).await? {
            return Ok(Prepared::Nothing(saved));
        }
        let new = match how {
            How::Squash => self.user_commit(&tree, &[&old], message).await?,
            How::Merge => {
                let work = self.work_commit(worktree, &own, message).await?;
                let message = format!("Merge branch '{}'\n\n{message}", self.branch_name(worktree).await?);
                self.user_commit(&tree, &[&old, &work], &message).await?
            }
            How::Rebase => {
                let tip = self.replay(worktree, &old, exclude).await?;
                // What is in no commit yet, or was in a merge.
                let all = self.tree_of(&tip).await? == tree;
                if all { tip } else { self.user_commit(&tree, &[&tip], message).await? }
            }
        };
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

    /// Puts the branch back from `new` to `old`, where it was before the landing, if nothing landed on it since.
    pub async fn undo_keep(&self, target_ref: &str, old: &CommitId, new: &CommitId) -> Result<UndoOutcome, GitError> {
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

    pub(crate) async fn require_author(&self) -> Result<(), KeepError> {
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
        let is_link = |mode| mode == SUBMODULE;
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

    pub(crate) async fn kept_tree(
        &self,
        worktree: &Path,
        base: &CommitId,
        exclude: &[GitPath],
    ) -> Result<TreeHash, GitError> {
        let index = TempIndex::of(self, worktree, Objects::Repository).await?;
        index.add_all_or_fail(self).await?;
        index.take_from(self, base, exclude).await?;
        index.write_tree(self).await
    }

    /// Merges the work onto a target that moved on, without a checkout. The error is the files in conflict.
    pub(crate) async fn merge_onto(
        &self,
        target: &CommitId,
        base: &CommitId,
        own: &TreeHash,
    ) -> Result<Result<TreeHash, Vec<GitPath>>, GitError> {
        // As one commit on the base, so that git finds exactly this base.
        let squashed = self.own_commit(own, std::slice::from_ref(base), "Squashed").await?;
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

    /// A commit in the user's name, signed where their git signs.
    pub(crate) async fn user_commit(
        &self,
        tree: &TreeHash,
        parents: &[&CommitId],
        message: &str,
    ) -> Result<CommitId, GitError> {
        let parents = parents.iter().flat_map(|parent| ["-p", parent.as_str()]);
        let git = self.write(&self.root, "commit-tree").config("user.useConfigOnly", "true").arg(tree.as_str());
        let git = git.args(parents).args(self.signing().await?).args(["-F", "-"]).stdin(message);
        git.commit().await
    }

    /// The option by which `commit-tree` signs; by itself it does not ask the user's settings.
    pub(crate) async fn signing(&self) -> Result<Option<&'static str>, GitError> {
        let answer = self.read(&self.root, "config").args(["--type=bool", "--get", "commit.gpgSign"]).answer().await?;
        Ok((answer.code() == Some(0) && answer.into_stdout() == b"true\n").then_some("-S"))
    }

    /// The commit that has exactly the work: HEAD, or one on top of it and of what is being merged in.
    async fn work_commit(&self, worktree: &Path, own: &TreeHash, message: &str) -> Result<CommitId, KeepError> {
        let unborn = || GitError::Unexpected { command: "rev-parse".to_owned() };
        let head = self.resolve_in(worktree, "HEAD").await?.ok_or_else(unborn)?;
        let merging = self.merging(worktree)?;
        if merging.is_none() && self.tree_of(&head).await? == *own {
            return Ok(head);
        }
        let parents: Vec<&CommitId> = std::iter::once(&head).chain(&merging).collect();
        Ok(self.user_commit(own, &parents, message).await?)
    }
}
