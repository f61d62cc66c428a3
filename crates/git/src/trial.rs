//! Putting the work of a worktree into the user's own checkout to be tried, and taking it out again to exactly what was
//! there. HEAD stays where it is: the work stands there as if the user had made it and staged it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::checkout::{Refusal, dirty};
use crate::command::GitError;
use crate::ids::CommitId;
use crate::keep::KeepError;
use crate::path::{GitPath, paths_of};
use crate::repo::Repo;

/// Work that stands in the user's checkout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// HEAD of the checkout.
    pub head: CommitId,
    /// What the checkout holds with the work, as a commit on HEAD.
    pub commit: CommitId,
}

/// How preparing went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepared {
    /// It can be put in.
    Ready(Trial),
    /// The checkout has all of it already.
    Nothing,
    /// The checkout has changes of the user's own.
    Dirty {
        /// Which.
        paths: Vec<GitPath>,
    },
    /// What the checkout stands on changed the same places.
    Conflicts {
        /// Which files.
        files: Vec<GitPath>,
    },
    /// There is no commit to stand on, or none in common.
    Unrelated,
}

/// How taking it out went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakenOut {
    /// The checkout is as it was.
    Out,
    /// It stands on another commit now (none: on none). Nothing was done.
    Moved(Option<CommitId>),
    /// Files of it were changed since. Nothing was done.
    Edited {
        /// Which.
        paths: Vec<GitPath>,
    },
    /// The checkout can't follow. Nothing was done.
    Refused(Refusal),
}

impl Repo {
    /// Makes what the checkout would hold, at the ref `keep_at`. Nothing of the checkout changes.
    pub async fn prepare_trial(
        &self,
        worktree: &Path,
        exclude: &[GitPath],
        keep_at: &str,
    ) -> Result<Prepared, KeepError> {
        let Some(head) = self.resolve_in(&self.root, "HEAD").await? else { return Ok(Prepared::Unrelated) };
        let paths = dirty(self, &self.root, exclude).await?;
        if !paths.is_empty() {
            return Ok(Prepared::Dirty { paths });
        }
        let paths = self.unresolved(worktree).await?;
        if !paths.is_empty() {
            return Err(KeepError::Unresolved { paths });
        }
        let Some(base) = self.merge_base(worktree, &head).await? else { return Ok(Prepared::Unrelated) };
        let own = self.kept_tree(worktree, &base, exclude).await?;
        let tree = match self.merge_onto(&head, &base, &own).await? {
            Ok(tree) => self.without(worktree, &tree, &head, exclude).await?,
            Err(files) => return Ok(Prepared::Conflicts { files }),
        };
        if tree == self.tree_of(&head).await? {
            return Ok(Prepared::Nothing);
        }
        let commit = self.own_commit(&tree, std::slice::from_ref(&head), "Tried").await?;
        let earlier = self.resolve(keep_at).await?;
        self.set_ref(keep_at, earlier.as_ref(), &commit, "quarterdeck: trial").await?;
        Ok(Prepared::Ready(Trial { head, commit }))
    }

    /// Puts it in. May be repeated: where it stands already nothing is done.
    pub async fn put_in(&self, trial: &Trial) -> Result<Result<(), Refusal>, GitError> {
        self.turn(&trial.head, &trial.commit).await
    }

    /// Takes it out. May be repeated. `exclude` may have changed since.
    pub async fn take_out(&self, trial: &Trial, exclude: &[GitPath]) -> Result<TakenOut, GitError> {
        let found = self.resolve_in(&self.root, "HEAD").await?;
        if found.as_ref() != Some(&trial.head) {
            return Ok(TakenOut::Moved(found));
        }
        let touched = self.names_between([trial.head.as_str(), trial.commit.as_str()], &[]).await?;
        if dirty(self, &self.root, exclude).await?.iter().all(|path| !touched.contains(path)) {
            return Ok(TakenOut::Out);
        }
        let mut paths = self.differs_from(&trial.commit).await?;
        paths.retain(|path| touched.contains(path));
        if !paths.is_empty() {
            return Ok(TakenOut::Edited { paths });
        }
        Ok(match self.turn(&trial.commit, &trial.head).await? {
            Ok(()) => TakenOut::Out,
            Err(refusal) => TakenOut::Refused(refusal),
        })
    }

    /// Brings the checkout from one commit's content to another's; HEAD stays.
    async fn turn(&self, from: &CommitId, to: &CommitId) -> Result<Result<(), Refusal>, GitError> {
        let touched = self.names_between([from.as_str(), to.as_str()], &[]).await?;
        if self.differs_from(to).await?.iter().all(|path| !touched.contains(path)) {
            return Ok(Ok(()));
        }
        let mut paths = self.names_between([from.as_str(), to.as_str()], &["--diff-filter=A"]).await?;
        // Git would overwrite ignored files.
        paths.retain(|path| is_taken(&self.root, path, &touched));
        if !paths.is_empty() {
            return Ok(Err(Refusal::Overlap { checkout: self.root.clone(), paths }));
        }
        match self.bring(&self.root, from, to).await {
            Ok(()) => Ok(Ok(())),
            Err(GitError::Failed { stderr, .. }) => Ok(Err(Refusal::Busy { checkout: self.root.clone(), stderr })),
            Err(other) => Err(other),
        }
    }

    /// What of the checkout's files, as they are and as they are staged, is not as `commit` has it.
    async fn differs_from(&self, commit: &CommitId) -> Result<Vec<GitPath>, GitError> {
        self.write(&self.root, "update-index").args(["-q", "--refresh"]).answer().await?;
        let mut all = Vec::new();
        for options in [&["-z", "--name-only", "--no-renames", "--cached"][..], &["-z", "--name-only", "--no-renames"]]
        {
            let answer = self.read(&self.root, "diff-index").args(options).arg(commit.as_str()).ok().await?;
            all.extend(paths_of(&answer));
        }
        Ok(all)
    }
}

/// Whether something lies where the file is to be, or is no folder where it needs one. What is in `touched` goes away.
fn is_taken(root: &Path, path: &GitPath, touched: &[GitPath]) -> bool {
    let is_file = |path: &Path| root.join(path).symlink_metadata().is_ok_and(|meta| !meta.is_dir());
    let goes = |path: &Path| touched.iter().any(|one| one.as_path() == path);
    let mut folders = path.as_path().ancestors().skip(1).filter(|folder| !goes(folder));
    is_file(path.as_path()) || folders.any(is_file)
}
