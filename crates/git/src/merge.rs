//! Three-way merge of text by lines. Pure: no files, no git.
//!
//! A line keeps its own line end, so CRLF files and a missing end of line at the end of file come out as they were.
//! What both sides changed differently is a conflict; nothing is chosen, so nothing is lost.

use std::fmt::Write as _;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// What a merge came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Merged {
    /// Both sides are in it.
    Clean {
        /// The merged text.
        text: String,
    },
    /// Some places need a person.
    Conflict {
        /// The text with markers around those places.
        text: String,
        /// Those places, in order.
        hunks: Vec<Hunk>,
    },
}

/// A place that both sides changed differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// The line of the merged text on which its first marker stands, from 0.
    pub line: usize,
    /// What was there.
    pub base: String,
    /// What this side made of it.
    pub ours: String,
    /// What the other side made of it.
    pub theirs: String,
}

/// Merges the changes from `base` to `ours` and from `base` to `theirs`.
pub fn merge_text(base: &str, ours: &str, theirs: &str) -> Merged {
    let (base, ours, theirs) = (lines(base), lines(ours), lines(theirs));
    let our_match = matches(&base, &ours);
    let their_match = matches(&base, &theirs);
    let mut out = Output::default();
    // Everything before these is written.
    let (mut base_at, mut our_at, mut their_at) = (0, 0, 0);
    for anchor in 0..=base.len() {
        // A line that both sides kept, or the end, closes the region before it.
        let (our_end, their_end) = if anchor == base.len() {
            (ours.len(), theirs.len())
        } else {
            match (our_match[anchor], their_match[anchor]) {
                (Some(our), Some(their)) => (our, their),
                _ => continue,
            }
        };
        out.region(&base[base_at..anchor], &ours[our_at..our_end], &theirs[their_at..their_end]);
        if let Some(line) = base.get(anchor) {
            out.take(&[line]);
        }
        (base_at, our_at, their_at) = (anchor + 1, our_end + 1, their_end + 1);
    }
    out.finish()
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// For each line of `base` the line of `side` that it is.
fn matches(base: &[&str], side: &[&str]) -> Vec<Option<usize>> {
    let mut found = vec![None; base.len()];
    for operation in capture_diff_slices(Algorithm::Myers, base, side) {
        if let DiffOp::Equal { old_index, new_index, len } = operation {
            let old: Range<usize> = old_index..old_index + len;
            for (slot, new) in found[old].iter_mut().zip(new_index..) {
                *slot = Some(new);
            }
        }
    }
    found
}

#[derive(Default)]
struct Output {
    text: String,
    hunks: Vec<Hunk>,
}

impl Output {
    fn region(&mut self, base: &[&str], ours: &[&str], theirs: &[&str]) {
        if ours == theirs || theirs == base {
            self.take(ours);
        } else if ours == base {
            self.take(theirs);
        } else {
            self.conflict(base, ours, theirs);
        }
    }

    fn take(&mut self, lines: &[&str]) {
        self.text.extend(lines.iter().copied());
    }

    fn conflict(&mut self, base: &[&str], ours: &[&str], theirs: &[&str]) {
        let crlf = ours.iter().chain(theirs).any(|line| line.ends_with("\r\n"));
        let end = if crlf { "\r\n" } else { "\n" };
        let line = self.text.split_inclusive('\n').count();
        let sides = [("<<<<<<< ours", ours), ("||||||| base", base), ("=======", theirs)];
        for (marker, lines) in sides {
            let _ = write!(self.text, "{marker}{end}");
            self.take(lines);
            // A last line without an end would run into the next marker.
            if lines.last().is_some_and(|line| !line.ends_with('\n')) {
                self.text.push_str(end);
            }
        }
        let _ = write!(self.text, ">>>>>>> theirs{end}");
        let (base, ours, theirs) = (base.concat(), ours.concat(), theirs.concat());
        self.hunks.push(Hunk { line, base, ours, theirs });
    }

    fn finish(self) -> Merged {
        let Self { text, hunks } = self;
        if hunks.is_empty() { Merged::Clean { text } } else { Merged::Conflict { text, hunks } }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn clean(base: &str, ours: &str, theirs: &str) -> String {
        match merge_text(base, ours, theirs) {
            Merged::Clean { text } => text,
            Merged::Conflict { text, .. } => panic!("conflict:\n{text}"),
        }
    }

    #[test]
    fn changes_in_different_places_are_both_in() {
        assert_eq!(clean("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n"), "A\nb\nC\n");
        assert_eq!(clean("a\nb\nc\n", "b\nc\n", "a\nb\nc\nd\n"), "b\nc\nd\n");
        assert_eq!(clean("", "", "new\n"), "new\n");
    }

    #[test]
    fn line_ends_and_a_missing_last_one_stay() {
        assert_eq!(clean("a\r\nb\r\nc", "A\r\nb\r\nc", "a\r\nb\r\nc"), "A\r\nb\r\nc");
        assert_eq!(clean("a\nb\nc", "A\nb\nc", "a\nb\nc\n"), "A\nb\nc\n");
        assert_eq!(clean("a\nb\nc\n", "a\nb\nc", "A\nb\nc\n"), "A\nb\nc");
    }

    #[test]
    fn same_place_changed_twice_shows_all_three() {
        let Merged::Conflict { text, hunks } = merge_text("x\r\na", "x\r\nb", "x\r\nc") else {
            panic!("no conflict");
        };
        assert_eq!(text, "x\r\n<<<<<<< ours\nb\n||||||| base\na\n=======\nc\n>>>>>>> theirs\n");
        let (base, ours, theirs) = ("a".into(), "b".into(), "c".into());
        assert_eq!(hunks, [Hunk { line: 1, base, ours, theirs }]);
    }

    #[test]
    fn deleted_against_changed_is_a_conflict() {
        assert!(matches!(merge_text("a\n", "", "b\n"), Merged::Conflict { .. }));
    }

    fn text() -> impl Strategy<Value = String> {
        let line = prop_oneof!["[ab]\n", "[ab]\r\n", "\n", "[a-e]{2}\n"];
        (vec(line, 0..12), "[ab]?").prop_map(|(lines, last)| lines.concat() + &last)
    }

    fn tally(text: &str) -> BTreeMap<&str, i64> {
        let mut tally = BTreeMap::new();
        for line in lines(text) {
            *tally.entry(line).or_default() += 1;
        }
        tally
    }

    proptest! {
        #[test]
        fn one_side_alone_wins_as_it_is(base in text(), side in text()) {
            prop_assert_eq!(clean(&base, &side, &base), side.clone());
            prop_assert_eq!(clean(&base, &base, &side), side.clone());
            prop_assert_eq!(clean(&base, &side, &side), side);
        }

        #[test]
        fn sides_are_alike(base in text(), ours in text(), theirs in text()) {
            let (one, other) = (merge_text(&base, &ours, &theirs), merge_text(&base, &theirs, &ours));
            match (one, other) {
                (Merged::Clean { text }, Merged::Clean { text: mirrored }) => {
                    prop_assert_eq!(text, mirrored);
                }
                (Merged::Conflict { hunks, .. }, Merged::Conflict { hunks: mirrored, .. }) => {
                    for (hunk, mirror) in hunks.iter().zip(&mirrored) {
                        prop_assert_eq!((&hunk.ours, &hunk.theirs), (&mirror.theirs, &mirror.ours));
                    }
                }
                _ => prop_assert!(false, "one direction conflicts and the other does not"),
            }
        }

        /// Every line that a side added is in the result, unless a conflict shows it.
        #[test]
        fn no_added_line_is_lost_without_a_conflict(
            base in text(),
            ours in text(),
            theirs in text(),
        ) {
            let (text, shown) = match merge_text(&base, &ours, &theirs) {
                Merged::Clean { text } => (text, String::new()),
                Merged::Conflict { text, hunks } => {
                    (text, hunks.iter().map(|hunk| hunk.ours.clone() + &hunk.theirs).collect())
                }
            };
            let known = tally(&base);
            let result = tally(&text);
            for side in [&ours, &theirs] {
                for line in tally(side).keys() {
                    let kept = known.contains_key(line) || result.contains_key(line);
                    prop_assert!(kept || shown.contains(line), "lost {line:?}");
                }
            }
        }

        #[test]
        fn conflict_holds_both_sides_whole(base in text(), ours in text(), theirs in text()) {
            if let Merged::Conflict { text, hunks } = merge_text(&base, &ours, &theirs) {
                for hunk in hunks {
                    prop_assert!(text.contains(&hunk.ours) && text.contains(&hunk.theirs));
                    let marker = text.split_inclusive('\n').nth(hunk.line).unwrap_or_default();
                    prop_assert_eq!(marker.trim_end(), "<<<<<<< ours");
                }
            }
        }
    }
}
