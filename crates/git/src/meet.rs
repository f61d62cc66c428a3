//! Where the work in two worktrees meets: the files that both changed, and whether a merge of both would conflict.
//!
//! The merge is tried on snapshots, in their scratch folders: nothing is written into the user's repository.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use crate::changes::Changes;
use crate::command::{Git, GitError, text};
use crate::ids::{CommitId, TreeHash};
use crate::path::GitPath;
use crate::repo::Repo;
use crate::snapshot::{Folder, Objects, Snapshot};

/// Fewer merges than this are made by one git.
const ALONE: usize = 8;

impl Changes {
    /// The paths that both changed, in order. Asks nobody.
    pub fn meets(&self, other: &Self) -> Vec<GitPath> {
        let theirs = other.touched();
        self.touched().intersection(&theirs).map(|path| (*path).clone()).collect()
    }

    /// Where a file moved from is touched too.
    fn touched(&self) -> BTreeSet<&GitPath> {
        self.files.iter().flat_map(|file| [Some(&file.path), file.old_path.as_ref()]).flatten().collect()
    }
}

impl Repo {
    /// The files in which the works of each pair (places in `snapshots`) conflict, in the order of the pairs; none of
    /// them where git merges both. Each work counts as one commit on its merge base. At most three git processes.
    pub async fn conflicts(
        &self,
        snapshots: &[&Snapshot],
        pairs: &[[usize; 2]],
    ) -> Result<Vec<Vec<GitPath>>, GitError> {
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let scratch = Scratch::new(self, snapshots)?;
        let commits = scratch.commits(snapshots).await?;
        // Merges are work for a core: two go on at a time.
        let half = if pairs.len() < ALONE { pairs.len() } else { pairs.len().div_ceil(2) };
        let (first, second) = pairs.split_at(half);
        let (first, second) = tokio::try_join!(scratch.merges(&commits, first), scratch.merges(&commits, second))?;
        Ok([first, second].concat())
    }
}

/// A place for what merges make, in which git also finds the objects of all snapshots.
struct Scratch<'r> {
    repo: &'r Repo,
    folder: Folder,
    vars: Vec<(&'static str, OsString)>,
}

impl<'r> Scratch<'r> {
    fn new(repo: &'r Repo, snapshots: &[&Snapshot]) -> Result<Self, GitError> {
        let folder = Folder::new(repo, Objects::Scratch)?;
        let vars = vec![
            ("GIT_OBJECT_DIRECTORY", folder.path("objects").into_os_string()),
            ("GIT_ALTERNATE_OBJECT_DIRECTORIES", repo.objects_of(snapshots)),
        ];
        Ok(Self { repo, folder, vars })
    }

    fn git(&self, command: &str) -> Git<'r> {
        let git = self.repo.write(&self.repo.root, command).vars(&self.vars);
        // It goes away at once.
        git.config("core.looseCompression", "0").config("core.fsync", "none")
    }

    /// Each snapshot as one commit on its merge base, in the product's own name: this must work where the user has set
    /// none.
    async fn commits(&self, snapshots: &[&Snapshot]) -> Result<Vec<CommitId>, GitError> {
        let who = "Quarterdeck <quarterdeck@localhost> 0 +0000";
        let mut names = Vec::new();
        for (at, snapshot) in snapshots.iter().enumerate() {
            let (tree, parent) = (snapshot.tree(), snapshot.merge_base());
            let commit = format!("tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\n\nSnapshot\n");
            let path = self.folder.path(&format!("commit-{at}"));
            std::fs::write(&path, commit).map_err(GitError::io(&path))?;
            names.extend_from_slice(path.as_os_str().as_bytes());
            names.push(b'\n');
        }
        let hash = self.git("hash-object").args(["-w", "-t", "commit", "--no-filters", "--stdin-paths"]);
        let made = hash.stdin(names).ok().await?;
        let made: Option<Vec<CommitId>> = text(&made).and_then(|made| made.lines().map(CommitId::parse).collect());
        let unexpected = || GitError::Unexpected { command: "hash-object".to_owned() };
        made.filter(|made| made.len() == snapshots.len()).ok_or_else(unexpected)
    }

    async fn merges(&self, commits: &[CommitId], pairs: &[[usize; 2]]) -> Result<Vec<Vec<GitPath>>, GitError> {
        let unexpected = || GitError::Unexpected { command: "merge-tree".to_owned() };
        let mut wanted = String::new();
        for pair in pairs {
            let [Some(one), Some(other)] = pair.map(|at| commits.get(at)) else { return Err(unexpected()) };
            wanted.extend([one.as_str(), " ", other.as_str(), "\n"]);
        }
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let merged = self
            .git("merge-tree")
            .args(["--write-tree", "--stdin", "--name-only", "--no-messages", "--allow-unrelated-histories"])
            .stdin(wanted)
            .ok()
            .await?;
        let conflicts = read_merges(&merged).ok_or_else(unexpected)?;
        if conflicts.len() == pairs.len() { Ok(conflicts) } else { Err(unexpected()) }
    }
}

/// Reads `merge-tree --stdin --name-only --no-messages`: of each merge whether it is clean, its tree, and the files in
/// conflict, each ended by a zero, and one more at the end.
fn read_merges(answer: &[u8]) -> Option<Vec<Vec<GitPath>>> {
    let mut fields = answer.split(|byte| *byte == 0);
    let mut merges = Vec::new();
    while let Some(clean) = fields.next() {
        if clean.is_empty() && fields.clone().next().is_none() {
            return Some(merges);
        }
        fields.next().and_then(text).and_then(TreeHash::parse)?;
        let files: Vec<GitPath> = fields.by_ref().take_while(|name| !name.is_empty()).map(GitPath::new).collect();
        match (clean, files.is_empty()) {
            (b"1", true) | (b"0", false) => merges.push(files),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_are_read_one_after_the_other_and_nothing_half() {
        let tree = "1".repeat(40);
        let both = format!("0\0{tree}\0a b\0c\nd\0\x001\0{tree}\0\0");
        assert_eq!(read_merges(both.as_bytes()), Some(vec![vec!["a b".into(), "c\nd".into()], vec![]]));
        assert_eq!(read_merges(b""), Some(vec![]));
        for broken in [&both[..3], both.trim_end_matches('\0'), &both.replace("0\0", "-1\0")] {
            assert_eq!(read_merges(broken.as_bytes()), None, "{broken:?}");
        }
    }
}
