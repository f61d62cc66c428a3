//! The exact content of a worktree as a tree, made over a temporary index.
//!
//! For reading, objects go to a temporary folder too, so the user's repository is not touched at all.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::command::{Git, GitError};
use crate::ids::{CommitId, TreeHash};
use crate::path::GitPath;
use crate::repo::Repo;

/// What a worktree held at one moment. Its objects live as long as it does.
#[derive(Debug)]
pub struct Snapshot {
    repo: Repo,
    merge_base: CommitId,
    tree: TreeHash,
    unseen: Vec<GitPath>,
    index: TempIndex,
}

impl Snapshot {
    /// The commit that the worktree is compared with.
    pub fn merge_base(&self) -> &CommitId {
        &self.merge_base
    }

    /// Everything not ignored, with what was excluded taken from the merge base.
    pub fn tree(&self) -> &TreeHash {
        &self.tree
    }

    /// What is in the worktree and could not be read, so is not in the tree.
    pub fn unseen(&self) -> &[GitPath] {
        &self.unseen
    }

    pub(crate) fn read(&self, command: &str) -> Git<'_> {
        self.repo.read(&self.index.worktree, command).vars(&self.index.vars)
    }
}

impl Repo {
    /// Takes a snapshot of `worktree` against where it left `base`. `exclude` names files and folders that count
    /// as unchanged.
    pub async fn snapshot(&self, worktree: &Path, base: &CommitId, exclude: &[GitPath]) -> Result<Snapshot, GitError> {
        // Unrelated histories have no point of departure; then the base itself is what there is to compare with.
        let merge_base = self.merge_base(worktree, base).await?.unwrap_or_else(|| base.clone());
        let index = TempIndex::of(self, worktree, Objects::Scratch).await?;
        let unseen = index.add_all(self).await?;
        index.take_from(self, &merge_base, exclude).await?;
        let tree = index.write_tree(self).await?;
        Ok(Snapshot { repo: self.clone(), merge_base, tree, unseen, index })
    }

    /// Where the HEAD of `worktree` left `base`; none where they have nothing in common.
    pub(crate) async fn merge_base(&self, worktree: &Path, base: &CommitId) -> Result<Option<CommitId>, GitError> {
        let Some(head) = self.resolve_in(worktree, "HEAD").await? else {
            return Ok(None);
        };
        let question = [base.as_str(), head.as_str()];
        let answer = self.read(worktree, "merge-base").args(question).answer().await?;
        match answer.code() {
            Some(0) => {
                let line = crate::command::one_line(answer.into_stdout());
                Ok(crate::command::text(&line).and_then(CommitId::parse))
            }
            Some(1) => Ok(None),
            _ => Err(answer.failed()),
        }
    }
}

/// Where new objects go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Objects {
    /// Into a folder that goes away with the index.
    Scratch,
    /// Into the repository, to be kept.
    Repository,
}

/// A copy of a worktree's index that git uses in its place.
#[derive(Debug)]
pub(crate) struct TempIndex {
    worktree: PathBuf,
    vars: Vec<(&'static str, OsString)>,
    _folder: TempDir,
}

impl TempIndex {
    pub async fn of(repo: &Repo, worktree: &Path, objects: Objects) -> Result<Self, GitError> {
        let scratch = &repo.env.scratch;
        let folder = TempDir::with_prefix_in("qd-index-", scratch).map_err(GitError::io(scratch))?;
        let own = folder.path().join("index");
        let question = ["--path-format=absolute", "--git-path", "index"];
        let theirs = repo.read(worktree, "rev-parse").args(question).path().await?;
        copy_index(&theirs, &own)?;
        let mut vars = vec![("GIT_INDEX_FILE", own.into_os_string())];
        if objects == Objects::Scratch {
            let store = folder.path().join("objects");
            std::fs::create_dir(&store).map_err(GitError::io(&store))?;
            vars.push(("GIT_OBJECT_DIRECTORY", store.into_os_string()));
            let real = repo.common_dir.join("objects");
            vars.push(("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted(real.as_os_str())));
        }
        Ok(Self { worktree: worktree.to_owned(), vars, _folder: folder })
    }

    /// Runs git with these variables from here on.
    pub fn extend_vars(&mut self, vars: Vec<(&'static str, OsString)>) {
        self.vars.extend(vars);
    }

    /// Brings in everything that is in the worktree and not ignored. Returns what could not be read: files without
    /// permission, repositories without a commit.
    pub async fn add_all(&self, repo: &Repo) -> Result<Vec<GitPath>, GitError> {
        let add = self.git(repo, "add").args(["-A", "--ignore-errors"]).paths(["."]);
        let answer = add.answer().await?;
        match answer.code() {
            Some(0) => Ok(Vec::new()),
            Some(1) => self.not_added(repo).await,
            _ => Err(answer.failed()),
        }
    }

    /// As [`add_all`](Self::add_all), for callers that must not miss anything.
    pub async fn add_all_or_fail(&self, repo: &Repo) -> Result<(), GitError> {
        let paths = self.add_all(repo).await?;
        if paths.is_empty() { Ok(()) } else { Err(GitError::Unreadable { paths }) }
    }

    /// What is still not, or not as it is on disk, in the index.
    async fn not_added(&self, repo: &Repo) -> Result<Vec<GitPath>, GitError> {
        let question = ["-z", "--others", "--modified", "--exclude-standard"];
        let answer = self.git(repo, "ls-files").args(question).ok().await?;
        let names = answer.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(names.map(GitPath::new).collect())
    }

    /// Puts `paths` back to what they are in `commit`.
    pub async fn take_from(&self, repo: &Repo, commit: &CommitId, paths: &[GitPath]) -> Result<(), GitError> {
        if paths.is_empty() {
            return Ok(());
        }
        self.git(repo, "reset").args(["-q", commit.as_str()]).paths(paths).ok().await.map(drop)
    }

    pub async fn write_tree(&self, repo: &Repo) -> Result<TreeHash, GitError> {
        self.git(repo, "write-tree").tree().await
    }

    pub fn git<'r>(&self, repo: &'r Repo, command: &str) -> Git<'r> {
        repo.write(&self.worktree, command).vars(&self.vars)
    }
}

fn copy_index(theirs: &Path, own: &Path) -> Result<(), GitError> {
    let index = match std::fs::File::open(theirs) {
        Ok(index) => index,
        // A repository in which nothing was ever added has none.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(GitError::io(theirs)(error)),
    };
    let copy = || -> std::io::Result<()> {
        let mut index = index;
        let modified = index.metadata()?.modified()?;
        let mut file = std::fs::File::create(own)?;
        std::io::copy(&mut index, &mut file)?;
        // Git trusts an entry only if its file is older than the index. A copy that looks younger than it is
        // would hide an edit that was made in the same instant.
        file.set_modified(modified)
    };
    copy().map_err(GitError::io(own))
}

/// The variable holds a list parted by colons, in which a quoted entry may hold any byte.
fn quoted(path: &OsStr) -> OsString {
    let mut entry = vec![b'"'];
    for byte in path.as_bytes() {
        if matches!(byte, b'"' | b'\\') {
            entry.push(b'\\');
        }
        entry.push(*byte);
    }
    entry.push(b'"');
    OsString::from_vec(entry)
}
