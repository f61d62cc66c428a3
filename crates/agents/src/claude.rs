//! Claude Code's own protocol: `claude -p` with stream-json both ways, and control requests between.
//!
//! Measured with 2.1.318 and 2.1.330; the recordings stand in `tests/transcripts/claude-*`. What ACP loses and this
//! keeps: the cost of each turn, the words beside a denial, edited input, retries, the breakdown of a failure.

mod ask;
mod outcome;
mod settings;
mod speech;
mod tools;
mod turn;

use qd_core::event::{EventBody, Usage};
use qd_core::ids::RequestId;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

use crate::driver::{AgentDriver, Command, Fork, Outbox, Refused, Signal, Start};
use crate::rpc;
use crate::stray::Stray;
use ask::Pending;
use settings::Settings;
use speech::Speech;
use tools::Tools;
use turn::Turn;

/// What an answer of the agent is awaited for.
#[derive(Debug)]
enum Awaited {
    Initialize,
    Chosen { offer: &'static str, value: String },
    Interrupt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Booting,
    Idle,
    InTurn { cancelled: bool },
    Broken,
}

/// Subtypes of `system` that say nothing to a person here.
const OWN_AFFAIRS: [&str; 18] = [
    "background_tasks_changed",
    "control_request_progress",
    "elicitation_complete",
    "files_persisted",
    "hook_progress",
    "hook_response",
    "hook_started",
    "informational",
    "memory_recall",
    "notification",
    "plugin_install",
    "session_title_changed",
    "task_progress",
    "task_started",
    "task_summary",
    "task_updated",
    "thinking_tokens",
    "worker_shutting_down",
];

/// The client's side of one `claude` process with one conversation.
#[derive(Debug)]
pub struct Claude {
    start: Start,
    phase: Phase,
    conversation: Option<String>,
    next_id: u64,
    awaited: HashMap<String, Awaited>,
    requests: BTreeMap<RequestId, Pending>,
    asked: u64,
    speech: Speech,
    tools: Tools,
    settings: Settings,
    turn: Turn,
    usage: Usage,
    stray: Stray,
}

impl Claude {
    /// A driver for one attempt.
    pub fn new(start: Start) -> Self {
        Self {
            tools: Tools::new(start.cwd.clone()),
            settings: Settings::new(&start),
            start,
            phase: Phase::Booting,
            conversation: None,
            next_id: 1,
            awaited: HashMap::new(),
            requests: BTreeMap::new(),
            asked: 0,
            speech: Speech::default(),
            turn: Turn::default(),
            usage: Usage::default(),
            stray: Stray::default(),
        }
    }

    /// The arguments of the program.
    pub fn arguments(start: &Start) -> Vec<String> {
        let mut arguments: Vec<&str> = "-p --input-format stream-json --output-format stream-json --verbose \
             --include-partial-messages --replay-user-messages --permission-prompt-tool stdio"
            .split_whitespace()
            .collect();
        let mode = start.quirks.modes.of(start.permission);
        let pairs =
            [("--permission-mode", mode), ("--model", start.model.as_deref()), ("--resume", start.resume.as_deref())];
        for (name, value) in pairs {
            if let Some(value) = value {
                arguments.extend([name, value]);
            }
        }
        if let Some(Fork { conversation: Some(conversation), at, .. }) = &start.fork {
            arguments.extend(["--resume", conversation, "--fork-session"]);
            arguments.extend(at.iter().flat_map(|at| ["--resume-session-at", at]));
        }
        arguments.into_iter().map(str::to_owned).collect()
    }

    fn control(&mut self, request: &Value, awaited: Awaited, out: &mut Outbox) {
        let id = format!("qd-{}", self.next_id);
        self.next_id += 1;
        out.send(&json!({ "type": "control_request", "request_id": id, "request": request }));
        self.awaited.insert(id, awaited);
    }

    fn broken(&mut self, reason: String, out: &mut Outbox) {
        if self.phase != Phase::Broken {
            self.phase = Phase::Broken;
            out.signal(Signal::Broken { reason });
        }
    }

    fn control_response(&mut self, mut message: Value, out: &mut Outbox) {
        let mut response = message.get_mut("response").map(Value::take).unwrap_or_default();
        // Its own echoes of our answers have ids that nobody awaits.
        let id = response.get("request_id").and_then(Value::as_str).unwrap_or_default();
        let Some(awaited) = self.awaited.remove(id) else { return };
        let failed = response.get("error").and_then(Value::as_str).map(str::to_owned);
        let answer = response.get_mut("response").map(Value::take).unwrap_or_default();
        match (awaited, failed) {
            (Awaited::Initialize, None) => self.initialized(&answer, out),
            (Awaited::Initialize, Some(error)) => {
                self.broken(format!("{} could not start: {error}", self.start.title), out);
            }
            (Awaited::Chosen { offer, value }, None) => self.settings.chosen(offer, &value, out),
            (Awaited::Chosen { value, .. }, Some(error)) => {
                out.event(EventBody::Note { text: format!("{} refused {value}: {error}", self.start.title) });
            }
            // The end of the turn follows.
            (Awaited::Interrupt, _) => {}
        }
    }

    fn initialized(&mut self, answer: &Value, out: &mut Outbox) {
        let version = answer.get("claude_code_version").and_then(Value::as_str);
        let program = version.map(|version| format!("Claude Code {version}"));
        self.settings.offered(answer, out);
        if self.phase == Phase::Booting {
            self.phase = Phase::Idle;
            out.signal(Signal::Ready { program, can: settings::ABILITIES });
        }
    }

    fn system(&mut self, message: Value, out: &mut Outbox) {
        let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default();
        match text("subtype") {
            "init" => {
                self.conversation(text("session_id"), out);
                self.settings.init(&message, out);
            }
            "status" => self.settings.init(&message, out),
            "session_state_changed" => self.stands(text("state"), out),
            "api_retry" => self.retry(&message, out),
            "task_notification" => self.tools.notified(&message, out),
            "commands_changed" => settings::commands(&message, out),
            "permission_denied" => remark(text("message"), out),
            "informational" if text("level") != "info" => remark(text("content"), out),
            "local_command_output" | "model_refusal_fallback" | "model_refusal_no_fallback" => {
                remark(text("content"), out);
            }
            "notification" if matches!(text("priority"), "high" | "immediate") => remark(text("text"), out),
            "compact_boundary" => remark(&format!("{} has summarised the conversation.", self.start.title), out),
            // What concerns its own window: how much it thinks, what its hooks and its tasks in the background do.
            subtype if OWN_AFFAIRS.contains(&subtype) => {}
            _ => out.event(EventBody::Unknown { raw: message }),
        }
    }

    fn conversation(&mut self, id: &str, out: &mut Outbox) {
        if !id.is_empty() && self.conversation.as_deref() != Some(id) {
            self.conversation = Some(id.to_owned());
            out.event(EventBody::Conversation { id: id.to_owned() });
        }
    }

    fn message(&mut self, message: Value, out: &mut Outbox) {
        // Written by a helper of the agent, whose words are no words of the agent.
        let inner = message.get("parent_tool_use_id").is_some_and(|parent| !parent.is_null());
        match message.get("type").and_then(Value::as_str) {
            Some("stream_event") if inner => {}
            Some("stream_event") => self.streamed(&message, out),
            Some("assistant") => {
                if let Some(id) = message.get("uuid").and_then(Value::as_str).filter(|_| !inner) {
                    self.turn.said_last = Some(id.to_owned());
                }
                self.said(message, inner, out);
            }
            Some("user") if message.get("isReplay") == Some(&Value::Bool(true)) => {
                self.read(message.get("uuid").and_then(Value::as_str).unwrap_or_default());
            }
            Some("user") => self.tools.results(message, out),
            Some("system") => self.system(message, out),
            Some("command_lifecycle") => self.followed(&message, out),
            Some("result") => self.result(&message, out),
            Some("control_request") => self.asked(message, out),
            Some("control_cancel_request") => self.withdrawn(&message, out),
            Some("control_response") => self.control_response(message, out),
            Some("rate_limit_event") => outcome::limit(&message, out),
            // The next run tells the new conversation's id.
            Some("conversation_reset") => remark(&format!("{} begins anew.", self.start.title), out),
            Some("keep_alive" | "tool_progress" | "auth_status" | "prompt_suggestion" | "tool_use_summary") => {}
            _ => out.event(EventBody::Unknown { raw: message }),
        }
    }
}

fn remark(text: &str, out: &mut Outbox) {
    if !text.is_empty() {
        out.event(EventBody::Note { text: text.to_owned() });
    }
}

impl AgentDriver for Claude {
    fn begin(&mut self, out: &mut Outbox) {
        self.control(&json!({ "subtype": "initialize", "hooks": null }), Awaited::Initialize, out);
    }

    fn line(&mut self, line: &[u8], out: &mut Outbox) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let message = rpc::text(line).and_then(|line| serde_json::from_str::<Value>(&line).ok());
        match message.filter(|message| message.get("type").is_some_and(Value::is_string)) {
            Some(message) => self.message(message, out),
            None => self.stray.note(&self.start.title, line, out),
        }
    }

    fn command(&mut self, command: Command, out: &mut Outbox) -> Result<(), Refused> {
        match command {
            Command::Prompt { text, images, files: _ } => {
                match self.phase {
                    Phase::Idle => {}
                    Phase::InTurn { .. } => return Err(Refused::Busy),
                    Phase::Booting | Phase::Broken => return Err(Refused::NotReady),
                }
                let mut content = vec![json!({ "type": "text", "text": text })];
                content.extend(images.iter().map(|image| {
                    let source = json!({ "type": "base64", "media_type": image.mime, "data": image.data });
                    json!({ "type": "image", "source": source })
                }));
                self.begin_turn(&Value::Array(content), out);
                Ok(())
            }
            Command::Steer { text } => {
                if self.phase != (Phase::InTurn { cancelled: false }) {
                    return Err(Refused::NotSteered);
                }
                self.say(&json!([{ "type": "text", "text": text }]), out);
                Ok(())
            }
            Command::Choose { offer, value } => {
                let (offer, request) = self.settings.choose(&offer, &value).ok_or(Refused::NotOffered)?;
                self.control(&request, Awaited::Chosen { offer, value }, out);
                Ok(())
            }
            Command::Answer { request, option, note, input, message } => {
                self.answer(request, option, note, input, message, out)
            }
            Command::CancelTurn => {
                if matches!(self.phase, Phase::InTurn { .. }) {
                    self.phase = Phase::InTurn { cancelled: true };
                    // Else what was said into the turn and not read yet would begin the next one.
                    let interrupt = json!({ "subtype": "interrupt", "cancel_queued": true });
                    self.control(&interrupt, Awaited::Interrupt, out);
                    self.withdraw_all(out);
                }
                Ok(())
            }
        }
    }
}
