//! A worktree in which a commit is tried: detached, of nobody, and the same one each time, so that what is built there
//! and ignored stays.

use std::path::Path;

use crate::command::GitError;
use crate::ids::CommitId;
use crate::repo::Repo;

impl Repo {
    /// Makes `path` a checkout of `commit` and of nothing else but ignored files. What else lay there is lost: it is
    /// a place for machines.
    pub async fn scratch(&self, path: &Path, commit: &CommitId) -> Result<(), GitError> {
        if path.join(".git").is_file() && self.renewed(path, commit).await.is_ok() {
            return Ok(());
        }
        // Not there, or broken: begun anew.
        match std::fs::remove_dir_all(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(GitError::io(path)(error)),
            _ => {}
        }
        self.write(&self.root, "worktree").arg("prune").ok().await?;
        let add = self.write(&self.root, "worktree").args(["add", "--quiet", "--force", "--detach"]);
        add.paths([path.as_os_str(), commit.as_ref()]).ok().await.map(drop)
    }

    async fn renewed(&self, path: &Path, commit: &CommitId) -> Result<(), GitError> {
        self.write(path, "checkout").args(["--quiet", "--force", "--detach", commit.as_str()]).ok().await?;
        self.write(path, "clean").args(["-f", "-d", "-q"]).ok().await.map(drop)
    }
}
