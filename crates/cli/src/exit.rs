//! How a command ends: the exit codes that scripts may rely on, and the errors that lead to them.

use crate::config::ConfigError;
use qd_core::op::RejectCode;
use std::path::PathBuf;
use std::process::ExitCode;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The server refused it; the reason is on standard error.
    Refused = 1,
    /// The command line is not understood.
    Usage = 2,
    /// No server runs on this data directory.
    NoServer = 3,
    /// It was sent, and for 30 s no answer told what became of it. Repeat it with `--mid`.
    Unknown = 4,
    /// The server does not accept our token.
    NotLoggedIn = 5,
    /// What was named is not there, or several are meant.
    NotFound = 6,
    /// The server can't start: port, data directory or configuration.
    CantStart = 7,
    /// Anything else.
    Failed = 8,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The exit codes for people.
pub const HELP: &str = "Exit codes:
  0  done
  1  the server refused it
  2  the command line is not understood
  3  no server runs on this data directory: start one with `qd serve`
  4  sent, but it is unknown what became of it: repeat it with --mid
  5  the server does not accept the token in server.json
  6  what was named is not there, or the name is not unique
  7  the server can't start: port, data directory or configuration
  8  anything else";

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server refused it.
    #[error("{message}")]
    Refused {
        /// For programs.
        code: RejectCode,
        /// For people.
        message: String,
    },
    /// The arguments contradict each other.
    #[error("{0}")]
    Usage(String),
    /// No server runs.
    #[error("no server runs on the data directory {}. Start one with `qd serve`", .0.display())]
    NoServer(PathBuf),
    /// No definitive answer came.
    #[error(
        "no answer for 30 s, so it is unknown whether it was done. Repeat it with --mid {0}: it is never done twice"
    )]
    Unknown(uuid::Uuid),
    /// 401.
    #[error("the server does not accept the token in {}. Restart it", .0.display())]
    NotLoggedIn(PathBuf),
    /// Nothing has that name.
    #[error("no {what} is named {name:?}. {hint}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// As it was named.
        name: String,
        /// How to find the right name.
        hint: &'static str,
    },
    /// Several have that name.
    #[error("{name:?} names {count} {what}s: {examples}. Write more of it")]
    Ambiguous {
        /// What was looked for.
        what: &'static str,
        /// As it was named.
        name: String,
        /// How many.
        count: usize,
        /// Some of them.
        examples: String,
    },
    /// The server can't start.
    #[error("{0}")]
    CantStart(String),
    /// A configuration file is broken.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server answered something unexpected.
    #[error("the server answered {status}: {message}")]
    Answer {
        /// The status.
        status: u16,
        /// Its words.
        message: String,
    },
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl Error {
    /// Anything else.
    pub fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }

    /// The code that it ends with.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Refused { .. } => Exit::Refused,
            Self::Usage(_) => Exit::Usage,
            Self::NoServer(_) => Exit::NoServer,
            Self::Unknown(_) => Exit::Unknown,
            Self::NotLoggedIn(_) => Exit::NotLoggedIn,
            Self::NotFound { .. } | Self::Ambiguous { .. } => Exit::NotFound,
            Self::CantStart(_) | Self::Config(_) => Exit::CantStart,
            Self::Answer { .. } | Self::Failed(_) => Exit::Failed,
        }
    }

    /// The name of the code, for `--json`.
    pub fn name(&self) -> &'static str {
        match self.exit() {
            Exit::Refused => "refused",
            Exit::Usage => "usage",
            Exit::NoServer => "no_server",
            Exit::Unknown => "unknown",
            Exit::NotLoggedIn => "not_logged_in",
            Exit::NotFound => "not_found",
            Exit::CantStart => "cant_start",
            Exit::Failed => "failed",
        }
    }
}
