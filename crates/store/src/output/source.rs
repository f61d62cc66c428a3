//! The bytes of one attempt's output, whether it lies there plain or compressed.

use super::OutputError;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use zeekstd::Decoder;

/// The file that a host appends to.
pub const PLAIN: &str = "output.jsonl";
/// What it becomes after the end, in the seekable format of Zstandard: its index is inside.
pub const PACKED: &str = "output.jsonl.zst";

/// How far to look at once for a newline.
pub const STEP: u64 = 64 * 1024;

/// An attempt's output as it was when it was opened, without a torn last line.
pub struct Source {
    from: Lying,
    end: u64,
}

/// How it lies there.
enum Lying {
    Empty,
    Plain(File),
    Packed(Box<Decoder<'static, File>>),
}

impl Lying {
    /// The plain file first: a compression puts the other in its place *before* it removes the plain one, so that
    /// whoever finds no plain file finds the other.
    fn found(dir: &Path) -> Result<Self, OutputError> {
        if let Some(file) = open(&dir.join(PLAIN))? {
            return Ok(Self::Plain(file));
        }
        let Some(file) = open(&dir.join(PACKED))? else { return Ok(Self::Empty) };
        Ok(Self::Packed(Box::new(Decoder::new(file).map_err(damaged)?)))
    }
}

impl Source {
    /// Opens the output in `dir`.
    pub fn open(dir: &Path) -> Result<Self, OutputError> {
        let from = Lying::found(dir)?;
        let len = match &from {
            Lying::Empty => 0,
            Lying::Plain(file) => file.metadata()?.len(),
            Lying::Packed(decoder) => decoder.seek_table().size_decomp(),
        };
        let mut source = Self { from, end: len };
        source.end = source.after_newline(len)?;
        Ok(source)
    }

    /// Whether it is compressed: then it does not grow any more.
    pub fn is_packed(&self) -> bool {
        matches!(self.from, Lying::Packed(_))
    }

    /// Uncompressed bytes of whole lines.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Where the last newline before `to` ends; 0 where there is none.
    pub fn after_newline(&mut self, mut to: u64) -> Result<u64, OutputError> {
        while to > 0 {
            let from = to.saturating_sub(STEP);
            if let Some(at) = self.bytes(from, to)?.iter().rposition(|b| *b == b'\n') {
                return Ok(from + at as u64 + 1);
            }
            to = from;
        }
        Ok(0)
    }

    /// The uncompressed bytes from `from` to `to`, which must not be beyond the end.
    pub fn bytes(&mut self, from: u64, to: u64) -> Result<Vec<u8>, OutputError> {
        let mut bytes = vec![0; usize::try_from(to.saturating_sub(from)).map_err(io::Error::other)?];
        match &mut self.from {
            Lying::Empty => {}
            Lying::Plain(file) => file.read_exact_at(&mut bytes, from)?,
            Lying::Packed(decoder) => {
                decoder.set_offset(from).map_err(damaged)?;
                decoder.read_exact(&mut bytes).map_err(|e| OutputError::Damaged(e.to_string()))?;
            }
        }
        Ok(bytes)
    }
}

/// The output in `dir` from its beginning.
pub fn whole(dir: &Path) -> Result<Box<dyn BufRead + Send>, OutputError> {
    Ok(match Lying::found(dir)? {
        Lying::Empty => Box::new(io::empty()),
        Lying::Plain(file) => Box::new(BufReader::new(file)),
        Lying::Packed(decoder) => Box::new(BufReader::new(decoder)),
    })
}

/// Bytes that the output in `dir` takes on the disk.
pub fn stored(dir: &Path) -> Result<u64, OutputError> {
    for name in [PLAIN, PACKED] {
        if let Some(file) = open(&dir.join(name))? {
            return Ok(file.metadata()?.len());
        }
    }
    Ok(0)
}

/// Opens a file, where it is there.
pub fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
pub fn damaged(error: zeekstd::Error) -> OutputError {
    OutputError::Damaged(error.to_string())
}
