//! The interface of the store: what is committed, what is read. It knows no SQL.
//!
//! Invariant: the outcome, the record and the rows of a mutation become durable together or not at all, and a reader
//! sees them only after that.

use crate::error::{ReadError, StoreError};
use qd_core::ids::{Mid, Millis, SessionId, TaskId};
use qd_core::op::{Offset, Outcome, Record};
use qd_core::row::{Key, Row};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::sync::Arc;

/// A SHA-256.
pub type Hash = [u8; 32];

/// One settled mutation with everything that must become durable with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// Its record.
    pub record: Record,
    /// Hash of its name and arguments, by which a repeat is told from a reuse of its `mid`.
    pub args_hash: Hash,
    /// The rows that its ops changed, as they are after it; `None` where the row is gone.
    pub rows: Vec<(Key, Option<Arc<Row>>)>,
    /// The document versions that it made.
    pub texts: Vec<Text>,
}

/// A version of a task's document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What it is.
    pub version: Version,
    /// The text.
    pub text: String,
}

/// What is known of a version besides its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The mutation that made it.
    pub version: Mid,
    /// The task.
    pub task: TaskId,
    /// The version that was edited; none for the first.
    pub base: Option<Mid>,
    /// Who wrote it.
    pub author: Author,
    /// When.
    pub at: Millis,
    /// SHA-256 of the text in hexadecimal.
    pub hash: String,
    /// Bytes.
    pub size: u64,
}

/// Who wrote a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", content = "session", rename_all = "snake_case")]
pub enum Author {
    /// A person, in the panel.
    Person,
    /// A session.
    Session(SessionId),
    /// It was found in the file.
    File,
}

/// Everything that the writer needs to begin.
#[derive(Debug)]
pub struct Loaded {
    /// Where the log stands. A new store stands at epoch 1, seq 0, tag 0.
    pub head: Offset,
    /// All rows.
    pub rows: Vec<Row>,
}

/// An outcome with the hash of the arguments that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOutcome {
    /// The outcome.
    pub outcome: Outcome,
    /// Hash of name and arguments.
    pub args_hash: Hash,
}

/// A record as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The offset after it.
    pub offset: Offset,
    /// The [`Record`] as JSON.
    pub json: String,
}

impl Entry {
    /// The record.
    pub fn record(&self) -> Result<Record, StoreError> {
        serde_json::from_str(&self.json).map_err(|e| StoreError::Corrupt(format!("record {}: {e}", self.offset)))
    }
}

/// A snapshot: `{"epoch":1,"seq":9,"tag":5,"rows":[{"kind":"task","row":{…}},…],"settled":{"<mid>":{…}}}`.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What it shows the rows as of.
    pub offset: Offset,
    /// The JSON.
    pub json: Vec<u8>,
}

/// How much history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// A record is kept while it is among this many newest …
    pub records: u64,
    /// … or younger than this, in milliseconds.
    pub record_age: u64,
    /// An outcome is kept while it is younger than this, in milliseconds.
    pub outcome_age: u64,
}

impl Retention {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    /// What a server keeps. A mutation is refused as expired once its `mid` is 30 days old, and a `mid` may lie a day
    /// in the future: an outcome that went after 30 days would let such a one be executed twice.
    pub const STANDARD: Self = Self { records: 100_000, record_age: 30 * Self::DAY, outcome_age: 31 * Self::DAY };
}

/// What a call of [`Store::collect`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Records.
    pub records: u64,
    /// Outcomes.
    pub outcomes: u64,
    /// Whether there may be more to remove: call again.
    pub more: bool,
}

/// What can be read, by many threads at once, beside the writer. Each call sees one state of the store: what was
/// committed before it.
pub trait Reader: Send + Sync {
    /// Where the log stands.
    fn head(&self) -> Result<Offset, StoreError>;

    /// The outcome of a mutation, where it is settled and still kept.
    fn outcome(&self, mid: Mid) -> Result<Option<StoredOutcome>, StoreError>;

    /// The outcomes of those of `mids` that have one.
    fn outcomes(&self, mids: &[Mid]) -> Result<Vec<StoredOutcome>, StoreError>;

    /// At most `limit` records after `offset`, fewer where they are large; none at the head.
    fn records_after(&self, offset: Offset, limit: usize) -> Result<Vec<Entry>, ReadError>;

    /// Writes the snapshot with the outcomes of `mids` and gives back what it is as of. The store keeps its history
    /// from being tidied up meanwhile, so `out` should be memory or a file, not a slow network.
    fn write_snapshot(&self, mids: &[Mid], out: &mut dyn Write) -> Result<Offset, StoreError>;

    /// The snapshot with the outcomes of `mids`.
    fn snapshot(&self, mids: &[Mid]) -> Result<Snapshot, StoreError> {
        let mut json = Vec::new();
        let offset = self.write_snapshot(mids, &mut json)?;
        Ok(Snapshot { offset, json })
    }

    /// A version of a document.
    fn text(&self, version: Mid) -> Result<Option<Text>, StoreError>;

    /// The versions of a task's document, in the order in which they were committed.
    fn versions(&self, task: TaskId) -> Result<Vec<Version>, StoreError>;

    /// Whether a page holds the key of this hash.
    fn has_session_key(&self, hash: &Hash) -> Result<bool, StoreError>;
}

/// A reader to hand around.
pub type SharedReader = Arc<dyn Reader>;

/// The store as its one writer has it.
pub trait Store: Send {
    /// Reads everything that the writer needs to begin.
    fn load(&mut self) -> Result<Loaded, StoreError>;

    /// Makes `batch` durable in one transaction. The records continue the log without a gap, in its epoch. After an
    /// error nothing of the batch is there.
    fn commit(&mut self, batch: &[Commit]) -> Result<(), StoreError>;

    /// Begins a new epoch at the same seq: what follows does not continue what others may have seen. Every offset of
    /// the epochs before is in conflict from now on.
    fn new_epoch(&mut self) -> Result<Offset, StoreError>;

    /// Removes a bounded part of what need not be kept any more.
    fn collect(&mut self, now: Millis, keep: Retention) -> Result<Collected, StoreError>;

    /// Keeps the hash of a page's session key, so that the page stays logged in over a restart.
    fn put_session_key(&mut self, hash: &Hash, created: Millis) -> Result<(), StoreError>;

    /// Forgets the hash of a page's session key: whoever still has the key is logged out.
    fn drop_session_key(&mut self, hash: &Hash) -> Result<(), StoreError>;

    /// A reader beside this writer.
    fn reader(&self) -> SharedReader;
}
