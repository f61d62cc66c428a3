//! Positions in the output of a session.

use std::fmt;
use std::str::FromStr;

/// A position in the output of a session: on the wire `<attempt>.<byte>`, zero-padded so that it sorts as text. The
/// default is the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutputOffset {
    /// Attempts count from 1; 0 stands for before the first.
    pub attempt: u32,
    /// Uncompressed bytes before it in the attempt.
    pub byte: u64,
}

impl fmt::Display for OutputOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}.{:016}", self.attempt, self.byte)
    }
}

/// An offset that does not parse.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an output offset: expected attempt.byte")]
pub struct BadOutputOffset(pub String);

impl FromStr for OutputOffset {
    type Err = BadOutputOffset;

    fn from_str(s: &str) -> Result<Self, BadOutputOffset> {
        let bad = || BadOutputOffset(s.chars().take(80).collect());
        let (attempt, byte) = s.split_once('.').ok_or_else(bad)?;
        Ok(Self { attempt: attempt.parse().map_err(|_| bad())?, byte: byte.parse().map_err(|_| bad())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_sort_as_text_and_come_back() {
        let a = OutputOffset { attempt: 9, byte: 1 << 40 };
        let b = OutputOffset { attempt: 10, byte: 0 };
        assert!(a.to_string() < b.to_string());
        assert_eq!(a.to_string().parse(), Ok(a));
        for bad in ["", "1", "1.2.3", "-1.2", "1.x", "4294967296.0"] {
            assert!(bad.parse::<OutputOffset>().is_err(), "{bad}");
        }
    }
}
