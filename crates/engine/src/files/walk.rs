//! What lies in the folder of the task documents: which files there are, what each holds, and why one can't be a
//! document. Blocking; reads a file again only where its stamp changed.
//!
//! Must not know: rows. Invariant: nothing outside the project is opened, and nothing that is not a plain file.

use qd_core::document::{self, MAX_BYTES};
use qd_core::ids::Millis;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Folders below the tasks' own are looked into this deep.
const DEPTH: usize = 16;
/// A file that was written so shortly before it was read (in milliseconds) may change again without a trace in its
/// stamp.
const SETTLED: u64 = 100;

/// One file (or what stands in the place of one).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Relative to the project, with `/`; bytes that are not UTF-8 as `\xNN`.
    pub path: String,
    /// Whether it lies in the archive.
    pub archived: bool,
    /// What it holds.
    pub content: Content,
}

/// What a file holds, by hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// SHA-256 of its bytes (of the first of them where it is too large).
    pub hash: String,
    /// Bytes.
    pub size: u64,
    /// Why it can't be shown or written.
    pub problem: Option<String>,
}

/// A listing of the tasks' folder.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Every `.md`, in path order.
    pub found: Vec<Found>,
    /// Folders (relative to the project) that could not be read: what is in them is not known.
    pub unknown: Vec<String>,
    /// Temporary files of writes that were cut short.
    pub leftovers: Vec<PathBuf>,
}

/// What was read before, by path. A new one reads everything.
#[derive(Debug, Default)]
pub(super) struct Known(HashMap<String, (Stamp, Content)>);

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(super) fn of(meta: &Metadata) -> Self {
        Self {
            inode: meta.ino(),
            size: meta.size(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }

    fn is_settled(&self, now: Millis) -> bool {
        let ms = self.changed.0.saturating_mul(1000).saturating_add(self.changed.1 / 1_000_000);
        now.since(Millis(u64::try_from(ms).unwrap_or(0))) > SETTLED
    }
}

/// The name of the temporary file of a job.
pub(super) fn temporary(job: qd_core::ids::Mid) -> String {
    format!(".qd-{job}.tmp")
}

/// The name of the temporary file of a job that takes the place of a file with the text `seen`.
pub(super) fn in_place_of(seen: &str, job: qd_core::ids::Mid) -> String {
    format!(".qd-{job}.{}.tmp", document::hash(seen.as_bytes()))
}

/// The job whose temporary file has this name.
pub(super) fn job_of_temporary(name: &str) -> Option<qd_core::ids::Mid> {
    let job = name.strip_prefix(".qd-")?.strip_suffix(".tmp")?;
    job.split_once('.').map_or(job, |(job, _)| job).parse().ok()
}

/// Lists the documents below `root/tasks_dir`. `root` has its links resolved.
pub(super) fn walk(root: &Path, tasks_dir: &str, known: &mut Known, now: Millis) -> Listing {
    let mut walk = Walk { root, now, archive: format!("{tasks_dir}/archive/"), known, listing: Listing::default() };
    walk.folder(&root.join(tasks_dir), tasks_dir, 0);
    walk.listing.found.sort_by(|a, b| a.path.cmp(&b.path));
    walk.listing.found.dedup_by(|a, b| a.path == b.path);
    let there: HashSet<&str> = walk.listing.found.iter().map(|f| f.path.as_str()).collect();
    walk.known.0.retain(|path, _| there.contains(path.as_str()));
    walk.listing
}

struct Walk<'a> {
    root: &'a Path,
    now: Millis,
    archive: String,
    known: &'a mut Known,
    listing: Listing,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, path: &str, depth: usize) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            // A folder that went away meanwhile, or a tasks folder that is not there, holds nothing.
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return,
            Err(_) => return self.listing.unknown.push(path.to_owned()),
        };
        for entry in entries {
            let Ok(entry) = entry else {
                self.listing.unknown.push(path.to_owned());
                continue;
            };
            let bytes = entry.file_name();
            let name = readable(bytes.as_bytes());
            if name.starts_with('.') {
                if job_of_temporary(&name).is_some() {
                    self.listing.leftovers.push(entry.path());
                }
                continue;
            }
            let below = format!("{path}/{name}");
            if bytes.as_bytes().ends_with(b".md") {
                self.document(&entry.path(), below, bytes.to_str());
            } else if depth < DEPTH && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.folder(&entry.path(), &below, depth + 1);
            }
        }
    }

    fn document(&mut self, file: &Path, path: String, name: Option<&str>) {
        let content = match self.content(file, &path, name) {
            Ok(content) => content,
            // It went away between the listing and the look.
            Err(e) if e.kind() == io::ErrorKind::NotFound => return,
            Err(e) => Content::problem(format!("It can't be read: {e}.")),
        };
        let archived = path.starts_with(&self.archive);
        self.listing.found.push(Found { path, archived, content });
    }

    fn content(&mut self, file: &Path, path: &str, name: Option<&str>) -> io::Result<Content> {
        let Some(name) = name else {
            return Ok(Content::problem("Its file name is not UTF-8. Rename it."));
        };
        if name.chars().any(char::is_control) {
            return Ok(Content::problem("Its file name has a line break or another control character. Rename it."));
        }
        let file = match place(self.root, file)? {
            Place::File(file) => file,
            Place::Not(problem) => return Ok(Content::problem(problem)),
        };
        let stamp = Stamp::of(&file.metadata()?);
        if let Some((_, content)) = self.known.0.get(path).filter(|(before, _)| *before == stamp) {
            return Ok(content.clone());
        }
        let (content, _) = read(&file)?;
        if stamp.is_settled(self.now) {
            self.known.0.insert(path.to_owned(), (stamp, content.clone()));
        } else {
            self.known.0.remove(path);
        }
        Ok(content)
    }
}

impl Content {
    /// Whether the hash is one of bytes that were read, so that files can be told apart by it.
    pub(super) fn is_read(&self) -> bool {
        self.problem.is_none() || self.size > 0
    }

    fn problem(problem: impl Into<String>) -> Self {
        let problem = problem.into();
        Self { hash: document::hash(problem.as_bytes()), size: 0, problem: Some(problem) }
    }
}

/// Where a path leads.
enum Place {
    File(PathBuf),
    Not(String),
}

/// The plain file that `file` is or links to; why it is none that may be read.
fn place(root: &Path, file: &Path) -> io::Result<Place> {
    let mut meta = fs::symlink_metadata(file)?;
    let mut real = file.to_owned();
    if meta.is_symlink() {
        real = match file.canonicalize() {
            Ok(real) => real,
            Err(_) => return Ok(Place::Not("It is a link that leads nowhere.".to_owned())),
        };
        if !real.starts_with(root) || real.starts_with(root.join(".git")) {
            return Ok(Place::Not("It is a link out of the project, so it is neither read nor written.".to_owned()));
        }
        meta = fs::metadata(&real)?;
    }
    Ok(if meta.is_file() {
        Place::File(real)
    } else if meta.is_dir() {
        Place::Not("It is a folder, not a document. Rename it so that it does not end in .md.".to_owned())
    } else {
        Place::Not("It is not a plain file.".to_owned())
    })
}

/// Opens the document at `path` of the project, through links inside of it, and reads it.
pub(super) fn open(root: &Path, path: &str) -> io::Result<(PathBuf, Content, Option<String>)> {
    match place(root, &root.join(path))? {
        Place::File(file) => {
            let (content, text) = read(&file)?;
            Ok((file, content, text))
        }
        Place::Not(problem) => Ok((root.join(path), Content::problem(problem), None)),
    }
}

/// Reads a plain file: what it holds, and its text where it is a document.
fn read(path: &Path) -> io::Result<(Content, Option<String>)> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0).min(MAX_BYTES + 1));
    (&mut file).take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    let hash = document::hash(&bytes);
    if bytes.len() > MAX_BYTES {
        let problem = format!(
            "It has {} bytes; documents of up to {MAX_BYTES} are shown. Split it.",
            size.max(bytes.len() as u64)
        );
        return Ok((Content { hash, size, problem: Some(problem) }, None));
    }
    let size = bytes.len() as u64;
    let text = String::from_utf8(bytes).ok();
    let problem = text.is_none().then(|| "It is not UTF-8 text. Save it as UTF-8.".to_owned());
    Ok((Content { hash, size, problem }, text))
}

/// A name as text, without loss.
fn readable(name: &[u8]) -> String {
    let mut out = String::new();
    for chunk in name.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}
