//! Git can give up in the middle of bringing a checkout after its branch: at a filter, a full disk, a folder that may
//! not be written. What can be known before is asked before, and what was begun is put back.

use std::collections::BTreeSet;
use std::path::Path;

use tempfile::TempDir;

use crate::command::GitError;
use crate::discard::remove_file;
use crate::ids::CommitId;
use crate::path::{GitPath, ended, paths_of};
use crate::repo::Repo;
use crate::snapshot::{Objects, TempIndex};

impl Repo {
    /// What git says where a filter that is required does not give it the files `landed` of `new`. Without such a
    /// filter nothing is tried.
    pub(crate) async fn not_writable(
        &self,
        checkout: &Path,
        new: &CommitId,
        landed: &[GitPath],
    ) -> Result<Option<String>, GitError> {
        let question = ["--get-regexp", r"^filter\..*\.required$", "true"];
        if self.read(checkout, "config").args(question).answer().await?.code() != Some(0) {
            return Ok(None);
        }
        let scratch = &self.env.scratch;
        let place = TempDir::with_prefix_in("qd-trial-", scratch).map_err(GitError::io(scratch))?;
        let index = self.index_with(checkout, new).await?;
        let prefix = format!("--prefix={}/", place.path().display());
        let there = paths_of(&index.read(self, "ls-files").arg("-z").ok().await?).collect::<BTreeSet<_>>();
        let names = ended(landed.iter().filter(|path| there.contains(path)));
        let write = index.git(self, "checkout-index").args(["-q", "-z", "--stdin", &prefix]);
        let answer = write.var("GIT_ATTR_SOURCE", new.as_str()).stdin(names).answer().await?;
        Ok((answer.code() != Some(0)).then(|| answer.said()))
    }

    /// Puts the files `landed` back to the first of two commits where they are as the second has them, or gone. What
    /// is anything else is the user's, who was quicker.
    pub(crate) async fn put_back(
        &self,
        checkout: &Path,
        [old, new]: [&CommitId; 2],
        landed: &[GitPath],
    ) -> Result<(), GitError> {
        let index = self.index_with(checkout, new).await?;
        let landed_with = paths_of(&index.read(self, "ls-files").arg("-z").ok().await?).collect::<BTreeSet<_>>();
        // Its exit code says only that some files differ.
        index.git(self, "update-index").args(["-q", "--refresh"]).answer().await?;
        let differing = index.read(self, "diff-files").args(["--name-only", "-z", "--ignore-submodules=all"]);
        let differing = paths_of(&differing.ok().await?).collect::<BTreeSet<_>>();
        let came = |path: &&GitPath| landed_with.contains(path) && !differing.contains(path);
        let gone = |path: &&GitPath| checkout.join(path.as_path()).symlink_metadata().is_err();
        let before = self.index_with(checkout, old).await?;
        let had = paths_of(&before.read(self, "ls-files").arg("-z").ok().await?).collect::<BTreeSet<_>>();
        for path in landed.iter().filter(came).filter(|path| !gone(path)) {
            remove_file(checkout, path)?;
        }
        let names = ended(landed.iter().filter(|path| had.contains(path)).filter(gone));
        before.git(self, "checkout-index").args(["-q", "-z", "--stdin"]).stdin(names).ok().await?;
        Ok(())
    }

    async fn index_with(&self, checkout: &Path, commit: &CommitId) -> Result<TempIndex, GitError> {
        let index = TempIndex::of(self, checkout, Objects::Scratch).await?;
        index.git(self, "read-tree").arg(commit).ok().await?;
        Ok(index)
    }
}
