//! Discarding a worktree and its branch, and bringing both back.
//!
//! Everything is saved to a ref first, and the save is checked against the disk, before anything goes away. Ignored
//! files are not saved: they go.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::command::{GitError, text};
use crate::ids::{CommitId, TreeHash};
use crate::path::{GitPath, ended};
use crate::repo::{Head, Repo};
use crate::save::Saved;
use crate::snapshot::{Objects, TempIndex};
use crate::sparse::leave_out;
use crate::standing::git_dir;
use crate::worktree::CreateError;

/// Proof of what was discarded, and what its undo needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscardReceipt {
    /// Where the worktree was.
    pub worktree: PathBuf,
    /// Where its HEAD was.
    pub head: Head,
    /// The branch that was deleted, without `refs/heads/`.
    pub branch: String,
    /// Where the branch was; none where it was not there.
    pub tip: Option<CommitId>,
    /// The content as it was.
    pub saved: Saved,
}

/// Why nothing was discarded.
#[derive(Debug, thiserror::Error)]
pub enum DiscardError {
    /// It is the user's own checkout, not a linked worktree.
    #[error("{} is not a linked worktree of this repository", path.display())]
    NotLinked {
        /// As it was asked for.
        path: PathBuf,
    },
    /// Repositories lie in it (checked-out submodules, clones) whose own commits and changes cannot be saved here.
    #[error("repositories in the worktree would be lost")]
    HoldsRepositories {
        /// Where.
        paths: Vec<GitPath>,
    },
    /// A file or the branch changed after it was saved: something still works there.
    #[error("the worktree or its branch changed after it was saved")]
    ChangedMeanwhile,
    /// The save does not hold every commit.
    #[error("a commit is not reachable from {reference}")]
    NotReachable {
        /// The ref of the save.
        reference: String,
    },
    /// Git did not do it.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Why a discarded worktree was not brought back.
#[derive(Debug, thiserror::Error)]
pub enum UndoDiscardError {
    /// The ref of the save is gone, or elsewhere.
    #[error("{reference} no longer holds what was saved")]
    SaveGone {
        /// The ref of the save.
        reference: String,
    },
    /// The place or the branch was taken since.
    #[error(transparent)]
    Taken(CreateError),
    /// Git did not do it.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Repo {
    /// Saves everything that `worktree` and `branch` hold to `refs/quarterdeck/saved/<id>`, then takes both away.
    pub async fn discard(&self, worktree: &Path, branch: &str, id: &str) -> Result<DiscardReceipt, DiscardError> {
        let receipt = self.prepare_discard(worktree, branch, id).await?;
        self.finish_discard(&receipt).await?;
        Ok(receipt)
    }

    /// Only saves. With the receipt in a journal, the discard can be finished after a crash.
    pub async fn prepare_discard(
        &self,
        worktree: &Path,
        branch: &str,
        id: &str,
    ) -> Result<DiscardReceipt, DiscardError> {
        self.require_linked(worktree).await?;
        let head = self.head_of(worktree).await?;
        let tip = self.resolve(&format!("refs/heads/{branch}")).await?;
        let saved = self.save(worktree, id, tip.as_slice()).await?;
        self.require_no_repositories(worktree, &saved.tree).await?;
        let (worktree, branch) = (worktree.to_owned(), branch.to_owned());
        Ok(DiscardReceipt { worktree, head, branch, tip, saved })
    }

    /// Takes away what was saved, after one more look at whether it was. May be repeated.
    pub async fn finish_discard(&self, receipt: &DiscardReceipt) -> Result<(), DiscardError> {
        let DiscardReceipt { worktree, head, branch, tip, saved } = receipt;
        let found = self.resolve(&format!("refs/heads/{branch}")).await?;
        if found.is_some() && found != *tip {
            return Err(DiscardError::ChangedMeanwhile);
        }
        self.require_reachable(saved, head.commit().into_iter().chain(tip)).await?;
        if worktree.exists() {
            self.require_linked(worktree).await?;
            let same_head = self.head_of(worktree).await? == *head;
            let (staged, tree) = self.raw_content(worktree).await?;
            // What is staged is compared too where it was saved as something of its own.
            let same_stage = saved.staged.is_none() || staged == saved.staged;
            if !same_head || tree != saved.tree || !same_stage {
                return Err(DiscardError::ChangedMeanwhile);
            }
            // By force, as git does not know that all of it is saved.
            let remove = self.write(&self.root, "worktree").args(["remove", "--force"]);
            remove.paths([worktree]).ok().await?;
        }
        if let Some(tip) = found {
            self.delete_branch(branch, &tip).await?;
        }
        Ok(())
    }

    /// Brings a discarded worktree back: branch, files byte for byte, what was staged. On error nothing of it is
    /// left and it may be tried again.
    pub async fn undo_discard(&self, receipt: &DiscardReceipt) -> Result<(), UndoDiscardError> {
        let DiscardReceipt { worktree, head, branch, tip, saved } = receipt;
        let holder = self.resolve(&saved.reference).await?;
        let holds = match &holder {
            Some(holder) => self.is_ancestor(&saved.commit, holder).await?,
            None => false,
        };
        if !holds {
            return Err(UndoDiscardError::SaveGone { reference: saved.reference.clone() });
        }
        let taken = |error| match error {
            CreateError::Git(error) => UndoDiscardError::Git(error),
            other => UndoDiscardError::Taken(other),
        };
        self.check_place(worktree).await.map_err(taken)?;
        if let Some(tip) = tip {
            self.check_branch(branch).await.map_err(taken)?;
            let reference = format!("refs/heads/{branch}");
            self.set_ref(&reference, None, tip, "quarterdeck: undo discard").await?;
        }
        let restored = self.restore(worktree, head, saved).await;
        if restored.is_err() {
            let start = tip.as_ref().unwrap_or(&saved.commit);
            self.clear_attempt(worktree, branch, start, false).await;
        }
        restored.map_err(UndoDiscardError::Git)
    }

    async fn restore(&self, worktree: &Path, head: &Head, saved: &Saved) -> Result<(), GitError> {
        let add = self.write(&self.root, "worktree").args(["add", "--quiet"]);
        let add = match head {
            Head::Branch { name, .. } => add.paths([worktree.as_os_str(), name.as_ref()]),
            Head::Detached { commit } => add.arg("--detach").paths([worktree.as_os_str(), commit.as_ref()]),
            Head::Unborn { .. } => {
                let bare = add.args(["--detach", "--no-checkout"]);
                bare.paths([worktree.as_os_str(), saved.commit.as_ref()])
            }
        };
        add.ok().await?;
        let start = match head.commit() {
            Some(commit) => self.tree_of(commit).await?,
            None => self.empty_tree().await?,
        };
        self.restore_files(worktree, &start, &saved.tree).await?;
        if let Head::Unborn { branch } = head {
            let reference = format!("refs/heads/{branch}");
            self.write(worktree, "symbolic-ref").args(["HEAD", &reference]).ok().await?;
        }
        let staged = saved.staged.as_ref().unwrap_or(&start);
        let left_out = self.left_out(worktree).await?;
        self.write(worktree, "read-tree").arg(staged).ok().await?;
        leave_out(|command| self.write(worktree, command), &left_out).await?;
        // Only fills in the stat data that reading a tree left out; its exit code says that files differ.
        self.write(worktree, "update-index").args(["-q", "--refresh"]).answer().await?;
        Ok(())
    }

    /// Writes the files that differ from `start`, as they were on disk. The others stand there already, and went
    /// through the conversions that they went through before.
    async fn restore_files(&self, worktree: &Path, start: &TreeHash, saved: &TreeHash) -> Result<(), GitError> {
        let between = [start.as_str(), saved.as_str()];
        let all = self.names_between(between, &[]).await?;
        for path in &all {
            remove_file(worktree, path)?;
        }
        let mut index = TempIndex::of(self, worktree, Objects::Repository).await?;
        index.read_raw(self).await?;
        index.git(self, "read-tree").arg(saved).ok().await?;
        let names = ended(&self.names_between(between, &["--diff-filter=d"]).await?);
        let checkout = index.git(self, "checkout-index").args(["-f", "-q", "-z", "--stdin"]);
        checkout.stdin(names).ok().await.map(drop)
    }

    pub(crate) async fn require_linked(&self, worktree: &Path) -> Result<(), DiscardError> {
        let wanted = worktree.canonicalize().map_err(GitError::io(worktree))?;
        let linked = self.list_worktrees().await?.into_iter().skip(1);
        if linked.filter_map(|entry| entry.path.canonicalize().ok()).any(|path| path == wanted) {
            return Ok(());
        }
        Err(DiscardError::NotLinked { path: worktree.to_owned() })
    }

    /// A repository inside the worktree stands in the tree as a mere commit name.
    async fn require_no_repositories(&self, worktree: &Path, tree: &TreeHash) -> Result<(), DiscardError> {
        let answer = self.read(&self.root, "ls-tree").args(["-r", "-z", tree.as_str()]).ok().await?;
        let entries = answer.split(|byte| *byte == 0).filter(|entry| entry.starts_with(b"160000 "));
        let names = entries.filter_map(|entry| entry.splitn(2, |byte| *byte == b'\t').nth(1));
        let mut paths: Vec<_> =
            names.map(GitPath::new).filter(|path| worktree.join(path.as_path()).join(".git").exists()).collect();
        for (path, repository) in put_away(&git_dir(worktree).join("modules")) {
            if !paths.contains(&path) && self.has_own_commits(&repository).await? {
                paths.push(path);
            }
        }
        if paths.is_empty() { Ok(()) } else { Err(DiscardError::HoldsRepositories { paths }) }
    }

    /// Whether a repository has commits that it did not fetch.
    async fn has_own_commits(&self, repository: &Path) -> Result<bool, GitError> {
        let question = ["--max-count=1", "--all", "--not", "--remotes"];
        let answer = self.read(repository, "rev-list").args(question).answer().await?;
        // One that can't be read may hold anything.
        Ok(answer.code() != Some(0) || !answer.into_stdout().is_empty())
    }

    async fn require_reachable<'c>(
        &self,
        saved: &Saved,
        commits: impl Iterator<Item = &'c CommitId>,
    ) -> Result<(), DiscardError> {
        let missing = self
            .read(&self.root, "rev-list")
            .arg("--max-count=1")
            .args(commits)
            .args(["--not", &saved.reference])
            .ok()
            .await?;
        let held = self.resolve(&saved.reference).await?;
        if text(&missing) == Some("") && held.as_ref() == Some(&saved.commit) {
            return Ok(());
        }
        Err(DiscardError::NotReachable { reference: saved.reference.clone() })
    }
}

/// The repositories of submodules that were taken out of a worktree go with its git directory. By name, which is the
/// path that they were added at.
fn put_away(modules: &Path) -> Vec<(GitPath, PathBuf)> {
    let (mut found, mut folders) = (Vec::new(), vec![modules.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if !path.join("HEAD").is_file() {
                folders.push(path);
            } else if let Ok(name) = path.strip_prefix(modules) {
                found.push((GitPath::from(name), path.clone()));
            }
        }
    }
    found
}

/// Takes away a file and the folders that it leaves empty.
pub(crate) fn remove_file(worktree: &Path, path: &GitPath) -> Result<(), GitError> {
    let file = worktree.join(path.as_path());
    match std::fs::remove_file(&file) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        // A folder stands there for a submodule; it stays.
        Err(_) if file.is_dir() => {}
        Err(error) => return Err(GitError::io(file)(error)),
    }
    for folder in file.ancestors().skip(1).take_while(|folder| *folder != worktree) {
        if std::fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}
