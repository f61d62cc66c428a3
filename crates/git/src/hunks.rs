//! Parts of files: what of a file is in no commit, hunk by hunk, and committing some of it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::command::{Answer, Git, GitError};
use crate::commit::CommitOutcome;
use crate::patch::{Hunk, hunks};
use crate::path::GitPath;
use crate::repo::Repo;
use crate::standing::git_dir;

/// The index that holds what is committed, beside that of the worktree.
const INDEX: &str = "quarterdeck-commit-index";

/// A part of what is in no commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UncommittedHunk {
    /// By what it is chosen: other content has another id.
    pub id: String,
    /// Its lines.
    pub hunk: Hunk,
}

/// Hunks of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenHunks {
    /// The file.
    pub path: GitPath,
    /// The ids of the hunks.
    pub ids: Vec<String>,
}

/// A patch of one file, cut up.
struct Pieces<'p> {
    head: &'p [u8],
    hunks: Vec<&'p [u8]>,
}

impl Repo {
    /// What of a file in `worktree` is in no commit, hunk by hunk. Nothing of a file that is new, gone or binary: that is
    /// committed whole.
    pub async fn uncommitted_hunks(&self, worktree: &Path, path: &GitPath) -> Result<Vec<UncommittedHunk>, GitError> {
        let diff = self.uncommitted_patch(worktree, path).await?;
        let pieces = cut(&diff);
        let told = pieces.hunks.iter().filter_map(|piece| {
            let hunk = hunks(&String::from_utf8_lossy(piece)).pop()?;
            Some(UncommittedHunk { id: id(piece), hunk })
        });
        Ok(told.collect())
    }

    async fn uncommitted_patch(&self, worktree: &Path, path: &GitPath) -> Result<Vec<u8>, GitError> {
        let plain =
            ["--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--unified=3", "--inter-hunk-context=0"];
        let diff = self.read(worktree, "diff").args(plain).args(["--src-prefix=a/", "--dst-prefix=b/", "HEAD"]);
        diff.paths([path.as_path()]).ok().await
    }

    /// Commits hunks and whole files, and nothing else that is staged. Both are staged afterwards as they were before,
    /// and what is committed is.
    pub(crate) async fn commit_parts(
        &self,
        worktree: &Path,
        message: &str,
        files: &[GitPath],
        chosen: &[ChosenHunks],
    ) -> Result<Result<Answer, CommitOutcome>, GitError> {
        let mut patch = Vec::new();
        for ChosenHunks { path, ids } in chosen {
            let whole = self.uncommitted_patch(worktree, path).await?;
            match some_of(&whole, ids) {
                Some(some) => patch.extend(some),
                None => return Ok(Err(CommitOutcome::Changed { path: path.clone() })),
            }
        }
        let index = Kept::of(self.index_of(worktree).await?)?;
        let made = self.commit_staged(worktree, message, files, &patch).await;
        if !matches!(&made, Ok(Ok(answer)) if answer.code() == Some(0)) {
            index.put_back()?;
        }
        made
    }

    /// Stages what is chosen, in the worktree's index for what comes later and in one of its own for the commit.
    async fn commit_staged(
        &self,
        worktree: &Path,
        message: &str,
        files: &[GitPath],
        patch: &[u8],
    ) -> Result<Result<Answer, CommitOutcome>, GitError> {
        if !stage(&|command: &str| self.write(worktree, command), files, patch).await? {
            return Ok(Err(CommitOutcome::Staged));
        }
        let own = git_dir(worktree).join(INDEX);
        let temporary = |command: &str| self.write(worktree, command).var("GIT_INDEX_FILE", &own);
        temporary("read-tree").arg("HEAD").ok().await?;
        stage(&temporary, files, patch).await?;
        let answer = temporary("commit").with_hooks().args(["-q", "-m", message]).answer().await?;
        fs::remove_file(&own).map_err(GitError::io(&own))?;
        Ok(Ok(answer))
    }
}

/// Stages whole files and a patch. Returns whether the patch is staged now; it may have been before.
async fn stage<'r>(git: &impl Fn(&str) -> Git<'r>, files: &[GitPath], patch: &[u8]) -> Result<bool, GitError> {
    if !files.is_empty() {
        git("add").arg("-A").names(files).ok().await?;
    }
    let apply = |more: &[&str]| git("apply").args(["--cached", "--whitespace=nowarn"]).args(more).stdin(patch).answer();
    if apply(&[]).await?.code() == Some(0) {
        return Ok(true);
    }
    Ok(apply(&["--reverse", "--check"]).await?.code() == Some(0))
}

/// An index as it was.
struct Kept {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Kept {
    fn of(path: PathBuf) -> Result<Self, GitError> {
        let bytes = fs::read(&path).map_err(GitError::io(&path))?;
        Ok(Self { path, bytes })
    }

    /// Puts it back in git's own way: who holds its lock works on it.
    fn put_back(&self) -> Result<(), GitError> {
        let lock = self.path.with_extension("lock");
        let made = OpenOptions::new().write(true).create_new(true).open(&lock);
        match made.and_then(|mut file| file.write_all(&self.bytes)).and_then(|()| fs::rename(&lock, &self.path)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            done => done.map_err(GitError::io(&self.path)),
        }
    }
}

/// The patch with only the hunks of these ids, without a change of the mode; none where one of them is not in it.
fn some_of(patch: &[u8], ids: &[String]) -> Option<Vec<u8>> {
    let Pieces { head, hunks } = cut(patch);
    let chosen: Vec<&[u8]> = hunks.into_iter().filter(|hunk| ids.contains(&id(hunk))).collect();
    if ids.is_empty() || chosen.len() != ids.len() {
        return None;
    }
    let is_of_mode = |line: &&[u8]| line.starts_with(b"old mode ") || line.starts_with(b"new mode ");
    let head = head.split_inclusive(|byte| *byte == b'\n').filter(|line| !is_of_mode(line));
    Some(head.chain(chosen).flatten().copied().collect())
}

/// Cuts a patch of one file up: a line of a file never begins like a hunk. Without hunks where the file is new or gone.
fn cut(patch: &[u8]) -> Pieces<'_> {
    let begins = |at: usize| patch[at..].starts_with(b"@@ -") && (at == 0 || patch[at - 1] == b'\n');
    let mut starts: Vec<usize> = (0..patch.len()).filter(|at| begins(*at)).collect();
    let head = &patch[..starts.first().copied().unwrap_or(patch.len())];
    let is_whole = |line: &[u8]| line.starts_with(b"new file mode ") || line.starts_with(b"deleted file mode ");
    if head.split(|byte| *byte == b'\n').any(is_whole) {
        starts.clear();
    }
    let ends = starts.iter().skip(1).copied().chain([patch.len()]);
    Pieces { head, hunks: starts.iter().zip(ends).map(|(from, to)| &patch[*from..to]).collect() }
}

fn id(hunk: &[u8]) -> String {
    let digest = Sha256::digest(hunk);
    format!("{:016x}", digest.iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte)))
}
