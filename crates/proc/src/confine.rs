//! What a process and all that it starts may reach: Landlock where the kernel has it.
//!
//! A [`Confinement`] says it in paths, a [`Ruleset`] is the same in the kernel, ready to be put on a child between
//! fork and exec. What is put on is never taken off again, is handed down to every descendant whatever sessions and
//! groups it makes, and forbids setuid programs to give more rights (`sudo` fails).
//!
//! Landlock only ever allows, and what is allowed for a folder holds for everything below it. Three things follow:
//!
//! - A folder is hidden by allowing everything *beside* the way to it. Only the folders on that way are listed, once, when
//!   the ruleset is made: a file or folder that is made in one of them later cannot be read until the next start.
//! - Every folder can be listed, the hidden ones too; no file in those can be read or run. To refuse the listing of a
//!   hidden folder is to refuse that of every folder above it, so `ls ~` and `ls /`, which programs do all the time.
//! - Looking at sizes and times (`stat`) is never refused.
//!
//! Also refused, where the kernel can: reading memory and environment of processes outside (any version), emptying files
//! (version 3), signals to processes outside and abstract sockets of others (version 6), sockets in a hidden folder
//! (version 9). Not refused: the network, sockets elsewhere, and to root the raw disks.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as system;

#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "macos")]
use macos as system;

pub use system::landlock_support;
pub(crate) use system::{Restriction, restrict};

/// Devices that ordinary programs write to: output that nobody wants, the terminal, and making a terminal for a tool.
const DEVICES: [&str; 6] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/ptmx", "/dev/pts"];
/// Shared memory by name. Browsers and Python's `multiprocessing` do not start without it.
const SHARED_MEMORY: &str = "/dev/shm";

/// What a process may reach. Everything that is neither written nor hidden may be read and run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Confinement {
    /// Files, and folders with all in them, that may be read, written, made, renamed and removed. The terminal,
    /// `/dev/null` and their like, and shared memory are always among them.
    pub write: Vec<PathBuf>,
    /// Folders in which no file may be read, save what `write` and `seen` name below them.
    pub hidden: Vec<PathBuf>,
    /// Files and folders below a hidden one that may be read all the same.
    pub seen: Vec<PathBuf>,
}

/// What Landlock can do here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LandlockSupport {
    /// The system or its kernel does not have it.
    Missing,
    /// The kernel has it and it was left out of the modules that are switched on at boot.
    SwitchedOff,
    /// It works, in this version of its interface.
    Version(u32),
}

impl LandlockSupport {
    /// Whether a process can be confined at all.
    pub fn is_there(self) -> bool {
        matches!(self, Self::Version(_))
    }

    /// One sentence for people: what holds here, and what is to be done about it where that can be done.
    pub fn in_words(self) -> String {
        match self {
            Self::Missing => "This system has no Landlock, so agents are not confined; on Linux it needs kernel 5.13 or newer.",
            Self::SwitchedOff => {
                "Landlock is switched off, so agents are not confined; add `landlock` to the kernel's boot option `lsm=`."
            }
            Self::Version(1) => {
                "Landlock works in its first version: nothing can be moved between folders, and files outside can still be emptied."
            }
            Self::Version(2) => "Landlock works in version 2: files outside can still be emptied.",
            Self::Version(version @ 3..6) => {
                return format!("Landlock works in version {version}: processes outside can still be signalled.");
            }
            Self::Version(version) => return format!("Landlock works in version {version}."),
        }
        .to_owned()
    }
}

/// A confinement that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// Not on this system.
    #[error("{}", .0.in_words())]
    Unsupported(LandlockSupport),
    /// A path that may be written or seen holds a hidden folder, which would then not be hidden.
    #[error("{} cannot be hidden, as {} is allowed", hidden.display(), allowed.display())]
    Exposed {
        /// What was to be hidden.
        hidden: PathBuf,
        /// What may be reached and has it inside.
        allowed: PathBuf,
    },
    /// The kernel refused the ruleset.
    #[error("the kernel took no confinement")]
    Kernel(#[source] io::Error),
}

/// A confinement in the kernel's form, for [`Spawn::confined`](crate::Spawn::confined). It holds one descriptor and may
/// be used for any number of processes.
#[derive(Debug, Clone)]
pub struct Ruleset {
    pub(crate) restriction: Restriction,
    missing: Vec<PathBuf>,
}

impl Ruleset {
    /// Paths of `write` and `seen` that were not there and so were passed over. What is made there later is not
    /// allowed, so make the folders that a program needs first.
    pub fn missing(&self) -> &[PathBuf] {
        &self.missing
    }
}

impl Confinement {
    /// Makes the ruleset from what is on disk now. Links are followed.
    pub fn ruleset(&self) -> Result<Ruleset, ConfineError> {
        let hidden: BTreeSet<PathBuf> = self.hidden.iter().map(|path| resolved(path)).collect();
        let mut missing = Vec::new();
        let mut existing = |paths: &[PathBuf]| {
            let mut found = Vec::new();
            for path in paths {
                match fs::canonicalize(path) {
                    Ok(real) => found.push(real),
                    Err(_) => missing.push(path.clone()),
                }
            }
            found
        };
        let write = existing(&self.write);
        let mut read = existing(&self.seen);
        for hidden in &hidden {
            if let Some(allowed) = write.iter().chain(&read).find(|allowed| hidden.starts_with(allowed)) {
                return Err(ConfineError::Exposed { hidden: hidden.clone(), allowed: allowed.clone() });
            }
        }
        read.extend(beside(&hidden));
        let write = write.into_iter().chain([PathBuf::from(SHARED_MEMORY)]).collect();
        let devices = DEVICES.iter().map(PathBuf::from).collect();
        let restriction = restrict(&Rights { write, read, devices })?;
        Ok(Ruleset { restriction, missing })
    }
}

/// Which right each path gets; what is in none of the lists gets none.
#[derive(Debug)]
#[cfg_attr(target_os = "macos", expect(dead_code, reason = "nobody is confined there"))]
pub(crate) struct Rights {
    /// Everything but making device files.
    pub(crate) write: Vec<PathBuf>,
    /// Reading and running.
    pub(crate) read: Vec<PathBuf>,
    /// Reading and writing what is there.
    pub(crate) devices: Vec<PathBuf>,
}

/// The real path, also of what is not there yet: then that of its nearest folder, and the rest as it is written.
fn resolved(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for folder in whole.ancestors() {
        if let Ok(real) = fs::canonicalize(folder) {
            let rest = whole.strip_prefix(folder).unwrap_or(Path::new(""));
            // By components, as joining nothing leaves a slash at the end.
            return real.join(rest).components().collect();
        }
    }
    whole
}

/// Everything that is beside the ways to the hidden folders. Links are left out: as what they lead to they are on
/// some list already, or they lead into a hidden folder.
fn beside(hidden: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
    if hidden.is_empty() {
        return vec![PathBuf::from("/")];
    }
    let way: BTreeSet<&Path> = hidden.iter().flat_map(|path| path.ancestors().skip(1)).collect();
    // One that lies in another is hidden with it, and what is on the way inside must not be allowed.
    let is_outside = |folder: &&Path| !hidden.iter().any(|path| folder.starts_with(path));
    let mut found = Vec::new();
    for folder in way.iter().copied().filter(is_outside) {
        // What may not be listed has no neighbours that could be named; the way itself goes on.
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if !is_link && !way.contains(path.as_path()) && !hidden.contains(&path) {
                found.push(path);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn below(root: &Path, hidden: &[&str]) -> Vec<String> {
        let hidden = hidden.iter().map(|path| resolved(&root.join(path))).collect();
        let found = beside(&hidden);
        let names = found.iter().filter_map(|path| path.strip_prefix(root).ok());
        let mut names: Vec<String> = names.map(|path| path.display().to_string()).collect();
        names.sort();
        names
    }

    fn tree() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        for path in ["a/data/inner", "a/other/deep", "b/c"] {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        fs::write(root.join("a/file"), "").unwrap();
        symlink(root.join("a/data"), root.join("way-in")).unwrap();
        (folder, root)
    }

    #[test]
    fn only_folders_on_the_way_are_listed_and_links_are_left_out() {
        let (_kept, root) = tree();
        assert_eq!(below(&root, &["a/data"]), ["a/file", "a/other", "b"]);
        assert_eq!(below(&root, &["a/data", "b/c"]), ["a/file", "a/other"]);
    }

    #[test]
    fn hidden_folder_inside_a_hidden_one_opens_nothing() {
        let (_kept, root) = tree();
        fs::create_dir(root.join("a/data/beside")).unwrap();
        assert_eq!(below(&root, &["a/data", "a/data/inner"]), ["a/file", "a/other", "b"]);
    }

    #[test]
    fn folder_that_is_not_there_yet_is_hidden_by_its_real_path() {
        let (_kept, root) = tree();
        assert_eq!(resolved(&root.join("way-in/new/one")), root.join("a/data/new/one"));
        assert_eq!(below(&root, &["b/new"]), ["a", "b/c"]);
    }

    #[test]
    fn nothing_hidden_is_everything_seen() {
        assert_eq!(beside(&BTreeSet::new()), [Path::new("/")]);
    }

    #[test]
    fn every_kind_of_support_has_its_own_words() {
        let all = [LandlockSupport::Missing, LandlockSupport::SwitchedOff];
        let all = all.into_iter().chain((1..=7).map(LandlockSupport::Version));
        let words: BTreeSet<String> = all.map(LandlockSupport::in_words).collect();
        assert_eq!(words.len(), 9);
    }
}
