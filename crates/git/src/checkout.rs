//! Moving a branch together with the checkouts that stand on it.
//!
//! A branch that moves under a checkout shows changes there that nobody made. So a checkout follows its branch, and
//! where it cannot follow without touching the user's own work, the branch does not move.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::command::GitError;
use crate::ids::CommitId;
use crate::path::{GitPath, paths_of};
use crate::repo::Repo;
use crate::snapshot::{Objects, TempIndex, may_overlook};

/// Why a checkout cannot follow its branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Refusal {
    /// Files with work of the user's own would be overwritten.
    Overlap {
        /// The top of the checkout.
        checkout: PathBuf,
        /// Which files.
        paths: Vec<GitPath>,
    },
    /// It is in the middle of a merge.
    Unmerged {
        /// The top of the checkout.
        checkout: PathBuf,
        /// Files not merged yet.
        paths: Vec<GitPath>,
    },
    /// It changed or was locked in this moment. Trying again may help.
    Busy {
        /// The top of the checkout.
        checkout: PathBuf,
        /// What git said, for people.
        stderr: String,
    },
}

/// How moving a branch went.
#[derive(Debug)]
pub(crate) enum Moved {
    /// It moved, and these checkouts with it.
    Done(Vec<PathBuf>),
    /// It was somewhere else already (none: it is gone). Nothing was done.
    Elsewhere(Option<CommitId>),
    /// A checkout could not follow. Nothing was done.
    Refused(Refusal),
}

impl Repo {
    /// Moves the branch ref from `old` to `new` by compare-and-swap, and its checkouts with it. May be repeated
    /// after a crash: where the branch has moved already, its checkouts are brought after it.
    pub(crate) async fn move_branch(
        &self,
        reference: &str,
        old: &CommitId,
        new: &CommitId,
        note: &str,
    ) -> Result<Moved, GitError> {
        let found = self.resolve(reference).await?;
        let checkouts = self.checkouts_of(reference).await?;
        if found.as_ref() == Some(new) {
            return self.bring_after(checkouts, old, new).await;
        }
        if found.as_ref() != Some(old) {
            if let Some(tip) = &found {
                self.bring_late(&checkouts, old, new, tip).await?;
            }
            return Ok(Moved::Elsewhere(found));
        }
        let landed = self.names_between([old.as_str(), new.as_str()], &[]).await?;
        for checkout in &checkouts {
            if let Some(refusal) = obstacle(self, checkout, &landed).await? {
                return Ok(Moved::Refused(refusal));
            }
            if let Some(stderr) = self.not_writable(checkout, new, &landed).await? {
                return Ok(Moved::Refused(Refusal::Busy { checkout: checkout.clone(), stderr }));
            }
        }
        if let Err(error) = self.set_ref(reference, Some(old), new, note).await {
            let found = self.resolve(reference).await?;
            return if found.as_ref() == Some(old) { Err(error) } else { Ok(Moved::Elsewhere(found)) };
        }
        for (number, checkout) in checkouts.iter().enumerate() {
            let Err(error) = self.bring(checkout, old, new).await else {
                continue;
            };
            // Most of what git refuses it has not begun. Put everything back as it was.
            self.set_ref(reference, Some(new), old, "quarterdeck: take back").await?;
            self.put_back(checkout, [old, new], &landed).await?;
            for done in &checkouts[..number] {
                self.bring(done, new, old).await?;
            }
            return match error {
                GitError::Failed { stderr, .. } => {
                    Ok(Moved::Refused(Refusal::Busy { checkout: checkout.clone(), stderr }))
                }
                other => Err(other),
            };
        }
        Ok(Moved::Done(checkouts))
    }

    /// Somebody went on from `new`, to which an earlier run moved the branch before it was cut off: a checkout may stand
    /// at `old` still, and would show the work as taken away. It comes after where nothing of the user's is in the way.
    async fn bring_late(
        &self,
        checkouts: &[PathBuf],
        old: &CommitId,
        new: &CommitId,
        tip: &CommitId,
    ) -> Result<(), GitError> {
        if checkouts.is_empty() || !self.is_ancestor(new, tip).await? {
            return Ok(());
        }
        for checkout in checkouts {
            match self.bring(checkout, old, tip).await {
                Ok(()) | Err(GitError::Failed { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    /// Brings checkouts after a branch that has moved. For one that is there already git does nothing.
    async fn bring_after(&self, checkouts: Vec<PathBuf>, old: &CommitId, new: &CommitId) -> Result<Moved, GitError> {
        for checkout in &checkouts {
            match self.bring(checkout, old, new).await {
                Ok(()) => {}
                Err(GitError::Failed { stderr, .. }) => {
                    let checkout = checkout.clone();
                    return Ok(Moved::Refused(Refusal::Busy { checkout, stderr }));
                }
                Err(other) => return Err(other),
            }
        }
        Ok(Moved::Done(checkouts))
    }

    /// Brings index and files of a checkout from `old` to `new`. Git refuses, before it begins, to overwrite a file
    /// that differs from `old`.
    pub(crate) async fn bring(&self, checkout: &Path, old: &CommitId, new: &CommitId) -> Result<(), GitError> {
        let two_trees = ["-m", "-u", "--no-recurse-submodules", old.as_str(), new.as_str()];
        // The stat data of the index must be fresh, or unchanged files look changed. Its exit code says only that
        // some are.
        self.write(checkout, "update-index").args(["-q", "--refresh"]).answer().await?;
        self.write(checkout, "read-tree").args(two_trees).ok().await.map(drop)
    }

    async fn checkouts_of(&self, reference: &str) -> Result<Vec<PathBuf>, GitError> {
        let worktrees = self.list_worktrees().await?.into_iter();
        let on_branch = worktrees.filter(|worktree| {
            worktree.branch.as_deref().map(|branch| format!("refs/heads/{branch}")).as_deref() == Some(reference)
                && worktree.path.is_dir()
        });
        Ok(on_branch.map(|worktree| worktree.path).collect())
    }

    /// Paths that differ between two trees or commits. `options` of diff-tree may narrow them.
    pub(crate) async fn names_between(&self, trees: [&str; 2], options: &[&str]) -> Result<Vec<GitPath>, GitError> {
        let answer = self
            .read(&self.root, "diff-tree")
            .args(["-r", "-z", "--name-only", "--no-renames"])
            .args(options)
            .args(trees)
            .ok()
            .await?;
        Ok(paths_of(&answer).collect())
    }
}

/// Why `checkout` can't follow a change of the files `landed`.
async fn obstacle(repo: &Repo, checkout: &Path, landed: &[GitPath]) -> Result<Option<Refusal>, GitError> {
    // Ignored files are the user's as well; whole ignored folders are named once.
    let own = own_entries(repo, checkout, "--ignored=matching").await?;
    let checkout = checkout.to_owned();
    let unmerged: Vec<_> = own.iter().filter(|entry| entry.unmerged).map(|entry| entry.path.clone()).collect();
    if !unmerged.is_empty() {
        return Ok(Some(Refusal::Unmerged { checkout, paths: unmerged }));
    }
    let exists = |path: &GitPath| checkout.join(path.as_path()).symlink_metadata().is_ok();
    let meets = |path: &&GitPath| own.iter().any(|entry| !entry.only_moved && entry.meets(path, exists));
    let paths: Vec<_> = landed.iter().filter(meets).cloned().collect();
    Ok((!paths.is_empty()).then_some(Refusal::Overlap { checkout, paths }))
}

/// Everything in a checkout that is not as its HEAD has it, but for ignored files.
pub(crate) async fn dirty(repo: &Repo, checkout: &Path, exclude: &[GitPath]) -> Result<Vec<GitPath>, GitError> {
    let mut paths: Vec<_> =
        own_entries(repo, checkout, "--ignored=no").await?.into_iter().map(|entry| entry.path).collect();
    paths.retain(|path| !exclude.iter().any(|folder| path.is_within(folder)));
    Ok(paths)
}

async fn own_entries(repo: &Repo, checkout: &Path, ignored: &str) -> Result<Vec<Own>, GitError> {
    let index = repo.index_of(checkout).await?;
    let whole = if may_overlook(&index)? { Some(TempIndex::of(repo, checkout, Objects::Scratch).await?) } else { None };
    let status = match &whole {
        Some(index) => index.read(repo, "status"),
        None => repo.read(checkout, "status"),
    };
    let status = status.args(["--porcelain=v2", "-z", "--no-renames", "--untracked-files=all"]);
    let answer = status.arg(ignored).ok().await?;
    parse_status(&answer).ok_or_else(|| GitError::Unexpected { command: "status".to_owned() })
}

/// Something in a checkout that is not as its HEAD has it.
#[derive(Debug, PartialEq, Eq)]
struct Own {
    path: GitPath,
    unmerged: bool,
    /// A submodule on another commit than the index has, without changes of its own.
    only_moved: bool,
}

impl Own {
    /// Whether landing `path` would touch it.
    fn meets(&self, path: &GitPath, exists: impl Fn(&GitPath) -> bool) -> bool {
        if self.path.as_bytes().ends_with(b"/") {
            // A folder named as a whole: what is in it is not known, so the disk is asked.
            return (path.is_within(&self.path) && exists(path)) || self.path.is_within(path);
        }
        path.is_within(&self.path) || self.path.is_within(path)
    }
}

/// Reads `status --porcelain=v2 -z --no-renames`.
fn parse_status(answer: &[u8]) -> Option<Vec<Own>> {
    let mut own = Vec::new();
    for line in answer.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let fields_before_path = match line[0] {
            b'1' => 8,
            b'u' => 10,
            b'?' | b'!' => 1,
            b'#' => continue,
            _ => return None,
        };
        let path = line.splitn(fields_before_path + 1, |byte| *byte == b' ');
        let path = GitPath::new(path.last()?);
        // A submodule that stands on another commit and has nothing of its own: git leaves it as it is.
        let only_moved = line.starts_with(b"1 .M SC.. ");
        own.push(Own { path, unmerged: line[0] == b'u', only_moved });
    }
    Some(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str) -> Own {
        Own { path: path.into(), unmerged: false, only_moved: false }
    }

    #[test]
    fn status_lines_keep_names_with_spaces_and_newlines() {
        let answer = b"1 .M N... 100644 100644 100644 aa bb a b\nc\0? new file\0! target/\0\
            u UU N... 100644 100644 100644 100644 a b c both ways\0";
        let own = parse_status(answer).unwrap();
        let names: Vec<_> = own.iter().map(|own| (own.path.to_string(), own.unmerged)).collect();
        let expected = [("a b\nc", false), ("new file", false), ("target/", false), ("both ways", true)];
        assert_eq!(names, expected.map(|(name, unmerged)| (name.to_owned(), unmerged)));
        assert_eq!(parse_status(b"9 what"), None);
    }

    #[test]
    fn file_meets_itself_its_folder_and_what_would_lie_below_it() {
        let nowhere = |_: &GitPath| false;
        assert!(entry("a/b").meets(&"a/b".into(), nowhere));
        assert!(entry("a/b").meets(&"a".into(), nowhere));
        assert!(entry("a").meets(&"a/b".into(), nowhere));
        assert!(!entry("a/b").meets(&"a/c".into(), nowhere));
    }

    #[test]
    fn ignored_folder_meets_only_what_is_there() {
        assert!(!entry("target/").meets(&"target/new".into(), |_| false));
        assert!(entry("target/").meets(&"target/old".into(), |_| true));
        assert!(entry("target/").meets(&"target".into(), |_| false));
    }
}
