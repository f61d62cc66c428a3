//! A path in a repository: bytes between slashes, which need not be text.

use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// A path relative to the top of a repository.
///
/// As text (`Display`, serde) it is lossless: what is not UTF-8 stands as `\xNN` and a backslash is doubled.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GitPath(Vec<u8>);

impl GitPath {
    /// The path with these bytes, as git prints it with `-z`.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path for the file system, relative to the top of a worktree.
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// Reads the lossless text.
    pub fn from_text(text: &str) -> Result<Self, BadEscape> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            if *first != b'\\' {
                bytes.push(*first);
                continue;
            }
            let (byte, after) = unescape(rest).ok_or(BadEscape)?;
            bytes.push(byte);
            rest = after;
        }
        Ok(Self(bytes))
    }

    /// Whether this is `folder` or lies in it. The empty path is the top, which holds everything.
    pub fn is_within(&self, folder: &Self) -> bool {
        let folder = folder.0.strip_suffix(b"/").unwrap_or(&folder.0);
        folder.is_empty() || self.0.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
    }
}

/// The paths of an answer in which each ends with a zero.
pub(crate) fn paths_of(answer: &[u8]) -> impl Iterator<Item = GitPath> {
    answer.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(GitPath::new)
}

/// Paths for the standard input of git, each with a zero behind it: there may be more than arguments may be long.
pub(crate) fn ended<'p>(paths: impl IntoIterator<Item = &'p GitPath>) -> Vec<u8> {
    let mut names = Vec::new();
    for path in paths {
        names.extend_from_slice(path.as_bytes());
        names.push(0);
    }
    names
}

fn unescape(rest: &[u8]) -> Option<(u8, &[u8])> {
    match rest {
        [b'\\', rest @ ..] => Some((b'\\', rest)),
        [b'x', high, low, rest @ ..] => {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let value = digit(*high)? * 16 + digit(*low)?;
            Some((u8::try_from(value).ok()?, rest))
        }
        _ => None,
    }
}

impl fmt::Display for GitPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                if character == '\\' {
                    formatter.write_str("\\\\")?;
                } else {
                    formatter.write_char(character)?;
                }
            }
            for byte in chunk.invalid() {
                write!(formatter, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for GitPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), formatter)
    }
}

impl From<&str> for GitPath {
    /// The path whose bytes are this text; nothing is unescaped.
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<&Path> for GitPath {
    fn from(path: &Path) -> Self {
        Self::new(path.as_os_str().as_bytes())
    }
}

impl From<GitPath> for String {
    fn from(path: GitPath) -> Self {
        path.to_string()
    }
}

impl TryFrom<String> for GitPath {
    type Error = BadEscape;

    fn try_from(text: String) -> Result<Self, BadEscape> {
        Self::from_text(&text)
    }
}

impl AsRef<OsStr> for GitPath {
    fn as_ref(&self) -> &OsStr {
        OsStr::from_bytes(&self.0)
    }
}

/// The text has a backslash that begins no escape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a backslash begins neither \\\\ nor \\xNN")]
pub struct BadEscape;

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_bytes_survive_being_text(bytes: Vec<u8>) {
            let path = GitPath::new(bytes);
            let text = serde_json::to_string(&path).unwrap();
            proptest::prop_assert_eq!(serde_json::from_str::<GitPath>(&text).unwrap(), path);
        }
    }

    #[test]
    fn text_is_readable_where_it_can_be() {
        assert_eq!(GitPath::from("grüße 🙂.txt").to_string(), "grüße 🙂.txt");
        assert_eq!(GitPath::new(*b"a\\b\xff").to_string(), "a\\\\b\\xff");
        assert_eq!(GitPath::from_text("a\\q"), Err(BadEscape));
        assert_eq!(GitPath::from_text("a\\"), Err(BadEscape));
    }

    #[test]
    fn folder_holds_its_files_and_not_its_namesakes() {
        let within = |path: &str, folder: &str| GitPath::from(path).is_within(&folder.into());
        assert!(within("tasks/a.md", "tasks"));
        assert!(within("tasks/a.md", "tasks/"));
        assert!(within("tasks", "tasks"));
        assert!(within("x", ""));
        assert!(!within("tasks2/a.md", "tasks"));
        assert!(!within("tas", "tasks"));
    }
}
