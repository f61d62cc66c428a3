//! A repository with a checkout: opening it, and where its HEAD is.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::command::{Git, GitError, one_line, text};
use crate::env::GitEnv;
use crate::ids::CommitId;
use crate::standing::Door;

/// A repository that has a checkout, main or linked.
#[derive(Debug, Clone)]
pub struct Repo {
    pub(crate) root: PathBuf,
    pub(crate) common_dir: PathBuf,
    pub(crate) env: GitEnv,
    door: Door,
}

/// Why a folder cannot be opened as a repository.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such folder.
    #[error("no such folder: {}", path.display())]
    Missing {
        /// As it was asked for.
        path: PathBuf,
    },
    /// It is a file.
    #[error("not a folder: {}", path.display())]
    NotAFolder {
        /// As it was asked for.
        path: PathBuf,
    },
    /// It may not be read.
    #[error("no permission to read {}", path.display())]
    NoPermission {
        /// As it was asked for.
        path: PathBuf,
    },
    /// It belongs to somebody else and git refuses it until `safe.directory` names it.
    #[error("{} belongs to another user and is not listed in safe.directory", path.display())]
    DubiousOwnership {
        /// As it was asked for.
        path: PathBuf,
    },
    /// Neither it nor a folder above is a repository.
    #[error("not a git repository: {}", path.display())]
    NotARepository {
        /// As it was asked for.
        path: PathBuf,
    },
    /// There is a repository that git cannot read.
    #[error("broken git repository at {}: {stderr}", path.display())]
    Broken {
        /// As it was asked for.
        path: PathBuf,
        /// What git said, for people.
        stderr: String,
    },
    /// It has no checkout.
    #[error("a bare repository has no checkout: {}", path.display())]
    Bare {
        /// As it was asked for.
        path: PathBuf,
    },
    /// It is inside `.git`.
    #[error("inside the git directory: {}", path.display())]
    InsideGitDirectory {
        /// As it was asked for.
        path: PathBuf,
    },
    /// Git did not answer.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Where HEAD points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Head {
    /// At a branch without a commit.
    Unborn {
        /// Without `refs/heads/`.
        branch: String,
    },
    /// At a branch.
    Branch {
        /// Without `refs/heads/`.
        name: String,
        /// Its tip.
        commit: CommitId,
    },
    /// At a commit.
    Detached {
        /// Which.
        commit: CommitId,
    },
}

impl Head {
    /// The commit; none where there is none yet.
    pub fn commit(&self) -> Option<&CommitId> {
        match self {
            Self::Unborn { .. } => None,
            Self::Branch { commit, .. } | Self::Detached { commit } => Some(commit),
        }
    }
}

impl Repo {
    /// Opens the repository whose checkout (main, linked, or a submodule's) holds `path`.
    pub async fn open(path: &Path, env: GitEnv) -> Result<Self, OpenError> {
        readable_folder(path)?;
        let booleans = ["--is-bare-repository", "--is-inside-work-tree"];
        let answer = Git::read(&env, path, "rev-parse").args(booleans).answer().await?;
        if answer.code() != Some(0) {
            return Err(refusal(path, &env, answer.failed()).await?);
        }
        let path = path.to_owned();
        match answer.into_stdout().as_slice() {
            b"true\nfalse\n" => return Err(OpenError::Bare { path }),
            b"false\nfalse\n" => return Err(OpenError::InsideGitDirectory { path }),
            _ => {}
        }
        let ask = |what: &str| Git::read(&env, &path, "rev-parse").args(["--path-format=absolute", what]).path();
        let root = ask("--show-toplevel").await?;
        let common_dir = ask("--git-common-dir").await?;
        let door = Door::of(&root, &common_dir);
        Ok(Self { root, common_dir, env, door })
    }

    /// Whether this is what opening `path` in these surroundings would come to, as far as the files there tell.
    pub fn is_still_at(&self, path: &Path, env: &GitEnv) -> bool {
        self.root == path && self.env == *env && self.door == Door::of(path, &self.common_dir)
    }

    /// The top of the checkout.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The git directory that all worktrees share.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// Where HEAD of this checkout is.
    pub async fn head(&self) -> Result<Head, GitError> {
        self.head_of(&self.root).await
    }

    /// Where HEAD of a worktree is.
    pub async fn head_of(&self, worktree: &Path) -> Result<Head, GitError> {
        let symbolic = self.read(worktree, "symbolic-ref").args(["-q", "HEAD"]).answer().await?;
        let commit = self.resolve_in(worktree, "HEAD").await?;
        if symbolic.code() == Some(1) {
            let commit = commit.ok_or_else(|| symbolic.unexpected())?;
            return Ok(Head::Detached { commit });
        }
        if symbolic.code() != Some(0) {
            return Err(symbolic.failed());
        }
        let name = one_line(symbolic.into_stdout());
        let name = text(&name).unwrap_or_default();
        let branch = name.strip_prefix("refs/heads/").unwrap_or(name).to_owned();
        Ok(match commit {
            Some(commit) => Head::Branch { name: branch, commit },
            None => Head::Unborn { branch },
        })
    }

    /// Whether `new` has `old` in its history, or is it.
    pub async fn is_ancestor(&self, old: &CommitId, new: &CommitId) -> Result<bool, GitError> {
        let question = ["--is-ancestor", old.as_str(), new.as_str()];
        let answer = self.read(&self.root, "merge-base").args(question).answer().await?;
        match answer.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(answer.failed()),
        }
    }

    /// The commit that a name (branch, ref, abbreviation) stands for; none where it stands for none.
    pub async fn resolve(&self, name: &str) -> Result<Option<CommitId>, GitError> {
        self.resolve_in(&self.root, name).await
    }

    pub(crate) async fn resolve_in(&self, dir: &Path, name: &str) -> Result<Option<CommitId>, GitError> {
        let answer = self
            .read(dir, "rev-parse")
            .args(["--verify", "-q", "--end-of-options"])
            .arg(format!("{name}^{{commit}}"))
            .answer()
            .await?;
        if answer.code() != Some(0) {
            return Ok(None);
        }
        let line = one_line(answer.into_stdout());
        Ok(text(&line).and_then(CommitId::parse))
    }

    pub(crate) fn read(&self, dir: &Path, command: &str) -> Git<'_> {
        Git::read(&self.env, dir, command)
    }

    pub(crate) fn write(&self, dir: &Path, command: &str) -> Git<'_> {
        Git::write(&self.env, dir, command)
    }
}

fn readable_folder(path: &Path) -> Result<(), OpenError> {
    let explain = |error: io::Error| {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => OpenError::Missing { path },
            io::ErrorKind::NotADirectory => OpenError::NotAFolder { path },
            io::ErrorKind::PermissionDenied => OpenError::NoPermission { path },
            _ => OpenError::Git(GitError::Io { path, source: error }),
        }
    };
    std::fs::read_dir(path).map(drop).map_err(explain)
}

/// Why git would not read it, found out without reading its message.
async fn refusal(path: &Path, env: &GitEnv, failed: GitError) -> Result<OpenError, GitError> {
    let stderr = match failed {
        GitError::Failed { stderr, .. } => stderr,
        other => return Err(other),
    };
    let path = path.to_owned();
    // The same question with the ownership check lifted: if that helps, ownership was the reason.
    let trusting = env
        .clone()
        .variable("GIT_CONFIG_COUNT", "1")
        .variable("GIT_CONFIG_KEY_0", "safe.directory")
        .variable("GIT_CONFIG_VALUE_0", "*");
    let again = Git::read(&trusting, &path, "rev-parse").arg("--git-dir").answer().await?;
    if again.code() == Some(0) {
        return Ok(OpenError::DubiousOwnership { path });
    }
    let has_repository = path.ancestors().any(|folder| folder.join(".git").exists());
    Ok(if has_repository { OpenError::Broken { path, stderr } } else { OpenError::NotARepository { path } })
}
