//! The surroundings of every git call, handed in by the caller. Nothing of this process's own environment is read.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

/// Which git runs, as whom, and where it may put temporary files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitEnv {
    pub(crate) program: PathBuf,
    pub(crate) variables: BTreeMap<OsString, OsString>,
    pub(crate) scratch: PathBuf,
    pub(crate) timeout: Duration,
}

impl GitEnv {
    /// `home` is where the user's configuration is found, `path` where git finds its filters and ssh, `scratch` an
    /// existing folder for temporary indexes and objects.
    pub fn new(home: impl AsRef<OsStr>, path: impl AsRef<OsStr>, scratch: impl Into<PathBuf>) -> Self {
        let variables = [("HOME", home.as_ref()), ("PATH", path.as_ref())];
        Self {
            program: PathBuf::from("git"),
            variables: variables.map(|(name, value)| (name.into(), value.to_owned())).into(),
            scratch: scratch.into(),
            timeout: Duration::from_mins(10),
        }
    }

    /// Adds a variable: `XDG_CONFIG_HOME`, `SSH_AUTH_SOCK`, proxies, …
    #[must_use]
    pub fn variable(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.variables.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Another git than the first on the path.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// How long one git call may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}
