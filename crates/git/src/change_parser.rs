//! Reads `diff-tree -z --raw --numstat`. Pure.

use std::collections::BTreeMap;

use crate::changes::{FileChange, Status};
use crate::ids::BlobId;
use crate::path::GitPath;

/// The changes in the order of git, or none where the answer is not in the documented format.
pub(crate) fn parse(answer: &[u8]) -> Option<Vec<FileChange>> {
    let mut fields = answer.split(|byte| *byte == 0);
    let mut files = Vec::new();
    let mut counts = BTreeMap::new();
    while let Some(field) = fields.next() {
        if field.is_empty() {
            // After the last separator.
            continue;
        }
        if let Some(raw) = field.strip_prefix(b":") {
            files.push(file(raw, &mut fields)?);
        } else {
            let (path, count) = count(field, &mut fields)?;
            // A changed type is counted twice: the old file taken away, the new one added.
            let sum: &mut Count = counts.entry(path).or_default();
            sum.additions += count.additions;
            sum.deletions += count.deletions;
            sum.binary |= count.binary;
        }
    }
    for file in &mut files {
        let count = counts.get(&file.path).copied().unwrap_or_default();
        file.additions = count.additions;
        file.deletions = count.deletions;
        file.binary = count.binary;
    }
    Some(files)
}

#[derive(Clone, Copy, Default)]
struct Count {
    additions: u64,
    deletions: u64,
    binary: bool,
}

fn file<'a>(raw: &[u8], fields: &mut impl Iterator<Item = &'a [u8]>) -> Option<FileChange> {
    let mut parts = std::str::from_utf8(raw).ok()?.split(' ');
    let (old_mode, new_mode) = (mode(parts.next()?)?, mode(parts.next()?)?);
    let (old_blob, new_blob) = (BlobId::parse(parts.next()?)?, BlobId::parse(parts.next()?)?);
    let letter = parts.next()?;
    let first = GitPath::new(fields.next()?);
    let (old_path, path) = match letter.as_bytes().first()? {
        b'R' | b'C' => (Some(first), GitPath::new(fields.next()?)),
        _ => (None, first),
    };
    let status = match letter.as_bytes().first()? {
        b'A' => Status::Added,
        b'D' => Status::Deleted,
        b'R' => Status::Renamed,
        b'C' => Status::Copied,
        b'T' => Status::TypeChanged,
        b'M' if old_blob == new_blob => Status::ModeChanged,
        b'M' => Status::Modified,
        _ => return None,
    };
    let (additions, deletions, binary) = (0, 0, false);
    Some(FileChange { path, old_path, status, old_mode, new_mode, old_blob, new_blob, additions, deletions, binary })
}

fn mode(text: &str) -> Option<u32> {
    u32::from_str_radix(text, 8).ok()
}

fn count<'a>(field: &[u8], fields: &mut impl Iterator<Item = &'a [u8]>) -> Option<(GitPath, Count)> {
    let mut parts = field.splitn(3, |byte| *byte == b'\t');
    let (additions, deletions) = (parts.next()?, parts.next()?);
    let path = match parts.next()? {
        // A rename: old and new name follow as fields of their own.
        [] => fields.nth(1)?,
        path => path,
    };
    let binary = additions == b"-";
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok();
    let count = if binary {
        Count { binary, ..Count::default() }
    } else {
        Count { additions: number(additions)?, deletions: number(deletions)?, binary }
    };
    Some((GitPath::new(path), count))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "1111111111111111111111111111111111111111";
    const B: &str = "2222222222222222222222222222222222222222";

    #[test]
    fn names_of_any_kind_and_renames_are_read() {
        let answer = [
            format!(":100644 100644 {A} {B} M").as_str(),
            "a\tb\n\"c",
            &format!(":100644 100755 {A} {A} M"),
            "run",
            &format!(":100644 100644 {A} {B} R090"),
            "old",
            "new",
            &format!(":000000 100644 {A} {B} A"),
            ":pic",
            "3\t1\ta\tb\n\"c",
            "0\t0\trun",
            "5\t2\t",
            "old",
            "new",
            "-\t-\t:pic",
            "",
        ]
        .join("\0");
        let files = parse(answer.as_bytes()).unwrap();
        let seen: Vec<_> =
            files.iter().map(|file| (file.path.to_string(), file.status, file.additions, file.binary)).collect();
        assert_eq!(
            seen,
            [
                ("a\tb\n\"c".to_owned(), Status::Modified, 3, false),
                ("run".to_owned(), Status::ModeChanged, 0, false),
                ("new".to_owned(), Status::Renamed, 5, false),
                (":pic".to_owned(), Status::Added, 0, true),
            ]
        );
        assert_eq!(files[2].old_path, Some("old".into()));
    }

    #[test]
    fn unknown_format_is_no_answer() {
        assert!(parse(b":100644 nonsense\0x\0").is_none());
        assert!(parse(format!(":100644 100644 {A} {B} Q\0x\0").as_bytes()).is_none());
        assert_eq!(parse(b"").unwrap(), []);
    }
}
