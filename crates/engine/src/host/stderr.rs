//! The agent's standard error: told line by line up to a bound, its tail kept for the ending.

use qd_agents::line::LineBuffer;
use qd_core::event::EventBody;
use qd_proc::{Captured, Keep};

/// How much of it stands in the output.
const TOLD: usize = 1 << 20;
/// How much of its end an ending quotes.
const TAIL: usize = 4 << 10;
/// A line beyond this is cut into pieces.
const LINE: usize = 64 << 10;

/// What the agent wrote to its standard error.
#[derive(Debug)]
pub(super) struct Stderr {
    lines: LineBuffer,
    tail: Captured,
    told: usize,
}

impl Stderr {
    pub(super) fn new() -> Self {
        Self { lines: LineBuffer::new(LINE), tail: Captured::new(TAIL, Keep::Tail), told: 0 }
    }

    /// Takes bytes in; gives what is to be told.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Option<EventBody> {
        self.tail.push(chunk);
        self.lines.push(chunk);
        let mut text = String::new();
        loop {
            match self.lines.next_line() {
                Ok(Some(line)) => {
                    text.push_str(&String::from_utf8_lossy(line));
                    text.push('\n');
                }
                Ok(None) => break,
                Err(_) => return self.finish(),
            }
        }
        self.tell(text)
    }

    /// The end of it: what had no line end is told as well.
    pub(super) fn finish(&mut self) -> Option<EventBody> {
        let rest = String::from_utf8_lossy(self.lines.rest()).into_owned();
        self.lines = LineBuffer::new(LINE);
        self.tell(rest)
    }

    /// Its last lines; none where it is empty.
    pub(super) fn tail(&self) -> Option<String> {
        let text = self.tail.text();
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn tell(&mut self, text: String) -> Option<EventBody> {
        if text.is_empty() || self.told > TOLD {
            return None;
        }
        self.told += text.len();
        if self.told > TOLD {
            let text = "The agent wrote more than 1 MB to its standard error; the rest is left out.".to_owned();
            return Some(EventBody::Note { text });
        }
        Some(EventBody::Stderr { text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_whole_and_the_rest_at_the_end() {
        let mut stderr = Stderr::new();
        assert_eq!(stderr.push("ä".as_bytes().split_at(1).0), None);
        let rest = [&"ä".as_bytes()[1..], b"\ntail"].concat();
        assert_eq!(stderr.push(&rest), Some(EventBody::Stderr { text: "ä\n".to_owned() }));
        assert_eq!(stderr.finish(), Some(EventBody::Stderr { text: "tail".to_owned() }));
        assert_eq!(stderr.tail().as_deref(), Some("ä\ntail"));
    }

    #[test]
    fn a_flood_ends_in_one_note() {
        let mut stderr = Stderr::new();
        let chunk = [b"x".repeat(999), b"\n".to_vec()].concat();
        let told: Vec<_> = (0..2000).filter_map(|_| stderr.push(&chunk)).collect();
        let notes = told.iter().filter(|body| matches!(body, EventBody::Note { .. })).count();
        assert_eq!((notes, told.len()), (1, TOLD / 1000 + 1));
    }
}
