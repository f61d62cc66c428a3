//! Blobs on the disk: `<data>/blobs/<id>`, each written whole before it has its name, and removed once nothing has
//! named it for a day.

use crate::engine::Engine;
use qd_core::blob::{BlobId, LARGEST, media_type};
use qd_core::command::Command;
use qd_core::row::{MessageBody, Row, RowKind};
use qd_wire::Mutation;
use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// So long a blob may wait for the message that names it.
const UNNAMED: Duration = Duration::from_hours(24);

/// Why a blob was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PutBlobError {
    /// Its name is that of other bytes.
    #[error("These bytes have another SHA-256 than the address says.")]
    OtherBytes,
    /// It is too large.
    #[error("An image may have {} MB at most.", LARGEST / (1024 * 1024))]
    TooLarge,
    /// It is no image of a kind that agents take.
    #[error("Only PNG, JPEG, GIF and WebP images are taken, sent as what they are.")]
    OtherType,
    /// No space is left.
    #[error("no space is left on the disk that holds the data directory")]
    StorageFull,
    /// It could not be written.
    #[error("a blob could not be written")]
    Io(#[source] io::Error),
}

impl From<io::Error> for PutBlobError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::StorageFull,
            _ => Self::Io(error),
        }
    }
}

impl Engine {
    /// Keeps an image of which the sender says that it is of type `declared`. The same again does nothing.
    pub async fn put_blob(&self, id: BlobId, declared: &str, bytes: Vec<u8>) -> Result<(), PutBlobError> {
        if bytes.len() > LARGEST {
            return Err(PutBlobError::TooLarge);
        }
        if media_type(&bytes) != Some(declared) {
            return Err(PutBlobError::OtherType);
        }
        let dir = self.config().blobs();
        let draft = dir.join(format!(".{}", crate::time::mint(self.config().clock.as_ref())));
        let now = self.system_time();
        let written = tokio::task::spawn_blocking(move || {
            if BlobId::of(&bytes) != id {
                return Err(PutBlobError::OtherBytes);
            }
            Ok(write(&dir, &draft, &id, &bytes, now)?)
        });
        written.await.map_err(io::Error::other)?
    }

    fn system_time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.config().clock.now().0)
    }

    /// The bytes of a blob; `None` where there is no such.
    pub async fn blob(&self, id: &BlobId) -> io::Result<Option<Vec<u8>>> {
        let path = self.config().blobs().join(id.as_str());
        tokio::task::spawn_blocking(move || read(&path)).await?
    }

    /// Whether a blob that a mutation names is not here.
    pub(crate) async fn lacks_blobs(&self, mutation: &Mutation) -> bool {
        let named = named(mutation);
        if named.is_empty() {
            return false;
        }
        let dir = self.config().blobs();
        let looked = tokio::task::spawn_blocking(move || named.iter().any(|id| !dir.join(id.as_str()).is_file()));
        looked.await.unwrap_or(true)
    }

    /// Removes what no message names (any more), and half-written files. To be called while nobody can name anything.
    pub(crate) async fn collect_blobs(&self) {
        let dir = self.config().blobs();
        let named: HashSet<String> = self.read(|state| {
            let messages = state.rows().filter(|row| row.key().kind == RowKind::Message);
            let images = messages.flat_map(|row| match row.as_ref() {
                Row::Message(message) => match &message.body {
                    MessageBody::Prompt { images, .. } => images.as_slice(),
                    _ => &[],
                },
                _ => &[],
            });
            images.filter_map(|image| image.stored()).map(|stored| stored.blob.to_string()).collect()
        });
        let before = self.system_time() - UNNAMED;
        let collected = tokio::task::spawn_blocking(move || collect(&dir, &named, before)).await;
        match collected.map_err(io::Error::other).flatten() {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "images that nothing names any more were removed"),
            Err(error) => tracing::warn!(%error, "old images could not be removed"),
        }
    }
}

/// The blobs that a mutation names.
fn named(mutation: &Mutation) -> Vec<BlobId> {
    // Most name none, and reading a command twice is for those that may.
    if mutation.args.get("images").is_none() {
        return Vec::new();
    }
    let command = mutation.command().ok();
    command.iter().flat_map(Command::blobs).map(|stored| stored.blob.clone()).collect()
}

fn write(dir: &Path, draft: &Path, id: &BlobId, bytes: &[u8], now: SystemTime) -> io::Result<()> {
    let place = dir.join(id.as_str());
    if let Ok(kept) = OpenOptions::new().append(true).open(&place) {
        // Whoever sends it is about to name it: its day begins anew.
        return kept.set_modified(now);
    }
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let written = fill(draft, bytes, now).and_then(|()| fs::rename(draft, &place));
    if written.is_err() {
        let _ = fs::remove_file(draft);
        return written;
    }
    File::open(dir)?.sync_all()
}

fn fill(draft: &Path, bytes: &[u8], now: SystemTime) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(bytes)?;
    file.set_modified(now)?;
    file.sync_all()
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn collect(dir: &Path, named: &HashSet<String>, before: SystemTime) -> io::Result<usize> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry?;
        let is_named = entry.file_name().to_str().is_some_and(|name| named.contains(name));
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        if !is_named && modified.is_ok_and(|at| at < before) {
            fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

impl crate::config::EngineConfig {
    /// Where the blobs are.
    pub fn blobs(&self) -> PathBuf {
        self.data_dir.join("blobs")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days after some beginning.
    fn day(number: u32) -> SystemTime {
        UNIX_EPOCH + Duration::from_hours(24) * (10_000 + number)
    }

    fn put(dir: &Path, bytes: &[u8], at: SystemTime) -> BlobId {
        let id = BlobId::of(bytes);
        write(dir, &dir.join(".draft"), &id, bytes, at).unwrap();
        id
    }

    #[test]
    fn what_is_named_or_young_stays_and_half_written_files_go() {
        let dir = tempfile::tempdir().unwrap();
        let [named, unnamed] = [b"named".as_slice(), b"unnamed"].map(|bytes| put(dir.path(), bytes, day(1)));
        let young = put(dir.path(), b"young", day(3));
        fill(&dir.path().join(".torn"), b"half", day(1)).unwrap();
        assert_eq!(collect(dir.path(), &HashSet::from([named.to_string()]), day(2)).unwrap(), 2);
        let there = |id: &BlobId| dir.path().join(id.as_str()).exists();
        assert_eq!((there(&named), there(&unnamed), there(&young)), (true, false, true));
    }

    #[test]
    fn sending_it_again_begins_its_day_anew() {
        let dir = tempfile::tempdir().unwrap();
        let id = put(dir.path(), b"again", day(1));
        put(dir.path(), b"again", day(3));
        assert_eq!(collect(dir.path(), &HashSet::new(), day(2)).unwrap(), 0);
        assert_eq!(read(&dir.path().join(id.as_str())).unwrap().as_deref(), Some(b"again".as_slice()));
    }
}
