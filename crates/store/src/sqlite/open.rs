//! Opening the database file: looked at first, and changed only once it is known to be whole and ours.

use super::{claim, schema};
use crate::error::{OpenError, StoreError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// Opens the database at `path` for the writer, making or migrating it.
pub fn database(path: &Path) -> Result<Connection, OpenError> {
    // SQLite gives the WAL and its index the rights of the database: made here, it is the owner's alone.
    claim::private(path)?;
    let mut db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|e| failed(path, e))?;
    inspect(&db, path)?;
    prepare(&mut db).map_err(|e| failed(path, e))?;
    Ok(db)
}

/// Opens a connection.
pub fn connect(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.set_prepared_statement_cache_capacity(32);
    Ok(db)
}

/// Refuses a database that is damaged or newer, without changing its file.
fn inspect(db: &Connection, path: &Path) -> Result<(), OpenError> {
    let look = || -> Result<i64, StoreError> {
        // Closing would write the WAL into the file.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let found = schema::of(db)?;
        let verdict: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(StoreError::Corrupt(verdict));
        }
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, found > schema::NEWEST)?;
        Ok(found)
    };
    let found = look().map_err(|e| failed(path, e))?;
    if found > schema::NEWEST {
        return Err(OpenError::Newer { path: path.to_path_buf(), found, known: schema::NEWEST });
    }
    Ok(())
}

fn prepare(db: &mut Connection) -> Result<(), StoreError> {
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::Io(
            format!("the file system does not carry a write-ahead log (journal mode {mode})").into(),
        ));
    }
    db.pragma_update(None, "synchronous", "full")?;
    // A WAL that grew under load shrinks again.
    db.pragma_update(None, "journal_size_limit", 8 << 20)?;
    schema::migrate(db)
}

/// Says for the person who starts the server what went wrong with `path`.
pub fn failed(path: &Path, error: StoreError) -> OpenError {
    let path = path.to_path_buf();
    match error {
        StoreError::Full => OpenError::Full { path: path.parent().map(Path::to_path_buf).unwrap_or(path) },
        StoreError::Corrupt(detail) => OpenError::Corrupt { path, detail },
        other => OpenError::Io { path, source: Box::new(other) },
    }
}
