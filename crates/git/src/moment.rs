//! The exact state of a worktree at one moment, kept under a ref: files byte for byte, what is staged, where HEAD is.
//!
//! Taken before every turn, so it has an index of its own that stays between two takings: a file that did not change
//! is not read again. That index holds the bytes on disk, without conversions, and nothing of the user's is touched.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::command::{Git, GitError};
use crate::ids::{CommitId, TreeHash};
use crate::path::{GitPath, ended, paths_of};
use crate::raw::Raw;
use crate::repo::{Head, Repo};
use crate::snapshot::{ADD_ALL, Objects, TempIndex};
use crate::sparse::leave_out;

/// A worktree as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The commit that keeps it: the content on disk, on top of HEAD and what was staged.
    pub commit: CommitId,
    /// The content on disk, byte for byte, of everything that is not ignored.
    pub tree: TreeHash,
    /// Where HEAD was.
    pub head: Head,
    /// What was staged; none in the middle of a merge.
    pub staged: Option<TreeHash>,
}

/// What of a moment its tree does not say: the message of its commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Beside {
    head: Head,
    staged: Option<TreeHash>,
}

/// An index of the bytes on disk that stays between two moments of a worktree.
#[derive(Debug)]
pub struct KeptIndex {
    folder: PathBuf,
}

/// What was found at the moment before, for what has not to be done again.
#[derive(Debug, Serialize, Deserialize)]
struct Last {
    /// Size, time and number of the user's index file.
    stamp: (u64, i64, i64, u64),
    beside: Beside,
    tree: TreeHash,
    commit: CommitId,
}

impl KeptIndex {
    /// In `folder`, which has to be there; the same folder for the same worktree.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn index(&self) -> PathBuf {
        self.folder.join("moment.index")
    }

    fn last(&self) -> Option<Last> {
        serde_json::from_slice(&std::fs::read(self.folder.join("moment.json")).ok()?).ok()
    }

    fn remember(&self, last: &Last) -> io::Result<()> {
        std::fs::write(self.folder.join("moment.json"), serde_json::to_vec(last)?)
    }

    /// Whatever is wrong with it, the next moment begins with an empty one.
    fn forget(&self) {
        for name in ["moment.index", "moment.index.lock", "moment.json"] {
            let _ = std::fs::remove_file(self.folder.join(name));
        }
    }
}

impl Repo {
    /// Keeps the state of `worktree` at the ref `reference`, which must not exist.
    pub async fn keep_moment(&self, worktree: &Path, kept: &KeptIndex, reference: &str) -> Result<Moment, GitError> {
        let moment = match self.moment_of(worktree, kept, None).await {
            Ok(moment) => moment,
            Err(error) => {
                kept.forget();
                return Err(error);
            }
        };
        self.set_ref(reference, None, &moment.commit, "quarterdeck: turn").await?;
        Ok(moment)
    }

    /// The moment that is kept at `reference`; none where there is no such ref.
    pub async fn moment(&self, reference: &str) -> Result<Option<Moment>, GitError> {
        let Some(commit) = self.resolve(reference).await? else { return Ok(None) };
        let object = self.read(&self.root, "cat-file").args(["commit", commit.as_str()]).ok().await?;
        let unexpected = || GitError::Unexpected { command: "cat-file".to_owned() };
        let message = object.windows(2).position(|pair| pair == b"\n\n").map(|at| &object[at + 2..]);
        let beside: Option<Beside> = message.and_then(|message| serde_json::from_slice(message).ok());
        let Beside { head, staged } = beside.ok_or_else(unexpected)?;
        let tree = self.tree_of(&commit).await?;
        Ok(Some(Moment { commit, tree, head, staged }))
    }

    /// Lets the moments below `prefix` (it ends with `/`) go.
    pub async fn forget_moments(&self, prefix: &str) -> Result<(), GitError> {
        let names = self.read(&self.root, "for-each-ref").args(["--format=delete %(refname)", prefix]).ok().await?;
        if names.is_empty() {
            return Ok(());
        }
        self.write(&self.root, "update-ref").arg("--stdin").stdin(names).ok().await.map(drop)
    }

    /// Lets the moment at `reference` go.
    pub async fn forget_moment(&self, reference: &str) -> Result<(), GitError> {
        self.write(&self.root, "update-ref").args(["-d", reference]).ok().await.map(drop)
    }

    /// The state of `worktree` as a commit at no ref. Files that `also` has are in it even where they are ignored.
    pub(crate) async fn moment_of(
        &self,
        worktree: &Path,
        kept: &KeptIndex,
        also: Option<&TreeHash>,
    ) -> Result<Moment, GitError> {
        let last = kept.last().filter(|_| kept.index().exists());
        let (head, (staged, stamp)) = tokio::try_join!(self.head_of(worktree), self.staged(worktree, last.as_ref()))?;
        let raw = self.raw().await?;
        let on_disk = OnDisk { repo: self, worktree, vars: with_index(&raw, &kept.index()) };
        if last.is_none() {
            kept.forget();
            let seed = match (&staged, head.commit()) {
                (Some(staged), _) => Some(staged.clone()),
                (None, Some(head)) => Some(self.tree_of(head).await?),
                (None, None) => None,
            };
            if let Some(seed) = seed {
                on_disk.git("read-tree").arg(&seed).ok().await?;
            }
        } else if last.as_ref().is_some_and(|last| last.stamp != stamp) {
            on_disk.take_in(self.ignored_and_tracked(worktree).await?).await?;
        }
        if last.as_ref().is_none_or(|last| last.stamp != stamp) {
            let left_out = self.left_out(worktree).await?;
            leave_out(|command| on_disk.git(command), &left_out).await?;
        }
        on_disk.add_all().await?;
        let mut tree = on_disk.git("write-tree").tree().await?;
        if let Some(also) = also {
            let between = [tree.as_str(), also.as_str()];
            on_disk.take_in(self.names_between(between, &["--diff-filter=A"]).await?).await?;
            tree = on_disk.git("write-tree").tree().await?;
        }
        let beside = Beside { head, staged };
        if let Some(last) = last.filter(|last| last.tree == tree && last.beside == beside) {
            let Beside { head, staged } = beside;
            return Ok(Moment { commit: last.commit, tree, head, staged });
        }
        let commit = self.commit_moment(&tree, &beside).await?;
        let last = Last { stamp, beside: beside.clone(), tree: tree.clone(), commit: commit.clone() };
        kept.remember(&last).map_err(GitError::io(&kept.folder))?;
        Ok(Moment { commit, tree, head: beside.head, staged: beside.staged })
    }

    async fn commit_moment(&self, tree: &TreeHash, beside: &Beside) -> Result<CommitId, GitError> {
        let mut parents: Vec<CommitId> = beside.head.commit().cloned().into_iter().collect();
        if let Some(staged) = &beside.staged {
            let same = match parents.first() {
                Some(head) => self.tree_of(head).await? == *staged,
                None => false,
            };
            if !same {
                parents.push(self.own_commit(staged, &parents, "Staged").await?);
            }
        }
        let message = serde_json::to_string(beside)
            .map_err(|error| GitError::Io { path: self.root.clone(), source: error.into() })?;
        self.own_commit(tree, &parents, &message).await
    }

    /// What is staged, and by what the index file is known again; that of `last` where it is the same file.
    async fn staged(
        &self,
        worktree: &Path,
        last: Option<&Last>,
    ) -> Result<(Option<TreeHash>, (u64, i64, i64, u64)), GitError> {
        let question = ["--path-format=absolute", "--git-path", "index"];
        let path = self.read(worktree, "rev-parse").args(question).path().await?;
        let stamp = match std::fs::metadata(&path) {
            Ok(meta) => (meta.len(), meta.mtime(), meta.mtime_nsec(), meta.ino()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (0, 0, 0, 0),
            Err(error) => return Err(GitError::io(path)(error)),
        };
        if let Some(last) = last.filter(|last| last.stamp == stamp) {
            return Ok((last.beside.staged.clone(), stamp));
        }
        let copy = TempIndex::of(self, worktree, Objects::Repository).await?;
        // Fails in the middle of a merge, which has no staged tree.
        Ok((copy.write_tree(self).await.ok(), stamp))
    }

    /// What git tracks although a rule ignores it: adding everything would pass it over.
    async fn ignored_and_tracked(&self, worktree: &Path) -> Result<Vec<GitPath>, GitError> {
        let question = ["-z", "--cached", "--ignored", "--exclude-standard"];
        let answer = self.read(worktree, "ls-files").args(question).ok().await?;
        Ok(paths_of(&answer).collect())
    }
}

/// The index of the bytes on disk, with the variables under which git reads it so.
struct OnDisk<'r> {
    repo: &'r Repo,
    worktree: &'r Path,
    vars: Vec<(&'static str, OsString)>,
}

impl<'r> OnDisk<'r> {
    fn git(&self, command: &str) -> Git<'r> {
        self.repo.write(self.worktree, command).vars(&self.vars)
    }

    async fn add_all(&self) -> Result<(), GitError> {
        let answer = self.git("add").args(ADD_ALL).paths(["."]).answer().await?;
        match answer.code() {
            Some(0) => Ok(()),
            Some(1) => {
                let question = ["-z", "--others", "--modified", "--exclude-standard"];
                let missing = self.git("ls-files").args(question).ok().await?;
                Err(GitError::Unreadable { paths: paths_of(&missing).collect() })
            }
            _ => Err(answer.failed()),
        }
    }

    /// Takes in files whether or not a rule ignores them.
    async fn take_in(&self, paths: Vec<GitPath>) -> Result<(), GitError> {
        let names = ended(paths.iter().filter(|path| is_own_file(self.worktree, path)));
        if names.is_empty() {
            return Ok(());
        }
        self.git("update-index").args(["--add", "-z", "--stdin"]).stdin(names).ok().await.map(drop)
    }
}

/// Whether a file or link stands there, and not behind a link.
fn is_own_file(worktree: &Path, path: &GitPath) -> bool {
    let file = worktree.join(path.as_path());
    let folders = file.ancestors().skip(1).take_while(|folder| *folder != worktree);
    let mut real = folders.map(|folder| folder.symlink_metadata().is_ok_and(|meta| meta.is_dir()));
    real.all(|is| is) && file.symlink_metadata().is_ok_and(|meta| !meta.is_dir())
}

fn with_index(raw: &Raw, index: &Path) -> Vec<(&'static str, OsString)> {
    let mut vars = raw.vars.clone();
    vars.push(("GIT_INDEX_FILE", index.as_os_str().to_owned()));
    vars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_moment_says_beside_its_tree_comes_back_from_a_message() {
        let commit = CommitId::parse(&"a".repeat(40));
        let head = commit.map(|commit| Head::Branch { name: "qd/\u{1f642} \"x\"".to_owned(), commit });
        let beside = head.map(|head| Beside { head, staged: None });
        let message = serde_json::to_string(&beside).unwrap_or_default();
        assert!(!message.contains('\n'));
        assert_eq!(serde_json::from_str::<Option<Beside>>(&message).ok(), Some(beside));
    }
}
