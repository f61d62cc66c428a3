//! Bringing what its target branch has meanwhile into a worktree, as `git merge` would, with what nobody committed
//! first put into a commit. What conflicts stays in the files with git's marks, and the merge stays open.
//!
//! Not safe against being cut off by itself: the caller keeps the moment before, and goes back to it first.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::command::{GitError, text};
use crate::ids::{CommitId, TreeHash};
use crate::keep::KeepError;
use crate::merging::MERGING;
use crate::path::GitPath;
use crate::repo::Repo;
use crate::snapshot::{Objects, TempIndex};
use crate::standing::git_dir;

/// What is to be brought into which worktree.
#[derive(Debug, Clone)]
pub struct UpdateRequest {
    /// The worktree.
    pub worktree: PathBuf,
    /// The branch to merge in, without `refs/heads/`.
    pub target: String,
    /// The message for what was not committed.
    pub message: String,
    /// Files and folders that stay as they are.
    pub exclude: Vec<GitPath>,
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Updated {
    /// The worktree has all of the target already.
    Already,
    /// It is merged.
    Merged,
    /// The merge is open: these files are in conflict.
    Conflicts(Vec<GitPath>),
}

/// What `merge-tree` answers.
pub(crate) struct MergedTree {
    tree: TreeHash,
    /// As git wrote them: `<mode> <blob> <stage>\t<path>`; none where nothing conflicts.
    stages: Vec<Vec<u8>>,
}

impl Repo {
    /// Merges the target into the worktree. Where something is open there already with files that nobody has resolved,
    /// nothing is done but telling these; what is resolved is committed first.
    pub async fn update(&self, request: &UpdateRequest) -> Result<Updated, KeepError> {
        let UpdateRequest { worktree, target, message, exclude } = request;
        self.require_worktree(worktree).await?;
        let begun = self.is_begun(worktree);
        if begun {
            let open = self.unresolved(worktree).await?;
            let ends_with_a_commit = self.merging(worktree)?.or(self.reverting(worktree)?).is_some();
            if !open.is_empty() || !ends_with_a_commit {
                return Ok(Updated::Conflicts(open));
            }
        }
        let unborn = || KeepError::Unrelated { target: target.clone() };
        let head = self.resolve_in(worktree, "HEAD").await?.ok_or_else(unborn)?;
        let theirs = self.target(target).await?;
        if !begun && self.is_ancestor(&theirs, &head).await? {
            return Ok(Updated::Already);
        }
        self.require_author().await?;
        let ours = self.commit_all(worktree, &head, message, exclude).await?;
        if begun {
            self.quit_what_was_begun(worktree).await?;
            if self.is_ancestor(&theirs, &ours).await? {
                return Ok(Updated::Merged);
            }
        }
        let merged = self.merge_tree(worktree, &format!("heads/{target}")).await?.ok_or_else(unborn)?;
        if self.target(target).await? != theirs {
            return Err(KeepError::Moving { target: target.clone() });
        }
        let (tree, conflicts) = self.write_merged(worktree, &ours, merged, exclude).await?;
        let note = format!("Merge branch '{target}' into {}", self.branch_name(worktree).await?);
        if !conflicts {
            let new = self.user_commit(&tree, &[&ours, &theirs], &note).await?;
            self.move_own_head(worktree, &ours, &new).await?;
            return Ok(Updated::Merged);
        }
        let folder = git_dir(worktree);
        let begun =
            fs::write(folder.join("MERGE_MODE"), "no-ff").and_then(|()| begin(&folder, MERGING, &theirs, &note));
        begun.map_err(GitError::io(folder))?;
        Ok(Updated::Conflicts(self.unresolved(worktree).await?))
    }

    pub(crate) async fn require_worktree(&self, worktree: &Path) -> Result<(), GitError> {
        self.require_linked(worktree).await.map_err(|error| match error {
            crate::discard::DiscardError::Git(error) => error,
            other => GitError::Unexpected { command: other.to_string() },
        })
    }

    /// Writes what was merged into the files and the index of a worktree that stands at `ours`. The answer is the tree
    /// and whether something conflicts.
    pub(crate) async fn write_merged(
        &self,
        worktree: &Path,
        ours: &CommitId,
        merged: MergedTree,
        exclude: &[GitPath],
    ) -> Result<(TreeHash, bool), GitError> {
        let stages = conflicts(merged.stages, exclude);
        let tree = self.without(worktree, &merged.tree, ours, exclude).await?;
        self.write(worktree, "read-tree").args(["-m", "-u", ours.as_str(), tree.as_str()]).ok().await?;
        if !stages.is_empty() {
            self.write(worktree, "update-index")
                .args(["-z", "--index-info"])
                .stdin(index_info(&stages, ours.as_str().len()))
                .ok()
                .await?;
        }
        Ok((tree, !stages.is_empty()))
    }

    /// Puts everything that is not committed into a commit on HEAD and on what is being merged into it, but for `exclude`;
    /// the files stay as they are.
    pub(crate) async fn commit_all(
        &self,
        worktree: &Path,
        head: &CommitId,
        message: &str,
        exclude: &[GitPath],
    ) -> Result<CommitId, GitError> {
        let index = TempIndex::of(self, worktree, Objects::Repository).await?;
        index.add_all_or_fail(self).await?;
        index.take_from(self, head, exclude).await?;
        let tree = index.write_tree(self).await?;
        let merging = self.merging(worktree)?;
        let commit = if merging.is_none() && tree == self.tree_of(head).await? {
            head.clone()
        } else {
            let parents: Vec<&CommitId> = std::iter::once(head).chain(&merging).collect();
            let commit = self.user_commit(&tree, &parents, message).await?;
            self.move_own_head(worktree, head, &commit).await?;
            commit
        };
        self.write(worktree, "read-tree").arg(commit.as_str()).ok().await?;
        // Fills in the stat data that reading a tree left out; its exit code says that files differ.
        self.write(worktree, "update-index").args(["-q", "--refresh"]).answer().await?;
        Ok(commit)
    }

    pub(crate) async fn move_own_head(&self, worktree: &Path, old: &CommitId, new: &CommitId) -> Result<(), GitError> {
        let arguments = ["-m", "quarterdeck: update", "HEAD", new.as_str(), old.as_str()];
        self.write(worktree, "update-ref").args(arguments).ok().await.map(drop)
    }

    /// The name of the branch that is checked out, `HEAD` where none is.
    pub(crate) async fn branch_name(&self, worktree: &Path) -> Result<String, GitError> {
        Ok(match self.head_of(worktree).await? {
            crate::repo::Head::Branch { name, .. } | crate::repo::Head::Unborn { branch: name } => name,
            crate::repo::Head::Detached { .. } => "HEAD".to_owned(),
        })
    }

    pub(crate) async fn target(&self, target: &str) -> Result<CommitId, KeepError> {
        let no_target = || KeepError::NoTarget { target: target.to_owned() };
        self.tip(target).await?.ok_or_else(no_target)
    }

    /// Merges `theirs` and HEAD, by name: git's marks in the files tell these. None where they have nothing in
    /// common.
    pub(crate) async fn merge_tree(&self, worktree: &Path, theirs: &str) -> Result<Option<MergedTree>, GitError> {
        let common = self.read(worktree, "merge-base").args(["HEAD", theirs]).answer().await?;
        if common.code() != Some(0) {
            return Ok(None);
        }
        let options = ["--write-tree", "-z", "--no-messages"];
        let merge = self.write(worktree, "merge-tree").args(options).args(["HEAD", theirs]);
        let answer = merge.answer().await?;
        if !matches!(answer.code(), Some(0 | 1)) {
            return Err(answer.failed());
        }
        let answer = answer.into_stdout();
        let mut fields = answer.split(|byte| *byte == 0);
        let unexpected = || GitError::Unexpected { command: "merge-tree".to_owned() };
        let tree = fields.next().and_then(text).and_then(TreeHash::parse).ok_or_else(unexpected)?;
        let stages = fields.filter(|field| !field.is_empty()).map(<[u8]>::to_vec).collect();
        Ok(Some(MergedTree { tree, stages }))
    }

    /// `tree` with `exclude` as `commit` has it.
    pub(crate) async fn without(
        &self,
        worktree: &Path,
        tree: &TreeHash,
        commit: &CommitId,
        exclude: &[GitPath],
    ) -> Result<TreeHash, GitError> {
        let touched = self.names_between([commit.as_str(), tree.as_str()], &[]).await?;
        if !touched.iter().any(|path| exclude.iter().any(|folder| path.is_within(folder))) {
            return Ok(tree.clone());
        }
        let index = TempIndex::of(self, worktree, Objects::Repository).await?;
        index.git(self, "read-tree").arg(tree).ok().await?;
        index.take_from(self, commit, exclude).await?;
        index.write_tree(self).await
    }
}

/// The entries in conflict that do not lie in `exclude`.
fn conflicts(stages: Vec<Vec<u8>>, exclude: &[GitPath]) -> Vec<Vec<u8>> {
    let open = |stage: &Vec<u8>| !exclude.iter().any(|folder| path_of(stage).is_within(folder));
    stages.into_iter().filter(open).collect()
}

fn path_of(stage: &[u8]) -> GitPath {
    GitPath::new(stage.splitn(2, |byte| *byte == b'\t').nth(1).unwrap_or_default())
}

/// What `update-index --index-info` reads: the merged entries go, those of each side come.
fn index_info(stages: &[Vec<u8>], hash: usize) -> Vec<u8> {
    let mut info = Vec::new();
    for stage in stages {
        info.extend_from_slice(format!("0 {}\t", "0".repeat(hash)).as_bytes());
        info.extend_from_slice(path_of(stage).as_bytes());
        info.push(0);
    }
    for stage in stages {
        info.extend_from_slice(stage);
        info.push(0);
    }
    info
}

/// The files by which git knows that something is open; the one that counts comes last, and whole.
pub(crate) fn begin(folder: &Path, what: &str, commit: &CommitId, note: &str) -> std::io::Result<()> {
    fs::write(folder.join("MERGE_MSG"), format!("{note}\n"))?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{commit}")?;
    file.persist(folder.join(what)).map(drop).map_err(|error| error.error)
}
