//! What a host and its servers say to each other: one JSON object a line over the socket in the run folder.
//!
//! A host outlives servers, so an old host meets new servers: fields are only added, and a line that is not
//! understood is passed over. Whatever a host says is a state, not a step: a server that comes later misses nothing.

use qd_core::event::{Activity, Ending, Request};
use qd_core::ids::{MessageId, SessionId};
use qd_core::row::MessageBody;
use qd_core::status::Status;
use serde::{Deserialize, Serialize};

/// The version of this protocol.
pub const VERSION: u32 = 1;

/// From a server to the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToHost {
    /// The first line.
    Hello {
        /// The version that the server speaks.
        version: u32,
    },
    /// A person's message. Each id is delivered at most once, however often it is sent.
    Deliver {
        /// Its id.
        message: MessageId,
        /// What it says.
        body: MessageBody,
    },
    /// End the attempt.
    Cancel,
}

/// From the host to a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromHost {
    /// The first line: all there is to know.
    Hello {
        /// The version that the host speaks.
        version: u32,
        /// The session.
        session: SessionId,
        /// The attempt.
        attempt: u32,
        /// How it stands.
        state: Box<HostState>,
    },
    /// The output is readable up to here.
    Appended {
        /// In bytes.
        offset: u64,
    },
    /// The session stands so.
    Status {
        /// One of starting, running, needs-approval, needs-answer, cancelling.
        status: Status,
        /// What it waits for.
        requests: Vec<Request>,
    },
    /// The agent's own id of the conversation.
    Conversation {
        /// The id.
        id: String,
    },
    /// What the card shows; the latest wins, at most two a second.
    Activity {
        /// The figures.
        activity: Activity,
    },
    /// A message is in the output and with the agent.
    Delivered {
        /// Its id.
        message: MessageId,
    },
    /// A message will not be delivered in this attempt.
    Undelivered {
        /// Its id.
        message: MessageId,
        /// Why.
        reason: String,
    },
    /// The attempt is over; its `Ended` event is durable. The last line.
    Ended {
        /// How.
        ending: Ending,
        /// The length of the output in bytes.
        output_end: u64,
        /// The final figures.
        activity: Activity,
    },
}

/// How a host stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostState {
    /// The output is readable up to here.
    pub offset: u64,
    /// How the session stands; of an ended one what it was before.
    pub status: Status,
    /// What it waits for.
    pub requests: Vec<Request>,
    /// The agent's own id of the conversation.
    pub conversation: Option<String>,
    /// What the card shows.
    pub activity: Activity,
    /// Messages that are settled, in order.
    pub settled: Vec<Settled>,
    /// How it ended.
    pub ending: Option<Ending>,
}

/// A message that was delivered, or will not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Its id.
    pub message: MessageId,
    /// Why it was not delivered; null where it was.
    pub refused: Option<String>,
}

impl HostState {
    /// Before anything happened.
    pub fn starting() -> Self {
        Self {
            offset: 0,
            status: Status::Starting,
            requests: Vec::new(),
            conversation: None,
            activity: Activity::default(),
            settled: Vec::new(),
            ending: None,
        }
    }

    /// What to say to somebody who knows `known`, all but the activity.
    pub(super) fn news(&self, known: &Self) -> Vec<FromHost> {
        let mut news = Vec::new();
        if self.offset != known.offset {
            news.push(FromHost::Appended { offset: self.offset });
        }
        if let Some(id) = self.conversation.as_ref().filter(|id| known.conversation.as_ref() != Some(*id)) {
            news.push(FromHost::Conversation { id: id.clone() });
        }
        let settled = self.settled.get(known.settled.len()..).unwrap_or_default();
        news.extend(settled.iter().cloned().map(|settled| match settled.refused {
            None => FromHost::Delivered { message: settled.message },
            Some(reason) => FromHost::Undelivered { message: settled.message, reason },
        }));
        if self.status != known.status || self.requests != known.requests {
            news.push(FromHost::Status { status: self.status, requests: self.requests.clone() });
        }
        if let Some(ending) = self.ending.as_ref().filter(|_| known.ending.is_none()) {
            news.push(FromHost::Ended {
                ending: ending.clone(),
                output_end: self.offset,
                activity: self.activity.clone(),
            });
        }
        news
    }
}
