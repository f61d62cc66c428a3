//! Reads a patch of one file into hunks, and marks the words that changed in a line. Pure.

use similar::{Algorithm, ChangeTag, capture_diff_slices};
use std::ops::Range;

/// Neighbouring lines with some distance in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hunk {
    /// The first line before, counted from 1; 0 where there was none.
    pub old: u32,
    /// The first line now, counted from 1; 0 where there is none.
    pub new: u32,
    /// What git takes for the function that it lies in.
    pub heading: String,
    /// Its lines, in order.
    pub lines: Vec<Line>,
}

/// Which side has a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Both.
    Both,
    /// Only the one before.
    Old,
    /// Only the one now.
    New,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which side has it.
    pub side: Side,
    /// Its text without the newline; what is not UTF-8 is replaced. A carriage return stays.
    pub text: String,
    /// What differs from its counterpart on the other side, in bytes of the text; empty where all of it does.
    pub words: Vec<Range<usize>>,
    /// Whether the file ends with it, without a newline.
    pub unended: bool,
}

/// Lines longer than this get no marks: they are data.
const LONGEST: usize = 2_000;
/// So many lines of one place are compared with each other at most.
const MOST: usize = 200;

/// The hunks of a patch, as git writes it. What stands above the first one is passed over.
pub fn hunks(patch: &str) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    // So many lines of each side are still to come: what looks like a heading may be a line of the file.
    let (mut old, mut new) = (0, 0);
    for line in patch.as_bytes().split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if (old, new) == (0, 0)
            && let Some((hunk, counts)) = heading(line)
        {
            hunks.push(hunk);
            (old, new) = counts;
            continue;
        }
        let Some(hunk) = hunks.last_mut() else { continue };
        let Some((sign, text)) = line.split_first() else { continue };
        let side = match sign {
            b' ' if old > 0 && new > 0 => Side::Both,
            b'-' if old > 0 => Side::Old,
            b'+' if new > 0 => Side::New,
            b'\\' => {
                if let Some(last) = hunk.lines.last_mut() {
                    last.unended = true;
                }
                continue;
            }
            _ => continue,
        };
        old -= u32::from(side != Side::New);
        new -= u32::from(side != Side::Old);
        let text = String::from_utf8_lossy(text).into_owned();
        hunk.lines.push(Line { side, text, words: Vec::new(), unended: false });
    }
    for hunk in &mut hunks {
        mark(&mut hunk.lines);
    }
    hunks
}

/// `@@ -1,2 +3,4 @@ heading`.
fn heading(line: &[u8]) -> Option<(Hunk, (u32, u32))> {
    let text = String::from_utf8_lossy(line.strip_prefix(b"@@ -")?);
    let (numbers, heading) = text.split_once(" @@")?;
    let (old, new) = numbers.split_once(" +")?;
    let range = |text: &str| -> Option<(u32, u32)> {
        let (from, count) = text.split_once(',').unwrap_or((text, "1"));
        Some((from.parse().ok()?, count.parse().ok()?))
    };
    let ((old, old_count), (new, new_count)) = (range(old)?, range(new)?);
    let heading = heading.strip_prefix(' ').unwrap_or_default().to_owned();
    Some((Hunk { old, new, heading, lines: Vec::new() }, (old_count, new_count)))
}

/// Marks the words that changed, where lines were taken away and as many were put in their place.
fn mark(lines: &mut [Line]) {
    let mut at = 0;
    while at < lines.len() {
        let run = |from: usize, side: Side| lines[from..].iter().take_while(|line| line.side == side).count();
        let old = run(at, Side::Old);
        let new = run(at + old, Side::New);
        if old == new && old > 0 && old <= MOST {
            let (before, after) = lines[at..at + old + new].split_at_mut(old);
            for (before, after) in before.iter_mut().zip(after) {
                (before.words, after.words) = words(&before.text, &after.text);
            }
        }
        at += (old + new).max(1);
    }
}

/// What differs between two lines, word by word; nothing where they have too little in common.
fn words(before: &str, after: &str) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    let none = (Vec::new(), Vec::new());
    if before.len() > LONGEST || after.len() > LONGEST {
        return none;
    }
    let (old, new) = (tokens(before), tokens(after));
    let (mut marks, mut same) = (none.clone(), 0);
    let (mut at_old, mut at_new) = (0, 0);
    let grow = |ranges: &mut Vec<Range<usize>>, at: &mut usize, word: &str| {
        match ranges.last_mut() {
            Some(last) if last.end == *at => last.end += word.len(),
            _ => ranges.push(*at..*at + word.len()),
        }
        *at += word.len();
    };
    let changes = capture_diff_slices(Algorithm::Myers, &old, &new);
    for change in changes.iter().flat_map(|op| op.iter_changes(&old, &new)) {
        let word = change.value();
        match change.tag() {
            ChangeTag::Equal => {
                (at_old, at_new) = (at_old + word.len(), at_new + word.len());
                same += word.trim().len();
            }
            ChangeTag::Delete => grow(&mut marks.0, &mut at_old, word),
            ChangeTag::Insert => grow(&mut marks.1, &mut at_new, word),
        }
    }
    // Two lines that share a bracket are not two forms of one line.
    let longest = before.trim().len().max(after.trim().len());
    if same * 3 < longest { none } else { marks }
}

/// Names and numbers, white space, and every other character by itself.
fn tokens(text: &str) -> Vec<&str> {
    let kind = |c: char| (c.is_alphanumeric() || c == '_', c.is_whitespace());
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let alone = kind(first) == (false, false);
        let end = rest.char_indices().skip(1).find(|(_, c)| alone || kind(*c) != kind(first));
        let (token, behind) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        tokens.push(token);
        rest = behind;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(patch: &str) -> Vec<String> {
        let show = |line: &Line| {
            let sign = match line.side {
                Side::Both => ' ',
                Side::Old => '-',
                Side::New => '+',
            };
            let words: Vec<_> = line.words.iter().map(|range| &line.text[range.clone()]).collect();
            format!("{sign}{}{words:?}{}", line.text, if line.unended { " unended" } else { "" })
        };
        let hunks = hunks(patch);
        let told = hunks.iter().flat_map(|hunk| {
            let head = format!("{} {} {}", hunk.old, hunk.new, hunk.heading);
            std::iter::once(head).chain(hunk.lines.iter().map(show))
        });
        told.collect()
    }

    #[test]
    fn lines_have_their_sides_their_words_and_their_ends() {
        let patch = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -3,3 +3,3 @@ fn main() {\n same\n-let a = one(2);\n+let a = two(2);\n last\n\\ No newline at end of file\n@@ -20 +20,0 @@\n-gone\n";
        assert_eq!(
            told(patch),
            [
                "3 3 fn main() {",
                " same[]",
                "-let a = one(2);[\"one\"]",
                "+let a = two(2);[\"two\"]",
                " last[] unended",
                "20 20 ",
                "-gone[]",
            ]
        );
    }

    #[test]
    fn a_line_of_the_file_that_looks_like_a_heading_is_a_line() {
        let patch = "@@ -1,2 +1,2 @@\n--- a\n+@@ -1 +1 @@\n @@ -9 +9 @@\n";
        assert_eq!(told(patch), ["1 1 ", "--- a[]", "+@@ -1 +1 @@[]", " @@ -9 +9 @@[]"]);
    }

    #[test]
    fn lines_with_little_in_common_are_not_marked_word_by_word() {
        assert_eq!(told("@@ -1 +1 @@\n-alpha beta;\n+gamma(delta);\n")[1..], ["-alpha beta;[]", "+gamma(delta);[]"]);
    }

    #[test]
    fn garbage_is_no_hunk() {
        assert!(hunks("\u{fffd}\n@@ nonsense @@\n-x\n").is_empty());
        assert!(hunks("").is_empty());
        assert_eq!(hunks("@@ -1,9 +1,9 @@\n-\u{fffd}").len(), 1);
    }
}
