//! Bounded capture: everything is read, so that the writer never blocks; only so much is kept.

use std::collections::VecDeque;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Which end of a too long output is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// The beginning.
    Head,
    /// The end, as errors stand there.
    Tail,
}

/// Output as far as it was kept.
#[derive(Debug, Clone)]
pub struct Captured {
    bytes: VecDeque<u8>,
    limit: usize,
    keep: Keep,
    total: u64,
}

impl Captured {
    /// An empty capture of at most `limit` bytes.
    pub fn new(limit: usize, keep: Keep) -> Self {
        Self { bytes: VecDeque::new(), limit, keep, total: 0 }
    }

    /// Takes bytes in.
    pub fn push(&mut self, chunk: &[u8]) {
        self.total += chunk.len() as u64;
        match self.keep {
            Keep::Head => {
                let room = self.limit - self.bytes.len();
                self.bytes.extend(&chunk[..chunk.len().min(room)]);
            }
            Keep::Tail => {
                let kept = &chunk[chunk.len().saturating_sub(self.limit)..];
                let over = (self.bytes.len() + kept.len()).saturating_sub(self.limit);
                self.bytes.drain(..over);
                self.bytes.extend(kept);
            }
        }
    }

    /// Reads to the end of file. Cancel-safe: what was read stays.
    pub async fn read_from(&mut self, reader: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
        let mut chunk = vec![0_u8; 16 * 1024];
        loop {
            match reader.read(&mut chunk).await? {
                0 => return Ok(()),
                length => self.push(&chunk[..length]),
            }
        }
    }

    /// The kept bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes.into()
    }

    /// The kept bytes as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        let (first, second) = self.bytes.as_slices();
        String::from_utf8_lossy(&[first, second].concat()).into_owned()
    }

    /// The last of the kept bytes as text, at most so many, from the beginning of a line where one is left.
    pub fn end(&self, most: usize) -> String {
        let text = self.text();
        let from = (text.len().saturating_sub(most)..text.len()).find(|at| text.is_char_boundary(*at));
        let end = text.get(from.unwrap_or(0)..).unwrap_or_default();
        match end.split_once('\n') {
            Some((_, lines)) if end.len() < text.len() && !lines.is_empty() => lines.to_owned(),
            _ => end.to_owned(),
        }
    }

    /// Whether something was left out.
    pub fn truncated(&self) -> bool {
        self.total > self.bytes.len() as u64
    }

    /// How many bytes were written in all.
    pub fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(keep: Keep, chunks: &[&str]) -> (String, bool) {
        let mut captured = Captured::new(4, keep);
        for chunk in chunks {
            captured.push(chunk.as_bytes());
        }
        (captured.text(), captured.truncated())
    }

    #[test]
    fn head_keeps_the_beginning() {
        assert_eq!(kept(Keep::Head, &["ab", "cdef", "g"]), ("abcd".into(), true));
        assert_eq!(kept(Keep::Head, &["ab", "cd"]), ("abcd".into(), false));
    }

    #[test]
    fn tail_keeps_the_end() {
        assert_eq!(kept(Keep::Tail, &["ab", "cdef", "g"]), ("defg".into(), true));
        assert_eq!(kept(Keep::Tail, &["abcdefgh"]), ("efgh".into(), true));
        assert_eq!(kept(Keep::Tail, &["ab", "c"]), ("abc".into(), false));
    }
}
