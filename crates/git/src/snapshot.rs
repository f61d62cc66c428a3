//! The exact content of a worktree as a tree, made over a temporary index.
//!
//! For reading, objects go to a temporary folder too, so the user's repository is not touched at all.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::command::{Git, GitError};
use crate::ids::{CommitId, TreeHash};
use crate::index_file::IndexFile;
use crate::path::{GitPath, paths_of};
use crate::raw::Raw;
use crate::repo::Repo;
use crate::standing::git_dir;

/// What a worktree held at one moment. Its objects live as long as it does.
#[derive(Debug)]
pub struct Snapshot {
    repo: Repo,
    merge_base: CommitId,
    tree: TreeHash,
    unseen: Vec<GitPath>,
    index: Arc<TempIndex>,
}

impl Snapshot {
    /// The commit that the worktree is compared with.
    pub fn merge_base(&self) -> &CommitId {
        &self.merge_base
    }

    /// Everything not ignored, with what was excluded taken from the merge base.
    pub fn tree(&self) -> &TreeHash {
        &self.tree
    }

    /// What is in the worktree and could not be read, so is not in the tree.
    pub fn unseen(&self) -> &[GitPath] {
        &self.unseen
    }

    /// Of what is in `index`.
    pub(crate) fn of(repo: &Repo, merge_base: &CommitId, tree: TreeHash, index: Arc<TempIndex>) -> Self {
        Self { repo: repo.clone(), merge_base: merge_base.clone(), tree, unseen: Vec::new(), index }
    }

    pub(crate) fn read(&self, command: &str) -> Git<'_> {
        self.repo.read(&self.index.worktree, command).vars(&self.index.vars)
    }
}

impl Repo {
    /// The value of the variable under which git also finds the objects of `snapshots`.
    pub(crate) fn objects_of(&self, snapshots: &[&Snapshot]) -> OsString {
        let own = snapshots.iter().flat_map(|snapshot| &snapshot.index.vars);
        let mut named: BTreeSet<&OsStr> =
            own.filter(|(name, _)| *name == "GIT_OBJECT_DIRECTORY").map(|(_, folder)| folder.as_os_str()).collect();
        let theirs = self.common_dir.join("objects");
        named.insert(theirs.as_os_str());
        let folders: Vec<OsString> = named.into_iter().map(quoted).collect();
        folders.join(OsStr::new(":"))
    }

    /// The index file of a worktree.
    pub(crate) async fn index_of(&self, worktree: &Path) -> Result<PathBuf, GitError> {
        let dir = git_dir(worktree);
        if dir.join("HEAD").is_file() {
            return Ok(dir.join("index"));
        }
        let question = ["--path-format=absolute", "--git-path", "index"];
        self.read(worktree, "rev-parse").args(question).path().await
    }

    /// Takes a snapshot of `worktree` against where it left `base`. `exclude` names files and folders that count
    /// as unchanged.
    pub async fn snapshot(&self, worktree: &Path, base: &CommitId, exclude: &[GitPath]) -> Result<Snapshot, GitError> {
        // Unrelated histories have no point of departure; then the base itself is what there is to compare with.
        let merge_base = self.merge_base(worktree, base).await?.unwrap_or_else(|| base.clone());
        let index = TempIndex::of(self, worktree, Objects::Scratch).await?;
        let unseen = index.add_all(self).await?;
        index.take_from(self, &merge_base, exclude).await?;
        let tree = index.write_tree(self).await?;
        Ok(Snapshot { unseen, ..Snapshot::of(self, &merge_base, tree, Arc::new(index)) })
    }

    /// Where the HEAD of `worktree`, with what is being merged into it, left `base`; none where they have nothing in
    /// common.
    pub(crate) async fn merge_base(&self, worktree: &Path, base: &CommitId) -> Result<Option<CommitId>, GitError> {
        let Some(head) = self.resolve_in(worktree, "HEAD").await? else {
            return Ok(None);
        };
        let merging = self.merging(worktree)?;
        self.merge_base_of(worktree, base, &head, merging.as_ref()).await
    }

    /// Where `head`, with what is being merged into it, left `base`.
    pub(crate) async fn merge_base_of(
        &self,
        worktree: &Path,
        base: &CommitId,
        head: &CommitId,
        merging: Option<&CommitId>,
    ) -> Result<Option<CommitId>, GitError> {
        // Of three, git takes the last two as merged.
        let question = [base, head].into_iter().chain(merging).map(CommitId::as_str);
        let answer = self.read(worktree, "merge-base").args(question).answer().await?;
        match answer.code() {
            Some(0) => {
                let line = crate::command::one_line(answer.into_stdout());
                Ok(crate::command::text(&line).and_then(CommitId::parse))
            }
            Some(1) => Ok(None),
            _ => Err(answer.failed()),
        }
    }
}

/// Where new objects go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Objects {
    /// Into a folder that goes away with the index.
    Scratch,
    /// Into the repository, to be kept.
    Repository,
}

/// A folder for temporary indexes and, where it has a place for them, new objects. It goes away with the last of them.
#[derive(Debug)]
pub(crate) struct Folder {
    dir: TempDir,
    objects: Objects,
}

impl Folder {
    pub fn new(repo: &Repo, objects: Objects) -> Result<Self, GitError> {
        let scratch = &repo.env.scratch;
        let dir = TempDir::with_prefix_in("qd-index-", scratch).map_err(GitError::io(scratch))?;
        if objects == Objects::Scratch {
            let store = dir.path().join("objects");
            std::fs::create_dir(&store).map_err(GitError::io(&store))?;
        }
        Ok(Self { dir, objects })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// All that changed, also in what a sparse checkout leaves out.
pub(crate) const ADD_ALL: [&str; 3] = ["-A", "--ignore-errors", "--sparse"];
/// After so many files of which not one could be added it is not the files.
const GIVE_UP: usize = 20;

/// A copy of a worktree's index that git uses in its place.
#[derive(Debug)]
pub(crate) struct TempIndex {
    worktree: PathBuf,
    vars: Vec<(&'static str, OsString)>,
    raw: Option<Raw>,
    _folder: Arc<Folder>,
}

impl TempIndex {
    pub async fn of(repo: &Repo, worktree: &Path, objects: Objects) -> Result<Self, GitError> {
        let folder = Arc::new(Folder::new(repo, objects)?);
        let theirs = repo.index_of(worktree).await?;
        let index = Self::copied(repo, worktree, &theirs, folder, "index")?;
        if may_overlook(&theirs)? {
            index.overlook_nothing(repo).await?;
        }
        Ok(index)
    }

    /// Lets git see the files that it was told to overlook: an edit in them would be lost. What a sparse checkout leaves
    /// out is not on disk, and stays so.
    async fn overlook_nothing(&self, repo: &Repo) -> Result<(), GitError> {
        let listed = self.git(repo, "ls-files").args(["-v", "-z"]).ok().await?;
        let (mut assumed, mut skipped) = (Vec::new(), Vec::new());
        for entry in listed.split(|byte| *byte == 0) {
            let Some((tag, path)) = entry.split_first().and_then(|(tag, rest)| Some((tag, rest.get(1..)?))) else {
                continue;
            };
            let names = [path, b"\0"].concat();
            if tag.is_ascii_lowercase() {
                assumed.extend_from_slice(&names);
            }
            let file = self.worktree.join(GitPath::new(path).as_path());
            if tag.eq_ignore_ascii_case(&b's') && file.symlink_metadata().is_ok() {
                skipped.extend_from_slice(&names);
            }
        }
        for (option, names) in [("--no-assume-unchanged", assumed), ("--no-skip-worktree", skipped)] {
            if !names.is_empty() {
                self.git(repo, "update-index").args([option, "-z", "--stdin"]).stdin(names).ok().await?;
            }
        }
        Ok(())
    }

    /// A call that reads through this index.
    pub fn read<'r>(&self, repo: &'r Repo, command: &str) -> Git<'r> {
        repo.read(&self.worktree, command).vars(&self.vars)
    }

    /// A copy of `theirs` as the file `name` of `folder`.
    pub fn copied(
        repo: &Repo,
        worktree: &Path,
        theirs: &Path,
        folder: Arc<Folder>,
        name: &str,
    ) -> Result<Self, GitError> {
        let own = folder.path(name);
        copy_index(theirs, &own)?;
        let mut vars = vec![("GIT_INDEX_FILE", own.into_os_string())];
        if folder.objects == Objects::Scratch {
            vars.push(("GIT_OBJECT_DIRECTORY", folder.path("objects").into_os_string()));
            let real = repo.common_dir.join("objects");
            vars.push(("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted(real.as_os_str())));
        }
        Ok(Self { worktree: worktree.to_owned(), vars, raw: None, _folder: folder })
    }

    /// From here on git moves bytes unchanged between disk and objects.
    pub async fn read_raw(&mut self, repo: &Repo) -> Result<(), GitError> {
        let raw = self.raw.insert(repo.raw().await?);
        self.vars.extend(raw.vars.iter().cloned());
        Ok(())
    }

    /// Brings in everything that is in the worktree and not ignored. Returns what could not be read: files without
    /// permission, repositories without a commit.
    pub async fn add_all(&self, repo: &Repo) -> Result<Vec<GitPath>, GitError> {
        let answer = self.git(repo, "add").args(ADD_ALL).paths(["."]).answer().await?;
        match answer.code() {
            Some(0) => Ok(Vec::new()),
            Some(1) => self.not_added(repo).await,
            _ => self.add_one_by_one(repo, answer.failed()).await,
        }
    }

    /// What a required filter or an encoding does not take makes git give up, and nothing is added. So halves are
    /// tried, down to those files. Where it is no file the error is that of the whole.
    async fn add_one_by_one(&self, repo: &Repo, whole: GitError) -> Result<Vec<GitPath>, GitError> {
        let mut parts = vec![self.outstanding(repo).await?];
        let (mut refused, mut added) = (Vec::new(), false);
        while let Some(mut part) = parts.pop() {
            let answer = self.git(repo, "add").args(ADD_ALL).names(&part).answer().await?;
            if answer.code() == Some(0) {
                added = true;
            } else if part.len() > 1 {
                let rest = part.split_off(part.len() / 2);
                parts.extend([rest, part]);
            } else {
                refused.append(&mut part);
            }
            if !added && refused.len() > GIVE_UP {
                return Err(whole);
            }
        }
        refused.sort();
        if refused.is_empty() { Err(whole) } else { Ok(refused) }
    }

    /// What may have to be added yet, by what the disk says of it: a filter is not asked.
    async fn outstanding(&self, repo: &Repo) -> Result<Vec<GitPath>, GitError> {
        let differing = ["--name-only", "-z", "--ignore-submodules=dirty"];
        let raw = repo.raw().await?;
        let differing = self.git(repo, "diff-files").vars(&raw.vars).args(differing).ok().await?;
        let others = self.git(repo, "ls-files").args(["-z", "--others", "--exclude-standard"]).ok().await?;
        let paths: BTreeSet<GitPath> = paths_of(&differing).chain(paths_of(&others)).collect();
        Ok(paths.into_iter().collect())
    }

    /// As [`add_all`](Self::add_all), for callers that must not miss anything.
    pub async fn add_all_or_fail(&self, repo: &Repo) -> Result<(), GitError> {
        let paths = self.add_all(repo).await?;
        if paths.is_empty() { Ok(()) } else { Err(GitError::Unreadable { paths }) }
    }

    /// What is still not, or not as it is on disk, in the index.
    async fn not_added(&self, repo: &Repo) -> Result<Vec<GitPath>, GitError> {
        let question = ["-z", "--others", "--modified", "--exclude-standard"];
        let answer = self.git(repo, "ls-files").args(question).ok().await?;
        Ok(paths_of(&answer).collect())
    }

    /// Puts `paths` back to what they are in `commit`.
    pub async fn take_from(&self, repo: &Repo, commit: &CommitId, paths: &[GitPath]) -> Result<(), GitError> {
        if paths.is_empty() {
            return Ok(());
        }
        self.git(repo, "reset").args(["-q", commit.as_str()]).paths(paths).ok().await.map(drop)
    }

    pub async fn write_tree(&self, repo: &Repo) -> Result<TreeHash, GitError> {
        self.git(repo, "write-tree").tree().await
    }

    pub fn git<'r>(&self, repo: &'r Repo, command: &str) -> Git<'r> {
        repo.write(&self.worktree, command).vars(&self.vars)
    }
}

/// Whether git was told to overlook a file of this index.
pub(crate) fn may_overlook(index: &Path) -> Result<bool, GitError> {
    match std::fs::read(index) {
        Ok(bytes) => Ok(IndexFile::may_overlook(&bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(GitError::io(index)(error)),
    }
}

fn copy_index(theirs: &Path, own: &Path) -> Result<(), GitError> {
    let index = match std::fs::File::open(theirs) {
        Ok(index) => index,
        // A repository in which nothing was ever added has none.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(GitError::io(theirs)(error)),
    };
    let copy = || -> std::io::Result<()> {
        let mut index = index;
        let modified = index.metadata()?.modified()?;
        let mut file = std::fs::File::create(own)?;
        std::io::copy(&mut index, &mut file)?;
        // Git trusts an entry only if its file is older than the index. A copy that looks younger than it is
        // would hide an edit that was made in the same instant.
        file.set_modified(modified)
    };
    copy().map_err(GitError::io(own))
}

/// The variable holds a list parted by colons, in which a quoted entry may hold any byte.
fn quoted(path: &OsStr) -> OsString {
    let mut entry = vec![b'"'];
    for byte in path.as_bytes() {
        if matches!(byte, b'"' | b'\\') {
            entry.push(b'\\');
        }
        entry.push(*byte);
    }
    entry.push(b'"');
    OsString::from_vec(entry)
}
