//! Output of a command that comes in pieces.

/// How much of it is kept: its end.
pub(crate) const MOST: usize = 256 << 10;

/// What was printed so far.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    output: String,
    /// How long it was when it was last told.
    told: usize,
}

impl Printed {
    /// One more piece.
    pub(crate) fn push(&mut self, piece: &str) {
        self.output.push_str(piece);
        if self.output.len() > MOST {
            self.output = tail(&self.output, MOST / 2).to_owned();
            self.told = 0;
        }
    }

    /// All of it, where it is worth telling whole again: each time that it has doubled, so that telling it costs no more
    /// than the output itself, or `anyway`.
    pub(crate) fn tell(&mut self, anyway: bool) -> Option<String> {
        let grown = self.output.len() >= (2 * self.told).max(1);
        if !(anyway || grown) {
            return None;
        }
        self.told = self.output.len();
        Some(self.output.clone())
    }

    /// All of it.
    pub(crate) fn into_output(self) -> String {
        self.output
    }
}

/// The end of a text, cut where a character begins.
pub(crate) fn tail(text: &str, most: usize) -> &str {
    let mut from = text.len().saturating_sub(most);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text.get(from..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_again_has_doubled_and_only_the_end_is_kept() {
        let mut printed = Printed::default();
        assert_eq!(printed.tell(false), None, "nothing is nothing to tell");
        let told = (0..64).filter(|_| {
            printed.push("€");
            printed.tell(false).is_some()
        });
        assert_eq!(told.count(), 7);
        printed.push(&"€".repeat(MOST));
        let kept = printed.into_output();
        assert!(kept.len() <= MOST / 2 && kept.starts_with('€'));
    }
}
