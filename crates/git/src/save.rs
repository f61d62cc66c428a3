//! Saving a worktree to a ref before anything is done to it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::command::GitError;
use crate::ids::{CommitId, TreeHash};
use crate::repo::Repo;
use crate::snapshot::{Objects, TempIndex};

/// Where a worktree was saved, and enough to bring it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The ref that keeps it.
    pub reference: String,
    /// The commit there: the content on disk, on top of HEAD and the branch.
    pub commit: CommitId,
    /// The content on disk, byte for byte: no line-end conversion, no filters.
    pub tree: TreeHash,
    /// What was staged; none where that was the same as HEAD, or in the middle of a merge.
    pub staged: Option<TreeHash>,
}

impl Repo {
    /// Saves everything in `worktree` that is not ignored, and the commits `tips`, to
    /// `refs/quarterdeck/saved/<id>`. What an earlier save of the same id kept stays reachable.
    pub async fn save(&self, worktree: &Path, id: &str, tips: &[CommitId]) -> Result<Saved, GitError> {
        let reference = format!("refs/quarterdeck/saved/{id}");
        let head = self.resolve_in(worktree, "HEAD").await?;
        let (staged, tree) = self.raw_content(worktree).await?;
        let staged = match (staged, &head) {
            (Some(staged), Some(head)) if staged == self.tree_of(head).await? => None,
            (staged, _) => staged,
        };
        let earlier = self.resolve(&reference).await?;
        let mut parents: Vec<CommitId> = head.into_iter().collect();
        for parent in tips.iter().chain(&earlier) {
            if !parents.contains(parent) {
                parents.push(parent.clone());
            }
        }
        if let Some(staged) = &staged {
            let first = parents.first().cloned();
            parents.push(self.own_commit(staged, first.as_slice(), "Staged").await?);
        }
        let commit = self.own_commit(&tree, &parents, "Saved worktree").await?;
        self.set_ref(&reference, earlier.as_ref(), &commit, "quarterdeck: save").await?;
        Ok(Saved { reference, commit, tree, staged })
    }

    /// What is staged and what is on disk, the latter without conversions.
    pub(crate) async fn raw_content(&self, worktree: &Path) -> Result<(Option<TreeHash>, TreeHash), GitError> {
        let mut index = TempIndex::of(self, worktree, Objects::Repository).await?;
        // Fails in the middle of a merge, which has no staged tree.
        let staged = index.write_tree(self).await.ok();
        index.read_raw(self).await?;
        index.add_all_or_fail(self).await?;
        Ok((staged, index.write_tree(self).await?))
    }

    pub(crate) async fn empty_tree(&self) -> Result<TreeHash, GitError> {
        // Its name depends on the hash that the repository uses.
        let question = ["-t", "tree", "--stdin"];
        self.read(&self.root, "hash-object").args(question).stdin([]).tree().await
    }

    /// The tree of a commit.
    pub async fn tree_of(&self, commit: &CommitId) -> Result<TreeHash, GitError> {
        let name = format!("{commit}^{{tree}}");
        self.read(&self.root, "rev-parse").args(["--verify", &name]).tree().await
    }

    /// A commit in the product's own name: saving must work where the user has set no name.
    pub(crate) async fn own_commit(
        &self,
        tree: &TreeHash,
        parents: &[CommitId],
        message: &str,
    ) -> Result<CommitId, GitError> {
        let (name, address) = ("Quarterdeck", "quarterdeck@localhost");
        self.write(&self.root, "commit-tree")
            .arg(tree)
            .args(parents.iter().flat_map(|parent| ["-p", parent.as_str()]))
            .args(["-F", "-"])
            .stdin(message)
            .var("GIT_AUTHOR_NAME", name)
            .var("GIT_AUTHOR_EMAIL", address)
            .var("GIT_COMMITTER_NAME", name)
            .var("GIT_COMMITTER_EMAIL", address)
            .commit()
            .await
    }

    /// Moves a ref by compare-and-swap; `old` none means that it must not exist.
    pub(crate) async fn set_ref(
        &self,
        reference: &str,
        old: Option<&CommitId>,
        new: &CommitId,
        note: &str,
    ) -> Result<(), GitError> {
        let old = old.map_or_else(|| "0".repeat(new.as_str().len()), ToString::to_string);
        let arguments = ["-m", note, reference, new.as_str(), &old];
        self.write(&self.root, "update-ref").args(arguments).ok().await.map(drop)
    }
}
