//! What a person wants to know of a worktree before taking it away: how large it is, and what only it holds.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::command::{GitError, text};
use crate::ids::CommitId;
use crate::path::GitPath;
use crate::repo::Repo;

/// How a worktree stands. Nothing in it is changed by asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorktreeFacts {
    /// The branch that is checked out, without `refs/heads/`; none where HEAD is detached.
    pub branch: Option<String>,
    /// Where its HEAD is; none before the first commit.
    pub head: Option<CommitId>,
    /// Files that differ from HEAD or are not tracked.
    pub dirty: u64,
    /// Ignored files and folders, a folder that is ignored as a whole named once. No save holds them.
    pub ignored: Vec<GitPath>,
    /// Commits that it has and its target has not; none without a target.
    pub ahead: Option<u64>,
    /// Commits that its target has and it has not; none without a target.
    pub behind: Option<u64>,
    /// Commits that no other branch, no tag and no ref under `refs/quarterdeck/` reaches.
    pub unmerged: u64,
}

/// Bytes in files below a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// How many were counted.
    pub bytes: u64,
    /// Whether that is all of them: false where the time was up, or a folder could not be read.
    pub whole: bool,
}

impl Repo {
    /// How `worktree` stands, compared with the branch `target`. At most four git processes, whatever it holds.
    pub async fn worktree_facts(&self, worktree: &Path, target: Option<&str>) -> Result<WorktreeFacts, GitError> {
        // A folder that is ignored as a whole is not looked into, however much a build put there.
        let options = ["--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--ignored=matching"];
        let answer =
            self.read(worktree, "status").args(options).args(["--no-renames", "--no-ahead-behind"]).ok().await?;
        let mut facts = parse(&answer);
        let Some(head) = facts.head.clone() else { return Ok(facts) };
        if let Some(target) = target
            && let Some(tip) = self.resolve(&format!("refs/heads/{target}")).await?
        {
            let range = format!("{tip}...{head}");
            let counts = self.read(worktree, "rev-list").args(["--count", "--left-right", &range]).line().await?;
            let mut counts = text(&counts).unwrap_or_default().split('\t').map(|count| count.parse().ok());
            (facts.behind, facts.ahead) = (counts.next().flatten(), counts.next().flatten());
        }
        // A name of a branch holds no character that a pattern could take for its own.
        let own = facts.branch.as_ref().map(|branch| format!("--exclude={branch}"));
        let unmerged = self
            .read(worktree, "rev-list")
            .args(["--count", head.as_str(), "--not"])
            .args(own)
            .args(["--branches", "--tags", "--remotes", "--glob=refs/quarterdeck"])
            .line()
            .await?;
        let unexpected = || GitError::Unexpected { command: "rev-list".to_owned() };
        facts.unmerged = text(&unmerged).and_then(|count| count.parse().ok()).ok_or_else(unexpected)?;
        Ok(facts)
    }
}

/// Counts the bytes of the files in a worktree, without its link to the repository, for at most `time`. Links count
/// for themselves. Blocks: not for an async thread.
pub fn size(worktree: &Path, time: Duration) -> Size {
    let began = Instant::now();
    let link = worktree.join(".git");
    let mut size = Size { bytes: 0, whole: true };
    let mut folders: Vec<PathBuf> = vec![worktree.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            size.whole = false;
            continue;
        };
        for entry in entries.filter_map(Result::ok) {
            if began.elapsed() > time {
                return Size { whole: false, ..size };
            }
            // Of the entry itself: what a link points to is not followed.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                folders.push(entry.path());
            } else if entry.path() != link {
                size.bytes += metadata.len();
            }
        }
    }
    size
}

/// Reads `status --porcelain=v2 --branch -z`. Without renames each entry is one field.
fn parse(answer: &[u8]) -> WorktreeFacts {
    let mut facts = WorktreeFacts {
        branch: None,
        head: None,
        dirty: 0,
        ignored: Vec::new(),
        ahead: None,
        behind: None,
        unmerged: 0,
    };
    for field in answer.split(|byte| *byte == 0).filter(|field| !field.is_empty()) {
        if let Some(head) = field.strip_prefix(b"# branch.oid ") {
            // `(initial)` before the first commit.
            facts.head = text(head).and_then(CommitId::parse);
        } else if let Some(name) = field.strip_prefix(b"# branch.head ") {
            facts.branch = (name != b"(detached)").then(|| String::from_utf8_lossy(name).into_owned());
        } else if let Some(path) = field.strip_prefix(b"! ") {
            facts.ignored.push(GitPath::new(path));
        } else if !field.starts_with(b"# ") {
            facts.dirty += 1;
        }
    }
    facts
}
