//! A mentioned file as a block of a prompt. Every agent takes links to resources: the protocol demands it.

use serde_json::{Value, json};
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The block of an absolute path.
pub(super) fn to(file: &Path) -> Value {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    json!({ "type": "resource_link", "uri": uri(file), "name": name })
}

/// RFC 8089, with everything escaped that RFC 3986 does not leave unreserved.
fn uri(file: &Path) -> String {
    file.as_os_str().as_bytes().iter().fold("file://".to_owned(), |mut uri, byte| {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
        uri
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_anything_in_it_is_an_address() {
        assert_eq!(uri(Path::new("/w/my notes#1.md")), "file:///w/my%20notes%231.md");
        assert_eq!(uri(Path::new("/w/ü?.md")), "file:///w/%C3%BC%3F.md");
    }
}
