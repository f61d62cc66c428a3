//! A store in memory: what the model's server writes to. It keeps what the trait promises (the stores' conformance
//! suite runs on it) and can be copied, as a backup is.

use qd_core::ids::{Mid, Millis, TaskId};
use qd_core::op::{Offset, Outcome, Record};
use qd_core::row::{Key, Row};
use qd_store::{
    Collected, Commit, Entry, Hash, Loaded, ReadError, Reader, Retention, SharedReader, Store, StoreError,
    StoredOutcome, Text, Version,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// At most so many records or outcomes go in one collection.
const COLLECT_AT_ONCE: usize = 2_000;
/// Records are handed out in pieces of about so many bytes.
const PIECE: usize = 1 << 20;

/// What is durable.
#[derive(Clone, Debug)]
struct Disk {
    head: Offset,
    floor: Offset,
    rows: BTreeMap<Key, Arc<Row>>,
    log: Vec<(Millis, Arc<Entry>)>,
    outcomes: HashMap<Mid, (Millis, StoredOutcome)>,
    texts: Vec<Text>,
    session_keys: HashSet<Hash>,
}

/// A place where a store keeps its data: it outlives the store's handle.
#[derive(Clone, Debug)]
pub struct MemoryDisk(Arc<Mutex<Disk>>);

impl Default for MemoryDisk {
    fn default() -> Self {
        let start = Offset { epoch: 1, seq: 0, tag: 0 };
        Self(Arc::new(Mutex::new(Disk {
            head: start,
            floor: start,
            rows: BTreeMap::new(),
            log: Vec::new(),
            outcomes: HashMap::new(),
            texts: Vec::new(),
            session_keys: HashSet::new(),
        })))
    }
}

impl MemoryDisk {
    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the store that lies here.
    pub fn open(&self) -> MemoryStore {
        MemoryStore(self.clone())
    }

    /// A copy as of now.
    #[must_use]
    pub fn backup(&self) -> Self {
        Self(Arc::new(Mutex::new(self.lock().clone())))
    }
}

/// The store, as its writer has it.
#[derive(Debug)]
pub struct MemoryStore(MemoryDisk);

/// Reads beside the writer.
#[derive(Debug)]
struct MemoryReader(MemoryDisk);

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        let disk = self.0.lock();
        Ok(Loaded { head: disk.head, rows: disk.rows.values().map(|row| Row::clone(row)).collect() })
    }

    fn commit(&mut self, batch: &[Commit]) -> Result<(), StoreError> {
        let mut disk = self.0.lock();
        let mut head = disk.head;
        let mut entries = Vec::with_capacity(batch.len());
        for (at, commit) in batch.iter().enumerate() {
            let found = Offset::from(&commit.record);
            if found.epoch != head.epoch || found.seq != head.seq + 1 {
                return Err(StoreError::OutOfOrder { head, found });
            }
            let mid = commit.record.mid;
            if disk.outcomes.contains_key(&mid) || batch[..at].iter().any(|c| c.record.mid == mid) {
                return Err(StoreError::Settled(mid));
            }
            let json = serde_json::to_string(&commit.record).map_err(|e| StoreError::Io(Box::new(e)))?;
            entries.push((commit.record.ts, Arc::new(Entry { offset: found, json })));
            head = found;
        }
        disk.log.extend(entries);
        for commit in batch {
            disk.keep(commit);
        }
        disk.head = head;
        Ok(())
    }

    fn new_epoch(&mut self) -> Result<Offset, StoreError> {
        let mut disk = self.0.lock();
        disk.head.epoch += 1;
        disk.floor = disk.head;
        Ok(disk.head)
    }

    fn collect(&mut self, now: Millis, keep: Retention) -> Result<Collected, StoreError> {
        Ok(self.0.lock().collect(now, keep))
    }

    fn put_session_key(&mut self, hash: &Hash, _created: Millis) -> Result<(), StoreError> {
        self.0.lock().session_keys.insert(*hash);
        Ok(())
    }

    fn drop_session_key(&mut self, hash: &Hash) -> Result<(), StoreError> {
        self.0.lock().session_keys.remove(hash);
        Ok(())
    }

    fn reader(&self) -> SharedReader {
        Arc::new(MemoryReader(self.0.clone()))
    }
}

impl Disk {
    fn keep(&mut self, commit: &Commit) {
        let Record { mid, ts, .. } = commit.record;
        let stored = StoredOutcome { outcome: Outcome::from(&commit.record), args_hash: commit.args_hash };
        self.outcomes.insert(mid, (ts, stored));
        self.texts.extend(commit.texts.iter().cloned());
        for (key, row) in &commit.rows {
            match row {
                Some(row) => self.rows.insert(*key, Arc::clone(row)),
                None => self.rows.remove(key),
            };
        }
    }

    fn collect(&mut self, now: Millis, keep: Retention) -> Collected {
        let (head, floor) = (self.head, self.floor);
        let goes = |(ts, entry): &&(Millis, Arc<Entry>)| {
            let seq = entry.offset.seq;
            let kept = head.seq - seq < keep.records || now.since(*ts) < keep.record_age;
            !kept || seq <= floor.seq
        };
        let records = self.log.iter().take(COLLECT_AT_ONCE).take_while(goes).count();
        if let Some((_, last)) = self.log.drain(..records).next_back()
            && last.offset.seq > floor.seq
        {
            self.floor = last.offset;
        }
        let mut oldest: Vec<(u64, Mid)> = self.outcomes.values().map(|(_, o)| (o.outcome.seq, o.outcome.mid)).collect();
        oldest.sort_unstable();
        let before = self.outcomes.len();
        for (_, mid) in oldest.into_iter().take(COLLECT_AT_ONCE) {
            if self.outcomes.get(&mid).is_some_and(|(ts, _)| now.since(*ts) >= keep.outcome_age) {
                self.outcomes.remove(&mid);
            }
        }
        let outcomes = before - self.outcomes.len();
        let more = records == COLLECT_AT_ONCE || outcomes == COLLECT_AT_ONCE;
        Collected { records: records as u64, outcomes: outcomes as u64, more }
    }

    fn after(&self, offset: Offset, limit: usize) -> Result<Vec<Entry>, ReadError> {
        let (head, floor) = (self.head, self.floor);
        if offset.epoch != head.epoch || offset.seq > head.seq {
            return Err(ReadError::Conflict { head });
        }
        if offset.seq < floor.seq {
            return Err(ReadError::Gone { floor });
        }
        let at = self.log.partition_point(|(_, entry)| entry.offset.seq <= offset.seq);
        let tag = if offset.seq == floor.seq {
            Some(floor.tag)
        } else {
            self.log.get(at.wrapping_sub(1)).map(|(_, e)| e.offset.tag)
        };
        if tag != Some(offset.tag) {
            return Err(ReadError::Conflict { head });
        }
        let mut bytes = 0;
        let piece = self.log[at..].iter().take(limit).take_while(|(_, entry)| {
            let room = bytes < PIECE;
            bytes += entry.json.len();
            room
        });
        Ok(piece.map(|(_, entry)| Entry::clone(entry)).collect())
    }
}

impl Reader for MemoryReader {
    fn head(&self) -> Result<Offset, StoreError> {
        Ok(self.0.lock().head)
    }

    fn outcome(&self, mid: Mid) -> Result<Option<StoredOutcome>, StoreError> {
        Ok(self.0.lock().outcomes.get(&mid).map(|(_, stored)| stored.clone()))
    }

    fn outcomes(&self, mids: &[Mid]) -> Result<Vec<StoredOutcome>, StoreError> {
        let disk = self.0.lock();
        Ok(mids.iter().filter_map(|mid| disk.outcomes.get(mid)).map(|(_, stored)| stored.clone()).collect())
    }

    fn records_after(&self, offset: Offset, limit: usize) -> Result<Vec<Entry>, ReadError> {
        self.0.lock().after(offset, limit)
    }

    fn write_snapshot(&self, mids: &[Mid], out: &mut dyn Write) -> Result<Offset, StoreError> {
        let broken = |e: std::io::Error| StoreError::Io(Box::new(e));
        // The writer goes on while the snapshot is written.
        let (head, rows, settled) = {
            let disk = self.0.lock();
            let rows: Vec<Arc<Row>> = disk.rows.values().cloned().collect();
            let settled: BTreeMap<Mid, Outcome> =
                mids.iter().filter_map(|mid| Some((*mid, disk.outcomes.get(mid)?.1.outcome.clone()))).collect();
            (disk.head, rows, settled)
        };
        let mut json = Vec::new();
        let Offset { epoch, seq, tag } = head;
        write!(json, r#"{{"epoch":{epoch},"seq":{seq},"tag":{tag},"rows":["#).map_err(broken)?;
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                json.push(b',');
            }
            serde_json::to_writer(&mut json, row.as_ref()).map_err(|e| broken(e.into()))?;
        }
        json.extend_from_slice(br#"],"settled":"#);
        serde_json::to_writer(&mut json, &settled).map_err(|e| broken(e.into()))?;
        json.push(b'}');
        for piece in json.chunks(1 << 16) {
            out.write_all(piece).map_err(broken)?;
        }
        Ok(head)
    }

    fn text(&self, version: Mid) -> Result<Option<Text>, StoreError> {
        Ok(self.0.lock().texts.iter().find(|t| t.version.version == version).cloned())
    }

    fn versions(&self, task: TaskId) -> Result<Vec<Version>, StoreError> {
        Ok(self.0.lock().texts.iter().filter(|t| t.version.task == task).map(|t| t.version.clone()).collect())
    }

    fn has_session_key(&self, hash: &Hash) -> Result<bool, StoreError> {
        Ok(self.0.lock().session_keys.contains(hash))
    }
}
