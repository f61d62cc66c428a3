//! Reads the entries of an index file, to see in what two of them differ without asking git. Pure.
//!
//! The format is `gitformat-index`, versions 2 to 4. What it may leave out of an index (entries in another file, whole
//! folders in the place of their files) makes it unreadable here, and then git is asked.

use std::cmp::Ordering;

use crate::changes::SUBMODULE;
use crate::ids::BlobId;
use crate::path::GitPath;

const HEADER: usize = 12;
/// Times, device, number, mode, owner, size.
const STAT: usize = 40;
const EXTENDED: u16 = 0x4000;
const ASSUMED: u16 = 0x8000;
const SKIPPED: u16 = 0x4000;
const STAGE: u16 = 0x3000;
const NAME_LENGTH: u16 = 0x0fff;

/// The content of an index file, with how many bytes the names of objects have in it.
#[derive(Debug)]
pub(crate) struct IndexFile {
    bytes: Vec<u8>,
    name: usize,
    version: u32,
    count: u32,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub path: Vec<u8>,
    /// All but the path: what the disk said, mode, object, flags.
    facts: &'a [u8],
    name: usize,
}

impl Entry<'_> {
    fn word(&self, at: usize) -> u32 {
        let bytes = self.facts.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        u32::from_be_bytes(bytes.unwrap_or_default())
    }

    pub fn mode(&self) -> u32 {
        self.word(24)
    }

    pub fn is_submodule(&self) -> bool {
        self.mode() == SUBMODULE
    }

    /// The bytes that it had on disk; 0 also where git is not sure of it.
    pub fn size(&self) -> u64 {
        u64::from(self.word(36))
    }

    /// The name of its content, in bytes.
    pub fn object(&self) -> &[u8] {
        self.facts.get(STAT..STAT + self.name).unwrap_or_default()
    }

    fn flags(&self) -> &[u8] {
        self.facts.get(STAT + self.name..).unwrap_or_default()
    }

    fn flag(&self, at: usize) -> u16 {
        let flags = self.flags().get(at..at + 2).and_then(|bytes| bytes.try_into().ok());
        u16::from_be_bytes(flags.unwrap_or_default())
    }

    fn stage(&self) -> u16 {
        self.flag(0) & STAGE
    }

    /// Whether git was told not to look at the file: `--assume-unchanged`, `--skip-worktree`.
    fn is_overlooked(&self) -> bool {
        self.flag(0) & ASSUMED != 0 || self.flag(2) & SKIPPED != 0
    }

    /// Whether nothing but a plain entry of this mode and object stands there: not in conflict, not only announced.
    pub fn is_plainly(&self, mode: u32, object: &BlobId) -> bool {
        let digit = |half: u8| char::from_digit(half.into(), 16);
        let name = self.object().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
        let plain = self.stage() == 0 && self.flags().len() == 2 && self.mode() == mode;
        plain && name.eq(object.as_str().chars().map(Some))
    }

    /// See [`GitPath::is_within`].
    pub fn is_within(&self, folder: &GitPath) -> bool {
        GitPath::new(self.path.as_slice()).is_within(folder)
    }

    fn is_content_of(&self, other: &Self) -> bool {
        (self.mode(), self.object(), self.flags()) == (other.mode(), other.object(), other.flags())
    }
}

/// A path at which two indexes differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moved {
    pub path: GitPath,
    /// Whether the first one has it.
    pub before: bool,
    /// Whether the second one has it.
    pub after: bool,
    /// Whether it is a submodule on a side.
    pub submodule: bool,
    /// The bytes that the second one says it has on disk.
    pub size: u64,
}

/// In what two indexes may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// What their trees would hold.
    Content,
    /// That, or what the disk said when git looked.
    Anything,
}

impl IndexFile {
    /// None where it is not a whole index in a known format. `name` is the length of names of objects in bytes.
    pub fn read(bytes: Vec<u8>, name: usize) -> Option<Self> {
        let word = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        if bytes.get(..4)? != b"DIRC" {
            return None;
        }
        let (version, count) = (word(4)?, word(8)?);
        let index = Self { bytes, name, version, count };
        let mut entries = index.entries();
        let read = entries.by_ref().count();
        let known = matches!(index.version, 2..=4) && read == index.count as usize;
        (known && index.only_hints_from(entries.at)?).then_some(index)
    }

    /// Whether git was told to overlook a file of the index, as far as that can be read.
    pub fn may_overlook(bytes: &[u8]) -> bool {
        let index = [20, 32].into_iter().find_map(|name| Self::read(bytes.to_vec(), name));
        index.is_none_or(|index| index.entries().any(|entry| entry.is_overlooked()))
    }

    /// One that holds nothing.
    pub fn empty(name: usize) -> Self {
        Self { bytes: Vec::new(), name, version: 2, count: 0 }
    }

    /// Whether all extensions may be passed over: those that may not begin with a small letter.
    fn only_hints_from(&self, mut at: usize) -> Option<bool> {
        let end = self.bytes.len().checked_sub(self.name)?;
        while at < end {
            let size = u32::from_be_bytes(self.bytes.get(at + 4..at + 8)?.try_into().ok()?);
            if !self.bytes.get(at)?.is_ascii_uppercase() {
                return Some(false);
            }
            at = at.checked_add(8)?.checked_add(size as usize)?;
        }
        Some(at == end)
    }

    pub fn entries(&self) -> Entries<'_> {
        Entries { index: self, at: HEADER, left: self.count, path: Vec::new() }
    }

    /// Where `other` differs from this one, by path.
    pub fn moved(&self, other: &Self, by: By) -> Vec<Moved> {
        let (mut ours, mut theirs) = (self.entries().peekable(), other.entries().peekable());
        let mut moved: Vec<Moved> = Vec::new();
        loop {
            let order = match (ours.peek(), theirs.peek()) {
                (None, None) => return moved,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(one), Some(two)) => (&one.path, one.stage()).cmp(&(&two.path, two.stage())),
            };
            let one = if order == Ordering::Greater { None } else { ours.next() };
            let two = if order == Ordering::Less { None } else { theirs.next() };
            let same = match (&one, &two) {
                (Some(one), Some(two)) if by == By::Content => one.is_content_of(two),
                (one, two) => one.as_ref().map(|one| one.facts) == two.as_ref().map(|two| two.facts),
            };
            if !same {
                note(&mut moved, one.as_ref(), two.as_ref());
            }
        }
    }
}

/// A path in conflict has several entries and is told once.
fn note(moved: &mut Vec<Moved>, one: Option<&Entry>, two: Option<&Entry>) {
    let Some(path) = one.or(two).map(|entry| &entry.path) else { return };
    let known = moved.last().is_some_and(|last| last.path.as_bytes() == path.as_slice());
    if !known {
        let path = GitPath::new(path.clone());
        moved.push(Moved { path, before: false, after: false, submodule: false, size: 0 });
    }
    let Some(last) = moved.last_mut() else { return };
    last.before |= one.is_some();
    last.after |= two.is_some();
    last.submodule |= one.into_iter().chain(two).any(Entry::is_submodule);
    last.size = two.map_or(last.size, Entry::size);
}

/// The entries one after the other, up to the first that makes no sense.
pub(crate) struct Entries<'a> {
    index: &'a IndexFile,
    at: usize,
    left: u32,
    path: Vec<u8>,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        self.left = self.left.checked_sub(1)?;
        let IndexFile { bytes, name, version, .. } = self.index;
        let flags_at = self.at + STAT + name;
        let flags = u16::from_be_bytes(bytes.get(flags_at..flags_at + 2)?.try_into().ok()?);
        let more = if flags & EXTENDED == 0 { 0 } else { 2 };
        let facts = bytes.get(self.at..flags_at + 2 + more)?;
        let mut rest = bytes.get(flags_at + 2 + more..)?;
        if *version == 4 {
            let (cut, after) = offset(rest)?;
            let kept = self.path.len().checked_sub(cut)?;
            let end = after.iter().position(|byte| *byte == 0)?;
            self.path.truncate(kept);
            self.path.extend_from_slice(after.get(..end)?);
            rest = after.get(end + 1..)?;
            self.at = bytes.len() - rest.len();
        } else {
            let length = usize::from(flags & NAME_LENGTH);
            let from = rest.get(if length == usize::from(NAME_LENGTH) { length } else { 0 }..)?;
            let end = rest.len() - from.len() + from.iter().position(|byte| *byte == 0)?;
            self.path.clear();
            self.path.extend_from_slice(rest.get(..end)?);
            // Filled up to a multiple of eight, with at least one zero.
            self.at += (facts.len() + end + 8) & !7;
        }
        Some(Entry { path: self.path.clone(), facts, name: *name })
    }
}

/// How many bytes of the path before are to be cut.
fn offset(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, mut rest) = bytes.split_first()?;
    let mut value = usize::from(first & 0x7f);
    let mut last = *first;
    while last & 0x80 != 0 {
        let (next, after) = rest.split_first()?;
        value = value.checked_add(1)?.checked_mul(128)? + usize::from(next & 0x7f);
        (last, rest) = (*next, after);
    }
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An index of version 2 with files of one byte whose object is that byte repeated.
    fn index(files: &[(&str, u8)]) -> Vec<u8> {
        let mut bytes = b"DIRC\0\0\0\x02".to_vec();
        bytes.extend(u32::try_from(files.len()).unwrap().to_be_bytes());
        for (path, content) in files {
            let begin = bytes.len();
            bytes.extend([0; 24]);
            bytes.extend(0o100_644_u32.to_be_bytes());
            bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
            bytes.extend([*content; 20]);
            bytes.extend(u16::try_from(path.len()).unwrap().to_be_bytes());
            bytes.extend(path.as_bytes());
            bytes.resize(begin + ((bytes.len() - begin + 8) & !7), 0);
        }
        bytes
    }

    fn ended(mut bytes: Vec<u8>, extension: &[u8]) -> Option<IndexFile> {
        bytes.extend(extension);
        bytes.extend([0; 20]);
        IndexFile::read(bytes, 20)
    }

    #[test]
    fn what_differs_is_told_by_path() {
        let one = ended(index(&[("a", 1), ("b/long name", 2), ("c", 3)]), b"TREE\0\0\0\x01x").unwrap();
        let two = ended(index(&[("a", 1), ("b/long name", 9), ("d", 3)]), b"").unwrap();
        let told: Vec<_> = one
            .moved(&two, By::Content)
            .into_iter()
            .map(|moved| (moved.path.to_string(), moved.before, moved.after))
            .collect();
        let expected = [("b/long name", true, true), ("c", true, false), ("d", false, true)];
        assert_eq!(told, expected.map(|(path, before, after)| (path.to_owned(), before, after)));
        assert_eq!(one.moved(&one, By::Anything), []);
        assert_eq!(IndexFile::empty(20).moved(&one, By::Content).len(), 3);
    }

    #[test]
    fn an_index_that_is_not_whole_is_not_read() {
        assert!(ended(index(&[("a", 1)]), b"link\0\0\0\0").is_none(), "its entries are in another file");
        assert!(ended(index(&[("a", 1)]), b"sdir\0\0\0\0").is_none(), "folders stand for their files");
        assert!(ended(b"DIRC\0\0\0\x05\0\0\0\0".to_vec(), b"").is_none(), "a version of the future");
        assert!(ended(b"DIRC\0\0\0\x02\0\0\0\x01".to_vec(), b"").is_none(), "an entry is missing");
        assert!(IndexFile::read(Vec::new(), 20).is_none());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>) {
            let _ = IndexFile::read([b"DIRC\0\0\0\x04\0\0\0\x02".as_slice(), &bytes].concat(), 20);
            let _ = IndexFile::read([b"DIRC\0\0\0\x03\0\0\0\x02".as_slice(), &bytes].concat(), 20);
        }
    }
}
