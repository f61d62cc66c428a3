//! Where Quarterdeck keeps things: the workspace log with its rows, outcomes and document versions (the trait
//! [`Store`], on `SQLite` in [`SqliteStore`]), and the output files of sessions ([`Outputs`]).
//!
//! The store decides nothing. It is handed what was decided and makes it durable in one transaction; everything
//! blocks, and the caller chooses the thread. It must not know HTTP, git or agents.

pub mod error;
pub mod output;
pub mod sqlite;
pub mod store;

pub use error::{OpenError, ReadError, StoreError};
pub use output::{Chunk, Edge, Follow, Known, OutputError, OutputOffset, OutputSize, Outputs, Step};
pub use sqlite::{SqliteReader, SqliteStore};
pub use store::{
    Author, Collected, Commit, Entry, Hash, Loaded, Reader, Retention, SharedReader, Snapshot, Store, StoredOutcome,
    Text, Version,
};
