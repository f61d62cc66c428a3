//! The store against a model of it, over random histories: commits, clean restarts, collection, new epochs, and
//! crashes. A crash is a copy of the files as they lie there while the store is open, with the write-ahead log cut at
//! any byte: what opens must be a state that was, whole, and with nothing cut the last one.

use crate::world::{DAY, Scribe, hash, key, row};
use proptest::prelude::*;
use qd_core::ids::Mid;
use qd_core::op::{Offset, Outcome, Record};
use qd_core::row::{Key, Row};
use qd_store::{Commit, ReadError, Retention, SqliteStore, Store};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const KEEP: Retention = Retention { records: 6, record_age: DAY, outcome_age: 2 * DAY };

/// What must be there.
#[derive(Clone, Debug, Default)]
struct Model {
    head: Offset,
    floor: Offset,
    rows: BTreeMap<Key, Row>,
    log: Vec<Record>,
    outcomes: BTreeMap<Mid, Outcome>,
}

#[derive(Clone, Debug)]
enum Act {
    Put(u64),
    Delete(u64),
    Refuse,
}

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Act>),
    Broken(Vec<Act>),
    Restart,
    Crash { kept: f64 },
    Collect { days: u64 },
    NewEpoch,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act =
        prop_oneof![4 => (0_u64..8).prop_map(Act::Put), 1 => (0_u64..8).prop_map(Act::Delete), 1 => Just(Act::Refuse)];
    prop::collection::vec(act, 1..6)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => acts().prop_map(Step::Commit),
        1 => acts().prop_map(Step::Broken),
        1 => Just(Step::Restart),
        2 => prop_oneof![Just(1.0), 0.0..1.0].prop_map(|kept| Step::Crash { kept }),
        1 => (0_u64..3).prop_map(|days| Step::Collect { days }),
        1 => Just(Step::NewEpoch),
    ];
    prop::collection::vec(step, 1..24)
}

impl Model {
    fn apply(&mut self, batch: &[Commit]) {
        for commit in batch {
            for (key, row) in &commit.rows {
                match row {
                    Some(row) => self.rows.insert(*key, (**row).clone()),
                    None => self.rows.remove(key),
                };
            }
            self.outcomes.insert(commit.record.mid, Outcome::from(&commit.record));
            self.log.push(commit.record.clone());
            self.head = Offset::from(&commit.record);
        }
    }

    fn collect(&mut self, now: u64) {
        while let Some(first) = self.log.first() {
            let kept = self.head.seq - first.seq < KEEP.records || now - first.ts.0 < KEEP.record_age;
            if kept && first.seq > self.floor.seq {
                break;
            }
            let first = Offset { epoch: self.head.epoch, ..Offset::from(&self.log.remove(0)) };
            self.floor = self.floor.max(first);
        }
        self.outcomes.retain(|mid, _| now - qd_core::ids::v7_time(mid.0).unwrap().0 - 1 < KEEP.outcome_age);
    }

    fn agrees(&self, store: &mut SqliteStore) -> Result<(), TestCaseError> {
        let loaded = store.load().unwrap();
        prop_assert_eq!(loaded.head, self.head);
        let rows: BTreeMap<_, _> = loaded.rows.into_iter().map(|row| (row.key(), row)).collect();
        prop_assert_eq!(&rows, &self.rows);
        let reader = store.reader();
        for (mid, outcome) in &self.outcomes {
            let stored = reader.outcome(*mid).unwrap();
            prop_assert_eq!(stored.map(|o| (o.outcome, o.args_hash)), Some((outcome.clone(), hash(outcome.seq))));
        }
        let snapshot: serde_json::Value = serde_json::from_slice(&reader.snapshot(&[]).unwrap().json).unwrap();
        prop_assert_eq!(snapshot["rows"].as_array().unwrap().len(), self.rows.len());

        let readable: Vec<&Record> = self.log.iter().filter(|r| r.seq > self.floor.seq).collect();
        let offsets = std::iter::once(self.floor).chain(readable.iter().map(|r| Offset::from(*r)));
        for (n, offset) in offsets.enumerate() {
            let limit = if n == 0 { 1000 } else { 2 };
            let found = reader.records_after(offset, limit).unwrap();
            let found: Vec<Record> = found.iter().map(|e| e.record().unwrap()).collect();
            prop_assert!(found.iter().eq(readable[n..].iter().take(limit).copied()), "after {}", offset);
            let forged = Offset { tag: offset.tag ^ 0x55, ..offset };
            let refused = matches!(reader.records_after(forged, 1), Err(ReadError::Conflict { .. }));
            prop_assert!(refused, "a forged tag");
        }
        if self.floor.seq > 0 {
            let below = Offset { seq: self.floor.seq - 1, ..self.floor };
            let gone = matches!(reader.records_after(below, 1), Err(ReadError::Gone { floor }) if floor == self.floor);
            prop_assert!(gone, "below the floor");
        }
        Ok(())
    }
}

fn batch_of(log: &mut Scribe, acts: &[Act]) -> Vec<Commit> {
    acts.iter()
        .map(|act| match act {
            Act::Put(n) => log.put(*n, "text"),
            Act::Delete(n) => log.delete(*n),
            Act::Refuse => log.refuse(),
        })
        .collect()
}

/// Opens a copy of the files as they lie in `dir`, the write-ahead log cut to a part.
fn after_a_crash(dir: &Path, kept: f64) -> (TempDir, SqliteStore) {
    let copy = memory_dir();
    fs::copy(dir.join("quarterdeck.db"), copy.path().join("quarterdeck.db")).unwrap();
    let mut wal = fs::read(dir.join("quarterdeck.db-wal")).unwrap_or_default();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a part of a small file"
    )]
    wal.truncate((wal.len() as f64 * kept) as usize);
    fs::write(copy.path().join("quarterdeck.db-wal"), wal).unwrap();
    let store = SqliteStore::open(copy.path()).unwrap();
    (copy, store)
}

fn run(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut dir = memory_dir();
    let mut store = SqliteStore::open(dir.path()).unwrap();
    let mut log = Scribe::new();
    let mut model = Model { head: log.head, floor: log.head, ..Model::default() };
    let mut past = vec![model.clone()];
    for step in steps {
        match step {
            Step::Commit(acts) => {
                let batch = batch_of(&mut log, &acts);
                store.commit(&batch).unwrap();
                model.apply(&batch);
            }
            Step::Broken(acts) => {
                let mut batch = batch_of(&mut log.clone(), &acts);
                batch.last_mut().unwrap().record.seq += 1;
                prop_assert!(store.commit(&batch).is_err());
            }
            Step::Restart => {
                drop(store);
                store = SqliteStore::open(dir.path()).unwrap();
            }
            Step::Crash { kept } => {
                let (copy, mut found) = after_a_crash(dir.path(), kept);
                let head = found.load().unwrap().head;
                // Of several states with one head the files tell which it is: they differ in what was collected.
                let was = past.iter().rposition(|m| m.head == head && m.agrees(&mut found).is_ok());
                let Some(was) = was.filter(|was| kept < 1.0 || *was == past.len() - 1) else {
                    return Err(TestCaseError::fail(format!(
                        "what is found, at {head}, never was, or is not the last"
                    )));
                };
                past.truncate(was + 1);
                model = past[was].clone();
                log.head = model.head;
                log.now.0 += 1;
                drop(store);
                (dir, store) = (copy, found);
            }
            Step::Collect { days } => {
                log.now.0 += days * DAY;
                store.collect(log.now, KEEP).unwrap();
                model.collect(log.now.0);
            }
            Step::NewEpoch => {
                log.head = store.new_epoch().unwrap();
                (model.head, model.floor) = (log.head, log.head);
            }
        }
        model.agrees(&mut store)?;
        past.push(model.clone());
    }
    drop((store, dir));
    Ok(())
}

proptest! {
    // PROPTEST_CASES scales it.
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases / 4,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_history_is_kept_through_restarts_and_crashes(steps in steps()) {
        run(steps)?;
    }
}

#[test]
fn a_row_that_a_batch_changed_twice_has_its_last_state() {
    let dir = memory_dir();
    let mut store = SqliteStore::open(dir.path()).unwrap();
    let mut log = Scribe::new();
    store.commit(&[log.put(1, "a"), log.delete(1), log.put(2, "b"), log.put(1, "c"), log.delete(2)]).unwrap();
    let rows = store.load().unwrap().rows;
    assert_eq!(rows, [row(1, 4, "c")]);
    assert_eq!(rows[0].key(), key(1));
}

/// A directory in memory where there is one: a history that is cut by the test and not by a power failure needs no
/// real fsync.
fn memory_dir() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}
