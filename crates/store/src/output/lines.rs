//! Whole lines out of a source, from both ends.

use super::source::{STEP, Source};
use super::{OutputError, OutputOffset};

/// Refuses an offset that is not at the beginning of a line or the end of the last one.
pub fn check(source: &mut Source, at: OutputOffset) -> Result<(), OutputError> {
    let placed = at.byte == 0 || (at.byte <= source.end() && source.bytes(at.byte - 1, at.byte)? == b"\n");
    if placed { Ok(()) } else { Err(OutputError::Misplaced(at)) }
}

/// The whole lines in the `max` bytes from `from` (the beginning of a line) on; where the first line is longer, that
/// line alone.
pub fn forward(source: &mut Source, from: u64, max: usize) -> Result<Vec<u8>, OutputError> {
    let end = source.end();
    let mut to = from.saturating_add(max as u64).min(end);
    let mut bytes = source.bytes(from, to)?;
    if let Some(at) = bytes.iter().rposition(|b| *b == b'\n') {
        bytes.truncate(at + 1);
        return Ok(bytes);
    }
    while to < end {
        let more = source.bytes(to, to.saturating_add(STEP).min(end))?;
        if let Some(at) = more.iter().position(|b| *b == b'\n') {
            bytes.extend_from_slice(&more[..=at]);
            return Ok(bytes);
        }
        to += more.len() as u64;
        bytes.extend(more);
    }
    Ok(bytes)
}

/// The whole lines in the `max` bytes before `end` (the end of a line); where the last line is longer, that line alone.
pub fn backward(source: &mut Source, end: u64, max: usize) -> Result<Vec<u8>, OutputError> {
    let from = end.saturating_sub(max.max(1) as u64);
    if from == 0 {
        return source.bytes(0, end);
    }
    // One byte more, which tells whether a line begins at `from`; the newline at the end begins none.
    let mut bytes = source.bytes(from - 1, end)?;
    if let Some(at) = bytes[..bytes.len() - 1].iter().position(|b| *b == b'\n') {
        bytes.drain(..=at);
        return Ok(bytes);
    }
    let from = source.after_newline(end - 1)?;
    source.bytes(from, end)
}
