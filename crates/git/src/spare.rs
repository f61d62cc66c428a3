//! Worktrees made ahead: taking one takes as long as a rename, where making one takes as long as its files.
//!
//! A spare stands on no branch and nobody works in it. It is never written over all the same: one in which somebody
//! changed something is no spare any more, and stays; what they added goes with it.

use std::path::Path;

use crate::command::GitError;
use crate::ids::CommitId;
use crate::repo::Repo;
use crate::standing::git_dir;
use crate::worktree::{CreateError, Worktree, check_place, resolved};

impl Repo {
    /// Makes a spare at `path`, a place where nothing is. Returns whether there is one; there is none of a sparse
    /// checkout, whose rules may be others by the time that it is taken.
    pub async fn make_spare(&self, path: &Path, at: &CommitId) -> Result<bool, CreateError> {
        if self.is_sparse() {
            return Ok(false);
        }
        self.check_place(path).await?;
        let add = self.write(&self.root, "worktree").args(["add", "--quiet", "--detach"]);
        let made = add.paths([path.as_os_str(), at.as_ref()]).ok().await;
        if let Err(error) = made {
            self.clear_place(path, false).await;
            return Err(error.into());
        }
        Ok(true)
    }

    /// Lets git look at a spare again. What it wrote within the second in which it wrote the index it would read anew when
    /// the spare is taken; a second later it needs not.
    pub async fn settle_spare(&self, spare: &Path) -> Result<(), GitError> {
        self.write(spare, "status").args(["--porcelain", "--untracked-files=no"]).ok().await.map(drop)
    }

    /// Makes the spare the worktree at `path` on the new branch `branch`, starting at `base`, as
    /// [`create_worktree`](Self::create_worktree) would. May be repeated after a crash. `None` where there is no spare
    /// that can be used; then nothing was done.
    pub async fn take_spare(
        &self,
        spare: &Path,
        path: &Path,
        branch: &str,
        base: &CommitId,
    ) -> Result<Option<Worktree>, CreateError> {
        let (Some(found), listed) = self.spare(spare).await? else { return Ok(None) };
        check_place(path, &listed)?;
        if !is_begun(&found, branch, base) {
            let (None, Some(head)) = (&found.branch, &found.head) else { return Ok(None) };
            // Fails where there is such a branch, or can be none: making one says which.
            let put = self.write(spare, "checkout").args(["--no-track", "-b", branch, base.as_str(), "--"]);
            let Ok(carried) = put.ok().await else { return Ok(None) };
            // Git names what somebody changed.
            if !carried.is_empty() {
                self.take_off(spare, head, branch, base).await;
                return Ok(None);
            }
        }
        // One that git does not move is made instead.
        if self.write(&self.root, "worktree").arg("move").paths([spare, path]).ok().await.is_err() {
            self.take_off(spare, base, branch, base).await;
            return Ok(None);
        }
        Ok(Some(Worktree { path: path.to_owned(), branch: Some(branch.to_owned()), head: Some(base.clone()), ..found }))
    }

    /// Goes on where somebody was cut off who had begun to take it. Returns whether the worktree stands at `path`.
    pub async fn finish_spare(
        &self,
        spare: &Path,
        path: &Path,
        branch: &str,
        base: &CommitId,
    ) -> Result<bool, CreateError> {
        match self.spare(spare).await?.0 {
            Some(found) if is_begun(&found, branch, base) => {
                Ok(self.take_spare(spare, path, branch, base).await?.is_some())
            }
            _ => Ok(false),
        }
    }

    /// Takes away a spare, unless somebody works in it. Returns whether there is none any more.
    pub async fn drop_spare(&self, spare: &Path) -> Result<bool, GitError> {
        let place = resolved(spare);
        if !self.list_worktrees().await?.iter().any(|worktree| resolved(&worktree.path) == place) {
            return Ok(!spare.exists());
        }
        Ok(self.remove_worktree(spare).await.is_ok())
    }

    /// The spare, where it is whole: git holds a lock on what it is still making. And all worktrees.
    async fn spare(&self, spare: &Path) -> Result<(Option<Worktree>, Vec<Worktree>), GitError> {
        if !spare.join(".git").exists() || self.is_sparse() {
            return Ok((None, Vec::new()));
        }
        let place = resolved(spare);
        let whole = |worktree: &&Worktree| !worktree.locked && resolved(&worktree.path) == place;
        let listed = self.list_worktrees().await?;
        Ok((listed.iter().find(whole).cloned(), listed))
    }

    /// Takes a spare off a branch again. Best effort: what led here is to be told.
    async fn take_off(&self, spare: &Path, head: &CommitId, branch: &str, base: &CommitId) {
        let off = self.write(spare, "checkout").args(["--quiet", "--detach", head.as_str(), "--"]);
        if off.ok().await.is_ok() {
            let _ = self.delete_branch(branch, base).await;
        }
    }

    /// Whether this checkout is sparse, or was.
    fn is_sparse(&self) -> bool {
        git_dir(&self.root).join("info/sparse-checkout").exists()
    }
}

fn is_begun(spare: &Worktree, branch: &str, base: &CommitId) -> bool {
    spare.branch.as_deref() == Some(branch) && spare.head.as_ref() == Some(base)
}
