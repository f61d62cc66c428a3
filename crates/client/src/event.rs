//! What happens to the client.

use qd_core::blob::BlobId;
use qd_core::command::Command;
use qd_core::ids::{Mid, Millis, TaskId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One thing that happened. Each is one synchronous commit.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(rename = "PanelEvent")]
#[expect(clippy::large_enum_variant, reason = "events live briefly, and most are commands")]
pub enum Event {
    /// The page begins: what the journal holds, and the base of last time where there is one.
    Boot {
        /// Now.
        now: Millis,
        /// All entries of the journal.
        journal: Vec<JournalEntry>,
        /// What `base_json` gave, as it was kept.
        cached: Option<String>,
    },
    /// A person acts (R1).
    Act {
        /// The command, its ids minted.
        #[serde(with = "wire_form")]
        #[ts(as = "Command")]
        command: Command,
        /// Now.
        now: Millis,
    },
    /// A message from the hub.
    Hub {
        /// The message.
        message: FromHub,
        /// Now.
        now: Millis,
    },
    /// A snapshot arrived.
    Snapshot {
        /// The body as it came.
        text: String,
        /// Now.
        now: Millis,
    },
    /// A snapshot could not be had.
    SnapshotFailed {
        /// The HTTP status; 0 where there was no answer.
        status: u16,
        /// Now.
        now: Millis,
    },
    /// An answer to a POST.
    Reply {
        /// Of which mutation.
        mid: Mid,
        /// The HTTP status.
        status: u16,
        /// The body as it came.
        body: String,
        /// Now.
        now: Millis,
    },
    /// A POST got no answer.
    SendFailed {
        /// Of which mutation.
        mid: Mid,
        /// Now.
        now: Millis,
    },
    /// Another tab changed the journal.
    Storage {
        /// The key.
        key: String,
        /// Its value now; null where it is gone.
        value: Option<String>,
        /// Now.
        now: Millis,
    },
    /// The journal refused to take an entry.
    JournalRefused {
        /// Its key.
        key: String,
        /// Now.
        now: Millis,
    },
    /// The text of a document was fetched.
    Document {
        /// Of which task.
        task: TaskId,
        /// Which version.
        version: Mid,
        /// The text.
        text: String,
        /// Now.
        now: Millis,
    },
    /// The answer to a `PutBlob`; status 0 where there was none.
    BlobAnswered {
        /// For which mutation.
        mid: Mid,
        /// Which blob.
        blob: BlobId,
        /// The HTTP status.
        status: u16,
        /// Now.
        now: Millis,
    },
    /// The page does not have the blob of a `PutBlob` (any more).
    BlobLost {
        /// For which mutation.
        mid: Mid,
        /// Which blob.
        blob: BlobId,
        /// Now.
        now: Millis,
    },
    /// A person closed a notice.
    Dismiss {
        /// The notice: the mutation it tells of.
        id: Mid,
        /// Now.
        now: Millis,
    },
    /// A person wants what a notice tells of to be tried again.
    Retry {
        /// The notice.
        id: Mid,
        /// Now.
        now: Millis,
    },
    /// The person logged in again.
    LoggedIn {
        /// Now.
        now: Millis,
    },
    /// Time passed.
    Tick {
        /// Now.
        now: Millis,
    },
}

/// A command as `{name, args}`.
mod wire_form {
    use qd_core::command::Command;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value;

    #[derive(Serialize, Deserialize)]
    struct Form {
        name: String,
        args: Value,
    }

    pub(super) fn serialize<S: Serializer>(command: &Command, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, args) = command.to_wire();
        Form { name, args }.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Command, D::Error> {
        let form = Form::deserialize(deserializer)?;
        Command::of_wire(&form.name, &form.args).map_err(serde::de::Error::custom)
    }
}

/// An entry of the journal (`localStorage`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct JournalEntry {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// What the hub says to a tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromHub {
    /// Frames of the log, each as it came (the data of one SSE event).
    Frames {
        /// The frames.
        frames: Vec<String>,
    },
    /// The stream is open.
    Connected,
    /// The stream is lost; it is being opened again.
    Lost,
    /// The hub can't go on from the tab's offset: take a snapshot, then join again.
    Behind,
    /// The stream was refused with 401.
    LoggedOut,
    /// The hub is there.
    Alive,
}

/// What a tab says to the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToHub {
    /// The tab has applied everything up to this offset and wants what follows.
    Join {
        /// `epoch.seq.tag`
        offset: String,
    },
    /// The tab goes.
    Leave,
    /// The person logged in: open the stream at once.
    Reopen,
}
