//! Makes commits: one log with its clock, ids and tags, all of them the same in every run.

use qd_core::ids::{MessageId, Mid, Millis, SessionId, TaskId, of_cause, v7};
use qd_core::op::{Actor, Offset, Op, Record, Reject, RejectCode};
use qd_core::row::{Key, Message, MessageBody, MessageState, Row};
use qd_store::{Author, Commit, Store, Text, Version};
use std::sync::Arc;
use uuid::Uuid;

/// Where a store lies: it can be opened, dropped and opened again.
pub trait Place {
    /// The implementation.
    type Store: Store;

    /// Opens it.
    fn open(&self) -> Self::Store;
}

/// Milliseconds of a day.
pub const DAY: u64 = 24 * 60 * 60 * 1000;

/// Writes the log.
#[derive(Clone, Debug)]
pub struct Scribe {
    pub head: Offset,
    pub now: Millis,
}

impl Scribe {
    pub fn new() -> Self {
        Self { head: Offset { epoch: 1, seq: 0, tag: 0 }, now: Millis(1_800_000_000_000) }
    }

    /// The mutation that the next record settles.
    fn mid(&self) -> Mid {
        let mut random = [0; 10];
        random[2..].copy_from_slice(&(self.head.epoch << 32 | self.head.seq).to_be_bytes());
        Mid(v7(self.now, random))
    }

    fn commit(&mut self, ops: Vec<Op>, rows: Vec<(Key, Option<Arc<Row>>)>, err: Option<Reject>) -> Commit {
        let mid = self.mid();
        let seq = self.head.seq + 1;
        let tag = u32::try_from(seq).unwrap().wrapping_mul(0x9e37_79b9) | 1;
        self.head = Offset { seq, tag, ..self.head };
        self.now.0 += 1;
        let record = Record {
            epoch: self.head.epoch,
            seq,
            tag,
            ts: self.now,
            actor: Actor::Person,
            mid,
            ok: err.is_none(),
            err,
            ops,
        };
        Commit { record, args_hash: hash(seq), rows, texts: Vec::new() }
    }

    /// Puts the row `n` with `text`.
    pub fn put(&mut self, n: u64, text: &str) -> Commit {
        let row = row(n, self.head.seq + 1, text);
        self.commit(vec![Op::put(row.clone())], vec![(row.key(), Some(Arc::new(row)))], None)
    }

    /// Removes the row `n`.
    pub fn delete(&mut self, n: u64) -> Commit {
        self.commit(vec![Op::delete(key(n))], vec![(key(n), None)], None)
    }

    /// Refuses.
    pub fn refuse(&mut self) -> Commit {
        self.commit(Vec::new(), Vec::new(), Some(Reject::new(RejectCode::TaskBusy, "Somebody else writes: “wait”.")))
    }

    /// Adds a version of a document.
    pub fn version(&mut self, task: TaskId, base: Option<Mid>, author: Author, text: &str) -> Commit {
        let version = Version {
            version: self.mid(),
            task,
            base,
            author,
            at: self.now,
            hash: "00ff".into(),
            size: text.len() as u64,
        };
        let mut commit = self.commit(Vec::new(), Vec::new(), None);
        commit.texts = vec![Text { version, text: text.into() }];
        commit
    }

    /// `n` puts of rows of their own.
    pub fn puts(&mut self, n: u64) -> Vec<Commit> {
        (0..n).map(|_| self.put(self.head.seq, "text")).collect()
    }
}

/// The hash of the arguments of mutation `n`.
pub fn hash(n: u64) -> [u8; 32] {
    let mut hash = [0xab; 32];
    hash[..8].copy_from_slice(&n.to_be_bytes());
    hash
}

/// An id that the number `n` stands for.
pub fn id(n: u64) -> Uuid {
    of_cause(&["test", &n.to_string()])
}

/// The key of the row `n`.
pub fn key(n: u64) -> Key {
    MessageId(id(n)).into()
}

/// The row `n`.
pub fn row(n: u64, ver: u64, text: &str) -> Row {
    Row::Message(Message {
        id: MessageId(id(n)),
        ver,
        session: SessionId(id(0)),
        at: Millis(5),
        body: MessageBody::prompt(text),
        state: MessageState::Queued,
    })
}

/// The rows of a store, in key order.
pub fn rows(store: &mut impl Store) -> Vec<Row> {
    let mut rows = store.load().unwrap().rows;
    rows.sort_by_key(Row::key);
    rows
}
