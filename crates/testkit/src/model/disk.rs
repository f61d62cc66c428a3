//! Where the model's server keeps its data: in memory, which is quick, or in the store that the product uses, which
//! shows that it keeps the same promises.

use super::violation::{Violated, Violation};
use crate::memory::MemoryDisk;
use qd_store::{SqliteStore, Store};
use std::path::Path;
use std::{fs, io};
use tempfile::TempDir;

/// Which store a server is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ground {
    /// The store in memory.
    #[default]
    Memory,
    /// `SQLite` in a temporary folder.
    Sqlite,
}

/// The data and a copy of it.
#[derive(Debug)]
pub enum Disk {
    /// In memory.
    Memory {
        /// The data.
        data: MemoryDisk,
        /// The copy.
        backup: MemoryDisk,
    },
    /// In folders.
    Sqlite {
        /// The data.
        data: TempDir,
        /// The copy.
        backup: TempDir,
    },
}

fn broken(error: impl std::fmt::Display) -> Violation {
    Violation::new("server", error.to_string())
}

/// A folder in memory where the machine has one: no power fails here, so nothing needs a real fsync.
pub fn folder() -> io::Result<TempDir> {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new())
}

fn copy(from: &Path, to: &Path) -> Violated<()> {
    for old in fs::read_dir(to).map_err(broken)? {
        fs::remove_file(old.map_err(broken)?.path()).map_err(broken)?;
    }
    for file in fs::read_dir(from).map_err(broken)? {
        let file = file.map_err(broken)?;
        fs::copy(file.path(), to.join(file.file_name())).map_err(broken)?;
    }
    Ok(())
}

impl Disk {
    /// An empty one.
    pub fn new(ground: Ground) -> Violated<Self> {
        Ok(match ground {
            Ground::Memory => Self::Memory { data: MemoryDisk::default(), backup: MemoryDisk::default() },
            Ground::Sqlite => Self::Sqlite { data: folder().map_err(broken)?, backup: folder().map_err(broken)? },
        })
    }

    /// Opens the store. No other may be open.
    pub fn open(&self) -> Violated<Box<dyn Store>> {
        Ok(match self {
            Self::Memory { data, .. } => Box::new(data.open()),
            Self::Sqlite { data, .. } => Box::new(SqliteStore::open(data.path()).map_err(broken)?),
        })
    }

    /// Copies the data. The store must not be open.
    pub fn back_up(&mut self) -> Violated<()> {
        match self {
            Self::Memory { data, backup } => *backup = data.backup(),
            Self::Sqlite { data, backup } => copy(data.path(), backup.path())?,
        }
        Ok(())
    }

    /// Puts the copy in the place of the data. The store must not be open.
    pub fn restore(&mut self) -> Violated<()> {
        match self {
            Self::Memory { data, backup } => *data = backup.backup(),
            Self::Sqlite { data, backup } => copy(backup.path(), data.path())?,
        }
        Ok(())
    }
}
