//! What the client wants done. Whoever runs it executes the effects in order, without thinking.

use crate::event::ToHub;
use qd_core::blob::BlobId;
use qd_core::ids::{Mid, Millis};
use qd_core::row::Key;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Effect {
    /// Set a key of the journal, before anything that follows. Where storage refuses, say so by `JournalRefused`.
    Journal {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// Remove a key of the journal.
    Unjournal {
        /// The key.
        key: String,
    },
    /// POST `body` to `/api/v1/mutations`, then report `Reply` or `SendFailed`.
    Send {
        /// The mutation.
        mid: Mid,
        /// The body.
        body: String,
    },
    /// PUT the kept bytes to `/api/v1/blobs/{blob}`, then report `BlobAnswered`, or `BlobLost` where none are kept. The
    /// mutation itself is sent after that.
    PutBlob {
        /// The mutation that names it.
        mid: Mid,
        /// The blob.
        blob: BlobId,
        /// Its media type.
        mime: String,
    },
    /// POST `/api/v1/snapshot` with these mids, then report `Snapshot` or `SnapshotFailed`.
    FetchSnapshot {
        /// The pending mutations.
        mids: Vec<Mid>,
    },
    /// Say this to the hub.
    Hub {
        /// The message.
        message: ToHub,
    },
    /// The hub is silent: start another under a new name, then pass on the `Join` that follows.
    ReplaceHub,
    /// Ask the person to log in.
    Login,
    /// Report `Tick` at this time at the latest. A later `Wake` takes the place of an earlier one.
    Wake {
        /// When.
        at: Millis,
    },
}

/// What one event led to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, TS)]
pub struct Output {
    /// What is to be done, in order.
    pub effects: Vec<Effect>,
    /// The rows whose picture may have changed.
    pub changed: Vec<Key>,
    /// Everything may have changed.
    pub all: bool,
    /// Notices or the connection changed.
    pub chrome: bool,
    /// The mutation that an `Act` or `Retry` made.
    pub mid: Option<Mid>,
}
