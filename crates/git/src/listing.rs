//! The files of a worktree as git sees them: tracked, and untracked where they are not ignored; with what says which of
//! them matter now.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::SystemTime;

use crate::command::{GitError, text};
use crate::path::GitPath;
use crate::repo::Repo;
use crate::standing::git_dir;

/// So many commits are looked back for files that were touched.
const COMMITS: &str = "-n50";

/// One file of a worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// Where it is.
    pub path: GitPath,
    /// Whether it differs from the last commit.
    pub changed: bool,
    /// How many files were touched later than this one by the last commits; none where they did not touch it.
    pub touched: Option<usize>,
}

/// What tells one listing from the next without asking git: the index and the log of HEAD as they lie on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingStamp([Option<(SystemTime, u64)>; 2]);

impl ListingStamp {
    /// As it is now. A worktree without a git directory has an empty one.
    pub fn of(worktree: &Path) -> Self {
        let dir = git_dir(worktree);
        Self(["index", "logs/HEAD"].map(|name| {
            let found = std::fs::metadata(dir.join(name)).ok()?;
            Some((found.modified().ok()?, found.len()))
        }))
    }
}

impl Repo {
    /// Every file of `worktree`, by path. Takes the same number of git calls however many there are.
    pub async fn list_files(&self, worktree: &Path) -> Result<Vec<ListedFile>, GitError> {
        let tracked = self.read(worktree, "ls-files").args(["-z", "--cached", "--deduplicate"]).ok();
        let status = self
            .read(worktree, "status")
            .args(["-z", "--porcelain=v1", "--no-renames", "--untracked-files=all", "--ignore-submodules=all"])
            .ok();
        let log = self
            .read(worktree, "log")
            .args([
                COMMITS,
                "-z",
                "--format=",
                "--name-only",
                "--no-renames",
                "--no-ext-diff",
                "--ignore-submodules=all",
            ])
            .answer();
        let (tracked, status, log) = tokio::join!(tracked, status, log);
        let (tracked, status) = (tracked?, status?);
        // A branch without a commit has no log.
        let log = log?;
        let log = if log.code() == Some(0) { log.into_stdout() } else { Vec::new() };
        let changes = read_status(&status).ok_or(GitError::Unexpected { command: "status".to_owned() })?;
        Ok(join(&tracked, &changes, &log))
    }
}

/// What a status says of the files that differ from the last commit.
#[derive(Debug, Default, PartialEq, Eq)]
struct Differing<'a> {
    /// They are there.
    changed: HashSet<&'a [u8]>,
    /// They are there, and git does not know them yet.
    untracked: Vec<&'a [u8]>,
    /// They are not there.
    gone: HashSet<&'a [u8]>,
}

fn read_status(answer: &[u8]) -> Option<Differing<'_>> {
    let mut differing = Differing::default();
    for entry in fields(answer) {
        let (state, path) = entry.split_at_checked(3)?;
        let [staged, unstaged, b' '] = *state else { return None };
        // A repository of its own within this one ends in a slash.
        if path.ends_with(b"/") {
            continue;
        }
        if staged == b'?' {
            differing.untracked.push(path);
        }
        if unstaged == b'D' || (staged == b'D' && unstaged == b' ') {
            differing.gone.insert(path);
        } else {
            differing.changed.insert(path);
        }
    }
    Some(differing)
}

fn join(tracked: &[u8], differing: &Differing, log: &[u8]) -> Vec<ListedFile> {
    let mut touched: HashMap<&[u8], usize> = HashMap::new();
    for path in fields(log) {
        let place = touched.len();
        touched.entry(path).or_insert(place);
    }
    let there = fields(tracked).filter(|path| !differing.gone.contains(path));
    let mut files: Vec<ListedFile> = there
        .chain(differing.untracked.iter().copied())
        .map(|path| ListedFile {
            path: GitPath::new(path),
            changed: differing.changed.contains(path),
            touched: touched.get(path).copied(),
        })
        .collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files.dedup_by(|one, other| one.path == other.path);
    files
}

fn fields(answer: &[u8]) -> impl Iterator<Item = &[u8]> {
    answer.split(|byte| *byte == 0).filter(|field| !field.is_empty())
}

impl ListedFile {
    /// Its path as plain text; none where it is no text, or would break the line that it stands in.
    pub fn plain(&self) -> Option<&str> {
        text(self.path.as_bytes()).filter(|path| !path.chars().any(char::is_control))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deleted_is_not_listed_and_what_came_is() {
        let status = read_status(b" M b\0?? new\nline\0 D c\0D  d\0A  e\0?? nested/\0").unwrap();
        let seen: Vec<_> = join(b"a\0b\0c\0e\0", &status, b"b\0\0a\0b\0")
            .into_iter()
            .map(|file| (file.path.to_string(), file.changed, file.touched))
            .collect();
        let expected = [("a", false, Some(1)), ("b", true, Some(0)), ("e", true, None), ("new\nline", true, None)];
        assert_eq!(seen, expected.map(|(path, changed, touched)| (path.to_owned(), changed, touched)));
        assert_eq!(read_status(b"nonsense\0"), None);
    }

    #[test]
    fn names_that_break_a_line_are_not_plain() {
        let plain = |path: &[u8]| {
            let file = ListedFile { path: GitPath::new(path), changed: false, touched: None };
            file.plain().map(str::to_owned)
        };
        assert_eq!(plain("grüße \"x\".md".as_bytes()).as_deref(), Some("grüße \"x\".md"));
        assert_eq!(plain(b"new\nline"), None);
        assert_eq!(plain(b"not-utf8-\xff"), None);
    }
}
