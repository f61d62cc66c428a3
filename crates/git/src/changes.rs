//! What a worktree changed since it left its base, asked of git and of nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::change_parser::parse;
use crate::command::GitError;
use crate::ids::{BlobId, CommitId, TreeHash};
use crate::index_file::Moved;
use crate::path::GitPath;
use crate::repo::Repo;
use crate::snapshot::Snapshot;

/// A diff longer than this is cut and says so.
const DIFF_LIMIT: usize = 8 << 20;
/// The mode of a repository inside another one.
pub const SUBMODULE: u32 = 0o160_000;
/// So many files are compared one by one.
const FOR_THEMSELVES: usize = 200;
/// Contents larger than this are not read.
pub const CONTENT_LIMIT: usize = 16 << 20;

/// Everything that a worktree changed: committed, staged, unstaged and untracked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// What it is compared with.
    pub merge_base: CommitId,
    /// The content that was seen. Verdicts are bound to it.
    pub tree: TreeHash,
    /// By path.
    pub files: Vec<FileChange>,
    /// What could not be read, so may have changed unseen. Neither keeping nor discarding passes over it.
    pub unseen: Vec<GitPath>,
}

/// One changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Where it is now, or was.
    pub path: GitPath,
    /// Where it came from, for a rename or a copy.
    pub old_path: Option<GitPath>,
    /// What happened to it.
    pub status: Status,
    /// Its mode before; 0 where it was not there. 0o160000 is a submodule, 0o120000 a symbolic link.
    pub old_mode: u32,
    /// Its mode now; 0 where it is gone.
    pub new_mode: u32,
    /// Its content before.
    pub old_blob: BlobId,
    /// Its content now.
    pub new_blob: BlobId,
    /// Lines added; 0 for a binary file.
    pub additions: u64,
    /// Lines taken away; 0 for a binary file.
    pub deletions: u64,
    /// Whether git takes it for binary.
    pub binary: bool,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It is new.
    Added,
    /// Its content changed.
    Modified,
    /// It is gone.
    Deleted,
    /// It moved, and may have changed too.
    Renamed,
    /// It was copied, and may have changed too.
    Copied,
    /// It became another kind of thing: file, symbolic link, submodule.
    TypeChanged,
    /// Only its permission to be run changed.
    ModeChanged,
}

/// A unified diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// As git writes it; what is not UTF-8 is replaced.
    pub text: String,
    /// Whether the end was left out.
    pub truncated: bool,
}

impl Repo {
    /// What `worktree` changed since it left `base`, without what lies in `exclude`. Writes nothing into the
    /// repository. Takes the same number of git calls however much changed.
    pub async fn changes(&self, worktree: &Path, base: &CommitId, exclude: &[GitPath]) -> Result<Changes, GitError> {
        self.snapshot(worktree, base, exclude).await?.changes().await
    }

    /// The diff of one file, as [`Snapshot::diff`]; none where it did not change.
    pub async fn file_diff(&self, worktree: &Path, base: &CommitId, path: &GitPath) -> Result<Option<Diff>, GitError> {
        let snapshot = self.snapshot(worktree, base, &[]).await?;
        let changes = snapshot.changes().await?;
        match changes.files.iter().find(|file| file.path == *path) {
            Some(file) => snapshot.diff(file).await.map(Some),
            None => Ok(None),
        }
    }
}

impl Snapshot {
    /// What changed between the merge base and this snapshot.
    pub async fn changes(&self) -> Result<Changes, GitError> {
        Ok(self.changes_with(self.changed(&[]).await?))
    }

    /// The same, made of what had changed in an earlier snapshot with this merge base, from which the content is
    /// another at `moved`. None where what changed in one file may depend on another.
    pub(crate) async fn changes_since(&self, last: &Changes, moved: &[Moved]) -> Result<Option<Changes>, GitError> {
        if !each_for_itself(&last.files, moved) {
            return Ok(None);
        }
        let paths: Vec<&GitPath> = moved.iter().map(|moved| &moved.path).collect();
        let now = self.changed(&paths).await?;
        let looked_at: BTreeSet<&GitPath> = paths.into_iter().chain(now.iter().map(|file| &file.path)).collect();
        let rest = last.files.iter().filter(|file| !looked_at.contains(&file.path)).cloned().collect::<Vec<_>>();
        let files: Vec<FileChange> = rest.into_iter().chain(now).collect();
        let has = |status: Status| files.iter().any(|file| file.status == status);
        if has(Status::Renamed) || (has(Status::Added) && has(Status::Deleted)) {
            return Ok(None);
        }
        Ok(Some(self.changes_with(files)))
    }

    async fn changed(&self, paths: &[&GitPath]) -> Result<Vec<FileChange>, GitError> {
        let answer = self
            .diff_tree()
            .args(["-z", "--raw", "--numstat", "--no-abbrev"])
            .args([self.merge_base().as_str(), self.tree().as_str()])
            .paths(paths)
            .ok()
            .await?;
        parse(&answer).ok_or_else(|| GitError::Unexpected { command: "diff-tree".to_owned() })
    }

    fn changes_with(&self, mut files: Vec<FileChange>) -> Changes {
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let unseen = self.unseen().to_vec();
        let (merge_base, tree) = (self.merge_base().clone(), self.tree().clone());
        Changes { merge_base, tree, files, unseen }
    }

    /// Everything that changed, as a patch that `git apply` takes, with binary files.
    pub async fn patch(&self) -> Result<Vec<u8>, GitError> {
        let trees = [self.merge_base().as_str(), self.tree().as_str()];
        self.diff_tree()
            .args(["-p", "--binary", "--full-index", "--src-prefix=a/", "--dst-prefix=b/"])
            .args(trees)
            .ok()
            .await
    }

    /// The diff of one changed file. Long ones are cut and say so.
    pub async fn diff(&self, file: &FileChange) -> Result<Diff, GitError> {
        let submodule = [file.old_mode, file.new_mode].contains(&SUBMODULE);
        let names: Vec<&GitPath> = file.old_path.iter().chain([&file.path]).collect();
        let answer = self
            .diff_tree()
            .args(["-p", "-U3", "--full-index", "--src-prefix=a/", "--dst-prefix=b/"])
            .args([self.merge_base().as_str(), self.tree().as_str()])
            .var("GIT_LITERAL_PATHSPECS", "0")
            .paths(only(&names, submodule))
            .cut_at(DIFF_LIMIT)
            .answer()
            .await?;
        if answer.code() != Some(0) && !answer.truncated() {
            return Err(answer.failed());
        }
        let truncated = answer.truncated();
        let text = String::from_utf8_lossy(&answer.into_stdout()).into_owned();
        let nested = names.iter().any(|name| names.iter().any(|other| name != other && name.is_within(other)));
        Ok(Diff { text: if nested { renaming(text) } else { text }, truncated })
    }

    /// What a file held; none where it is not there, is a submodule, or is larger than [`CONTENT_LIMIT`].
    pub async fn content(&self, blob: &BlobId) -> Result<Option<Vec<u8>>, GitError> {
        if blob.is_nothing() {
            return Ok(None);
        }
        let answer = self.read("cat-file").args(["blob", blob.as_str()]).cut_at(CONTENT_LIMIT).answer().await?;
        let whole = answer.code() == Some(0) && !answer.truncated();
        Ok(whole.then(|| answer.into_stdout()))
    }

    fn diff_tree(&self) -> crate::command::Git<'_> {
        // Programs that the user or the repository set for showing diffs are for eyes at a terminal.
        self.read("diff-tree").args([
            "-r",
            "-M",
            // Renames are looked for among at most this many files, whatever the user's setting.
            "-l1000",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--ignore-submodules=none",
        ])
    }
}

/// Pathspecs of files and of nothing that lies in a folder of such a name: one may have taken the place of the other.
/// A submodule is a folder to git.
fn only(names: &[&GitPath], submodule: bool) -> Vec<OsString> {
    let spec = |magic: &str, name: &GitPath, end: &str| {
        OsString::from_vec([magic.as_bytes(), name.as_bytes(), end.as_bytes()].concat())
    };
    let holds = |name: &GitPath| names.iter().any(|other| *other != name && other.is_within(name));
    let files = names.iter().map(|name| spec(":(top,literal)", name, ""));
    let folders =
        names.iter().filter(|name| !submodule && !holds(name)).map(|name| spec(":(top,exclude,literal)", name, "/"));
    files.chain(folders).collect()
}

/// Of a diff of a folder whose file moved into it, or out of it, the part that is about the move.
fn renaming(text: String) -> String {
    let begin = |at: usize| text.get(at..).is_some_and(|rest| rest.starts_with("diff --git "));
    let mut cuts: Vec<usize> =
        (0..text.len()).filter(|at| (*at == 0 || text.as_bytes()[at - 1] == b'\n') && begin(*at)).collect();
    cuts.push(text.len());
    let parts = cuts.windows(2).filter_map(|pair| text.get(pair[0]..pair[1]));
    // What begins a line in the body of a diff is a sign.
    let moves = |part: &&str| part.lines().any(|line| line.starts_with("rename from "));
    parts.into_iter().find(moves).map(str::to_owned).unwrap_or(text)
}

/// Whether what changed in each file after `moved` can be told without the others. A file that came and one that went
/// may be one that was renamed, and attributes say how others are compared.
fn each_for_itself(last: &[FileChange], moved: &[Moved]) -> bool {
    let decides = |moved: &Moved| moved.path.as_path().file_name().is_some_and(|name| name == ".gitattributes");
    if moved.len() > FOR_THEMSELVES || moved.iter().any(decides) {
        return false;
    }
    let moved: BTreeMap<&GitPath, &Moved> = moved.iter().map(|moved| (&moved.path, moved)).collect();
    let (mut came, mut went) = (false, false);
    for file in last {
        match file.status {
            Status::Renamed | Status::Copied => return false,
            _ if moved.contains_key(&file.path) => {}
            Status::Added => came = true,
            Status::Deleted => went = true,
            Status::Modified | Status::TypeChanged | Status::ModeChanged => {}
        }
    }
    let last: BTreeMap<&GitPath, &FileChange> = last.iter().map(|file| (&file.path, file)).collect();
    for (path, moved) in moved {
        // What did not differ from the merge base before was the same there.
        let in_base = last.get(path).map_or(moved.before, |file| file.old_mode != 0);
        came |= !in_base && moved.after;
        went |= in_base && !moved.after;
    }
    !(came && went)
}
