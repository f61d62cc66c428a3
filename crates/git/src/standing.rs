//! Where a worktree stands, read from the files in which git notes it: its git directory, its HEAD, the tip of a branch.
//!
//! For what is asked again and again. Whatever is not a plain note in a plain file (another format of refs, a ref that
//! names a ref) is none here, and the caller asks git.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::command::{GitError, text};
use crate::ids::CommitId;
use crate::repo::Repo;

/// By what a file is known again: its number, size, and both times to the nanosecond. None where there is no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileStamp(Option<[i128; 4]>);

impl FileStamp {
    pub fn of(path: &Path) -> Self {
        Self(path.metadata().ok().as_ref().map(stamp))
    }
}

fn stamp(meta: &Metadata) -> [i128; 4] {
    let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
    [
        meta.ino().into(),
        meta.len().into(),
        nanoseconds(meta.mtime(), meta.mtime_nsec()),
        nanoseconds(meta.ctime(), meta.ctime_nsec()),
    ]
}

/// By what a repository is known again: what stands at `.git`, and the configuration that says what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Door {
    stands: Option<(u64, u64)>,
    named: Option<Vec<u8>>,
    whole: bool,
    config: FileStamp,
}

impl Door {
    pub fn of(root: &Path, common_dir: &Path) -> Self {
        let dot = root.join(".git");
        Self {
            stands: dot.symlink_metadata().ok().map(|meta| (meta.dev(), meta.ino())),
            named: std::fs::read(&dot).ok(),
            whole: git_dir(root).join("HEAD").is_file() && common_dir.join("objects").is_dir(),
            config: FileStamp::of(&common_dir.join("config")),
        }
    }
}

/// What can make two commits have another point of departure than they had: replaced and cut off history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HistoryStamp([FileStamp; 4]);

impl HistoryStamp {
    fn of(common_dir: &Path) -> Self {
        // A replacement lies in its folder or among the packed refs.
        Self(
            ["shallow", "info/grafts", "refs/replace", "packed-refs"].map(|name| FileStamp::of(&common_dir.join(name))),
        )
    }
}

/// The git directory of a worktree: a linked one has a file that names it.
pub(crate) fn git_dir(worktree: &Path) -> PathBuf {
    let dot = worktree.join(".git");
    let named = std::fs::read_to_string(&dot).ok();
    let named = named.as_deref().and_then(|text| text.trim_end_matches('\n').strip_prefix("gitdir: "));
    named.map_or(dot, |named| worktree.join(named))
}

/// Where HEAD of the worktree with this git directory is.
fn head(git_dir: &Path, common_dir: &Path) -> Option<CommitId> {
    let noted = std::fs::read(git_dir.join("HEAD")).ok()?;
    let noted = text(&noted)?.trim_end();
    match noted.strip_prefix("ref: ") {
        Some(name) => branch(common_dir, name.trim_start()),
        None => CommitId::parse(noted),
    }
}

/// The tip of a branch by its whole name.
fn branch(common_dir: &Path, name: &str) -> Option<CommitId> {
    let plain = name
        .strip_prefix("refs/heads/")
        .is_some_and(|rest| !rest.is_empty() && rest.split('/').all(|part| !part.is_empty() && !part.starts_with('.')));
    if !plain {
        return None;
    }
    match std::fs::read(common_dir.join(name)) {
        Ok(noted) => text(&noted).map(str::trim_end).and_then(CommitId::parse),
        // Whoever packs a ref writes it there before it takes the file away.
        Err(error) if error.kind() == io::ErrorKind::NotFound => packed(common_dir, name),
        Err(_) => None,
    }
}

fn packed(common_dir: &Path, name: &str) -> Option<CommitId> {
    let all = std::fs::read(common_dir.join("packed-refs")).ok()?;
    let mut lines = all.split(|byte| *byte == b'\n');
    let line = lines.find_map(|line| line.strip_suffix(name.as_bytes())?.strip_suffix(b" "))?;
    text(line).and_then(CommitId::parse)
}

/// Where the work in a worktree left what it is compared with, and of which commits that was true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Departure {
    base: CommitId,
    head: CommitId,
    merging: Option<CommitId>,
    history: HistoryStamp,
    pub merge_base: CommitId,
}

impl Repo {
    /// The tip of the branch `name` (without `refs/heads/`); none where there is no such branch. Seldom a git process.
    pub async fn tip(&self, name: &str) -> Result<Option<CommitId>, GitError> {
        let reference = format!("refs/heads/{name}");
        match branch(&self.common_dir, &reference) {
            Some(commit) => Ok(Some(commit)),
            None => self.resolve(&reference).await,
        }
    }

    /// The point at which the HEAD of `worktree` left `base`, or `base` itself where they have nothing in common.
    /// That of `known` where nothing moved: then no git process.
    pub(crate) async fn departure(
        &self,
        worktree: &Path,
        base: &CommitId,
        known: Option<&Departure>,
    ) -> Result<(CommitId, Option<Departure>), GitError> {
        let dir = git_dir(worktree);
        let history = HistoryStamp::of(&self.common_dir);
        let Some(head) = head(&dir, &self.common_dir) else {
            let merge_base = self.merge_base(worktree, base).await?.unwrap_or_else(|| base.clone());
            return Ok((merge_base, None));
        };
        let merging = self.merging(worktree)?;
        let same = |known: &&Departure| {
            (&known.base, &known.head, &known.merging, &known.history) == (base, &head, &merging, &history)
        };
        if let Some(known) = known.filter(same) {
            return Ok((known.merge_base.clone(), Some(known.clone())));
        }
        let merge_base =
            self.merge_base_of(worktree, base, &head, merging.as_ref()).await?.unwrap_or_else(|| base.clone());
        let departure = Departure { base: base.clone(), head, merging, history, merge_base: merge_base.clone() };
        Ok((merge_base, Some(departure)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(digit: &str) -> CommitId {
        CommitId::parse(&digit.repeat(40)).unwrap()
    }

    #[test]
    fn a_tip_is_found_loose_before_packed_and_only_under_its_whole_name() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, content: String| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        };
        let (one, two) = (commit("1"), commit("2"));
        write("packed-refs", format!("# pack-refs with: peeled\n{one} refs/heads/x/main\n{two} refs/heads/main\n"));
        assert_eq!(branch(dir.path(), "refs/heads/main"), Some(two.clone()));
        write("refs/heads/main", format!("{one}\n"));
        assert_eq!(branch(dir.path(), "refs/heads/main"), Some(one.clone()));
        write("refs/heads/other", "ref: refs/heads/main\n".to_owned());
        for strange in ["refs/heads/other", "refs/heads/../main", "refs/heads/", "refs/tags/x", "refs/heads/none"] {
            assert_eq!(branch(dir.path(), strange), None, "{strange}");
        }
        write("HEAD", "ref: refs/heads/main\n".to_owned());
        assert_eq!(head(dir.path(), dir.path()), Some(one));
        write("HEAD", format!("{two}\n"));
        assert_eq!(head(dir.path(), dir.path()), Some(two));
        write("HEAD", "ref: refs/heads/.invalid\n".to_owned());
        assert_eq!(head(dir.path(), dir.path()), None, "refs are kept in another format");
    }
}
