//! Taking back what was landed, also where more was landed on top of it: one commit that undoes it, moved onto the
//! branch by compare-and-swap; or, where that conflicts, begun in a worktree. What was landed stays in the history.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::checkout::{Moved, Refusal};
use crate::command::GitError;
use crate::ids::CommitId;
use crate::keep::KeepError;
use crate::merging::REVERTING;
use crate::path::GitPath;
use crate::repo::Repo;
use crate::standing::git_dir;
use crate::update::{Updated, begin};

/// What is to be taken back, and from where.
#[derive(Debug, Clone)]
pub struct RevertRequest {
    /// The branch, without `refs/heads/`.
    pub target: String,
    /// Where it was before the landing.
    pub old: CommitId,
    /// Where it was after it.
    pub new: CommitId,
    /// The message of the commit.
    pub message: String,
}

/// What is to be taken back in which worktree.
#[derive(Debug, Clone)]
pub struct TakeBackRequest {
    /// What was landed, and where. The message is that of the commit that will take it back.
    pub revert: RevertRequest,
    /// The worktree.
    pub worktree: PathBuf,
    /// The name, below `refs/`, of what stood there before; git's marks in the files tell it.
    pub label: String,
    /// Files and folders that stay as they are.
    pub exclude: Vec<GitPath>,
}

/// A commit that is made and not landed yet. With it in a journal, landing can be repeated after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedRevert {
    /// The full name of the branch.
    pub target_ref: String,
    /// Where it was when this was made.
    pub old: CommitId,
    /// The commit to land.
    pub new: CommitId,
}

/// How preparing went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevertPrepared {
    /// There is a commit to land.
    Ready(PreparedRevert),
    /// The branch does not have what was landed any more: it is taken back already, or was never there.
    Nothing,
    /// What came later changed the same places.
    Conflicts {
        /// Which files.
        files: Vec<GitPath>,
    },
}

/// How landing went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevertOutcome {
    /// The branch is at the new commit.
    Reverted,
    /// The branch moved (none: is gone) since the commit was prepared. Nothing was done; prepare again.
    TargetMoved(Option<CommitId>),
    /// A checkout of the branch cannot follow. Nothing was done, unless this repeats a landing whose branch had
    /// moved before a crash.
    CheckoutRefused(Refusal),
}

impl Repo {
    /// Makes the commit that takes a landing back. No branch moves.
    pub async fn prepare_revert(&self, request: &RevertRequest) -> Result<RevertPrepared, KeepError> {
        let RevertRequest { target, old, new, message } = request;
        let target_ref = format!("refs/heads/{target}");
        let tip = self.resolve(&target_ref).await?.ok_or_else(|| KeepError::NoTarget { target: target.clone() })?;
        if !self.is_ancestor(new, &tip).await? {
            return Ok(RevertPrepared::Nothing);
        }
        self.require_author().await?;
        let before = self.tree_of(old).await?;
        let tree = if tip == *new {
            before
        } else {
            match self.merge_onto(&tip, new, &before).await? {
                Ok(tree) => tree,
                Err(files) => return Ok(RevertPrepared::Conflicts { files }),
            }
        };
        if tree == self.tree_of(&tip).await? {
            return Ok(RevertPrepared::Nothing);
        }
        let commit = self.user_commit(&tree, &[&tip], message).await?;
        Ok(RevertPrepared::Ready(PreparedRevert { target_ref, old: tip, new: commit }))
    }

    /// Takes what was landed back in the worktree: it stands on the target then, with the files that the target has but
    /// for what the landing brought. What conflicts stays in the files with git's marks, and the revert stays open;
    /// where nothing does, the files are in no commit. Where something is open there already, nothing is done but telling
    /// its files.
    pub async fn take_back(&self, request: &TakeBackRequest) -> Result<Updated, KeepError> {
        let TakeBackRequest { revert: RevertRequest { target, old, new, message }, worktree, label, exclude } = request;
        self.require_worktree(worktree).await?;
        if self.is_begun(worktree) {
            return Ok(Updated::Conflicts(self.unresolved(worktree).await?));
        }
        let unborn = || KeepError::Unrelated { target: target.clone() };
        let head = self.resolve_in(worktree, "HEAD").await?.ok_or_else(unborn)?;
        let tip = self.target(target).await?;
        if !self.is_ancestor(new, &tip).await? {
            return Ok(Updated::Already);
        }
        self.require_author().await?;
        let work = self.commit_all(worktree, &head, message, exclude).await?;
        let start = self.without(worktree, &self.tree_of(&tip).await?, &work, exclude).await?;
        self.write(worktree, "read-tree").args(["-m", "-u", work.as_str(), start.as_str()]).ok().await?;
        self.move_own_head(worktree, &work, &tip).await?;
        let before = self.own_commit(&self.tree_of(old).await?, std::slice::from_ref(new), message).await?;
        let reference = format!("refs/{label}");
        let earlier = self.resolve(&reference).await?;
        self.set_ref(&reference, earlier.as_ref(), &before, "quarterdeck: take back").await?;
        let merged = self.merge_tree(worktree, label).await?.ok_or_else(unborn)?;
        let (_, conflicts) = self.write_merged(worktree, &tip, merged, exclude).await?;
        if !conflicts {
            return Ok(Updated::Merged);
        }
        let folder = git_dir(worktree);
        begin(&folder, REVERTING, new, message.trim_end()).map_err(GitError::io(folder))?;
        Ok(Updated::Conflicts(self.unresolved(worktree).await?))
    }

    /// Lets work that was merged and then taken back count as work again: to git it is merged for ever, and the next merge
    /// of the target would take it out of the worktree, too. HEAD of the worktree becomes one commit with the same
    /// content on what the target was before; files and index stay. Where nothing ties it nothing is done.
    pub async fn untie(&self, worktree: &Path, target: &str, before: &CommitId, message: &str) -> Result<(), GitError> {
        let (head, tip) = (self.resolve_in(worktree, "HEAD").await?, self.tip(target).await?);
        let Some((head, tip)) = head.zip(tip) else { return Ok(()) };
        let left = self.merge_base_of(worktree, before, &head, None).await?;
        let Some(left) = left else { return Ok(()) };
        if self.merge_base_of(worktree, &tip, &head, None).await?.as_ref() == Some(&left) {
            return Ok(());
        }
        let commit = self.user_commit(&self.tree_of(&head).await?, &[&left], message).await?;
        self.move_own_head(worktree, &head, &commit).await
    }

    /// Lands it by compare-and-swap; checkouts of the branch follow or nothing moves. Repeated after a crash it
    /// finishes what was begun.
    pub async fn land_revert(&self, prepared: &PreparedRevert) -> Result<RevertOutcome, GitError> {
        let PreparedRevert { target_ref, old, new } = prepared;
        Ok(match self.move_branch(target_ref, old, new, "quarterdeck: revert").await? {
            Moved::Done(_) => RevertOutcome::Reverted,
            Moved::Elsewhere(found) => RevertOutcome::TargetMoved(found),
            Moved::Refused(refusal) => RevertOutcome::CheckoutRefused(refusal),
        })
    }
}
