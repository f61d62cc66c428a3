//! What the one writer does. Every function is one transaction, durable on return.

use crate::error::StoreError;
use crate::store::{Author, Collected, Commit, Hash, Retention, Text};
use qd_core::ids::Millis;
use qd_core::op::{Offset, Record};
use qd_core::row::{Key, Row};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};
use std::collections::BTreeMap;
use std::sync::Arc;

/// At most so many rows of a table are looked at by one [`collect`].
const COLLECT_AT_ONCE: u64 = 2_000;

fn begin(db: &mut Connection) -> Result<Transaction<'_>, StoreError> {
    Ok(db.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

/// Commits `batch` after `head` and gives back the new head.
pub fn commit(db: &mut Connection, mut head: Offset, batch: &[Commit]) -> Result<Offset, StoreError> {
    let tx = begin(db)?;
    for commit in batch {
        let found = Offset::from(&commit.record);
        if found.epoch != head.epoch || found.seq != head.seq + 1 {
            return Err(StoreError::OutOfOrder { head, found });
        }
        put_record(&tx, &commit.record)?;
        put_outcome(&tx, &commit.record, &commit.args_hash)?;
        for text in &commit.texts {
            put_text(&tx, text)?;
        }
        head = found;
    }
    // Of a row that several commits of the batch changed only the last state is written.
    let last: BTreeMap<Key, Option<&Arc<Row>>> =
        batch.iter().flat_map(|c| c.rows.iter().map(|(key, row)| (*key, row.as_ref()))).collect();
    for (key, row) in last {
        put_row(&tx, key, row)?;
    }
    tx.prepare_cached("UPDATE meta SET seq = ?1, tag = ?2")?.execute(params![head.seq.cast_signed(), head.tag])?;
    tx.commit()?;
    Ok(head)
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Io(Box::new(e)))
}

fn put_record(tx: &Transaction, r: &Record) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO log (seq, epoch, tag, ts, json) VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
        r.seq.cast_signed(),
        r.epoch.cast_signed(),
        r.tag,
        r.ts.0.cast_signed(),
        json(r)?
    ])?;
    Ok(())
}

fn put_outcome(tx: &Transaction, r: &Record, args_hash: &Hash) -> Result<(), StoreError> {
    let err = r.err.as_ref().map(json).transpose()?;
    let done = tx
        .prepare_cached(
            "INSERT INTO outcomes (seq, epoch, mid, args_hash, ts, ok, err) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            r.seq.cast_signed(),
            r.epoch.cast_signed(),
            r.mid.0,
            args_hash.as_slice(),
            r.ts.0.cast_signed(),
            r.ok,
            err
        ]);
    match done {
        Err(e) if e.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => Err(StoreError::Settled(r.mid)),
        other => Ok(other.map(drop)?),
    }
}

fn put_text(tx: &Transaction, text: &Text) -> Result<(), StoreError> {
    let v = &text.version;
    let author = match v.author {
        Author::Person => "person".to_owned(),
        Author::File => "file".to_owned(),
        Author::Session(session) => session.to_string(),
    };
    tx.prepare_cached(
        "INSERT INTO texts (version, task, base, author, at, hash, size, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        v.version.0,
        v.task.0,
        v.base.map(|b| b.0),
        author,
        v.at.0.cast_signed(),
        v.hash,
        v.size.cast_signed(),
        text.text
    ])?;
    Ok(())
}

fn put_row(tx: &Transaction, key: Key, row: Option<&Arc<Row>>) -> Result<(), StoreError> {
    let kind = super::read::kind_name(key.kind);
    match row {
        Some(row) => tx
            .prepare_cached(
                "INSERT INTO rows (kind, id, json) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET json = excluded.json",
            )?
            .execute(params![kind, key.id, json(row.as_ref())?])?,
        None => tx.prepare_cached("DELETE FROM rows WHERE kind = ?1 AND id = ?2")?.execute(params![kind, key.id])?,
    };
    Ok(())
}

/// Begins the epoch after `head`'s. The log is readable from its head on; what lies before is collected.
pub fn new_epoch(db: &mut Connection, head: Offset) -> Result<Offset, StoreError> {
    let next = Offset { epoch: head.epoch + 1, ..head };
    let tx = begin(db)?;
    tx.execute("UPDATE meta SET epoch = ?1, floor_seq = seq, floor_tag = tag", [next.epoch.cast_signed()])?;
    tx.commit()?;
    Ok(next)
}

/// Removes what `keep` does not ask for, oldest first, a bounded number at a time.
pub fn collect(db: &mut Connection, head: Offset, now: Millis, keep: Retention) -> Result<Collected, StoreError> {
    let tx = begin(db)?;
    let (floor, mut records): (i64, u64) = (tx.query_one("SELECT floor_seq FROM meta", [], |row| row.get(0))?, 0);
    let mut cut: Option<(i64, u32)> = None;
    {
        let mut oldest = tx.prepare_cached("SELECT seq, tag, ts FROM log ORDER BY seq LIMIT ?1")?;
        let mut rows = oldest.query([COLLECT_AT_ONCE.cast_signed()])?;
        while let Some(row) = rows.next()? {
            let (seq, tag, ts): (i64, u32, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let kept = head.seq - seq.cast_unsigned() < keep.records
                || now.since(Millis(ts.cast_unsigned())) < keep.record_age;
            if kept && seq > floor {
                break;
            }
            cut = Some((seq, tag));
            records += 1;
        }
    }
    if let Some((seq, tag)) = cut {
        tx.execute("DELETE FROM log WHERE seq <= ?1", [seq])?;
        tx.execute("UPDATE meta SET floor_seq = ?1, floor_tag = ?2 WHERE floor_seq < ?1", params![seq, tag])?;
    }
    let before = now.0.saturating_sub(keep.outcome_age).cast_signed();
    let outcomes = tx.execute(
        "DELETE FROM outcomes WHERE ts <= ?1 AND seq IN (SELECT seq FROM outcomes ORDER BY seq LIMIT ?2)",
        params![before, COLLECT_AT_ONCE.cast_signed()],
    )? as u64;
    tx.commit()?;
    Ok(Collected { records, outcomes, more: records == COLLECT_AT_ONCE || outcomes == COLLECT_AT_ONCE })
}

/// Keeps the hash of a page's key.
pub fn put_session_key(db: &Connection, hash: &Hash, created: Millis) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO session_keys (hash, created) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![hash.as_slice(), created.0.cast_signed()])?;
    Ok(())
}

/// Forgets the hash of a page's key.
pub fn drop_session_key(db: &Connection, hash: &Hash) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM session_keys WHERE hash = ?1")?.execute([hash.as_slice()])?;
    Ok(())
}
