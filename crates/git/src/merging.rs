//! A merge that is under way in a worktree, whoever began it, and which of its files are still open.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use crate::command::GitError;
use crate::ids::CommitId;
use crate::path::GitPath;
use crate::repo::Repo;
use crate::standing::git_dir;

/// A file in conflict is searched so far for the marks of git.
const SEARCHED: u64 = 16 << 20;
/// What is under way where one of these lies in the git directory, and the command of git that does it.
pub(crate) const BEGUN: [(&str, &str); 5] = [
    (MERGING, "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    (REVERTING, "revert"),
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
];
/// The file in the git directory that names what is being merged.
pub(crate) const MERGING: &str = "MERGE_HEAD";
/// The file in the git directory that names what is being reverted.
pub(crate) const REVERTING: &str = "REVERT_HEAD";

/// Which side of a conflict is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What the worktree had.
    Ours,
    /// What is being merged in.
    Theirs,
    /// What stands in the file now.
    AsItIs,
}

impl Repo {
    /// The commit that is being merged into `worktree`; none where none is.
    pub fn merging(&self, worktree: &Path) -> Result<Option<CommitId>, GitError> {
        begun(worktree, MERGING)
    }

    /// The commit that is being reverted in `worktree`; none where none is.
    pub fn reverting(&self, worktree: &Path) -> Result<Option<CommitId>, GitError> {
        begun(worktree, REVERTING)
    }

    /// Whether a merge, a cherry-pick, a revert or a rebase is under way in `worktree`.
    pub fn is_begun(&self, worktree: &Path) -> bool {
        let folder = git_dir(worktree);
        BEGUN.iter().any(|(name, _)| folder.join(name).exists())
    }

    /// The files of `worktree` whose conflict nobody has resolved: those that git lists as unmerged, but for text from
    /// which its marks are gone and for what was deleted since.
    pub async fn unresolved(&self, worktree: &Path) -> Result<Vec<GitPath>, GitError> {
        let answer = self.read(worktree, "ls-files").args(["-u", "-z"]).ok().await?;
        let unexpected = || GitError::Unexpected { command: "ls-files".to_owned() };
        let mut files: BTreeMap<GitPath, Vec<Stage>> = BTreeMap::new();
        for entry in answer.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let (path, stage) = parse(entry).ok_or_else(unexpected)?;
            files.entry(path).or_default().push(stage);
        }
        files.retain(|path, stages| is_open(&worktree.join(path.as_path()), stages));
        Ok(files.into_keys().collect())
    }

    /// Resolves the conflict of one file. May be repeated.
    pub async fn resolve_file(&self, worktree: &Path, path: &GitPath, side: Side) -> Result<(), GitError> {
        let number = match side {
            Side::Ours => b'2',
            Side::Theirs => b'3',
            Side::AsItIs => return self.stage(worktree, path).await,
        };
        let answer = self.read(worktree, "ls-files").args(["-u", "-z"]).paths([path.as_path()]).ok().await?;
        let stages: Vec<_> = answer.split(|byte| *byte == 0).filter_map(parse).collect();
        if stages.is_empty() {
            return Ok(());
        }
        if stages.iter().any(|(_, stage)| stage.number == number) {
            let side = if side == Side::Ours { "--ours" } else { "--theirs" };
            self.write(worktree, "checkout").args(["-q", side]).paths([path.as_path()]).ok().await?;
        } else {
            crate::discard::remove_file(worktree, path)?;
        }
        self.stage(worktree, path).await
    }

    async fn stage(&self, worktree: &Path, path: &GitPath) -> Result<(), GitError> {
        let add = self.write(worktree, "update-index").args(["--add", "--remove"]);
        add.paths([path.as_path()]).ok().await.map(drop)
    }
}

fn begun(worktree: &Path, what: &str) -> Result<Option<CommitId>, GitError> {
    let path = git_dir(worktree).join(what);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().next().and_then(CommitId::parse)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(GitError::io(path)(error)),
    }
}

/// One side of a file in conflict: 1 is the base, 2 ours, 3 theirs.
#[derive(Debug, PartialEq, Eq)]
struct Stage {
    number: u8,
    is_file: bool,
}

/// `<mode> <blob> <stage>\t<path>`
fn parse(entry: &[u8]) -> Option<(GitPath, Stage)> {
    let tab = entry.iter().position(|byte| *byte == b'\t')?;
    let (about, path) = (entry.get(..tab)?, entry.get(tab + 1..)?);
    let stage = Stage { number: *about.last()?, is_file: about.starts_with(b"100") };
    Some((GitPath::new(path), stage))
}

fn is_open(file: &Path, stages: &[Stage]) -> bool {
    if file.symlink_metadata().is_err() {
        return false;
    }
    let is_text = |number| stages.iter().any(|stage| stage.number == number && stage.is_file);
    let both = is_text(b'2') && is_text(b'3');
    // What can't be merged line by line has no marks: it stays open until somebody says which side it is.
    !both || has_marks(file).unwrap_or(true)
}

/// Whether git's marks stand in a file, or it is no text.
fn has_marks(file: &Path) -> io::Result<bool> {
    let mut bytes = Vec::new();
    fs::File::open(file)?.take(SEARCHED).read_to_end(&mut bytes)?;
    let marked = |line: &[u8]| line.starts_with(b"<<<<<<< ") || line.starts_with(b">>>>>>> ");
    Ok(bytes.contains(&0) || bytes.split(|byte| *byte == b'\n').any(marked))
}
