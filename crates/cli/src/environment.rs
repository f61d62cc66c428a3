//! The environment of the process, read once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What the process was started with.
#[derive(Clone, Debug)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// Reads it.
    pub fn read() -> Self {
        Self { variables: std::env::vars_os().collect() }
    }

    /// All of it, for a child that is this program again.
    pub fn all(&self) -> &BTreeMap<OsString, OsString> {
        &self.variables
    }

    /// What is text.
    pub fn texts(&self) -> BTreeMap<String, String> {
        let text = |s: &OsString| s.to_str().map(str::to_owned);
        self.variables.iter().filter_map(|(k, v)| Some((text(k)?, text(v)?))).collect()
    }

    /// A variable, where it is set to some text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.variables.get(&OsString::from(name)).and_then(|v| v.to_str()).filter(|v| !v.is_empty())
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(&OsString::from(name)).map(PathBuf::from).filter(|p| p.is_absolute())
    }

    /// The home directory; the root where none is known.
    pub fn home(&self) -> PathBuf {
        self.path("HOME").unwrap_or_else(|| PathBuf::from("/"))
    }

    /// Where data lie unless said otherwise.
    pub fn data_dir(&self) -> PathBuf {
        self.path("XDG_DATA_HOME").unwrap_or_else(|| self.home().join(".local/share")).join("quarterdeck")
    }

    /// The user's configuration.
    pub fn config_file(&self) -> PathBuf {
        self.path("XDG_CONFIG_HOME").unwrap_or_else(|| self.home().join(".config")).join("quarterdeck/config.toml")
    }

    /// The folder for temporary files.
    pub fn temporary(&self) -> PathBuf {
        self.path("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp"))
    }

    /// The program that opens an address for the person, where one can be seen.
    pub fn opener(&self) -> Option<&'static str> {
        if cfg!(target_os = "macos") {
            return Some("open");
        }
        let seen = self.text("DISPLAY").is_some() || self.text("WAYLAND_DISPLAY").is_some();
        (seen && self.text("CI").is_none()).then_some("xdg-open")
    }
}

/// `path` as it is meant from the current directory.
pub fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    std::path::absolute(path)
}
