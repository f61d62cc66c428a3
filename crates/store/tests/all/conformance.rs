//! What every store keeps. Each claim gets an empty place.

use crate::world::{DAY, Place, Scribe, hash, id, row, rows};
use qd_core::ids::{Mid, Millis, SessionId, TaskId};
use qd_core::op::{Offset, Outcome};
use qd_store::{Author, Collected, Commit, Entry, ReadError, Retention, SharedReader, Store, StoreError};
use std::sync::Barrier;

fn start(seq: u64, tag: u32) -> Offset {
    Offset { epoch: 1, seq, tag }
}

fn all_after(reader: &SharedReader, mut offset: Offset) -> Vec<Entry> {
    let mut found = Vec::new();
    loop {
        let piece = reader.records_after(offset, 100).unwrap();
        let Some(last) = piece.last() else {
            return found;
        };
        offset = last.offset;
        found.extend(piece);
    }
}

fn records(entries: &[Entry]) -> Vec<qd_core::op::Record> {
    entries.iter().map(|e| e.record().unwrap()).collect()
}

fn of(batch: &[Commit]) -> Vec<qd_core::op::Record> {
    batch.iter().map(|c| c.record.clone()).collect()
}

pub fn a_new_store_stands_at_the_beginning(place: &impl Place) {
    let mut store = place.open();
    let loaded = store.load().unwrap();
    assert_eq!((loaded.head, loaded.rows), (start(0, 0), vec![]));
    let reader = store.reader();
    assert_eq!(reader.head().unwrap(), start(0, 0));
    assert_eq!(reader.records_after(start(0, 0), 10).unwrap(), []);
    assert_eq!(reader.snapshot(&[]).unwrap().json, br#"{"epoch":1,"seq":0,"tag":0,"rows":[],"settled":{}}"#);
}

pub fn what_was_committed_is_there_after_reopening(place: &impl Place) {
    let mut log = Scribe::new();
    let batch = vec![log.put(1, "one"), log.put(2, "two"), log.refuse(), log.put(1, "one again"), log.delete(2)];
    place.open().commit(&batch).unwrap();

    let mut store = place.open();
    assert_eq!(rows(&mut store), [row(1, 4, "one again")]);
    assert_eq!(store.load().unwrap().head, log.head);
    assert_eq!(records(&all_after(&store.reader(), start(0, 0))), of(&batch));
    for commit in &batch {
        let stored = store.reader().outcome(commit.record.mid).unwrap().unwrap();
        assert_eq!((stored.outcome, stored.args_hash), (Outcome::from(&commit.record), commit.args_hash));
    }
    store.commit(&[log.put(3, "goes on")]).unwrap();
    store.commit(&[]).unwrap();
    assert_eq!(store.reader().head().unwrap(), log.head);
}

pub fn a_batch_that_does_not_continue_the_log_leaves_nothing(place: &impl Place) {
    let mut store = place.open();
    let mut log = Scribe::new();
    store.commit(&log.puts(2)).unwrap();
    let head = log.head;

    let fits = log.put(7, "fits");
    let mut gap = log.put(8, "does not");
    gap.record.seq += 1;
    let found = Offset::from(&gap.record);
    match store.commit(&[fits.clone(), gap]) {
        Err(StoreError::OutOfOrder { head, found: f }) => {
            assert_eq!((head, f), (Offset::from(&fits.record), found));
        }
        other => panic!("{other:?}"),
    }
    let mut other_epoch = fits.clone();
    other_epoch.record.epoch = 2;
    assert!(matches!(store.commit(&[other_epoch]), Err(StoreError::OutOfOrder { .. })));

    assert_eq!(store.reader().head().unwrap(), head);
    assert_eq!(store.load().unwrap().rows.len(), 2);
    assert_eq!(store.reader().outcome(fits.record.mid).unwrap(), None);
    store.commit(&[fits]).unwrap();
}

pub fn a_mutation_has_one_record(place: &impl Place) {
    let mut store = place.open();
    let mut log = Scribe::new();
    let first = log.put(1, "one");
    store.commit(std::slice::from_ref(&first)).unwrap();
    let mut again = log.put(1, "twice");
    again.record.mid = first.record.mid;
    match store.commit(&[again]) {
        Err(StoreError::Settled(mid)) => assert_eq!(mid, first.record.mid),
        other => panic!("{other:?}"),
    }
    assert_eq!(rows(&mut store), [row(1, 1, "one")]);
}

pub fn the_outcome_keeps_code_message_and_hash(place: &impl Place) {
    let mut store = place.open();
    let mut log = Scribe::new();
    let (yes, no) = (log.put(1, "one"), log.refuse());
    store.commit(&[yes.clone(), no.clone()]).unwrap();
    let asked = [no.record.mid, Mid(id(99)), yes.record.mid];
    let found = store.reader().outcomes(&asked).unwrap();
    assert_eq!(
        found.iter().map(|o| o.outcome.clone()).collect::<Vec<_>>(),
        [(&no.record).into(), (&yes.record).into()]
    );
    assert_eq!(found.iter().map(|o| o.args_hash).collect::<Vec<_>>(), [hash(2), hash(1)]);
    assert_eq!(store.reader().outcome(Mid(id(99))).unwrap(), None);
}

pub fn the_log_is_read_from_any_offset_it_was_at(place: &impl Place) {
    let mut store = place.open();
    let mut log = Scribe::new();
    let batch = log.puts(7);
    store.commit(&batch[..3]).unwrap();
    store.commit(&batch[3..]).unwrap();
    let reader = store.reader();
    for (n, commit) in batch.iter().enumerate() {
        let offset = Offset::from(&commit.record);
        assert_eq!(records(&reader.records_after(offset, 100).unwrap()), of(&batch[n + 1..]));
        assert_eq!(records(&reader.records_after(offset, 2).unwrap()), of(&batch[n + 1..(n + 3).min(7)]));
    }
    let entry = &reader.records_after(start(0, 0), 1).unwrap()[0];
    assert_eq!(entry.json, serde_json::to_string(&batch[0].record).unwrap());
    assert_eq!(entry.offset, Offset::from(&batch[0].record));
}

pub fn an_offset_of_another_history_is_a_conflict(place: &impl Place) {
    let mut store = place.open();
    let mut log = Scribe::new();
    let batch = log.puts(3);
    store.commit(&batch).unwrap();
    let had = Offset::from(&batch[1].record);
    let foreign = [
        Offset { tag: had.tag ^ 1, ..had },
        Offset { epoch: 2, ..had },
        Offset { epoch: 0, ..had },
        Offset { seq: log.head.seq + 1, ..log.head },
        Offset { seq: u64::MAX, ..log.head },
        Offset { tag: log.head.tag ^ 1, ..log.head },
        start(0, 1),
        Offset::default(),
    ];
    for offset in foreign {
        match store.reader().records_after(offset, 10) {
            Err(ReadError::Conflict { head }) => assert_eq!(head, log.head),
            other => panic!("{offset}: {other:?}"),
        }
    }
}

const LITTLE: Retention = Retention { records: 3, record_age: 10 * DAY, outcome_age: 20 * DAY };

pub fn below_the_floor_the_log_is_gone(place: &impl Place) {
    let mut store = place.open();
    let mut log = Scribe::new();
    let batch = log.puts(10);
    store.commit(&batch).unwrap();
    store.collect(Millis(log.now.0 + 11 * DAY), LITTLE).unwrap();

    for store in [store.reader(), {
        drop(store);
        place.open().reader()
    }] {
        let floor = Offset::from(&batch[6].record);
        assert_eq!(records(&store.records_after(floor, 10).unwrap()), of(&batch[7..]));
        for gone in [start(0, 0), Offset::from(&batch[5].record)] {
            match store.records_after(gone, 10) {
                Err(ReadError::Gone { floor: f }) => assert_eq!(f, floor),
                other => panic!("{other:?}"),
            }
        }
        let forged = Offset { tag: floor.tag ^ 1, ..floor };
        assert!(matches!(store.records_after(forged, 10), Err(ReadError::Conflict { .. })));
    }
}

pub fn large_records_come_in_pieces(place: &impl Place) {
    let mut store = place.open();
    let mut log = Scribe::new();
    let large = "x".repeat(400_000);
    let batch: Vec<_> = (0..8).map(|n| log.put(n, &large)).collect();
    store.commit(&batch).unwrap();
    let reader = store.reader();
    let piece = reader.records_after(start(0, 0), 100).unwrap();
    assert!((1..8).contains(&piece.len()), "{} records at once", piece.len());
    assert_eq!(records(&all_after(&reader, start(0, 0))), of(&batch));
}

pub fn collection_keeps_what_is_new_or_young(place: &impl Place) {
    let mut store = place.open();
    let mut log = Scribe::new();
    let old = log.puts(5);
    log.now.0 += 11 * DAY;
    let young = log.puts(2);
    store.commit(&[old.clone(), young.clone()].concat()).unwrap();

    // Seven records: four are older than ten days and not among the three newest. No outcome is old enough.
    let done = store.collect(log.now, LITTLE).unwrap();
    assert_eq!(done, Collected { records: 4, outcomes: 0, more: false });
    assert_eq!(store.collect(log.now, LITTLE).unwrap(), Collected::default());
    assert_eq!(
        records(&all_after(&store.reader(), Offset::from(&old[3].record))),
        of(&[&old[4..], &young[..]].concat())
    );

    // Among the newest: kept at any age. The rows stay in any case.
    log.now.0 += 365 * DAY;
    assert_eq!(store.collect(log.now, LITTLE).unwrap(), Collected { records: 0, outcomes: 7, more: false });
    assert_eq!(store.reader().outcome(young[1].record.mid).unwrap(), None);
    assert_eq!(store.load().unwrap().rows.len(), 7);
    store.commit(&[log.put(1, "goes on")]).unwrap();
}

pub fn collection_is_bounded_and_says_that_there_is_more(place: &impl Place) {
    let mut store = place.open();
    let mut log = Scribe::new();
    store.commit(&log.puts(5000)).unwrap();
    log.now.0 += 100 * DAY;
    let mut calls = 0;
    let mut sum = Collected { more: true, ..Collected::default() };
    while sum.more {
        let done = store.collect(log.now, LITTLE).unwrap();
        assert!(done.records <= 2000 && done.outcomes <= 2000, "{done:?}");
        sum =
            Collected { records: sum.records + done.records, outcomes: sum.outcomes + done.outcomes, more: done.more };
        calls += 1;
    }
    assert_eq!((sum.records, sum.outcomes, calls), (4997, 5000, 3));
}

pub fn an_outcome_outlives_the_age_at_which_its_mutation_expires(place: &impl Place) {
    let mut store = place.open();
    let mut log = Scribe::new();
    // Its `mid` lies a day ahead of the server's clock, as far as it may.
    let ahead = log.put(1, "one");
    let minted = qd_core::ids::v7_time(ahead.record.mid.0).unwrap();
    let decided = Millis(minted.0 - DAY);
    let mut commit = ahead;
    commit.record.ts = decided;
    store.commit(std::slice::from_ref(&commit)).unwrap();
    let expires = Millis(minted.0 + 30 * DAY);
    store.collect(Millis(expires.0 - 1), Retention::STANDARD).unwrap();
    assert!(store.reader().outcome(commit.record.mid).unwrap().is_some());
    store.collect(expires, Retention::STANDARD).unwrap();
    assert!(store.reader().outcome(commit.record.mid).unwrap().is_none());
}

pub fn a_new_epoch_is_no_continuation(place: &impl Place) {
    let mut store = place.open();
    let mut log = Scribe::new();
    let batch = log.puts(4);
    store.commit(&batch).unwrap();
    let before = log.head;
    log.head = store.new_epoch().unwrap();
    assert_eq!(log.head, Offset { epoch: 2, ..before });

    assert!(matches!(store.reader().records_after(before, 10), Err(ReadError::Conflict { .. })));
    assert_eq!(store.reader().records_after(log.head, 10).unwrap(), []);
    assert!(store.reader().outcome(batch[0].record.mid).unwrap().is_some(), "what was settled stays settled");
    let next = log.put(9, "new history");
    let at = Offset { epoch: 2, ..before };
    store.commit(std::slice::from_ref(&next)).unwrap();
    assert_eq!(store.collect(log.now, Retention::STANDARD).unwrap().records, 4, "nobody can read the old epoch");
    drop(store);

    let mut store = place.open();
    assert_eq!(store.load().unwrap().head, log.head);
    assert_eq!(records(&store.reader().records_after(at, 10).unwrap()), [next.record]);
    let below = Offset { epoch: 2, ..Offset::from(&batch[1].record) };
    assert!(matches!(store.reader().records_after(below, 10), Err(ReadError::Gone { .. })));
}

pub fn the_snapshot_is_what_serde_would_write(place: &impl Place) {
    let mut store = place.open();
    let mut log = Scribe::new();
    let batch = vec![log.put(1, "quotes \" and \u{1f980}\n"), log.put(2, "two"), log.refuse()];
    store.commit(&batch).unwrap();
    let snapshot = store.reader().snapshot(&[batch[2].record.mid, Mid(id(77))]).unwrap();
    assert_eq!(snapshot.offset, log.head);
    let mut found: serde_json::Value = serde_json::from_slice(&snapshot.json).unwrap();
    found["rows"].as_array_mut().unwrap().sort_by_key(|row| row["row"]["ver"].as_u64());
    let refused = &batch[2].record;
    let expected = serde_json::json!({
        "epoch": 1,
        "seq": 3,
        "tag": log.head.tag,
        "rows": [row(1, 1, "quotes \" and \u{1f980}\n"), row(2, 2, "two")],
        "settled": { refused.mid.to_string(): Outcome::from(refused) },
    });
    assert_eq!(found, expected);
}

/// Lets the writer commit in the middle of a snapshot.
struct Meanwhile<F: FnMut()> {
    written: Vec<u8>,
    then: Option<F>,
}

impl<F: FnMut()> std::io::Write for Meanwhile<F> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.written.extend(bytes);
        if let Some(mut then) = self.then.take() {
            then();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub fn a_reader_sees_one_state_while_the_writer_goes_on(place: &impl Place) {
    let mut store = place.open();
    let mut log = Scribe::new();
    store.commit(&log.puts(3)).unwrap();
    let reader = store.reader();
    let before = reader.snapshot(&[]).unwrap();
    let later = log.put(50, "later");
    let mid = later.record.mid;
    let mut out = Meanwhile { written: Vec::new(), then: Some(|| store.commit(std::slice::from_ref(&later)).unwrap()) };
    assert_eq!(reader.write_snapshot(&[mid], &mut out).unwrap(), before.offset);
    assert!(out.then.is_none());
    assert_eq!(out.written, before.json);
    assert_eq!(reader.head().unwrap(), log.head);
}

pub fn many_readers_read_at_once(place: &impl Place) {
    const READERS: usize = 8;
    let mut store = place.open();
    let mut log = Scribe::new();
    store.commit(&log.puts(1)).unwrap();
    let reader = store.reader();
    let gate = Barrier::new(READERS + 1);
    std::thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                gate.wait();
                let mut at = start(0, 0);
                while at.seq < 201 {
                    for entry in reader.records_after(at, 7).unwrap() {
                        assert_eq!(entry.offset.seq, at.seq + 1);
                        at = entry.offset;
                    }
                    let snapshot: serde_json::Value =
                        serde_json::from_slice(&reader.snapshot(&[]).unwrap().json).unwrap();
                    assert_eq!(snapshot["rows"].as_array().unwrap().len() as u64, snapshot["seq"].as_u64().unwrap());
                }
            });
        }
        gate.wait();
        for _ in 0..40 {
            store.commit(&log.puts(5)).unwrap();
        }
    });
}

pub fn versions_keep_their_order_and_text(place: &impl Place) {
    let mut store = place.open();
    let mut log = Scribe::new();
    let (task, other) = (TaskId(id(1)), TaskId(id(2)));
    let first = log.version(task, None, Author::File, "# One\n");
    let base = Some(first.texts[0].version.version);
    let second = log.version(task, base, Author::Session(SessionId(id(3))), "# One\r\n\u{feff}é\0");
    let foreign = log.version(other, None, Author::Person, "");
    store.commit(&[first.clone(), second.clone(), foreign.clone()]).unwrap();
    drop(store);

    let reader = place.open().reader();
    let known: Vec<_> = [&first, &second].map(|c| c.texts[0].version.clone()).to_vec();
    assert_eq!(reader.versions(task).unwrap(), known);
    for commit in [&first, &second, &foreign] {
        assert_eq!(reader.text(commit.texts[0].version.version).unwrap().as_ref(), Some(&commit.texts[0]));
    }
    assert_eq!(reader.text(Mid(id(9))).unwrap(), None);
    assert_eq!(reader.versions(TaskId(id(9))).unwrap(), []);
}

pub fn session_keys_survive_until_they_are_dropped(place: &impl Place) {
    let mut store = place.open();
    store.put_session_key(&hash(1), Millis(7)).unwrap();
    store.put_session_key(&hash(1), Millis(8)).unwrap();
    store.put_session_key(&hash(3), Millis(8)).unwrap();
    store.drop_session_key(&hash(3)).unwrap();
    store.drop_session_key(&hash(2)).unwrap();
    drop(store);
    let reader = place.open().reader();
    assert!(reader.has_session_key(&hash(1)).unwrap());
    assert!(!reader.has_session_key(&hash(2)).unwrap());
    assert!(!reader.has_session_key(&hash(3)).unwrap());
}
