//! `server.json` in the data directory: where the server of this directory listens and what it is asked with. Only
//! its owner may read it.

use qd_proc::Identity;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A running server.
#[derive(Clone, Serialize, Deserialize)]
pub struct ServerFile {
    /// Where it listens, `127.0.0.1:4270`.
    pub address: String,
    /// Its process.
    #[serde(flatten)]
    pub identity: Identity,
    /// What requests carry.
    pub token: String,
}

impl ServerFile {
    /// Where it lies.
    pub fn path(data_dir: &Path) -> PathBuf {
        data_dir.join("server.json")
    }

    /// The server of this data directory, where it runs.
    pub fn running(data_dir: &Path) -> Option<Self> {
        let text = fs::read(Self::path(data_dir)).ok()?;
        let file: Self = serde_json::from_slice(&text).ok()?;
        file.identity.is_alive().then_some(file)
    }

    /// Writes it, whole or not at all.
    pub fn write(&self, data_dir: &Path) -> io::Result<()> {
        let text = serde_json::to_vec(self).map_err(io::Error::other)?;
        write_private(&Self::path(data_dir), &text)
    }

    /// Removes it, where it is still ours.
    pub fn remove(&self, data_dir: &Path) {
        if Self::running(data_dir).is_some_and(|file| file.identity == self.identity) {
            let _ = fs::remove_file(Self::path(data_dir));
        }
    }

    /// Its address for a browser, without the token.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Writes a file that only its owner may read, whole or not at all.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    // A leftover may have other rights.
    let _ = fs::remove_file(&fresh);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(fresh, path)
}
