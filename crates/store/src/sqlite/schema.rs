//! The tables, and how an older database becomes a newer one. A migration is never changed once it was released.

use crate::error::StoreError;
use rusqlite::Connection;

/// Step n leads from schema n to schema n + 1.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE meta (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        epoch INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        tag INTEGER NOT NULL,
        floor_seq INTEGER NOT NULL,
        floor_tag INTEGER NOT NULL
    ) STRICT;
    INSERT INTO meta VALUES (1, 1, 0, 0, 0, 0);

    CREATE TABLE rows (
        kind TEXT NOT NULL,
        id BLOB NOT NULL,
        json TEXT NOT NULL,
        PRIMARY KEY (kind, id)
    ) STRICT;

    CREATE TABLE log (
        seq INTEGER PRIMARY KEY,
        epoch INTEGER NOT NULL,
        tag INTEGER NOT NULL,
        ts INTEGER NOT NULL,
        json TEXT NOT NULL
    ) STRICT;

    CREATE TABLE outcomes (
        seq INTEGER PRIMARY KEY,
        epoch INTEGER NOT NULL,
        mid BLOB NOT NULL UNIQUE,
        args_hash BLOB NOT NULL,
        ts INTEGER NOT NULL,
        ok INTEGER NOT NULL,
        err TEXT
    ) STRICT;

    CREATE TABLE texts (
        n INTEGER PRIMARY KEY,
        version BLOB NOT NULL UNIQUE,
        task BLOB NOT NULL,
        base BLOB,
        author TEXT NOT NULL,
        at INTEGER NOT NULL,
        hash TEXT NOT NULL,
        size INTEGER NOT NULL,
        text TEXT NOT NULL
    ) STRICT;
    CREATE INDEX texts_of_task ON texts (task);

    CREATE TABLE session_keys (
        hash BLOB PRIMARY KEY,
        created INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
"];

/// The schema that this binary writes.
pub const NEWEST: i64 = MIGRATIONS.len().cast_signed() as i64;

/// The schema of a database; 0 where it is empty.
pub fn of(db: &Connection) -> Result<i64, StoreError> {
    Ok(db.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Brings the database to the newest schema, each step in a transaction of its own.
pub fn migrate(db: &mut Connection) -> Result<(), StoreError> {
    let from = of(db)?;
    for (to, step) in (1_i64..).zip(MIGRATIONS).filter(|(to, _)| *to > from) {
        let tx = db.transaction()?;
        tx.execute_batch(step)?;
        tx.pragma_update(None, "user_version", to)?;
        tx.commit()?;
    }
    Ok(())
}
