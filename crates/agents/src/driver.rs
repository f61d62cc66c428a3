//! What a driver is: a pure translation between an agent's protocol, line by line, and normalised events.
//!
//! A driver does no I/O and reads no clock, so recordings can be replayed through it. Deadlines and processes belong
//! to its caller.

use qd_core::event::{Abilities, EventBody, Image};
use qd_core::ids::{MessageId, RequestId, of_cause};
use qd_core::row::Permission;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;

use crate::acp::Acp;
use crate::catalogue::{Protocol, Quirks};
use crate::claude::Claude;
use crate::codex::Codex;

/// What a driver needs to know to open a conversation.
#[derive(Clone, Debug)]
pub struct Start {
    /// What the agent is called in sentences for people.
    pub title: String,
    /// Where it works; absolute.
    pub cwd: PathBuf,
    /// The agent's own id of the conversation to go on with.
    pub resume: Option<String>,
    /// What a new conversation goes on from.
    pub fork: Option<Fork>,
    /// What that conversation had cost before, in US dollars; null where that is unknown.
    pub spent: Option<f64>,
    /// What it may do without asking.
    pub permission: Permission,
    /// The model to set; none leaves the agent's choice.
    pub model: Option<String>,
    /// Makes the ids of requests: unique per attempt, so that the same attempt replayed gives the same ids.
    pub seed: String,
    /// The command that logs in, where it is known.
    pub login: Option<String>,
    /// What is peculiar to this agent.
    pub quirks: Quirks,
}

/// An earlier conversation that a new one goes on from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// The agent's own id of it; none where the agent can't find the place again.
    pub conversation: Option<String>,
    /// How far it is gone on with, as [`EventBody::Point`] told; none is its end.
    pub at: Option<String>,
    /// What was said up to there, for an agent that begins anew; empty where only the agent knows.
    pub told: String,
}

impl Fork {
    /// Whether nobody can tell what was said: only the agent knows.
    pub fn is_untold(&self) -> bool {
        self.told.trim().is_empty()
    }

    /// The first message of an agent that begins anew: what was said before stands above it.
    pub fn before(&self, text: &str) -> String {
        if self.is_untold() {
            return text.to_owned();
        }
        format!(
            "This goes on from an earlier conversation. What was said in it:\n\n{}\n\n(End of the earlier conversation. \
             The message that follows is the one to act on.)\n\n{text}",
            self.told.trim_end()
        )
    }
}

impl Start {
    /// The id of the request that is asked as the `number`th.
    pub(crate) fn request_id(&self, number: u64) -> RequestId {
        RequestId(of_cause(&["request", &self.seed, &number.to_string()]))
    }
}

/// What a person wants from the agent.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Begin a turn.
    Prompt {
        /// The instruction.
        text: String,
        /// Images with it; an agent that takes none is told that they were left out.
        images: Vec<Image>,
        /// The files that the text mentions, absolute. Where a protocol has no form for them the text is enough.
        files: Vec<PathBuf>,
    },
    /// Say something into the turn that runs.
    Steer {
        /// What.
        text: String,
    },
    /// Choose among what the agent offers.
    Choose {
        /// The offer's id.
        offer: String,
        /// The value's id.
        value: String,
    },
    /// Settle a request.
    Answer {
        /// Which.
        request: RequestId,
        /// The chosen option's id; none withdraws the request.
        option: Option<String>,
        /// What the person says beside it: why not, or an answer of their own.
        note: Option<String>,
        /// The tool's input as the person edited it.
        input: Option<Value>,
        /// The message that carried the answer.
        message: Option<MessageId>,
    },
    /// End the turn; the process stays.
    CancelTurn,
}

impl Command {
    /// A prompt of mere text.
    pub fn prompt(text: impl Into<String>) -> Self {
        Self::Prompt { text: text.into(), images: Vec::new(), files: Vec::new() }
    }

    /// The choice of an option, with nothing beside it.
    pub fn answer(request: RequestId, option: impl Into<String>) -> Self {
        Self::Answer { request, option: Some(option.into()), note: None, input: None, message: None }
    }
}

/// A command that cannot be carried out now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The conversation is not open yet.
    #[error("the agent is not ready yet")]
    NotReady,
    /// A turn is running; the next prompt waits for its end.
    #[error("the agent is in the middle of a turn")]
    Busy,
    /// No turn runs that could be steered, or the agent can't be.
    #[error("the agent takes nothing in the middle of a turn")]
    NotSteered,
    /// The agent offers no such choice.
    #[error("the agent does not offer this")]
    NotOffered,
    /// There is no such request, or it is settled.
    #[error("this request is settled already")]
    NoSuchRequest,
    /// The request does not offer this.
    #[error("the request does not offer the option {option}")]
    NoSuchOption {
        /// As it was asked for.
        option: String,
    },
}

/// What a driver tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Signal {
    /// The conversation is open: prompts may come.
    Ready {
        /// The program and its version as it names itself, where it does.
        program: Option<String>,
        /// What it can do.
        can: Abilities,
    },
    /// The conversation could not be gone on from where it should: it is a new one, and nothing of the earlier is known.
    /// Comes before `Ready`.
    Unforked,
    /// Something for the output log. `TurnEnded` among them frees the agent for the next prompt.
    Event(EventBody),
    /// The attempt cannot go on.
    Broken {
        /// One sentence that says what to do.
        reason: String,
    },
}

/// Where a driver puts what it says: bytes for the agent, signals for its caller.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    signals: Vec<Signal>,
}

impl Outbox {
    /// One line for the agent.
    pub fn send(&mut self, message: &Value) {
        self.bytes.extend_from_slice(message.to_string().as_bytes());
        self.bytes.push(b'\n');
    }

    /// One event. Deltas that stand next to each other are joined: they came together.
    pub fn event(&mut self, body: EventBody) {
        match (self.signals.last_mut(), body) {
            (Some(Signal::Event(EventBody::Text { text })), EventBody::Text { text: more })
            | (Some(Signal::Event(EventBody::Thought { text })), EventBody::Thought { text: more }) => {
                text.push_str(&more);
            }
            (_, body) => self.signals.push(Signal::Event(body)),
        }
    }

    /// One signal.
    pub fn signal(&mut self, signal: Signal) {
        self.signals.push(signal);
    }

    /// Takes the bytes for the agent.
    pub fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// How many bytes of text wait, where nothing else does: more may follow and be joined to it.
    pub fn only_text(&self) -> Option<usize> {
        match self.signals.as_slice() {
            [Signal::Event(EventBody::Text { text } | EventBody::Thought { text })] => Some(text.len()),
            _ => None,
        }
    }

    /// Whether no signal waits.
    pub fn is_quiet(&self) -> bool {
        self.signals.is_empty()
    }

    /// Takes the signals, in order.
    pub fn take_signals(&mut self) -> Vec<Signal> {
        std::mem::take(&mut self.signals)
    }
}

/// The driver for a protocol.
pub fn driver(protocol: Protocol, start: Start) -> Box<dyn AgentDriver> {
    match protocol {
        Protocol::Acp => Box::new(Acp::new(start)),
        Protocol::ClaudeStreamJson => Box::new(Claude::new(start)),
        Protocol::CodexAppServer => Box::new(Codex::new(start)),
    }
}

/// The arguments that a protocol needs of the program, behind those of its door.
pub fn arguments(protocol: Protocol, start: &Start) -> Vec<String> {
    match protocol {
        Protocol::ClaudeStreamJson => Claude::arguments(start),
        Protocol::Acp | Protocol::CodexAppServer => Vec::new(),
    }
}

/// The protocol of an agent, as a state machine over lines.
pub trait AgentDriver: Send {
    /// Opens the conversation. Called once, before anything else.
    fn begin(&mut self, out: &mut Outbox);

    /// Takes in one line of the agent's stdout, without its end.
    fn line(&mut self, line: &[u8], out: &mut Outbox);

    /// Carries out a command.
    fn command(&mut self, command: Command, out: &mut Outbox) -> Result<(), Refused>;
}
