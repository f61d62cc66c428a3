//! What a sparse checkout leaves out: tracked, and not on disk. An index that is read anew from a tree does not know it,
//! and to git those files would be deleted.

use std::collections::BTreeSet;
use std::path::Path;

use crate::command::{Git, GitError};
use crate::path::{GitPath, ended, paths_of};
use crate::repo::Repo;
use crate::snapshot::may_overlook;

impl Repo {
    /// What is left out of `worktree`.
    pub(crate) async fn left_out(&self, worktree: &Path) -> Result<Vec<GitPath>, GitError> {
        if !may_overlook(&self.index_of(worktree).await?)? {
            return Ok(Vec::new());
        }
        let listed = self.read(worktree, "ls-files").args(["-t", "-z"]).ok().await?;
        let skipped = listed.split(|byte| *byte == 0).filter_map(|entry| entry.strip_prefix(b"S ")).map(GitPath::new);
        Ok(skipped.filter(|path| worktree.join(path.as_path()).symlink_metadata().is_err()).collect())
    }
}

/// Marks those of `paths` that an index has as left out.
pub(crate) async fn leave_out<'r>(git: impl Fn(&str) -> Git<'r>, paths: &[GitPath]) -> Result<(), GitError> {
    if paths.is_empty() {
        return Ok(());
    }
    let tracked = git("ls-files").arg("-z").ok().await?;
    let tracked: BTreeSet<GitPath> = paths_of(&tracked).collect();
    let names = ended(paths.iter().filter(|path| tracked.contains(path)));
    git("update-index").args(["--skip-worktree", "-z", "--stdin"]).stdin(names).ok().await.map(drop)
}
