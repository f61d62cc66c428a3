//! Task documents and files as the demo agent edits them.

use std::path::{Component, Path, PathBuf};

/// The boxes of a document: whether each is ticked, and its words. Fenced code is passed over.
pub(super) fn boxes(text: &str) -> Vec<(bool, String)> {
    box_lines(text).into_iter().map(|(_, mark, words)| (mark == 'x' || mark == 'X', words)).collect()
}

/// The document with the box of this number (from 1) ticked; none where there is no such open box.
pub(super) fn ticked(text: &str, number: usize) -> Option<String> {
    let (at, mark, _) = box_lines(text).into_iter().nth(number.checked_sub(1)?)?;
    (mark != 'x' && mark != 'X').then(|| format!("{}x{}", &text[..at], &text[at + mark.len_utf8()..]))
}

/// The document with every ticked box open again and `why` on a line of its own below it.
pub(super) fn reopened(text: &str, why: &str) -> String {
    let mut reopened = text.to_owned();
    // From the end, so that the positions in front stay true.
    for (at, mark, _) in box_lines(text).into_iter().rev() {
        if mark != 'x' && mark != 'X' {
            continue;
        }
        let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let indent = " ".repeat(at - line_start - "- [".len());
        let line_end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
        reopened.insert_str(line_end, &format!("\n{indent}  {why}"));
        reopened.replace_range(at..=at, " ");
    }
    reopened
}

/// A text with git's marks of conflicts, without them: one side below the other.
pub(super) fn both_sides(text: &str) -> String {
    let is_mark = |line: &str| ["<<<<<<< ", "=======", ">>>>>>> "].iter().any(|mark| line.starts_with(mark));
    text.split_inclusive('\n').filter(|line| !is_mark(line)).collect()
}

/// A text with git's marks of conflicts, without them and without the first side.
pub(super) fn second_side(text: &str) -> String {
    let mut first = false;
    let keep = |line: &&str| {
        let mark = ["<<<<<<< ", "=======", ">>>>>>> "].iter().find(|mark| line.starts_with(**mark));
        if let Some(mark) = mark {
            first = mark.starts_with('<');
        }
        mark.is_none() && !first
    };
    text.split_inclusive('\n').filter(keep).collect()
}

/// The boxes as (position of the mark, mark, words).
fn box_lines(text: &str) -> Vec<(usize, char, String)> {
    let mut boxes = Vec::new();
    let (mut position, mut fenced) = (0, false);
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            fenced = !fenced;
        } else if !fenced && let Some((mark, words)) = box_of(trimmed) {
            let at = position + (line.len() - trimmed.len()) + "- [".len();
            boxes.push((at, mark, words.trim().to_owned()));
        }
        position += line.len();
    }
    boxes
}

fn box_of(line: &str) -> Option<(char, &str)> {
    let rest = ["- [", "* [", "+ ["].into_iter().find_map(|mark| line.strip_prefix(mark))?;
    let mark = rest.chars().next().filter(|mark| " xX-".contains(*mark))?;
    Some((mark, rest.get(mark.len_utf8()..)?.strip_prefix(']')?))
}

/// The path of a file in the working directory; none where it would lead out of it.
pub(super) fn inside(cwd: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)).then(|| cwd.join(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_ticked_in_its_place_and_only_once() {
        let text = "# T\n```\n- [ ] no\n```\n- [x] eins\n  * [ ] zwölf\n";
        let after = ticked(text, 2).unwrap();
        assert_eq!(after, "# T\n```\n- [ ] no\n```\n- [x] eins\n  * [x] zwölf\n");
        assert_eq!(ticked(&after, 2), None);
        assert_eq!(ticked(text, 3), None);
        assert_eq!(boxes(&after), [(true, "eins".to_owned()), (true, "zwölf".to_owned())]);
    }

    #[test]
    fn reopened_boxes_say_why_below_them() {
        let text = "- [x] eins\n  * [X] zwei\n- [ ] drei\n- [x] vier";
        let after = reopened(text, "Nein.");
        assert_eq!(after, "- [ ] eins\n  Nein.\n  * [ ] zwei\n    Nein.\n- [ ] drei\n- [ ] vier\n  Nein.");
    }

    #[test]
    fn conflict_becomes_one_side_below_the_other() {
        let text = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> heads/main\nd";
        assert_eq!(both_sides(text), "a\nb\nc\nd");
        assert_eq!(second_side(text), "a\nc\nd");
    }

    #[test]
    fn paths_do_not_lead_out_of_the_directory() {
        assert!(inside(Path::new("/w"), "../x").is_none());
        assert!(inside(Path::new("/w"), "/etc/x").is_none());
        assert_eq!(inside(Path::new("/w"), "a/b"), Some(PathBuf::from("/w/a/b")));
    }
}
