//! Bytes to lines, with a bound. Splits on the newline byte, so a character that arrives in two pieces stays whole.

/// A line longer than the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line of more than {limit} bytes")]
pub struct LineTooLong {
    /// The bound in bytes.
    pub limit: usize,
}

/// How much memory is kept between lines.
const ROOM: usize = 1 << 20;

/// Collects bytes and gives out complete lines.
#[derive(Debug)]
pub struct LineBuffer {
    bytes: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// Up to where no newline was found.
    searched: usize,
    limit: usize,
}

impl LineBuffer {
    /// Takes lines of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), start: 0, searched: 0, limit }
    }

    /// Takes bytes in.
    pub fn push(&mut self, chunk: &[u8]) {
        // What was given out is dropped once a push, not once a line.
        self.bytes.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        // One long line must not hold its memory for the rest of a session.
        if self.bytes.capacity() > ROOM && self.bytes.len() < ROOM / 4 {
            self.bytes.shrink_to(ROOM / 4);
        }
        self.bytes.extend_from_slice(chunk);
    }

    /// The next complete line, without its end.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, LineTooLong> {
        let rest = self.bytes.get(self.searched..).unwrap_or_default();
        let Some(found) = rest.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.bytes.len();
            return if self.searched - self.start > self.limit {
                Err(LineTooLong { limit: self.limit })
            } else {
                Ok(None)
            };
        };
        let (from, to) = (self.start, self.searched + found);
        self.start = to + 1;
        self.searched = self.start;
        if to - from > self.limit {
            return Err(LineTooLong { limit: self.limit });
        }
        let line = self.bytes.get(from..to).unwrap_or_default();
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(line)))
    }

    /// The bytes after the last complete line.
    pub fn rest(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(buffer: &mut LineBuffer) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        while let Some(line) = buffer.next_line().unwrap() {
            lines.push(line.to_vec());
        }
        lines
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_where_the_bytes_are_cut(text in "[a-zä€😀\n]{0,60}", cuts in prop::collection::vec(0usize..200, 0..8)) {
            let whole: Vec<Vec<u8>> = text.split_inclusive('\n').filter(|line| line.ends_with('\n'))
                .map(|line| line.trim_end_matches('\n').as_bytes().to_vec()).collect();
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.push(bytes.len());
            cuts.sort_unstable();
            let (mut buffer, mut from, mut got) = (LineBuffer::new(1000), 0, Vec::new());
            for cut in cuts {
                buffer.push(&bytes[from..cut]);
                from = cut;
                got.extend(lines(&mut buffer));
            }
            prop_assert_eq!(got, whole);
        }
    }

    #[test]
    fn a_line_beyond_the_bound_is_an_error_before_it_ends() {
        let mut buffer = LineBuffer::new(4);
        buffer.push(b"1234\n12345");
        assert_eq!(buffer.next_line().unwrap(), Some(&b"1234"[..]));
        assert_eq!(buffer.next_line(), Err(LineTooLong { limit: 4 }));
    }

    #[test]
    fn what_has_no_end_yet_is_the_rest() {
        let mut buffer = LineBuffer::new(100);
        buffer.push(b"one\r\ntw");
        assert_eq!(lines(&mut buffer), [b"one".to_vec()]);
        assert_eq!(buffer.rest(), b"tw");
    }
}
