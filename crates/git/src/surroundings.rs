//! What besides the files of a worktree decides how git takes them in: its configuration, what it ignores, attributes.
//!
//! Held as it was read, byte for byte, so that a change is never missed for a clock that is too coarse.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::command::{Git, GitError, text};
use crate::env::GitEnv;
use crate::path::GitPath;
use crate::repo::Repo;
use crate::standing::{FileStamp, git_dir};

/// What decides in a folder of the worktree. A repository within it decides most of all.
const IN_FOLDER: [&str; 3] = [".gitignore", ".gitattributes", ".git"];
/// Files larger than this are known by their stamp.
const LARGE: u64 = 1 << 20;
/// A worktree with changes in more folders than this is looked at anew each time.
const FOLDERS: usize = 1_000;
/// So much may two clocks of a machine differ, in nanoseconds.
const CLOCKS: i128 = 10_000_000;

/// What a name holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Held {
    Content(Vec<u8>),
    Link(PathBuf),
    Other(FileStamp),
}

impl Held {
    /// None where there is nothing. Git does not follow links of a worktree here.
    fn in_worktree(path: &Path) -> Option<Self> {
        let meta = path.symlink_metadata().ok()?;
        if meta.is_symlink() {
            return fs::read_link(path).ok().map(Self::Link);
        }
        Self::elsewhere(path)
    }

    /// None where there is nothing.
    fn elsewhere(path: &Path) -> Option<Self> {
        let meta = path.metadata().ok()?;
        let content = if meta.is_file() && meta.len() <= LARGE { fs::read(path).ok() } else { None };
        Some(content.map_or_else(|| Self::Other(FileStamp::of(path)), Self::Content))
    }
}

/// The files that decide for the whole worktree, as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings(BTreeMap<PathBuf, Option<Held>>);

impl Settings {
    fn of(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self(paths.into_iter().map(|path| (path.clone(), Held::elsewhere(&path))).collect())
    }

    /// The same files as they are now.
    fn now(&self) -> Self {
        Self::of(self.0.keys().cloned())
    }

    pub fn still_hold(&self) -> bool {
        self.now() == *self
    }

    /// Reads which files there are, with one git process. None where that cannot be told exactly.
    pub async fn read(repo: &Repo, worktree: &Path) -> Result<Option<Self>, GitError> {
        let usual = Self::of(usual(&repo.env, &repo.common_dir, &git_dir(worktree)));
        let listed = Git::read(&repo.env, worktree, "config").args(["--list", "--show-origin", "-z"]).ok().await?;
        let Some(named) = named(&listed, worktree, &repo.env) else { return Ok(None) };
        let mut all = Self::of(usual.0.keys().cloned().chain(named.files));
        if named.by_branch {
            all.0.extend(Self::of([git_dir(worktree).join("HEAD")]).0);
        }
        // What was listed may be of another moment.
        let moved = usual.0.iter().any(|(path, held)| all.0.get(path) != Some(held));
        Ok((!moved).then_some(all))
    }
}

/// Where git looks for settings without being told.
fn usual(env: &GitEnv, common_dir: &Path, git_dir: &Path) -> Vec<PathBuf> {
    let var = |name: &str| env.variables.get(OsStr::new(name)).filter(|value| !value.is_empty()).map(PathBuf::from);
    let mut paths: Vec<PathBuf> = Vec::new();
    for prefix in ["/etc", "/usr/local/etc", "/opt/homebrew/etc", "/opt/local/etc"] {
        paths.extend(["gitconfig", "gitattributes"].map(|name| Path::new(prefix).join(name)));
    }
    paths.extend(var("GIT_CONFIG_GLOBAL"));
    let home = var("HOME");
    paths.extend(home.iter().map(|home| home.join(".gitconfig")));
    let own = var("XDG_CONFIG_HOME").or_else(|| Some(home?.join(".config")));
    paths.extend(own.iter().flat_map(|own| ["config", "attributes", "ignore"].map(|name| own.join("git").join(name))));
    paths.extend(["config", "info/exclude", "info/attributes"].map(|name| common_dir.join(name)));
    paths.extend(
        ["config", "config.worktree", "info/sparse-checkout", "info/attributes"].map(|name| git_dir.join(name)),
    );
    paths
}

/// What a listed configuration names.
#[derive(Debug, Default, PartialEq, Eq)]
struct Named {
    files: BTreeSet<PathBuf>,
    /// Whether some of it is only for branches of a name.
    by_branch: bool,
}

/// Reads `config --list --show-origin -z`. None where a path is written in a way that only git understands.
fn named(listed: &[u8], worktree: &Path, env: &GitEnv) -> Option<Named> {
    let mut fields = listed.split(|byte| *byte == 0);
    let mut found = Named::default();
    while let (Some(origin), Some(entry)) = (fields.next(), fields.next()) {
        let file = origin.strip_prefix(b"file:").map(|path| worktree.join(OsStr::from_bytes(path)));
        found.files.extend(file.clone());
        let mut parts = entry.splitn(2, |byte| *byte == b'\n');
        let key = text(parts.next()?)?.to_ascii_lowercase();
        let value = parts.next().unwrap_or_default();
        found.by_branch |= key.starts_with("includeif.onbranch:");
        let parts = (key.split('.').next(), key.rsplit('.').next());
        let includes = matches!(parts, (Some("include" | "includeif"), Some("path")));
        if !(includes || matches!(key.as_str(), "core.excludesfile" | "core.attributesfile")) {
            continue;
        }
        let base = if includes { file.as_deref().and_then(Path::parent).unwrap_or(worktree) } else { worktree };
        match value {
            [] => {}
            [b'~', b'/', rest @ ..] => {
                let home = env.variables.get(OsStr::new("HOME"))?;
                found.files.insert(Path::new(home).join(OsStr::from_bytes(rest)));
            }
            [b'~' | b'%' | b':', ..] => return None,
            value => {
                found.files.insert(base.join(OsStr::from_bytes(value)));
            }
        }
    }
    Some(found)
}

/// The folders in which something changed, with what decided there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Folders {
    all: BTreeSet<PathBuf>,
    held: BTreeMap<PathBuf, Held>,
}

impl Folders {
    /// Those on the way from the top to each of `paths`, as they are now; none where they are too many.
    pub fn around<'p>(worktree: &Path, paths: impl IntoIterator<Item = &'p GitPath>) -> Option<Self> {
        let mut all = BTreeSet::from([PathBuf::new()]);
        for path in paths {
            for folder in path.as_path().ancestors().skip(1) {
                if !all.insert(folder.to_owned()) {
                    break;
                }
            }
            if all.len() > FOLDERS {
                return None;
            }
        }
        Some(Self::of(worktree, all))
    }

    fn of(worktree: &Path, all: BTreeSet<PathBuf>) -> Self {
        let mut held = BTreeMap::new();
        for folder in &all {
            for name in IN_FOLDER {
                let path = folder.join(name);
                if path == Path::new(".git") {
                    continue;
                }
                if let Some(found) = Held::in_worktree(&worktree.join(&path)) {
                    held.insert(path, found);
                }
            }
        }
        Self { all, held }
    }

    /// The same folders as they are now.
    pub fn now(&self, worktree: &Path) -> Self {
        Self::of(worktree, self.all.clone())
    }

    pub fn still_hold(&self, worktree: &Path) -> bool {
        self.now(worktree) == *self
    }

    /// Whether this is what decided when git began to look at `began` (nanoseconds): what was known of `before` must
    /// be the same, and where nothing was known nothing may have moved since. No repository may lie within.
    pub fn settled(&self, worktree: &Path, before: &Self, began: i128) -> bool {
        let own = |path: &Path| path.file_name() == Some(OsStr::new(".git"));
        if self.held.keys().any(|path| own(path)) {
            return false;
        }
        let known = |path: &Path| before.all.contains(path.parent().unwrap_or(path));
        let names = self.held.keys().chain(before.held.keys());
        let same = names.filter(|path| known(path)).all(|path| self.held.get(path) == before.held.get(path));
        let rested = |path: &Path| match worktree.join(path).symlink_metadata() {
            Ok(meta) => i128::from(meta.ctime()) * 1_000_000_000 + i128::from(meta.ctime_nsec()) + CLOCKS < began,
            // Its folder tells that it went.
            Err(_) => true,
        };
        let fresh = self.all.iter().filter(|folder| !before.all.contains(*folder));
        let unknown = self.held.keys().filter(|path| !known(path));
        same && fresh.chain(unknown).all(|path| rested(path))
    }
}

/// Everything of it at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Surroundings {
    pub settings: Settings,
    pub folders: Folders,
}

impl Surroundings {
    /// Whether nothing of it is different now.
    pub fn still_hold(&self, worktree: &Path) -> bool {
        self.settings.still_hold() && self.folders.still_hold(worktree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_a_configuration_names_are_found_and_what_only_git_understands_is_not_guessed() {
        let env = GitEnv::new("/home/ann", "/bin", "/tmp");
        let read = |entries: &[(&str, &str)]| {
            let listed: Vec<&str> = entries.iter().flat_map(|(origin, entry)| [*origin, "\0", *entry, "\0"]).collect();
            named(listed.concat().as_bytes(), Path::new("/deck"), &env)
        };
        let found = read(&[
            ("file:/home/ann/.gitconfig", "include.path\nmore/config"),
            ("file:.git/config", "core.excludesfile\n~/ignored"),
            ("file:.git/config", "includeif.onbranch:x.path\n/abs"),
            ("command line:", "core.bare\nfalse"),
            ("file:.git/config", "core.flag"),
        ])
        .unwrap();
        let files = ["/abs", "/home/ann/.gitconfig", "/home/ann/ignored", "/home/ann/more/config", "/deck/.git/config"];
        assert_eq!(found, Named { files: files.map(PathBuf::from).into(), by_branch: true });
        assert_eq!(read(&[("file:/x", "core.attributesfile\n~bob/attributes")]), None);
    }

    #[test]
    fn a_folder_is_settled_only_where_nothing_in_it_moved_meanwhile() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        let paths = [GitPath::from("a/b/file")];
        let now = Folders::around(dir.path(), &paths).unwrap();
        let after = |nanoseconds: i128| {
            let meta = dir.path().join("a/b").metadata().unwrap();
            i128::from(meta.ctime()) * 1_000_000_000 + i128::from(meta.ctime_nsec()) + nanoseconds
        };
        assert!(now.settled(dir.path(), &Folders::default(), after(1_000_000_000)));
        assert!(!now.settled(dir.path(), &Folders::default(), after(0)), "a file may have come and gone");
        assert!(now.settled(dir.path(), &now.clone(), after(0)), "that was known before");
        assert!(now.still_hold(dir.path()));
        fs::write(dir.path().join("a/.gitignore"), "b\n").unwrap();
        assert!(!now.still_hold(dir.path()));
        fs::create_dir(dir.path().join("a/b/.git")).unwrap();
        let own = Folders::around(dir.path(), &paths).unwrap();
        assert!(!own.settled(dir.path(), &own, after(1_000_000_000)), "a repository within decides for itself");
    }
}
