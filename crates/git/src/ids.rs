//! Names of objects. A commit is not a tree, so they have types of their own.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! object_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes a full object name in lower-case hex (SHA-1 or SHA-256); none for anything else.
            pub fn parse(text: &str) -> Option<Self> {
                let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                (matches!(text.len(), 40 | 64) && text.bytes().all(is_hex))
                    .then(|| Self(text.to_owned()))
            }

            /// The name in hex.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl AsRef<std::ffi::OsStr> for $name {
            fn as_ref(&self) -> &std::ffi::OsStr {
                self.0.as_ref()
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnObjectName;

            fn try_from(text: String) -> Result<Self, NotAnObjectName> {
                Self::parse(&text).ok_or(NotAnObjectName)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

object_name! {
    /// A commit.
    CommitId
}

object_name! {
    /// A tree: the exact content of a folder. Verdicts are bound to it.
    TreeHash
}

object_name! {
    /// The content of a file, or the commit of a submodule.
    BlobId
}

impl BlobId {
    /// Whether it stands for nothing: a file that is not there.
    pub fn is_nothing(&self) -> bool {
        self.0.bytes().all(|byte| byte == b'0')
    }
}

/// The text is not a full object name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a full object name")]
pub struct NotAnObjectName;
