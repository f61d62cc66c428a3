//! The output of a session: normalised events, one JSON object a line in the attempt's `output.jsonl`.
//! Deltas are stored as deltas; what changes by degrees (a tool call) is upserted by its id. Nothing here
//! knows a vendor: the drivers in crate `agents` translate.

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
    /// A person's message (or the first instruction), handed to the agent.
    Prompt {
        /// The message's id; each id stands here at most once in a session.
        message: MessageId,
        /// The text as it was sent.
        text: String,
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
        /// The message that carried the answer.
        message: Option<MessageId>,
    },
    /// Use of tokens and money as far as the agent tells; unknown is null, never zero.
    Usage(Usage),
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
pub struct Usage {
    /// Input tokens.
    #[ts(type = "number | null")]
    pub input: Option<u64>,
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
}
