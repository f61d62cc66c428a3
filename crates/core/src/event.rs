//! The output of a session: normalised events, one JSON object a line in the attempt's `output.jsonl`.
//! Deltas are stored as deltas; what changes by degrees (a tool call) is upserted by its id. Nothing here
//! knows a vendor: the drivers in crate `agents` translate.

use crate::blob::AttachedImage;
use crate::ids::{MessageId, Millis, RequestId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One line of the output log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Event {
    /// Counts from 1 within the attempt, without gaps.
    #[ts(type = "number")]
    pub seq: u64,
    /// When the host appended it.
    pub ts: Millis,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// What happened in a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventBody {
    /// The first line of an attempt: which agent process was started, for what.
    Began {
        /// Name of the agent.
        agent: String,
        /// The program and its version as it reported it, where known.
        program: String,
        /// The directory it works in.
        cwd: String,
        /// The agent's own id of the conversation, where it resumed one.
        resumed: Option<String>,
    },
    /// The agent's own id of the conversation: what a later attempt resumes by.
    Conversation {
        /// The id.
        id: String,
    },
    /// The agent takes prompts from here on.
    Ready {
        /// The program and its version as it names itself, where it does.
        program: Option<String>,
        /// What it can do.
        can: Abilities,
    },
    /// What can be chosen in the running conversation; replaces the list before.
    Offers {
        /// Modes, models, efforts and whatever else the agent lets a person set.
        offers: Vec<Offer>,
    },
    /// A person's message (or the first instruction), handed to the agent. In the middle of a turn it steers that turn.
    Prompt {
        /// The message's id; each id stands here at most once in a session.
        message: MessageId,
        /// The text as it was sent.
        text: String,
        /// Images that came with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        images: Vec<AttachedImage>,
    },
    /// The worktree was saved before a message was handed over: it can be gone back to.
    Snapshot {
        /// The message.
        message: MessageId,
        /// The ref.
        at: String,
    },
    /// How far the agent's own record of the conversation goes: what a later conversation may go on from.
    Point {
        /// In the agent's words.
        at: String,
    },
    /// A piece of what the agent says.
    Text {
        /// The delta.
        text: String,
    },
    /// A piece of what the agent thinks.
    Thought {
        /// The delta.
        text: String,
    },
    /// An image that the agent shows.
    Image(Image),
    /// A tool call, upserted by id: absent fields leave what was there.
    Tool(ToolUpdate),
    /// The agent's list of steps; replaces the one before.
    Plan {
        /// The steps.
        entries: Vec<PlanEntry>,
    },
    /// The agent asks; the attempt waits for the answer.
    Asked {
        /// What it asks.
        request: Request,
    },
    /// A request is settled: answered, or withdrawn (`option` is null).
    Answered {
        /// Which.
        request: RequestId,
        /// The chosen option's id.
        option: Option<String>,
        /// What the person said beside it: why not, or an answer in their own words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// The message that carried the answer.
        message: Option<MessageId>,
    },
    /// Use of tokens and money as far as the agent tells; unknown is null, never zero.
    Usage(Usage),
    /// Everything that the turn has changed in files so far, as the agent tells it: a unified diff of git's kind.
    TurnDiff {
        /// The diff.
        diff: String,
    },
    /// The agent could not reach its model and tries again.
    Retrying(Retry),
    /// The provider's limit is reached.
    Limited(Limit),
    /// Commands that the agent offers (`/name`).
    Commands {
        /// Their names and descriptions.
        commands: Vec<OfferedCommand>,
    },
    /// Lines from the agent's standard error.
    Stderr {
        /// The text.
        text: String,
    },
    /// A remark of the host itself: what it did or noticed.
    Note {
        /// One sentence.
        text: String,
    },
    /// A turn is over; the process may take another prompt.
    TurnEnded {
        /// The agent's reason (`end_turn`, `cancelled`, `refusal`, …).
        stop: String,
        /// What this turn alone used, where the agent tells.
        #[serde(default, skip_serializing_if = "TurnUsage::is_unknown")]
        used: TurnUsage,
    },
    /// The last line of an attempt.
    Ended {
        /// How it ended.
        ending: Ending,
        /// The final figures of the attempt.
        activity: Activity,
    },
    /// Something that the agent sent and nobody knows: kept, shown raw.
    Unknown {
        /// As it came.
        raw: serde_json::Value,
    },
}

/// What an agent can do, as it says or as it was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Abilities {
    /// A prompt in the middle of a turn reaches the turn.
    pub steer: bool,
    /// Prompts may carry images.
    pub images: bool,
    /// A conversation can be gone on with in a new process.
    pub resume: bool,
}

/// Something that can be chosen in the running conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Offer {
    /// The agent's id of it.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// What it is about.
    pub about: OfferKind,
    /// The chosen one's id, where it is known.
    pub current: Option<String>,
    /// What can be chosen.
    pub values: Vec<OfferValue>,
}

/// What an offer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum OfferKind {
    Mode,
    Model,
    Effort,
    Other,
}

/// A value of an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OfferValue {
    /// The agent's id of it.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// What it means, in the agent's words.
    pub detail: Option<String>,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Image {
    /// Its media type, `image/png` and the like.
    pub mime: String,
    /// Its bytes in base64.
    pub data: String,
}

/// An attempt to reach the model that failed; another one follows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Retry {
    /// Which one failed, from 1, where the agent counts.
    pub attempt: Option<u32>,
    /// How many there will be at most.
    pub of: Option<u32>,
    /// How long it waits, in milliseconds.
    #[ts(type = "number | null")]
    pub wait_ms: Option<u64>,
    /// The status of HTTP.
    pub status: Option<u16>,
    /// What went wrong, in the agent's words.
    pub reason: String,
}

/// A limit of the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Limit {
    /// Which one, in words for people ("5 hours", "week").
    pub name: String,
    /// How much of it is used, in percent.
    pub percent: Option<u8>,
    /// When it begins anew.
    pub until: Option<Millis>,
    /// Whether it is reached, so that the agent can't go on.
    pub reached: bool,
}

/// A change of a tool call. The first one with an id makes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct ToolUpdate {
    /// The agent's id of the call.
    pub id: String,
    /// What it does, in the agent's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolKind>,
    /// Its status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ToolStatus>,
    /// Files it concerns, relative to the working directory where they lie in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<String>>,
    /// What it gave; replaces what was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Vec<ToolContent>>,
    /// Its input as the agent shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<serde_json::Value>,
}

/// Kinds of tool calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum ToolKind {
    Read,
    Edit,
    Delete,
    Move,
    Search,
    Execute,
    Think,
    Fetch,
    Other,
}

/// Statuses of tool calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum ToolStatus {
    Pending,
    Running,
    Completed,
    Failed,
}

/// What a tool call shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToolContent {
    /// Plain text or markdown.
    Text {
        /// The text.
        text: String,
    },
    /// An edit of a file.
    Diff {
        /// Relative path.
        path: String,
        /// Null for a new file.
        old: Option<String>,
        /// The text after.
        new: String,
    },
    /// Output of a command.
    Terminal {
        /// What it printed.
        output: String,
        /// Its exit code, once known.
        exit: Option<i32>,
    },
    /// An image.
    Image(Image),
}

/// A step of an agent's plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct PlanEntry {
    /// What is to be done.
    pub text: String,
    /// How it stands.
    pub status: ToolStatus,
}

/// A command that an agent offers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct OfferedCommand {
    /// Without the slash.
    pub name: String,
    /// One line.
    pub description: String,
}

/// What an agent asks a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// The question, or what is to be permitted, in one line.
    pub title: String,
    /// More of it: the command, the path, the diff's head.
    pub detail: Option<String>,
    /// The tool call it belongs to.
    pub tool: Option<String>,
    /// What can be chosen. Never empty.
    pub options: Vec<RequestOption>,
    /// A question (true) or a permission (false).
    pub question: bool,
    /// Whether the agent hears what a person writes beside the option: a reason for a no, an answer of one's own.
    #[serde(default)]
    pub takes_note: bool,
    /// The tool's input, where the agent also takes an edited one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "unknown")]
    pub input: Option<serde_json::Value>,
}

/// One of the options of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct RequestOption {
    /// The agent's id of the option.
    pub id: String,
    /// The agent's word for it.
    pub label: String,
    /// What choosing it means.
    pub effect: OptionEffect,
    /// How far an "always" reaches, or what a choice means, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl RequestOption {
    /// An option of which nothing more is to be said.
    pub fn new(id: &str, label: &str, effect: OptionEffect) -> Self {
        Self { id: id.to_owned(), label: label.to_owned(), effect, detail: None }
    }
}

/// What choosing an option means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum OptionEffect {
    AllowOnce,
    AllowAlways,
    RejectOnce,
    RejectAlways,
    Choice,
}

/// Use of tokens and money by one attempt so far. Null is unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Usage {
    /// Input tokens, those read from a cache among them.
    #[ts(type = "number | null")]
    pub input: Option<u64>,
    /// Of the input, what was read from a cache.
    #[ts(type = "number | null")]
    pub cached: Option<u64>,
    /// Output tokens.
    #[ts(type = "number | null")]
    pub output: Option<u64>,
    /// Tokens in the context window.
    #[ts(type = "number | null")]
    pub context_used: Option<u64>,
    /// Size of the context window in tokens.
    #[ts(type = "number | null")]
    pub context_size: Option<u64>,
    /// US dollars.
    pub cost_usd: Option<f64>,
    /// What the whole conversation has cost, attempts before this one among them, where the agent counts so: what a
    /// later attempt subtracts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_usd: Option<f64>,
}

/// Use of tokens and money by one turn. Null is unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct TurnUsage {
    /// Input tokens, those read from a cache among them.
    #[ts(type = "number | null")]
    pub input: Option<u64>,
    /// Of the input, what was read from a cache.
    #[ts(type = "number | null")]
    pub cached: Option<u64>,
    /// Output tokens.
    #[ts(type = "number | null")]
    pub output: Option<u64>,
    /// US dollars.
    pub cost_usd: Option<f64>,
}

impl TurnUsage {
    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Ending {
    /// The agent said that it is done.
    Completed,
    /// It could not start, or broke.
    Failed {
        /// One sentence that says what to do.
        reason: String,
        /// The tail of the agent's standard error.
        stderr: Option<String>,
    },
    /// A person ended it.
    Cancelled,
    /// Its process vanished.
    Interrupted {
        /// What is known of it.
        why: String,
    },
}

/// What a card shows of a live session, and the final figures of an ended one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Activity {
    /// The last thing it did, in one line; empty before the first.
    pub line: String,
    /// Tool calls so far.
    pub operations: u32,
    /// Use of tokens and money.
    pub usage: Usage,
    /// When its newest event was written: since then there was no word of it. Zero before the first.
    #[serde(default)]
    pub heard: Millis,
    /// The provider's limit that it ran into, where it did nothing since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Box<Limit>>,
}
