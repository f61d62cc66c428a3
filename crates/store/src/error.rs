//! What can go wrong with the store, by what a caller can do about it.

use qd_core::ids::Mid;
use qd_core::op::Offset;
use std::path::PathBuf;

/// The store could not read or write. A failed commit was rolled back and the store stays usable.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space is left where the data lie.
    #[error("no space is left on the disk that holds the data directory")]
    Full,
    /// The operating system refused. After a failed *commit* it is unknown whether the batch would be found again
    /// after a crash: answer nobody, load again.
    #[error("the database could not be read or written: {0}")]
    Io(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What was read is not what was written.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// The batch does not continue the log. It is a defect of whoever made it.
    #[error("the log stands at {head}, the batch goes on with {found}")]
    OutOfOrder {
        /// Where the log stands.
        head: Offset,
        /// The record that does not follow.
        found: Offset,
    },
    /// The mutation already has its one record. It is a defect of whoever made the batch.
    #[error("mutation {0} is settled already")]
    Settled(Mid),
}

/// The log could not be read from an offset.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The records after it are no longer kept (410). Take a snapshot.
    #[error("the log is kept from {floor} on")]
    Gone {
        /// The oldest offset that can be read from.
        floor: Offset,
    },
    /// It belongs to another history, or lies beyond the head (409). Take a snapshot.
    #[error("the log stands at {head} and never was at the offset asked for")]
    Conflict {
        /// Where the log stands.
        head: Offset,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The data directory can't be used. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is not there and can't be made.
    #[error("the data directory {path} can't be made: {source}. Make it, or name another with --data-dir")]
    CannotMake {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The path is something else.
    #[error("the data directory {path} is not a directory. Name another with --data-dir")]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// It can't be written.
    #[error("{path} can't be written: {source}. Change its rights, or name another data directory with --data-dir")]
    ReadOnly {
        /// What can't be written.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another server has it.
    #[error("the data directory {path} is in use by another server")]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// No space is left.
    #[error("no space is left for the data directory {path}. Free some, or name another with --data-dir")]
    Full {
        /// The directory.
        path: PathBuf,
    },
    /// The database is damaged. The file was left as it is.
    #[error(
        "the database {path} is damaged ({detail}). It was left as it is: put a backup in its place, or move it away to begin anew"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// A newer binary wrote it. The file was left as it is.
    #[error(
        "the database {path} was written by a newer version (schema {found}; this binary knows {known}). Start that version, or name another data directory with --data-dir"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this binary knows.
        known: i64,
    },
    /// Anything else that the operating system refused.
    #[error("the data directory {path} can't be opened: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
