//! Writing a document into its file: whole or not at all, merged with what someone else wrote meanwhile. Blocking.
//!
//! Invariants: nothing outside the project is written; a file that is there is replaced only by a text that has its
//! lines in it; cut short at any instant and done again, it comes to one file.

use super::identity::similar;
use super::walk::{self, Content, Stamp, temporary};
use crate::step::{self, Step};
use qd_core::document;
use qd_core::ids::Mid;
use qd_git::{Merged, merge_text};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::collections::HashSet;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// How often a file may change between the look and the write before the job is given up.
const TRIES: usize = 16;
/// File systems allow names of 255 bytes; room is left for a number and the ending.
const NAME_BYTES: usize = 200;

/// A document to write.
#[derive(Debug)]
pub(super) struct Order {
    /// The project, its links resolved.
    pub root: PathBuf,
    /// The job, which names the temporary file.
    pub job: Mid,
    /// Where to.
    pub to: To,
    /// The text.
    pub text: String,
    /// The text that it was edited from.
    pub base: Option<String>,
}

/// Where a document is written to.
#[derive(Debug)]
pub(super) enum To {
    /// The file at this path of the project.
    Path(String),
    /// A new file, in the tasks' folder.
    New {
        /// Relative to the project.
        tasks_dir: String,
        /// Its title names it.
        title: String,
        /// Paths that belong to tasks, whether a file is there now or not.
        taken: HashSet<String>,
    },
}

/// What the file has now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// The text, or a merge with it.
    Stands {
        /// Relative to the project.
        path: String,
        /// What the file has.
        text: String,
    },
    /// Lines that the text contradicts: it was left as it is.
    Conflict {
        /// Relative to the project.
        path: String,
        /// What the file has.
        theirs: String,
    },
}

/// Why it was not written. The message says what to do.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// The file went away.
    #[error("{0} is not there (any more). Bring the file back, or check out the branch that has it, then retry.")]
    Gone(String),
    /// The file is none that is written.
    #[error("{path} is not written: {problem}")]
    Refused {
        /// Relative to the project.
        path: String,
        /// Why.
        problem: String,
    },
    /// The folder leads out of the project.
    #[error("The folder of {0} lies outside the project, so nothing is written there.")]
    Outside(String),
    /// It changed at every look.
    #[error("{0} is being written by something else all the time. Retry when that has ended.")]
    Restless(String),
    /// The system refused.
    #[error("{path} could not be written: {}", advice(source))]
    Io {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
}

/// Writes the document.
pub(super) fn write(order: &Order) -> Result<Written, WriteError> {
    match &order.to {
        To::Path(path) => update(order, path),
        To::New { tasks_dir, title, taken } => create(order, tasks_dir, title, taken),
    }
}

/// Removes what a job may have left beside the file that it made.
pub(super) fn tidy(root: &Path, path: &str, job: Mid) {
    let folder = root.join(path).parent().map(fs::read_dir);
    for entry in folder.into_iter().flatten().flatten().flatten() {
        if entry.file_name().to_str().and_then(walk::job_of_temporary) == Some(job) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn update(order: &Order, path: &str) -> Result<Written, WriteError> {
    let failed = |source| WriteError::Io { path: path.to_owned(), source };
    for _ in 0..TRIES {
        let (file, meta, theirs) = current(order, path)?;
        let folder = file.parent().unwrap_or(&order.root);
        let text = match displaced(order, folder, &theirs) {
            Some(Displaced { joined: Some(text), .. }) => text,
            Some(Displaced { text: theirs, .. }) => return Ok(Written::Conflict { path: path.to_owned(), theirs }),
            None => match merge(order.base.as_deref(), &theirs, &order.text) {
                Some(text) => text,
                None => return Ok(Written::Conflict { path: path.to_owned(), theirs }),
            },
        };
        if text == theirs {
            return Ok(Written::Stands { path: path.to_owned(), text });
        }
        let temporary = folder.join(walk::in_place_of(&theirs, order.job));
        let replaced = fill(&temporary, &text, Some(&meta)).and_then(|()| {
            // An edit since the look is taken in by the next try.
            let still = fs::metadata(&file).is_ok_and(|now| Stamp::of(&now) == Stamp::of(&meta));
            let replaced = still && replace(&temporary, &file, &theirs)?;
            sync_folder(folder);
            Ok(replaced)
        });
        match replaced {
            Ok(true) => return Ok(Written::Stands { path: path.to_owned(), text }),
            Ok(false) => {}
            Err(source) => {
                let _ = fs::remove_file(&temporary);
                return Err(failed(source));
            }
        }
    }
    tidy(&order.root, path, order.job);
    Err(WriteError::Restless(path.to_owned()))
}

/// What somebody saved at the very moment at which an earlier run of the job put its text in the file's place. That run
/// died before it could put it back.
struct Displaced {
    text: String,
    /// With what the job is to write, where nothing else was saved since.
    joined: Option<String>,
}

fn displaced(order: &Order, folder: &Path, now: &str) -> Option<Displaced> {
    let base = order.base.as_deref();
    let begin = format!(".qd-{}.", order.job);
    let written = merge(base, now, &order.text);
    fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let name = entry.file_name();
        let seen = name.to_str()?.strip_prefix(&begin)?.strip_suffix(".tmp")?;
        let text = fs::read_to_string(entry.path()).ok()?;
        let joined = merge(base, &text, &order.text);
        let is_begun = written.as_ref().is_some_and(|written| written.starts_with(&text));
        let is_in = joined.as_ref().is_some_and(|joined| *joined == text || joined == now);
        if is_begun || is_in || document::hash(text.as_bytes()) == seen {
            return None;
        }
        // The file without what the job wrote is what that run had seen, unless it was changed since.
        let before = merge(Some(&order.text), now, base.unwrap_or_default());
        let joined = joined.filter(|_| before.is_some_and(|before| document::hash(before.as_bytes()) == seen));
        Some(Displaced { text, joined })
    })
}

/// Puts the filled temporary file in the place of `file`, unless that holds something else than `theirs` at this
/// moment. Where the system can exchange two files nothing that someone saves in between is lost.
pub(super) fn replace(temporary: &Path, file: &Path, theirs: &str) -> io::Result<bool> {
    step::passed(Step::DocumentFilled);
    let exchange = || renameat_with(CWD, temporary, CWD, file, RenameFlags::EXCHANGE);
    match exchange() {
        Ok(()) => {}
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => return fs::rename(temporary, file).map(|()| true),
        Err(error) => return Err(error.into()),
    }
    step::passed(Step::DocumentExchanged);
    let as_seen = fs::read(temporary).is_ok_and(|before| before == theirs.as_bytes());
    if !as_seen {
        exchange()?;
    }
    fs::remove_file(temporary)?;
    step::passed(Step::DocumentPlaced);
    Ok(as_seen)
}

/// The file of a document as it is now.
fn current(order: &Order, path: &str) -> Result<(PathBuf, Metadata, String), WriteError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => WriteError::Gone(path.to_owned()),
        _ => WriteError::Io { path: path.to_owned(), source },
    };
    inside(&order.root, path)?;
    let looked = |file: &Path| fs::metadata(file).map(|meta| Stamp::of(&meta));
    for _ in 0..TRIES {
        let before = looked(&order.root.join(path)).map_err(failed)?;
        let (file, content, text) = walk::open(&order.root, path).map_err(failed)?;
        let meta = fs::metadata(&file).map_err(failed)?;
        match (content, text) {
            (Content { problem: Some(problem), .. }, _) => {
                return Err(WriteError::Refused { path: path.to_owned(), problem });
            }
            (_, Some(text)) if Stamp::of(&meta) == before => return Ok((file, meta, text)),
            // It was written while it was read.
            _ => {}
        }
    }
    Err(WriteError::Restless(path.to_owned()))
}

/// Both edits in one text; `None` where they contradict each other.
fn merge(base: Option<&str>, theirs: &str, text: &str) -> Option<String> {
    if base == Some(theirs) {
        return Some(text.to_owned());
    }
    match merge_text(base.unwrap_or_default(), theirs, text) {
        Merged::Clean { text } => Some(text),
        Merged::Conflict { .. } => None,
    }
}

fn create(order: &Order, tasks_dir: &str, title: &str, taken: &HashSet<String>) -> Result<Written, WriteError> {
    let failed = |path: &str| {
        let path = path.to_owned();
        move |source| WriteError::Io { path, source }
    };
    let folder = order.root.join(tasks_dir);
    inside(&order.root, &format!("{tasks_dir}/x"))?;
    fs::create_dir_all(&folder).map_err(failed(tasks_dir))?;
    let temporary = folder.join(temporary(order.job));
    // An earlier run of this job may have made the file already: its temporary file is the same file then.
    let earlier = fs::symlink_metadata(&temporary).ok().map(|meta| (meta.dev(), meta.ino()));
    let begun = earlier.is_some_and(|_| fs::read(&temporary).is_ok_and(|bytes| bytes == order.text.as_bytes()));
    let mut filled = begun;
    let slug = document::slug(title);
    let slug = short(&slug);
    for number in 1..=u32::MAX {
        let name = if number == 1 { format!("{slug}.md") } else { format!("{slug}-{number}.md") };
        let path = format!("{tasks_dir}/{name}");
        let file = folder.join(&name);
        if taken.contains(&path) {
            continue;
        }
        if let Ok(meta) = fs::symlink_metadata(&file) {
            let same = earlier == Some((meta.dev(), meta.ino()));
            // An editor may have put another file in its place since.
            let is_it = |text: &str| same || text == order.text || (begun && similar(&order.text, text));
            if let Ok((_, _, Some(text))) = walk::open(&order.root, &path)
                && is_it(&text)
            {
                return Ok(Written::Stands { path, text });
            }
            continue;
        }
        if !filled {
            let _ = fs::remove_file(&temporary);
            fill(&temporary, &order.text, None).map_err(|e| {
                let _ = fs::remove_file(&temporary);
                failed(&path)(e)
            })?;
            filled = true;
        }
        step::passed(Step::DocumentFilled);
        match put(&temporary, &file) {
            Ok(()) => {
                sync_folder(&folder);
                step::passed(Step::DocumentPlaced);
                return Ok(Written::Stands { path, text: order.text.clone() });
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => {
                let _ = fs::remove_file(&temporary);
                return Err(failed(&path)(e));
            }
        }
    }
    Err(WriteError::Restless(tasks_dir.to_owned()))
}

/// Puts a document at `path` of a worktree, over what is there.
pub(crate) async fn place_document(worktree: &Path, path: &str, text: &str) -> Result<(), String> {
    let (root, path, text) = (worktree.to_owned(), path.to_owned(), text.to_owned());
    let placed = tokio::task::spawn_blocking(move || {
        let failed = |source| WriteError::Io { path: path.clone(), source };
        let root = root.canonicalize().map_err(failed)?;
        inside(&root, &path)?;
        let file = root.join(&path);
        let folder = file.parent().unwrap_or(&root);
        let temporary = folder.join(".qd-copy.tmp");
        fs::create_dir_all(folder)
            .and_then(|()| fill(&temporary, &text, None))
            .and_then(|()| {
                step::passed(Step::CopyFilled);
                fs::rename(&temporary, &file)
            })
            .map_err(failed)
    });
    placed.await.map_err(|e| e.to_string())?.map_err(|e: WriteError| e.to_string())
}

/// The text of the document at `path` of a worktree, where it has one that can be read.
pub(crate) async fn read_document(worktree: &Path, path: &str) -> Option<String> {
    let (root, path) = (worktree.to_owned(), path.to_owned());
    let read = tokio::task::spawn_blocking(move || {
        let root = root.canonicalize().ok()?;
        walk::open(&root, &path).ok()?.2
    });
    read.await.ok()?
}

/// Gives the filled temporary file its name, unless something has that name.
fn put(temporary: &Path, file: &Path) -> io::Result<()> {
    match fs::hard_link(temporary, file) {
        // Not every file system has hard links.
        Err(e) if matches!(e.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied) => {
            if fs::symlink_metadata(file).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(temporary, file)
        }
        linked => linked,
    }
}

/// Writes `text` to `path` and to the disk, as a file like `like`.
fn fill(path: &Path, text: &str, like: Option<&Metadata>) -> io::Result<()> {
    let _ = fs::remove_file(path);
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    if let Some(meta) = like {
        file.set_permissions(meta.permissions())?;
        // Fails where that belongs to another user; then it is this user's from now on.
        let _ = std::os::unix::fs::fchown(&file, Some(meta.uid()), Some(meta.gid()));
    }
    file.sync_all()
}

/// Has the new name reach the disk. Where that fails the file is there all the same, and the store has its text.
pub(super) fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// Refuses paths whose folder leads out of the project or into its git directory.
pub(super) fn inside(root: &Path, path: &str) -> Result<(), WriteError> {
    let plain = Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    let folder = root.join(path);
    let real = folder.ancestors().skip(1).find_map(|folder| folder.canonicalize().ok());
    let fits = real.is_some_and(|real| real.starts_with(root) && !real.starts_with(root.join(".git")));
    if plain && fits { Ok(()) } else { Err(WriteError::Outside(path.to_owned())) }
}

/// A name that is short enough in bytes.
fn short(slug: &str) -> &str {
    let end =
        slug.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= NAME_BYTES).last().unwrap_or(0);
    slug[..end].trim_end_matches('-')
}

/// What an error of the system means for a person.
pub(crate) fn advice(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "no space is left on its disk. Free some, then retry: your text is kept.".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "its disk is read-only. Make it writable, then retry: your text is kept.".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "this user may not write there. Change the permissions, then retry: your text is kept.".to_owned()
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            format!("a file stands where its folder should be ({error}). Move it away, then retry: your text is kept.")
        }
        _ => format!("{error}. Retry when that is mended: your text is kept."),
    }
}
