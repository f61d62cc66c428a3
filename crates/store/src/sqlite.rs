//! The store on `SQLite`: one file, WAL, every commit fsynced. The only module that knows SQL, with those below it.
//!
//! Invariants: one process has the data directory (a file lock); `meta` names the head of the log, and every table
//! agrees with it in every transaction.

mod claim;
mod open;
mod read;
mod schema;
mod write;

use crate::error::{OpenError, StoreError};
use crate::store::{Collected, Commit, Hash, Loaded, Retention, SharedReader, Store};
use claim::Claim;
use qd_core::ids::Millis;
use qd_core::op::Offset;
pub use read::SqliteReader;
use rusqlite::{Connection, ErrorCode};
use std::path::Path;
use std::sync::Arc;

/// Name of the database in the data directory.
pub const FILE: &str = "quarterdeck.db";

/// The store in a data directory.
#[derive(Debug)]
pub struct SqliteStore {
    db: Connection,
    head: Offset,
    readers: SqliteReader,
    // The last field: the directory is given up after the database was closed.
    _claim: Claim,
}

impl SqliteStore {
    /// Opens the store of the data directory `dir`, or makes both. No other process can until it is dropped.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let claim = Claim::take(dir)?;
        let path = dir.join(FILE);
        let db = open::database(&path)?;
        let readers = SqliteReader::new(path.clone());
        let head = read::head(&db).map_err(|e| open::failed(&path, e))?;
        Ok(Self { db, head, readers, _claim: claim })
    }
}

impl Store for SqliteStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        read::load(&self.db)
    }

    fn commit(&mut self, batch: &[Commit]) -> Result<(), StoreError> {
        self.head = write::commit(&mut self.db, self.head, batch)?;
        Ok(())
    }

    fn new_epoch(&mut self) -> Result<Offset, StoreError> {
        self.head = write::new_epoch(&mut self.db, self.head)?;
        Ok(self.head)
    }

    fn collect(&mut self, now: Millis, keep: Retention) -> Result<Collected, StoreError> {
        write::collect(&mut self.db, self.head, now, keep)
    }

    fn put_session_key(&mut self, hash: &Hash, created: Millis) -> Result<(), StoreError> {
        write::put_session_key(&self.db, hash, created)
    }

    fn drop_session_key(&mut self, hash: &Hash) -> Result<(), StoreError> {
        write::drop_session_key(&self.db, hash)
    }

    fn reader(&self) -> SharedReader {
        Arc::new(self.readers.clone())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(cause, _) => match cause.code {
                ErrorCode::DiskFull => Self::Full,
                // The index of the WAL could not grow: SQLite has no other word for a full disk there.
                _ if cause.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE => Self::Full,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Corrupt(error.to_string()),
                _ => Self::Io(Box::new(error)),
            },
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::QueryReturnedNoRows => Self::Corrupt(error.to_string()),
            _ => Self::Io(Box::new(error)),
        }
    }
}
