//! Committing in a worktree as the user would: by `git commit`, with their hooks and their signature, exactly the files
//! that are named and nothing else that happens to be staged.

use std::path::{Path, PathBuf};

use crate::checkout::dirty;
use crate::command::GitError;
use crate::hunks::ChosenHunks;
use crate::ids::CommitId;
use crate::keep::KeepError;
use crate::path::{GitPath, paths_of};
use crate::repo::Repo;

/// What is to be committed.
#[derive(Debug, Clone)]
pub struct CommitRequest {
    /// The worktree.
    pub worktree: PathBuf,
    /// The message.
    pub message: String,
    /// The files; none takes all that changed.
    pub files: Option<Vec<GitPath>>,
    /// Beside the files, parts of others.
    pub hunks: Vec<ChosenHunks>,
    /// Files and folders that are never committed.
    pub exclude: Vec<GitPath>,
}

/// How committing went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is made.
    Committed {
        /// Which.
        commit: CommitId,
        /// What git and hooks said.
        said: String,
    },
    /// Nothing of what was named is uncommitted.
    Nothing,
    /// A hook, the signature or git itself refused. Everything is as it was, but for what hooks did.
    Refused {
        /// What they said.
        said: String,
    },
    /// While a merge is open all of it is committed or nothing.
    MergeOpen,
    /// A file is not what its hunks were chosen of. Nothing was done.
    Changed {
        /// Which.
        path: GitPath,
    },
    /// What is staged of the files does not go together with the hunks. Nothing was done.
    Staged,
}

impl Repo {
    /// What in `worktree` is in no commit, without what lies in `exclude`. Both names of what was renamed.
    pub async fn uncommitted(&self, worktree: &Path, exclude: &[GitPath]) -> Result<Vec<GitPath>, GitError> {
        dirty(self, worktree, exclude).await
    }

    /// Commits on HEAD of the worktree.
    pub async fn commit(&self, request: &CommitRequest) -> Result<CommitOutcome, KeepError> {
        let CommitRequest { worktree, message, files, hunks, exclude } = request;
        self.require_author().await?;
        let paths = self.unresolved(worktree).await?;
        if !paths.is_empty() {
            return Err(KeepError::Unresolved { paths });
        }
        let merging = self.is_begun(worktree);
        if merging && (files.is_some() || !hunks.is_empty()) {
            return Ok(CommitOutcome::MergeOpen);
        }
        let mut paths = self.uncommitted(worktree, exclude).await?;
        if let Some(files) = files {
            paths.retain(|path| files.contains(path));
        }
        if paths.is_empty() && !merging && hunks.is_empty() {
            return Ok(CommitOutcome::Nothing);
        }
        let before = self.resolve_in(worktree, "HEAD").await?;
        let answer = if !hunks.is_empty() {
            paths.retain(|path| !hunks.iter().any(|chosen| chosen.path == *path));
            let files = if files.is_some() { &paths[..] } else { &[] };
            match self.commit_parts(worktree, message, files, hunks).await? {
                Ok(answer) => answer,
                Err(why) => return Ok(why),
            }
        } else if merging {
            self.write(worktree, "reset").args(["-q", "HEAD"]).paths(exclude).ok().await?;
            self.write(worktree, "add").arg("-A").names(&paths).ok().await?;
            self.write(worktree, "commit").with_hooks().args(["-q", "-m", message]).answer().await?
        } else {
            let new = self.untracked(worktree, &paths).await?;
            if !new.is_empty() {
                self.write(worktree, "add").arg("-N").names(&new).ok().await?;
            }
            let commit = self.write(worktree, "commit").with_hooks().args(["-q", "--only", "-m", message]);
            let answer = commit.names(&paths).answer().await?;
            if answer.code() != Some(0) && !new.is_empty() {
                self.write(worktree, "reset").arg("-q").names(&new).ok().await?;
            }
            answer
        };
        let said = answer.said();
        let after = self.resolve_in(worktree, "HEAD").await?.filter(|after| Some(after) != before.as_ref());
        Ok(match after {
            // A hook that runs behind the commit may fail: it stands all the same.
            Some(commit) => CommitOutcome::Committed { commit, said },
            None => CommitOutcome::Refused { said },
        })
    }

    /// Those of `paths` that git does not know.
    async fn untracked(&self, worktree: &Path, paths: &[GitPath]) -> Result<Vec<GitPath>, GitError> {
        let answer = self.read(worktree, "ls-files").args(["-z", "--others", "--exclude-standard"]).ok().await?;
        Ok(paths_of(&answer).filter(|path| paths.contains(path)).collect())
    }
}
