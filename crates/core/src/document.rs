//! Task documents: plain markdown. Title, counted checkboxes, file names; edits of one line. No metadata is ever
//! written into them.

use crate::row::{Document, Progress};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Above this many bytes a document is shown with a reason and never written.
pub const MAX_BYTES: usize = 1_000_000;

/// What is read out of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// First heading, where there is one.
    pub title: Option<String>,
    /// Checkboxes outside the success criteria.
    pub progress: Progress,
    /// Checkboxes of the success criteria.
    pub criteria: Progress,
}

/// Reads title and boxes. Fenced code is passed over.
pub fn read(text: &str) -> Reading {
    let mut reading = Reading::default();
    let mut criteria_level = None;
    for line in prose(text) {
        if let Some((level, heading)) = heading(line) {
            if reading.title.is_none() && !heading.is_empty() {
                reading.title = Some(heading.to_owned());
            }
            if is_criteria(heading) {
                criteria_level = Some(level);
            } else if criteria_level.is_some_and(|l| level <= l) {
                criteria_level = None;
            }
        } else if let Some((_, mark)) = checkbox(line) {
            let count = if criteria_level.is_some() { &mut reading.criteria } else { &mut reading.progress };
            count.total += 1;
            match mark {
                'x' | 'X' => count.done += 1,
                '-' => count.doing += 1,
                _ => {}
            }
        }
    }
    reading
}

/// The title of a document: its first heading, else the name of its file.
pub fn title(reading: &Reading, path: Option<&str>) -> String {
    reading.title.clone().unwrap_or_else(|| {
        let name = path.and_then(|p| p.rsplit('/').next()).unwrap_or("Untitled");
        name.strip_suffix(".md").unwrap_or(name).to_owned()
    })
}

/// Names a text: version is left open.
pub fn describe(text: &str) -> Document {
    Document { version: None, hash: hash(text.as_bytes()), size: text.len() as u64 }
}

/// SHA-256 in hexadecimal.
pub fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The document of a new task: the first line becomes the heading, the rest follows.
pub fn compose(text: &str) -> String {
    let text = text.trim();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let first = heading(first).map_or(first, |(_, h)| h).trim();
    let rest = rest.trim();
    if rest.is_empty() { format!("# {first}\n") } else { format!("# {first}\n\n{rest}\n") }
}

/// The text with another first heading; one is put on top where there is none.
pub fn with_title(text: &str, title: &str) -> String {
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let old = prose(text).find(|line| heading(line).is_some_and(|(_, h)| !h.is_empty()));
    let Some(old) = old else {
        return format!("# {title}\n\n{text}");
    };
    let start = old.as_ptr() as usize - text.as_ptr() as usize;
    let level = heading(old).map_or(1, |(level, _)| level);
    format!("{}{} {title}{}", &text[..start], "#".repeat(level), &text[start + old.len()..])
}

/// The text with the box on `line` (from 0) ticked or unticked; `None` where that line has no box.
pub fn toggle_box(text: &str, line: usize) -> Option<String> {
    let whole = text.split('\n').nth(line)?;
    let (at, mark) = checkbox(whole)?;
    let start = whole.as_ptr() as usize - text.as_ptr() as usize + at;
    let next = if matches!(mark, 'x' | 'X') { " " } else { "x" };
    Some(format!("{}{next}{}", &text[..start], &text[start + mark.len_utf8()..]))
}

/// A message for the commit of what a document asks for: its title, and what is ticked. What a criterion says is not done
/// by itself and is left out.
pub fn commit_message(text: &str, title: &str) -> String {
    let mut message = title.to_owned();
    let mut criteria = None;
    let mut parted = false;
    for line in prose(text) {
        if let Some((level, heading)) = heading(line) {
            criteria = if is_criteria(heading) { Some(level) } else { criteria.filter(|of| level > *of) };
        } else if let Some((at, 'x' | 'X')) = checkbox(line).filter(|_| criteria.is_none()) {
            let words = line.get(at + 2..).unwrap_or_default().trim();
            message.push_str(if std::mem::replace(&mut parted, true) { "\n- " } else { "\n\n- " });
            message.push_str(words);
        }
    }
    message
}

/// Whether boxes below a heading say when the task is done, not what is to be done.
fn is_criteria(heading: &str) -> bool {
    let lower = heading.to_lowercase();
    lower.contains("success criteria") || lower.contains("acceptance criteria")
}

/// Where the marks of boxes in progress (`[-]`) stand, as byte positions of the hyphen.
pub fn doing_marks(text: &str) -> Vec<usize> {
    prose(text)
        .filter_map(|line| {
            let (at, mark) = checkbox(line)?;
            (mark == '-').then(|| line.as_ptr() as usize - text.as_ptr() as usize + at)
        })
        .collect()
}

/// A file name (without `.md`) of a title: lower case, words joined by hyphens, cut at 80 characters on a word.
pub fn slug(title: &str) -> String {
    let mut out = String::new();
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    for word in words {
        let word = word.to_lowercase();
        let room = 80usize.saturating_sub(out.chars().count());
        if !out.is_empty() && word.chars().count() + 1 > room {
            break;
        }
        if !out.is_empty() {
            out.push('-');
        }
        out.extend(word.chars().take(room));
    }
    if out.is_empty() { "task".to_owned() } else { out }
}

/// The lines outside fenced code, without their line ends.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fence: Option<&str> = None;
    text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).filter(move |line| {
        let trimmed = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => {
                fence = Some(mark);
                false
            }
            (Some(open), Some(mark)) if open == mark => {
                fence = None;
                false
            }
            (Some(_), _) => false,
            (None, None) => true,
        }
    })
}

/// Level and text of an ATX heading.
fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|b| *b == b'#').count();
    let rest = &line[level..];
    ((1..=6).contains(&level) && (rest.is_empty() || rest.starts_with([' ', '\t'])))
        .then(|| (level, rest.trim().trim_end_matches('#').trim_end()))
}

/// Byte position and mark of a checkbox in a list item.
fn checkbox(line: &str) -> Option<(usize, char)> {
    let trimmed = line.trim_start();
    let rest = trimmed.strip_prefix(['-', '*', '+']).or_else(|| {
        let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
        (digits > 0).then(|| trimmed[digits..].strip_prefix(['.', ')'])).flatten()
    })?;
    let inner = rest.trim_start();
    if inner.len() == rest.len() {
        return None;
    }
    let mut chars = inner.strip_prefix('[')?.chars();
    let mark = chars.next().filter(|c| matches!(c, ' ' | 'x' | 'X' | '-'))?;
    let after = chars.as_str().strip_prefix(']')?;
    (after.is_empty() || after.starts_with(char::is_whitespace)).then(|| (line.len() - inner.len() + 1, mark))
}

#[cfg(test)]
mod tests;
