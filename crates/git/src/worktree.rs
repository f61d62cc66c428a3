//! Worktrees: making, listing, filling with ignored files, and the careful taking away.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::checkout::dirty;
use crate::command::{GitError, text};
use crate::ids::CommitId;
use crate::path::{GitPath, paths_of};
use crate::repo::Repo;

/// A checkout of the repository, main or linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worktree {
    /// Its top.
    pub path: PathBuf,
    /// Where its HEAD is; none for a bare repository or a branch without a commit.
    pub head: Option<CommitId>,
    /// The branch it stands on, without `refs/heads/`; none where it is detached.
    pub branch: Option<String>,
    /// Whether this entry is the bare repository itself.
    pub bare: bool,
    /// Whether somebody locked it against being taken away.
    pub locked: bool,
    /// Whether its folder is gone.
    pub prunable: bool,
}

/// Why a worktree was not made. Nothing is left of the attempt.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The repository has no commit to start from.
    #[error("the repository has no commit yet")]
    NoCommits,
    /// The base is not a commit of this repository.
    #[error("no commit {base}")]
    NoBase {
        /// As it was asked for.
        base: CommitId,
    },
    /// The place is inside a checkout of the user.
    #[error("{} is inside the checkout", path.display())]
    InsideCheckout {
        /// As it was asked for.
        path: PathBuf,
    },
    /// There is something at that place.
    #[error("{} exists already", path.display())]
    PathTaken {
        /// As it was asked for.
        path: PathBuf,
    },
    /// There is a branch of that name.
    #[error("branch {branch} exists already")]
    BranchTaken {
        /// As it was asked for.
        branch: String,
    },
    /// No branch may be called so.
    #[error("{branch} is no name for a branch")]
    BadBranch {
        /// As it was asked for.
        branch: String,
    },
    /// Git did not do it.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Why a worktree was not taken away.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// It has commits that no branch, tag or save holds.
    #[error("{} holds commits that nothing else holds", path.display())]
    UniqueCommits {
        /// The worktree.
        path: PathBuf,
    },
    /// Files in it are not as its last commit has them.
    #[error("files are changed: {paths:?}")]
    Changed {
        /// Which.
        paths: Vec<GitPath>,
    },
    /// Git refused or did not do it.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Repo {
    /// Makes a worktree at `path` on the new branch `branch`, starting at `base`.
    pub async fn create_worktree(&self, path: &Path, branch: &str, base: &CommitId) -> Result<Worktree, CreateError> {
        self.check_place(path).await?;
        self.check_branch(branch).await?;
        if self.head().await?.commit().is_none() && self.resolve(base.as_str()).await?.is_none() {
            return Err(CreateError::NoCommits);
        }
        if self.resolve(base.as_str()).await?.as_ref() != Some(base) {
            return Err(CreateError::NoBase { base: base.clone() });
        }
        let had_folder = path.exists();
        let made = self
            .write(&self.root, "worktree")
            .args(["add", "--quiet", "--no-track", "-b", branch])
            .paths([path.as_os_str(), base.as_ref()])
            .ok()
            .await;
        if let Err(error) = made {
            self.clear_attempt(path, branch, base, had_folder).await;
            return Err(error.into());
        }
        Ok(Worktree {
            path: path.to_owned(),
            head: Some(base.clone()),
            branch: Some(branch.to_owned()),
            bare: false,
            locked: false,
            prunable: false,
        })
    }

    /// All checkouts, the main one first.
    pub async fn list_worktrees(&self) -> Result<Vec<Worktree>, GitError> {
        let answer = self.read(&self.root, "worktree").args(["list", "--porcelain", "-z"]).ok().await?;
        let unexpected = || GitError::Unexpected { command: "worktree".to_owned() };
        parse_list(&answer).ok_or_else(unexpected)
    }

    /// Takes away a worktree that holds nothing of its own: no changed or untracked file, no commit that only it
    /// has. Its branch stays. For one that does, see [`discard`](Self::discard).
    pub async fn remove_worktree(&self, path: &Path) -> Result<(), RemoveError> {
        if let Some(head) = self.resolve_in(path, "HEAD").await? {
            let kept = ["--not", "--branches", "--tags", "--remotes", "--glob=refs/quarterdeck"];
            let unique =
                self.read(&self.root, "rev-list").args(["--max-count=1", head.as_str()]).args(kept).ok().await?;
            if !unique.is_empty() {
                return Err(RemoveError::UniqueCommits { path: path.to_owned() });
            }
        }
        let paths = dirty(self, path, &[]).await?;
        if !paths.is_empty() {
            return Err(RemoveError::Changed { paths });
        }
        // Without --force git itself refuses what changed since, and what it can't tell.
        let remove = self.write(&self.root, "worktree").config("status.showUntrackedFiles", "all");
        remove.arg("remove").paths([path]).ok().await?;
        Ok(())
    }

    /// Copies ignored files of this checkout that match one of `patterns` (`.env`, `config/*.key`, `node_modules/**`)
    /// into a worktree, by reference where the file system can. What is there already stays, and what the worktree's own
    /// rules do not ignore is left out: it would count as work. Returns what was copied.
    pub async fn copy_ignored(&self, worktree: &Path, patterns: &[String]) -> Result<Vec<GitPath>, GitError> {
        if patterns.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self
            .read(&self.root, "ls-files")
            .var("GIT_LITERAL_PATHSPECS", "0")
            .args(["-z", "--others", "--ignored", "--exclude-standard"])
            .paths(patterns.iter().map(|pattern| format!(":(top,glob){pattern}")))
            .ok()
            .await?;
        if answer.is_empty() {
            return Ok(Vec::new());
        }
        let mut copied = Vec::new();
        for path in self.ignored_in(worktree, paths_of(&answer)).await? {
            let (from, to) = (self.root.join(path.as_path()), worktree.join(path.as_path()));
            if copy_new(&from, &to).map_err(GitError::io(&to))? {
                copied.push(path);
            }
        }
        Ok(copied)
    }

    /// Those of the paths that the rules of a worktree ignore.
    async fn ignored_in(
        &self,
        worktree: &Path,
        paths: impl Iterator<Item = GitPath>,
    ) -> Result<Vec<GitPath>, GitError> {
        // So that none of them begins like a pattern: this command takes no literal ones.
        let asked: Vec<u8> = paths.flat_map(|path| [b"./", path.as_bytes(), b"\0"].concat()).collect();
        let ask = self.read(worktree, "check-ignore").var("GIT_LITERAL_PATHSPECS", "0").args(["-z", "--stdin"]);
        let answer = ask.stdin(asked).answer().await?;
        if !matches!(answer.code(), Some(0 | 1)) {
            return Err(answer.failed());
        }
        let ignored = answer.into_stdout();
        Ok(paths_of(&ignored).filter_map(|path| path.as_bytes().strip_prefix(b"./").map(GitPath::new)).collect())
    }

    pub(crate) async fn check_place(&self, path: &Path) -> Result<(), CreateError> {
        check_place(path, &self.list_worktrees().await?)
    }

    pub(crate) async fn check_branch(&self, branch: &str) -> Result<(), CreateError> {
        let named = self.read(&self.root, "check-ref-format").args(["--branch", branch]);
        let named = named.answer().await?;
        // It also resolves `@{-1}` and the like, which are no names.
        if named.code() != Some(0) || named.into_stdout() != format!("{branch}\n").as_bytes() {
            return Err(CreateError::BadBranch { branch: branch.to_owned() });
        }
        if self.resolve(&format!("refs/heads/{branch}")).await?.is_some() {
            return Err(CreateError::BranchTaken { branch: branch.to_owned() });
        }
        Ok(())
    }

    /// Best effort: the error that led here is the one to report.
    pub(crate) async fn clear_attempt(&self, path: &Path, branch: &str, base: &CommitId, had_folder: bool) {
        self.clear_place(path, had_folder).await;
        let _ = self.delete_branch(branch, base).await;
    }

    /// See [`clear_attempt`](Self::clear_attempt).
    pub(crate) async fn clear_place(&self, path: &Path, had_folder: bool) {
        let remove = self.write(&self.root, "worktree").args(["remove", "--force"]).paths([path]);
        let _ = remove.answer().await;
        // The place was empty before, so whatever is there now is of this attempt.
        let _ = std::fs::remove_dir_all(path);
        if had_folder {
            let _ = std::fs::create_dir(path);
        }
        let _ = self.write(&self.root, "worktree").arg("prune").answer().await;
    }

    /// Deletes a branch if it is still at `tip`.
    pub(crate) async fn delete_branch(&self, branch: &str, tip: &CommitId) -> Result<(), GitError> {
        let reference = format!("refs/heads/{branch}");
        let arguments = ["-d", &reference, tip.as_str()];
        self.write(&self.root, "update-ref").args(arguments).ok().await.map(drop)
    }
}

/// Whether a worktree can be made at `path`, beside those that there are.
pub(crate) fn check_place(path: &Path, worktrees: &[Worktree]) -> Result<(), CreateError> {
    let place = resolved(path);
    if worktrees.iter().any(|worktree| !worktree.bare && place.starts_with(resolved(&worktree.path))) {
        return Err(CreateError::InsideCheckout { path: path.to_owned() });
    }
    let taken = match std::fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    };
    if taken { Err(CreateError::PathTaken { path: path.to_owned() }) } else { Ok(()) }
}

/// The path with links resolved as far as it exists.
pub(crate) fn resolved(path: &Path) -> PathBuf {
    for ancestor in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (ancestor.canonicalize(), path.strip_prefix(ancestor)) {
            return real.join(rest);
        }
    }
    path.to_owned()
}

/// Copies a file or a link, with its permissions, unless something is there. Returns whether it did.
fn copy_new(from: &Path, to: &Path) -> io::Result<bool> {
    if to.symlink_metadata().is_ok() {
        return Ok(false);
    }
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if from.symlink_metadata()?.is_symlink() {
        std::os::unix::fs::symlink(std::fs::read_link(from)?, to)?;
    } else {
        std::fs::copy(from, to)?;
    }
    Ok(true)
}

/// Reads `worktree list --porcelain -z`.
fn parse_list(answer: &[u8]) -> Option<Vec<Worktree>> {
    let mut worktrees: Vec<Worktree> = Vec::new();
    for line in answer.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let (key, value) = match line.iter().position(|byte| *byte == b' ') {
            Some(space) => (&line[..space], &line[space + 1..]),
            None => (line, &[][..]),
        };
        if key == b"worktree" {
            worktrees.push(Worktree {
                path: PathBuf::from(OsString::from_vec(value.to_owned())),
                head: None,
                branch: None,
                bare: false,
                locked: false,
                prunable: false,
            });
            continue;
        }
        let last = worktrees.last_mut()?;
        match key {
            // All zeroes for a branch without a commit.
            b"HEAD" => {
                last.head =
                    text(value).filter(|name| name.bytes().any(|digit| digit != b'0')).and_then(CommitId::parse);
            }
            b"branch" => {
                let name = String::from_utf8_lossy(value);
                last.branch = Some(name.strip_prefix("refs/heads/").unwrap_or(&name).to_owned());
            }
            b"bare" => last.bare = true,
            b"locked" => last.locked = true,
            b"prunable" => last.prunable = true,
            _ => {}
        }
    }
    Some(worktrees)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_with_every_kind_of_worktree_is_read() {
        let one = "1".repeat(40);
        let zero = "0".repeat(40);
        let answer = format!(
            "worktree /a b\nc\0HEAD {one}\0branch refs/heads/qd/x\0\0\
             worktree /new\0HEAD {zero}\0branch refs/heads/main\0\0\
             worktree /off\0HEAD {one}\0detached\0locked why not\0prunable gone\0\0"
        );
        let list = parse_list(answer.as_bytes()).unwrap();
        assert_eq!(list[0].path, Path::new("/a b\nc"));
        assert_eq!(list[0].branch.as_deref(), Some("qd/x"));
        assert_eq!((&list[1].head, list[1].branch.as_deref()), (&None, Some("main")));
        assert_eq!((list[2].branch.as_ref(), list[2].locked, list[2].prunable), (None, true, true));
    }
}
