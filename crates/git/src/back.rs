//! Going back to a moment of a worktree, and forward again: first the present one is kept at a ref of its own.
//!
//! May be cut off anywhere and done again: the present moment is whole before anything moves, and what stands half way
//! is kept beside it. Ignored files, repositories inside the worktree and what the caller excludes stay as they are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::change_parser::parse;
use crate::changes::{FileChange, SUBMODULE};
use crate::command::GitError;
use crate::discard::{DiscardError, remove_file};
use crate::ids::{CommitId, TreeHash};
use crate::merging::BEGUN;
use crate::moment::{KeptIndex, Moment};
use crate::path::{GitPath, ended};
use crate::repo::{Head, Repo};
use crate::snapshot::{Objects, TempIndex};
use crate::sparse::leave_out;
use crate::standing::git_dir;

/// Proof of a going back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WentBack {
    /// What there was before.
    pub kept: Moment,
    /// Repositories inside the worktree that are not as they were at that moment: they are left alone.
    pub left: Vec<GitPath>,
}

/// Why a worktree did not go back. Nothing of it was changed.
#[derive(Debug, thiserror::Error)]
pub enum BackError {
    /// It is the user's own checkout, not a linked worktree.
    #[error("{} is not a linked worktree of this repository", path.display())]
    NotLinked {
        /// As it was asked for.
        path: PathBuf,
    },
    /// Ignored files lie where files of that moment belong.
    #[error("ignored files are in the way: {paths:?}")]
    InTheWay {
        /// Which.
        paths: Vec<GitPath>,
    },
    /// Another checkout stands on the branch of that moment.
    #[error("{branch} is checked out at {}", checkout.display())]
    BranchElsewhere {
        /// Without `refs/heads/`.
        branch: String,
        /// Where.
        checkout: PathBuf,
    },
    /// Git did not do it.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl From<DiscardError> for BackError {
    fn from(error: DiscardError) -> Self {
        match error {
            DiscardError::NotLinked { path } => Self::NotLinked { path },
            DiscardError::Git(error) => Self::Git(error),
            other => Self::Git(GitError::Unexpected { command: other.to_string() }),
        }
    }
}

impl Repo {
    /// Keeps `worktree` as it is at the ref `keep_at` and puts it back to `moment`: files, what is staged, HEAD and its
    /// branch. Done again with the same ref, it leaves there what the first time kept.
    pub async fn go_back(
        &self,
        worktree: &Path,
        index: &KeptIndex,
        moment: &Moment,
        keep_at: &str,
        exclude: &[GitPath],
    ) -> Result<WentBack, BackError> {
        self.require_linked(worktree).await?;
        let present = self.moment_of(worktree, index, Some(&moment.tree)).await?;
        let plan = self.plan(worktree, &present, moment, exclude).await?;
        let branch_tip = self.branch_to_move(worktree, &moment.head).await?;
        let kept = if let Some(first) = self.moment(keep_at).await? {
            // Cut off before: what stands half way is kept, too.
            let half = format!("refs/quarterdeck/half/{}", present.commit);
            if first.commit != present.commit && self.resolve(&half).await?.is_none() {
                self.set_ref(&half, None, &present.commit, "quarterdeck: half way back").await?;
            }
            first
        } else {
            self.set_ref(keep_at, None, &present.commit, "quarterdeck: keep before going back").await?;
            present
        };
        if let Some(tip) = branch_tip.as_ref().filter(|tip| Some(*tip) != kept.head.commit()) {
            self.keep_tip(keep_at, tip).await?;
        }
        self.write_files(worktree, &plan, &moment.tree).await?;
        self.quit_what_was_begun(worktree).await?;
        self.move_head(worktree, &moment.head, branch_tip.as_ref()).await?;
        let staged = match (&moment.staged, moment.head.commit()) {
            (Some(staged), _) => staged.clone(),
            (None, Some(head)) => self.tree_of(head).await?,
            (None, None) => self.empty_tree().await?,
        };
        let left_out = self.left_out(worktree).await?;
        self.write(worktree, "read-tree").arg(&staged).ok().await?;
        leave_out(|command| self.write(worktree, command), &left_out).await?;
        // Only fills in the stat data that reading a tree left out; its exit code says that files differ.
        self.write(worktree, "update-index").args(["-q", "--refresh"]).answer().await?;
        Ok(WentBack { kept, left: plan.left })
    }

    /// A branch that is not HEAD's and is about to move keeps its tip.
    async fn keep_tip(&self, keep_at: &str, tip: &CommitId) -> Result<(), GitError> {
        let reference = format!("{keep_at}-branch");
        if self.resolve(&reference).await?.is_some() {
            return Ok(());
        }
        self.set_ref(&reference, None, tip, "quarterdeck: keep before going back").await
    }

    async fn plan(
        &self,
        worktree: &Path,
        present: &Moment,
        moment: &Moment,
        exclude: &[GitPath],
    ) -> Result<Plan, BackError> {
        let raw = self.read(&self.root, "diff-tree").args(["-r", "-z", "--raw", "--no-renames"]);
        let unexpected = || GitError::Unexpected { command: "diff-tree".to_owned() };
        let answer = raw.args([present.tree.as_str(), moment.tree.as_str()]).ok().await?;
        let mut changes = parse(&answer).ok_or_else(unexpected)?;
        changes.retain(|file| !exclude.iter().any(|folder| file.path.is_within(folder)));
        let mut plan = Plan::default();
        for FileChange { path, old_mode, new_mode, .. } in changes {
            if [old_mode, new_mode].contains(&SUBMODULE) {
                plan.left.push(path);
                continue;
            }
            if old_mode != 0 {
                plan.gone.insert(path.clone());
            }
            if new_mode != 0 {
                plan.written.push(path);
            }
        }
        let in_the_way = plan.in_the_way(worktree)?;
        if in_the_way.is_empty() { Ok(plan) } else { Err(BackError::InTheWay { paths: in_the_way }) }
    }

    async fn write_files(&self, worktree: &Path, plan: &Plan, tree: &TreeHash) -> Result<(), GitError> {
        for path in &plan.gone {
            remove_file(worktree, path)?;
        }
        let mut index = TempIndex::of(self, worktree, Objects::Repository).await?;
        index.read_raw(self).await?;
        index.git(self, "read-tree").arg(tree).ok().await?;
        let checkout = index.git(self, "checkout-index").args(["-f", "-q", "-z", "--stdin"]);
        checkout.stdin(ended(&plan.written)).ok().await.map(drop)
    }

    /// The tip of the branch that HEAD is to stand on, where it exists and no other checkout stands on it.
    async fn branch_to_move(&self, worktree: &Path, head: &Head) -> Result<Option<CommitId>, BackError> {
        let (Head::Branch { name, .. } | Head::Unborn { branch: name }) = head else { return Ok(None) };
        let own = worktree.canonicalize().map_err(GitError::io(worktree))?;
        let listed = self.list_worktrees().await?.into_iter();
        let other = listed.filter(|other| other.branch.as_deref() == Some(name)).map(|other| other.path);
        for checkout in other {
            if checkout.canonicalize().is_ok_and(|path| path != own) {
                return Err(BackError::BranchElsewhere { branch: name.clone(), checkout });
            }
        }
        Ok(self.resolve(&format!("refs/heads/{name}")).await?)
    }

    async fn move_head(&self, worktree: &Path, head: &Head, tip: Option<&CommitId>) -> Result<(), GitError> {
        let note = "quarterdeck: go back";
        match head {
            Head::Detached { commit } => {
                let arguments = ["--no-deref", "-m", note, "HEAD", commit.as_str()];
                self.write(worktree, "update-ref").args(arguments).ok().await.map(drop)
            }
            Head::Branch { name, commit } => {
                let reference = format!("refs/heads/{name}");
                if tip != Some(commit) {
                    self.set_ref(&reference, tip, commit, note).await?;
                }
                self.write(worktree, "symbolic-ref").args(["-m", note, "HEAD", &reference]).ok().await.map(drop)
            }
            Head::Unborn { branch } => {
                let reference = format!("refs/heads/{branch}");
                self.write(worktree, "symbolic-ref").args(["HEAD", &reference]).ok().await?;
                match tip {
                    Some(tip) => {
                        let arguments = ["-d", &reference, tip.as_str()];
                        self.write(worktree, "update-ref").args(arguments).ok().await.map(drop)
                    }
                    None => Ok(()),
                }
            }
        }
    }

    /// Forgets that a merge, a rebase or the like is under way; files, index and HEAD stay.
    pub(crate) async fn quit_what_was_begun(&self, worktree: &Path) -> Result<(), GitError> {
        let own = git_dir(worktree);
        for (_, command) in BEGUN.into_iter().filter(|(name, _)| own.join(name).exists()) {
            self.write(worktree, command).arg("--quit").answer().await?;
        }
        Ok(())
    }
}

/// What going back does to the files.
#[derive(Debug, Default)]
struct Plan {
    /// What is taken away: it is kept.
    gone: BTreeSet<GitPath>,
    /// What is written, of the moment's tree.
    written: Vec<GitPath>,
    /// Repositories that differ.
    left: Vec<GitPath>,
}

impl Plan {
    /// What lies where a file is to be written and is not taken away before.
    fn in_the_way(&self, worktree: &Path) -> Result<Vec<GitPath>, GitError> {
        let mut found = BTreeSet::new();
        for path in &self.written {
            let file = worktree.join(path.as_path());
            for folder in file.ancestors().skip(1).take_while(|folder| *folder != worktree) {
                if folder.symlink_metadata().is_ok_and(|meta| !meta.is_dir()) {
                    self.unless_gone(worktree, folder, &mut found);
                }
            }
            match file.symlink_metadata() {
                Ok(meta) if meta.is_dir() => self.files_below(worktree, &file, &mut found)?,
                Ok(_) => self.unless_gone(worktree, &file, &mut found),
                Err(_) => {}
            }
        }
        Ok(found.into_iter().collect())
    }

    fn files_below(&self, worktree: &Path, folder: &Path, found: &mut BTreeSet<GitPath>) -> Result<(), GitError> {
        for entry in std::fs::read_dir(folder).map_err(GitError::io(folder))? {
            let path = entry.map_err(GitError::io(folder))?.path();
            if path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
                self.files_below(worktree, &path, found)?;
            } else {
                self.unless_gone(worktree, &path, found);
            }
        }
        Ok(())
    }

    fn unless_gone(&self, worktree: &Path, file: &Path, found: &mut BTreeSet<GitPath>) {
        if let Ok(path) = file.strip_prefix(worktree) {
            let path = GitPath::from(path);
            if !self.gone.contains(&path) {
                found.insert(path);
            }
        }
    }
}
