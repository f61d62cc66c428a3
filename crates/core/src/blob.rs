//! Blobs: what is too large for a row lies beside the rows, named by its content. So far these are images that go with
//! messages. The name is made by whoever has the bytes; the server looks whether it is the right one.

use crate::event::Image;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use ts_rs::TS;

/// The largest blob, in bytes.
pub const LARGEST: usize = 10 * 1024 * 1024;
/// So many images go with a message at most.
pub const MOST_IMAGES: usize = 10;
/// So many bytes the images of a message have together at most: agents repeat a message in one line.
pub const LARGEST_TOGETHER: u64 = 40 * 1024 * 1024;
/// So many characters of base64 may stand in a message itself.
pub const INLINE: usize = 48 * 1024;

/// The SHA-256 of the bytes, as 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(try_from = "String", into = "String")]
#[ts(type = "string")]
pub struct BlobId(String);

impl BlobId {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        use std::fmt::Write as _;
        Self(Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        }))
    }

    /// As text; nothing in it means anything to a file system.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that names no blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The id of a blob is the SHA-256 of its bytes as 64 lower-case hexadecimal digits.")]
pub struct BadBlobId;

impl std::str::FromStr for BlobId {
    type Err = BadBlobId;

    fn from_str(text: &str) -> Result<Self, BadBlobId> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 64 && text.bytes().all(digit) { Ok(Self(text.to_owned())) } else { Err(BadBlobId) }
    }
}

impl TryFrom<String> for BlobId {
    type Error = BadBlobId;

    fn try_from(text: String) -> Result<Self, BadBlobId> {
        text.parse()
    }
}

impl From<BlobId> for String {
    fn from(id: BlobId) -> Self {
        id.0
    }
}

impl std::fmt::Display for BlobId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The media type of an image by its first bytes; none where it is none that agents take.
pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// An image that goes with a message: in the message itself, or beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(untagged)]
pub enum AttachedImage {
    /// A small one.
    Inline(Image),
    /// One that is a blob.
    Stored(StoredImage),
}

/// An image that is a blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StoredImage {
    /// Its media type.
    pub mime: String,
    /// Its bytes.
    pub blob: BlobId,
    /// How many they are.
    #[ts(type = "number")]
    pub size: u64,
}

impl AttachedImage {
    /// The blob that it names.
    pub fn stored(&self) -> Option<&StoredImage> {
        match self {
            Self::Stored(stored) => Some(stored),
            Self::Inline(_) => None,
        }
    }

    /// About how many bytes it has.
    pub fn size(&self) -> u64 {
        match self {
            Self::Inline(image) => image.data.len() as u64 / 4 * 3,
            Self::Stored(stored) => stored.size,
        }
    }
}

impl From<Image> for AttachedImage {
    fn from(image: Image) -> Self {
        Self::Inline(image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_hash_names_a_blob() {
        let id = BlobId::of(b"abc");
        assert_eq!(id.as_str(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        let upper = id.as_str().to_uppercase();
        let long = format!("{id}0");
        let dots = format!("../{}", &id.as_str()[3..]);
        for bad in ["", "..", "../../etc/passwd", &upper, &long, &dots, &id.as_str()[1..]] {
            assert_eq!(bad.parse::<BlobId>(), Err(BadBlobId), "{bad}");
        }
    }

    #[test]
    fn images_of_rows_before_blobs_are_read_as_they_were_written() {
        let old = r#"{"mime":"image/png","data":"aGk="}"#;
        let read: AttachedImage = serde_json::from_str(old).unwrap();
        assert_eq!(read, AttachedImage::Inline(Image { mime: "image/png".into(), data: "aGk=".into() }));
        assert_eq!(serde_json::to_string(&read).unwrap(), old);
        let stored = AttachedImage::Stored(StoredImage { mime: "image/png".into(), blob: BlobId::of(b""), size: 7 });
        let text = serde_json::to_string(&stored).unwrap();
        assert_eq!(serde_json::from_str::<AttachedImage>(&text).unwrap(), stored);
    }

    #[test]
    fn a_type_is_told_by_the_bytes() {
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n..."), Some("image/png"));
        assert_eq!(media_type(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        assert_eq!(media_type(b"<svg xmlns="), None);
        assert_eq!(media_type(b""), None);
    }
}
