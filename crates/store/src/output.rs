//! The output of sessions: `<data>/run/<session>/<attempt>/output.jsonl`, one JSON object a line, appended by the
//! session's host, another process. Read here, from both ends, and compressed once an attempt has ended. An offset
//! is attempt and *uncompressed* byte, so that it means the same before, during and after the compression.
//!
//! Invariants: only whole lines are handed out, a torn last line is as if it were not there; what was readable stays
//! readable at every instant of a compression. It knows of the lines only that the last one of an attempt has the
//! kind `ended`. Everything blocks but [`Follow`].

mod follow;
mod lines;
mod offset;
mod pack;
mod source;

pub use follow::{Follow, Known, Step};
pub use offset::{BadOutputOffset, OutputOffset};

use qd_core::ids::SessionId;
use source::Source;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

/// Output could not be read.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The offset lies beyond the end or inside a line: it was never handed out.
    #[error("{0} is not an offset of this session")]
    Misplaced(OutputOffset),
    /// The session ended, and less is there than its ending says.
    #[error("the output ends at {have}, but went on to {want}")]
    Short {
        /// Where it ends.
        have: OutputOffset,
        /// Where its ending says it does.
        want: OutputOffset,
    },
    /// The file was written to while it was being compressed. It was left as it is.
    #[error("the output of attempt {0} is still being written")]
    StillWritten(u32),
    /// A compressed file can't be read.
    #[error("the compressed output is damaged: {0}")]
    Damaged(String),
    /// The operating system refused.
    #[error("the output could not be read or written: {0}")]
    Io(#[from] io::Error),
}

/// Whole lines of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Where they begin.
    pub start: OutputOffset,
    /// Where to read on.
    pub next: OutputOffset,
    /// The lines, each with its newline.
    pub bytes: Vec<u8>,
    /// What follows at `next`.
    pub edge: Edge,
    /// Whether the session's output begins at `start`.
    pub first: bool,
}

/// What follows a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// More was there already.
    More,
    /// Nothing yet.
    Open,
    /// Nothing, and nothing will come in this attempt; a later one may begin.
    Closed,
}

/// What the output of a session takes on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputSize {
    /// The session.
    pub session: SessionId,
    /// Its attempts.
    pub attempts: usize,
    /// Bytes, as they lie on the disk.
    pub bytes: u64,
}

/// The output files of a data directory.
#[derive(Clone, Debug)]
pub struct Outputs {
    run: PathBuf,
}

impl Outputs {
    /// Those of the data directory `data`.
    pub fn new(data: &Path) -> Self {
        Self { run: data.join("run") }
    }

    fn dir(&self, session: SessionId, attempt: u32) -> PathBuf {
        self.run.join(session.to_string()).join(attempt.to_string())
    }

    /// The attempts of a session, ascending. None where it has not begun.
    pub fn attempts(&self, session: SessionId) -> Result<Vec<u32>, OutputError> {
        let mut found: Vec<u32> =
            names(&self.run.join(session.to_string()))?.iter().filter_map(|name| name.parse().ok()).collect();
        found.sort_unstable();
        Ok(found)
    }

    /// About `max` bytes from `from` on: fewer at the end of an attempt, more where one line is longer. Attempt 0 is
    /// the beginning. Where the attempt of `from` ends the next one follows.
    pub fn read(&self, session: SessionId, from: OutputOffset, max: usize) -> Result<Chunk, OutputError> {
        let attempts = self.attempts(session)?;
        let mut found = Chunk {
            start: from,
            next: from,
            bytes: Vec::new(),
            edge: Edge::Open,
            first: from == OutputOffset::default(),
        };
        for &attempt in attempts.iter().filter(|a| **a >= from.attempt) {
            let byte = if attempt == from.attempt { from.byte } else { 0 };
            let start = OutputOffset { attempt, byte };
            let mut source = Source::open(&self.dir(session, attempt))?;
            lines::check(&mut source, start)?;
            let bytes = lines::forward(&mut source, byte, max)?;
            let next = OutputOffset { attempt, byte: byte + bytes.len() as u64 };
            let edge = if next.byte < source.end() || attempts.last() != Some(&attempt) {
                Edge::More
            } else {
                closed(&mut source, next.byte)?
            };
            let first = byte == 0 && attempts.first() == Some(&attempt);
            found = Chunk { start, next, bytes, edge, first };
            if !found.bytes.is_empty() {
                break;
            }
        }
        Ok(found)
    }

    /// About the last `max` bytes of a session: fewer where its last attempt has fewer, then [`Self::before`] goes on.
    pub fn tail(&self, session: SessionId, max: usize) -> Result<Chunk, OutputError> {
        let attempts = self.attempts(session)?;
        self.back(session, &attempts, None, max)
    }

    /// About `max` bytes before `offset`, in the same attempt or, at its beginning, in the one before. Empty at the
    /// beginning of the session.
    pub fn before(&self, session: SessionId, offset: OutputOffset, max: usize) -> Result<Chunk, OutputError> {
        let attempts = self.attempts(session)?;
        self.back(session, &attempts, Some(offset), max)
    }

    fn back(
        &self,
        session: SessionId,
        attempts: &[u32],
        to: Option<OutputOffset>,
        max: usize,
    ) -> Result<Chunk, OutputError> {
        let last = attempts.last().copied().unwrap_or_default();
        let bound = to.unwrap_or(OutputOffset { attempt: last, byte: u64::MAX });
        for &attempt in attempts.iter().rev().filter(|a| **a <= bound.attempt) {
            let mut source = Source::open(&self.dir(session, attempt))?;
            let end = match to {
                Some(to) if to.attempt == attempt => {
                    lines::check(&mut source, to)?;
                    to.byte
                }
                _ => source.end(),
            };
            let bytes = lines::backward(&mut source, end, max)?;
            let byte = end - bytes.len() as u64;
            // An empty last attempt says where a tail is followed from, all the same, if nothing lies before it.
            let first = byte == 0 && attempts.first() == Some(&attempt);
            if bytes.is_empty() && !first {
                continue;
            }
            let edge = if attempt != last || end < source.end() { Edge::More } else { closed(&mut source, end)? };
            return Ok(Chunk {
                start: OutputOffset { attempt, byte },
                next: OutputOffset { attempt, byte: end },
                bytes,
                edge,
                first,
            });
        }
        let at = to.unwrap_or_default();
        Ok(Chunk { start: at, next: at, bytes: Vec::new(), edge: Edge::Open, first: true })
    }

    /// The output of an attempt from its beginning, a torn last line with it; empty where there is none.
    pub fn whole(&self, session: SessionId, attempt: u32) -> Result<Box<dyn BufRead + Send>, OutputError> {
        source::whole(&self.dir(session, attempt))
    }

    /// Compresses the output of an attempt that has ended and gives back the bytes that it takes now. Repeating it is
    /// harmless, and finishes what a crash interrupted.
    pub fn compress(&self, session: SessionId, attempt: u32) -> Result<u64, OutputError> {
        pack::pack(&self.dir(session, attempt), attempt)
    }

    /// What the output of each session takes on the disk.
    pub fn sizes(&self) -> Result<Vec<OutputSize>, OutputError> {
        let mut found = Vec::new();
        for session in names(&self.run)?.iter().filter_map(|name| name.parse::<SessionId>().ok()) {
            let attempts = self.attempts(session)?;
            let mut bytes = 0;
            for &attempt in &attempts {
                bytes += source::stored(&self.dir(session, attempt))?;
            }
            found.push(OutputSize { session, attempts: attempts.len(), bytes });
        }
        Ok(found)
    }
}

/// Whether an attempt that was read up to its end, `end`, can go on.
fn closed(source: &mut Source, end: u64) -> Result<Edge, OutputError> {
    #[derive(serde::Deserialize)]
    struct Kind {
        kind: String,
    }
    if source.is_packed() {
        return Ok(Edge::Closed);
    }
    let line = lines::backward(source, end, 4096)?;
    let line = line.split_inclusive(|b| *b == b'\n').next_back().unwrap_or_default();
    let ended = serde_json::from_slice::<Kind>(line).is_ok_and(|line| line.kind == "ended");
    Ok(if ended { Edge::Closed } else { Edge::Open })
}

/// The names in a directory; none where it is missing.
fn names(dir: &Path) -> io::Result<Vec<String>> {
    match std::fs::read_dir(dir) {
        Ok(entries) => entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(e),
    }
}
