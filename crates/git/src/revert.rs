//! Taking back what was landed, also where more was landed on top of it: one commit that undoes it, moved onto the
//! branch by compare-and-swap. What was landed stays in the history.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::checkout::{Moved, Refusal};
use crate::command::GitError;
use crate::ids::CommitId;
use crate::keep::KeepError;
use crate::path::GitPath;
use crate::repo::Repo;

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
