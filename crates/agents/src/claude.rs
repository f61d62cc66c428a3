//! Claude Code's own protocol: `claude -p` with stream-json both ways, and control requests between.
//!
//! Measured with 2.1.318 and 2.1.330; the recordings stand in `tests/transcripts/claude-*`. What ACP loses and this
//! keeps: the cost of each turn, the words beside a denial, edited input, retries, the breakdown of a failure.

mod ask;
mod outcome;
mod settings;
mod speech;
mod tools;

use qd_core::event::{EventBody, Usage};
use qd_core::ids::RequestId;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

use crate::driver::{AgentDriver, Command, Outbox, Refused, Signal, Start};
use crate::rpc;
use crate::stray::Stray;
use ask::Pending;
use settings::Settings;
use speech::Speech;
use tools::Tools;

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
            // The result of the turn follows.
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

    fn system(&mut self, message: &Value, raw: impl FnOnce() -> Value, out: &mut Outbox) {
        match message.get("subtype").and_then(Value::as_str) {
            Some("init") => {
                let id = message.get("session_id").and_then(Value::as_str);
                if let Some(id) = id.filter(|id| self.conversation.as_deref() != Some(*id)) {
                    self.conversation = Some(id.to_owned());
                    out.event(EventBody::Conversation { id: id.to_owned() });
                }
                self.settings.init(message, out);
            }
            Some("status") => self.settings.init(message, out),
            Some("api_retry") => self.retry(message, out),
            Some("permission_denied") => {
                if let Some(text) = message.get("message").and_then(Value::as_str) {
                    out.event(EventBody::Note { text: text.to_owned() });
                }
            }
            Some("compact_boundary") => {
                out.event(EventBody::Note { text: format!("{} has summarised the conversation.", self.start.title) });
            }
            // What concerns its own window: how much it thinks, what its hooks do.
            Some("thinking_tokens" | "hook_started" | "hook_progress" | "hook_response" | "session_state_changed") => {}
            _ => out.event(EventBody::Unknown { raw: raw() }),
        }
    }

    fn message(&mut self, message: Value, out: &mut Outbox) {
        // Written by a helper of the agent, whose words are no words of the agent.
        let inner = message.get("parent_tool_use_id").is_some_and(|parent| !parent.is_null());
        match message.get("type").and_then(Value::as_str) {
            Some("stream_event") if inner => {}
            Some("stream_event") => self.streamed(&message, out),
            Some("assistant") => self.said(message, inner, out),
            Some("user") => self.tools.results(message, out),
            Some("system") => self.system(&message, || message.clone(), out),
            Some("result") => self.result(&message, out),
            Some("control_request") => self.asked(message, out),
            Some("control_cancel_request") => self.withdrawn(&message, out),
            Some("control_response") => self.control_response(message, out),
            Some("rate_limit_event") => outcome::limit(&message, out),
            Some("keep_alive" | "tool_progress" | "auth_status" | "prompt_suggestion" | "tool_use_summary") => {}
            _ => out.event(EventBody::Unknown { raw: message }),
        }
    }
}

/// A message of the person.
fn prompt(content: &Value, out: &mut Outbox) {
    out.send(&json!({
        "type": "user", "parent_tool_use_id": null, "session_id": "",
        "message": { "role": "user", "content": content },
    }));
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
            None => {
                if let Some(note) = self.stray.note(&self.start.title, line) {
                    out.event(note);
                }
            }
        }
    }

    fn command(&mut self, command: Command, out: &mut Outbox) -> Result<(), Refused> {
        match command {
            Command::Prompt { text, images } => {
                match self.phase {
                    Phase::Idle => {}
                    Phase::InTurn { .. } => return Err(Refused::Busy),
                    Phase::Booting | Phase::Broken => return Err(Refused::NotReady),
                }
                self.phase = Phase::InTurn { cancelled: false };
                let mut content = vec![json!({ "type": "text", "text": text })];
                content.extend(images.iter().map(|image| {
                    let source = json!({ "type": "base64", "media_type": image.mime, "data": image.data });
                    json!({ "type": "image", "source": source })
                }));
                prompt(&Value::Array(content), out);
                Ok(())
            }
            Command::Steer { text } => {
                if self.phase != (Phase::InTurn { cancelled: false }) {
                    return Err(Refused::NotSteered);
                }
                prompt(&json!([{ "type": "text", "text": text }]), out);
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
                    self.control(&json!({ "subtype": "interrupt" }), Awaited::Interrupt, out);
                    self.withdraw_all(out);
                }
                Ok(())
            }
        }
    }
}
