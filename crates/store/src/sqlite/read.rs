//! What can be read, and the connections that readers use beside the writer.

use super::open::connect;
use crate::error::{ReadError, StoreError};
use crate::store::{Author, Entry, Hash, Loaded, Reader, StoredOutcome, Text, Version};
use qd_core::ids::{Mid, Millis, TaskId};
use qd_core::op::{Offset, Outcome};
use qd_core::row::{Row, RowKind};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row as SqlRow};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// A connection beyond these is closed after use.
const IDLE_CONNECTIONS: usize = 4;
/// Records are handed out in pieces of about so many bytes.
const PIECE: usize = 1 << 20;

/// Reads beside the writer, on connections of its own. Cloning shares them.
#[derive(Clone, Debug)]
pub struct SqliteReader {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl SqliteReader {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path: Arc::new(path), idle: Arc::default() }
    }

    /// Runs `work` in one read transaction. A connection on which anything failed is not used again.
    fn with<T, E: From<StoreError>>(&self, work: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut db = match idle {
            Some(db) => db,
            None => open(&self.path)?,
        };
        let tx = db.transaction().map_err(StoreError::from)?;
        let found = work(&tx)?;
        tx.commit().map_err(StoreError::from)?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_CONNECTIONS {
            idle.push(db);
        }
        Ok(found)
    }
}

impl Reader for SqliteReader {
    fn head(&self) -> Result<Offset, StoreError> {
        self.with(head)
    }

    fn outcome(&self, mid: Mid) -> Result<Option<StoredOutcome>, StoreError> {
        self.with(|db| outcome(db, mid))
    }

    fn outcomes(&self, mids: &[Mid]) -> Result<Vec<StoredOutcome>, StoreError> {
        self.with(|db| outcomes(db, mids))
    }

    fn records_after(&self, offset: Offset, limit: usize) -> Result<Vec<Entry>, ReadError> {
        self.with(|db| records_after(db, offset, limit))
    }

    fn write_snapshot(&self, mids: &[Mid], out: &mut dyn Write) -> Result<Offset, StoreError> {
        self.with(|db| write_snapshot(db, mids, out))
    }

    fn text(&self, version: Mid) -> Result<Option<Text>, StoreError> {
        self.with(|db| text(db, version))
    }

    fn versions(&self, task: TaskId) -> Result<Vec<Version>, StoreError> {
        self.with(|db| versions(db, task))
    }

    fn has_session_key(&self, hash: &Hash) -> Result<bool, StoreError> {
        self.with(|db| {
            Ok(db.prepare_cached("SELECT 1 FROM session_keys WHERE hash = ?1")?.exists([hash.as_slice()])?)
        })
    }
}

fn open(path: &Path) -> Result<Connection, StoreError> {
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // Kibibytes: readers mostly scan, and there are several of them.
    db.pragma_update(None, "cache_size", -512)?;
    Ok(db)
}

/// The name of a kind in the database.
pub fn kind_name(kind: RowKind) -> &'static str {
    match kind {
        RowKind::Settings => "settings",
        RowKind::Project => "project",
        RowKind::Agent => "agent",
        RowKind::Task => "task",
        RowKind::Session => "session",
        RowKind::Message => "message",
        RowKind::Job => "job",
        RowKind::Comment => "comment",
    }
}

/// Where the log stands.
pub fn head(db: &Connection) -> Result<Offset, StoreError> {
    Ok(db.prepare_cached("SELECT epoch, seq, tag FROM meta")?.query_one([], offset_at::<0, 1, 2>)?)
}

fn offset_at<const EPOCH: usize, const SEQ: usize, const TAG: usize>(row: &SqlRow) -> rusqlite::Result<Offset> {
    let (epoch, seq): (i64, i64) = (row.get(EPOCH)?, row.get(SEQ)?);
    Ok(Offset { epoch: epoch.cast_unsigned(), seq: seq.cast_unsigned(), tag: row.get(TAG)? })
}

/// Everything that the writer needs to begin.
pub fn load(db: &Connection) -> Result<Loaded, StoreError> {
    let mut found = Vec::new();
    let mut all = db.prepare_cached("SELECT json, kind, id FROM rows")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let json = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        match serde_json::from_str::<Row>(json) {
            Ok(parsed) => found.push(parsed),
            Err(e) => {
                let (kind, id): (String, Uuid) = (row.get(1)?, row.get(2)?);
                return Err(StoreError::Corrupt(format!("the {kind} {id} does not parse: {e}")));
            }
        }
    }
    Ok(Loaded { head: head(db)?, rows: found })
}

fn outcomes(db: &Connection, mids: &[Mid]) -> Result<Vec<StoredOutcome>, StoreError> {
    mids.iter().filter_map(|mid| outcome(db, *mid).transpose()).collect()
}

fn outcome(db: &Connection, mid: Mid) -> Result<Option<StoredOutcome>, StoreError> {
    let found = db
        .prepare_cached("SELECT epoch, seq, ok, err, args_hash FROM outcomes WHERE mid = ?1")?
        .query_one([mid.0], |row| {
            let (epoch, seq): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok((epoch.cast_unsigned(), seq.cast_unsigned(), row.get(2)?, row.get::<_, Option<String>>(3)?, row.get(4)?))
        })
        .optional()?;
    let Some((epoch, seq, ok, err, args_hash)) = found else {
        return Ok(None);
    };
    let err = err.map(|json| serde_json::from_str(&json)).transpose();
    let err = err.map_err(|e| StoreError::Corrupt(format!("the outcome of {mid} does not parse: {e}")))?;
    Ok(Some(StoredOutcome { outcome: Outcome { mid, epoch, seq, ok, err }, args_hash }))
}

/// Checks that the log was at `offset` and is kept from there on.
fn check_offset(db: &Connection, offset: Offset) -> Result<(), ReadError> {
    let head = head(db)?;
    let floor: Offset = db
        .prepare_cached("SELECT epoch, floor_seq, floor_tag FROM meta")
        .and_then(|mut q| q.query_one([], offset_at::<0, 1, 2>))
        .map_err(StoreError::from)?;
    if offset.epoch != head.epoch || offset.seq > head.seq {
        return Err(ReadError::Conflict { head });
    }
    if offset.seq < floor.seq {
        return Err(ReadError::Gone { floor });
    }
    let tag: Option<u32> = if offset.seq == floor.seq {
        Some(floor.tag)
    } else {
        db.prepare_cached("SELECT tag FROM log WHERE seq = ?1")
            .and_then(|mut q| q.query_one([offset.seq.cast_signed()], |row| row.get(0)).optional())
            .map_err(StoreError::from)?
    };
    if tag == Some(offset.tag) { Ok(()) } else { Err(ReadError::Conflict { head }) }
}

fn records_after(db: &Connection, offset: Offset, limit: usize) -> Result<Vec<Entry>, ReadError> {
    check_offset(db, offset)?;
    let read = || -> rusqlite::Result<Vec<Entry>> {
        let mut found = Vec::new();
        let mut bytes = 0;
        let mut after = db.prepare_cached("SELECT epoch, seq, tag, json FROM log WHERE seq > ?1 ORDER BY seq")?;
        let mut rows = after.query([offset.seq.cast_signed()])?;
        while found.len() < limit && bytes < PIECE {
            let Some(row) = rows.next()? else { break };
            let json: String = row.get(3)?;
            bytes += json.len();
            found.push(Entry { offset: offset_at::<0, 1, 2>(row)?, json });
        }
        Ok(found)
    };
    Ok(read().map_err(StoreError::from)?)
}

fn write_snapshot(db: &Connection, mids: &[Mid], out: &mut dyn Write) -> Result<Offset, StoreError> {
    let broken = |e: std::io::Error| StoreError::Io(Box::new(e));
    let head = head(db)?;
    write!(out, r#"{{"epoch":{},"seq":{},"tag":{},"rows":["#, head.epoch, head.seq, head.tag).map_err(broken)?;
    let mut all = db.prepare_cached("SELECT json FROM rows")?;
    let mut rows = all.query([])?;
    let mut comma: &[u8] = b"";
    while let Some(row) = rows.next()? {
        out.write_all(comma).map_err(broken)?;
        out.write_all(row.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?).map_err(broken)?;
        comma = b",";
    }
    let settled: std::collections::BTreeMap<Mid, Outcome> =
        outcomes(db, mids)?.into_iter().map(|o| (o.outcome.mid, o.outcome)).collect();
    let settled = serde_json::to_string(&settled).map_err(|e| StoreError::Io(Box::new(e)))?;
    write!(out, r#"],"settled":{settled}}}"#).map_err(broken)?;
    Ok(head)
}

const VERSION: &str = "version, task, base, author, at, hash, size";

fn version_of(row: &SqlRow) -> rusqlite::Result<Version> {
    let (at, size): (i64, i64) = (row.get(4)?, row.get(6)?);
    let author = match row.get_ref(3)?.as_str()? {
        "person" => Author::Person,
        "file" => Author::File,
        session => Author::Session(
            session
                .parse()
                .map_err(|e| rusqlite::Error::FromSqlConversionFailure(3, rusqlite::types::Type::Text, Box::new(e)))?,
        ),
    };
    Ok(Version {
        version: row.get::<_, Uuid>(0)?.into(),
        task: row.get::<_, Uuid>(1)?.into(),
        base: row.get::<_, Option<Uuid>>(2)?.map(Mid),
        author,
        at: Millis(at.cast_unsigned()),
        hash: row.get(5)?,
        size: size.cast_unsigned(),
    })
}

fn text(db: &Connection, version: Mid) -> Result<Option<Text>, StoreError> {
    Ok(db
        .prepare_cached(&format!("SELECT {VERSION}, text FROM texts WHERE version = ?1"))?
        .query_one([version.0], |row| Ok(Text { version: version_of(row)?, text: row.get(7)? }))
        .optional()?)
}

fn versions(db: &Connection, task: TaskId) -> Result<Vec<Version>, StoreError> {
    let mut all = db.prepare_cached(&format!("SELECT {VERSION} FROM texts WHERE task = ?1 ORDER BY n"))?;
    let found = all.query_map([task.0], version_of)?;
    Ok(found.collect::<Result<_, _>>()?)
}
