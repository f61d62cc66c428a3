//! The attempt's output file: appended by the host alone, made durable at least every second.

use qd_core::event::{Event, EventBody};
use qd_core::ids::Millis;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::spec::{OUTPUT, private};

/// A file that is there for its size: on a full disk it makes room for the ending.
const RESERVE: &str = "reserve";
const RESERVED: usize = 32 << 10;

/// Gives the room back that was set aside for the ending.
pub(super) fn release(run_dir: &Path) {
    let _ = std::fs::remove_file(run_dir.join(RESERVE));
}

/// The output of an attempt, open for appending.
#[derive(Debug)]
pub(super) struct OutputLog {
    file: Arc<File>,
    run_dir: PathBuf,
    /// The end of the last complete line.
    offset: u64,
    seq: u64,
}

impl OutputLog {
    /// Makes the file, and sets room aside for the ending.
    pub(super) fn create(run_dir: &Path) -> io::Result<Self> {
        let file = private().append(true).create_new(true).open(run_dir.join(OUTPUT))?;
        // Of ones: file systems keep no room for zeros.
        private().write(true).create(true).truncate(true).open(run_dir.join(RESERVE))?.write_all(&vec![1; RESERVED])?;
        Ok(Self { file: Arc::new(file), run_dir: run_dir.to_owned(), offset: 0, seq: 0 })
    }

    /// Goes on with a file whose last complete line ends at `offset` and has the number `seq`.
    pub(super) fn resume(run_dir: &Path, offset: u64, seq: u64) -> io::Result<Self> {
        let file = private().append(true).create(true).open(run_dir.join(OUTPUT))?;
        file.set_len(offset)?;
        release(run_dir);
        Ok(Self { file: Arc::new(file), run_dir: run_dir.to_owned(), offset, seq })
    }

    /// Appends events with one write. After an error the file ends with its last complete line.
    pub(super) fn append(&mut self, ts: Millis, bodies: &[EventBody]) -> io::Result<()> {
        let mut lines = Vec::new();
        for (number, body) in (self.seq + 1..).zip(bodies) {
            serde_json::to_writer(&mut lines, &Event { seq: number, ts, body: body.clone() })?;
            lines.push(b'\n');
        }
        if let Err(error) = (&*self.file).write_all(&lines) {
            // Half a line must not stay in front of what comes when there is room again.
            self.file.set_len(self.offset)?;
            release(&self.run_dir);
            return Err(error);
        }
        self.offset += lines.len() as u64;
        self.seq += bodies.len() as u64;
        Ok(())
    }

    /// The end of the last complete line.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Makes durable what was appended so far, away from the caller's thread: a slow disk must not hold the agent up.
    pub(super) async fn sync(&self) -> io::Result<()> {
        let file = Arc::clone(&self.file);
        tokio::task::spawn_blocking(move || file.sync_data()).await.map_err(io::Error::other)?
    }
}
