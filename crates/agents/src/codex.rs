//! Codex's own protocol: JSON-RPC with `codex app-server`, one message a line, without the key `jsonrpc`.
//!
//! Measured with 0.169.0, whose schema `codex app-server generate-json-schema` prints; the recordings stand in
//! `tests/transcripts/codex-app-server*`. What ACP loses and this keeps: a no after which the turn goes on, steering,
//! the diff of the turn, the commands that an interrupt leaves running.
//!
//! | permission | `approvalPolicy` | who answers |
//! |---|---|---|
//! | ask | `untrusted` | a person, for edits and for commands that are not known to be harmless |
//! | edit | `untrusted` | the driver for edits in the worktree, a person for commands |
//! | everything | `never` | nobody is asked; what the sandbox does not allow fails |
//!
//! The sandbox is `workspace-write` in all of them: it is Codex's own, and writes outside of the worktree fail in it.

mod ask;
mod items;
mod settings;
mod usage;

use qd_core::event::{EventBody, PlanEntry, Retry, ToolStatus};
use qd_core::ids::RequestId;
use qd_core::row::Permission;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

use crate::driver::{AgentDriver, Command, Outbox, Refused, Signal, Start};
use crate::rpc::{self, Incoming, RpcError};
use crate::stray::Stray;
use ask::Pending;
use items::Items;
use settings::Settings;
use usage::Tokens;

/// What an answer from the agent is awaited for.
#[derive(Debug)]
enum Awaited {
    Initialize,
    Thread,
    Models,
    Turn,
    /// Something whose answer says nothing: an interrupt, a clean-up.
    Done,
    Steer,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Booting,
    Idle,
    /// The id of the turn, once it is known.
    InTurn {
        id: Option<String>,
        cancelled: bool,
    },
    Broken,
}

/// The client's side of one `codex app-server` process with one conversation.
#[derive(Debug)]
pub struct Codex {
    start: Start,
    phase: Phase,
    thread: String,
    program: Option<String>,
    next_id: i64,
    awaited: HashMap<i64, Awaited>,
    requests: BTreeMap<RequestId, Pending>,
    asked: u64,
    items: Items,
    settings: Settings,
    tokens: Tokens,
    /// What the turn has changed so far.
    diff: Option<String>,
    stray: Stray,
}

impl Codex {
    /// A driver for one attempt.
    pub fn new(start: Start) -> Self {
        Self {
            items: Items::new(start.cwd.clone()),
            settings: Settings::new(start.model.clone()),
            start,
            phase: Phase::Booting,
            thread: String::new(),
            program: None,
            next_id: 1,
            awaited: HashMap::new(),
            requests: BTreeMap::new(),
            asked: 0,
            tokens: Tokens::default(),
            diff: None,
            stray: Stray::default(),
        }
    }

    fn call(&mut self, method: &str, params: &Value, awaited: Awaited, out: &mut Outbox) {
        let id = self.next_id;
        self.next_id += 1;
        self.awaited.insert(id, awaited);
        out.send(&json!({ "id": id, "method": method, "params": params }));
    }

    fn broken(&mut self, reason: String, out: &mut Outbox) {
        if self.phase != Phase::Broken {
            self.phase = Phase::Broken;
            out.signal(Signal::Broken { reason });
        }
    }

    fn policy(&self) -> &'static str {
        match self.start.permission {
            Permission::Ask | Permission::Edit => "untrusted",
            Permission::Everything => "never",
        }
    }

    fn open_thread(&mut self, out: &mut Outbox) {
        // Its sandbox leaves an empty `.git` in every folder that may be written, the system's temporary one among them,
        // and each folder below that then looks like a part of a repository.
        let config = json!({ "sandbox_workspace_write.exclude_slash_tmp": true });
        let mut params = json!({
            "cwd": self.start.cwd, "approvalPolicy": self.policy(), "sandbox": "workspace-write", "config": config,
        });
        if let Some(model) = &self.start.model {
            params["model"] = json!(model);
        }
        let fork = self.start.fork.as_ref().and_then(|fork| Some((fork.conversation.as_ref()?, fork.at.as_ref())));
        let method = match (&self.start.resume, fork) {
            (Some(id), _) => {
                params["threadId"] = json!(id);
                "thread/resume"
            }
            (None, Some((id, at))) => {
                params["threadId"] = json!(id);
                if let Some(turn) = at {
                    params["lastTurnId"] = json!(turn);
                }
                "thread/fork"
            }
            (None, None) => "thread/start",
        };
        self.call(method, &params, Awaited::Thread, out);
    }

    fn response(&mut self, id: &Value, result: Result<Value, RpcError>, out: &mut Outbox) {
        let Some(awaited) = id.as_i64().and_then(|id| self.awaited.remove(&id)) else {
            return;
        };
        let title = self.start.title.clone();
        match (awaited, result) {
            (Awaited::Initialize, Ok(answer)) => {
                // "client/0.169.0 (Debian 12.0.0; x86_64) …"
                let agent = answer.get("userAgent").and_then(Value::as_str).unwrap_or_default();
                let version = agent.split_whitespace().next().and_then(|word| word.rsplit('/').next());
                self.program = version.map(|version| format!("Codex {version}"));
                out.send(&json!({ "method": "initialized" }));
                self.open_thread(out);
            }
            (Awaited::Thread, Ok(answer)) => self.opened(&answer, out),
            (Awaited::Initialize, Err(error)) => {
                self.broken(format!("{title} could not start: {}", error.words()), out);
            }
            (Awaited::Thread, Err(error)) if self.start.resume.is_some() || self.start.fork.is_some() => {
                self.broken(format!("{title} could not go on with the conversation: {}", error.words()), out);
            }
            (Awaited::Thread, Err(error)) => self.broken(format!("{title} could not start: {}", error.words()), out),
            (Awaited::Models, Ok(models)) => self.settings.models(&models, out),
            (Awaited::Turn, Ok(answer)) => {
                let id = answer.pointer("/turn/id").and_then(Value::as_str).map(str::to_owned);
                self.turn_started(id, out);
            }
            (Awaited::Turn, Err(error)) => self.broken(format!("{title} broke off: {}", error.words()), out),
            (Awaited::Steer, Err(error)) => {
                let text = format!("{title} did not take this in the middle of its turn: {}", error.words());
                out.event(EventBody::Note { text });
            }
            (Awaited::Models, Err(_)) | (Awaited::Done | Awaited::Steer, _) => {}
        }
    }

    fn opened(&mut self, answer: &Value, out: &mut Outbox) {
        let Some(id) = answer.pointer("/thread/id").and_then(Value::as_str) else {
            return self.broken(format!("{} opened a conversation without an id.", self.start.title), out);
        };
        id.clone_into(&mut self.thread);
        out.event(EventBody::Conversation { id: id.to_owned() });
        self.settings.opened(answer);
        self.call("model/list", &json!({}), Awaited::Models, out);
        if self.phase == Phase::Booting {
            self.phase = Phase::Idle;
            out.signal(Signal::Ready { program: self.program.clone(), can: settings::ABILITIES });
        }
    }

    fn turn_started(&mut self, started: Option<String>, out: &mut Outbox) {
        let Phase::InTurn { id, cancelled } = &mut self.phase else { return };
        if id.is_some() || started.is_none() {
            return;
        }
        *id = started;
        if *cancelled {
            self.interrupt(out);
        }
    }

    fn interrupt(&mut self, out: &mut Outbox) {
        if let Phase::InTurn { id: Some(id), .. } = &self.phase {
            let params = json!({ "threadId": self.thread, "turnId": id });
            self.call("turn/interrupt", &params, Awaited::Done, out);
        }
    }

    fn steer(&mut self, text: &str, out: &mut Outbox) -> Result<(), Refused> {
        let Phase::InTurn { id: Some(id), cancelled: false } = &self.phase else {
            return Err(Refused::NotSteered);
        };
        let input = json!([{ "type": "text", "text": text }]);
        let params = json!({ "threadId": self.thread, "expectedTurnId": id, "input": input });
        self.call("turn/steer", &params, Awaited::Steer, out);
        Ok(())
    }

    fn turn_completed(&mut self, params: &Value, out: &mut Outbox) {
        let Phase::InTurn { cancelled, .. } = self.phase else { return };
        let text = |pointer: &str| params.pointer(pointer).and_then(Value::as_str);
        self.withdraw_all(out);
        self.items.close(out);
        if let Some(diff) = self.diff.take().filter(|diff| !diff.is_empty()) {
            out.event(EventBody::TurnDiff { diff });
        }
        let used = self.tokens.turn();
        match text("/turn/status") {
            Some("failed") if !cancelled => {
                let error = params.pointer("/turn/error").cloned().unwrap_or_default();
                let reason = self.reason(&error, out);
                self.broken(reason, out);
            }
            status => {
                self.phase = Phase::Idle;
                let interrupted = cancelled || status == Some("interrupted");
                if interrupted {
                    // An interrupt leaves the command that runs alive, by design (openai/codex#42717).
                    let params = json!({ "threadId": self.thread });
                    self.call("thread/backgroundTerminals/clean", &params, Awaited::Done, out);
                }
                if let Some(turn) = text("/turn/id") {
                    out.event(EventBody::Point { at: turn.to_owned() });
                }
                let stop = if interrupted { "cancelled" } else { "end_turn" };
                out.event(EventBody::TurnEnded { stop: stop.to_owned(), used });
            }
        }
    }

    /// A failure in words that say what to do.
    fn reason(&mut self, error: &Value, out: &mut Outbox) -> String {
        let title = &self.start.title;
        let message = error.get("message").and_then(Value::as_str).unwrap_or("it says no reason.");
        let info = error.get("codexErrorInfo").unwrap_or(&Value::Null);
        let kind = info.as_str().unwrap_or_default();
        if let (true, Some(login)) = (kind == "unauthorized" || status(info) == Some(401), &self.start.login) {
            return format!("{title} is not logged in. Run `{login}`.");
        }
        if matches!(kind, "usageLimitExceeded" | "rateLimitExceeded" | "sessionBudgetExceeded") {
            out.event(EventBody::Limited(self.tokens.limit()));
        }
        // Its words for people leave out what happened; the kind says it.
        match (status(info), kind) {
            (Some(status), _) => format!("{title} broke off: {message} ({status})"),
            (None, "" | "other") => format!("{title} broke off: {message}"),
            (None, kind) => format!("{title} broke off: {message} ({})", words(kind)),
        }
    }

    fn notification(&mut self, method: &str, params: &Value, out: &mut Outbox) {
        let text = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default();
        match method {
            "turn/started" => {
                let id = params.pointer("/turn/id").and_then(Value::as_str).map(str::to_owned);
                self.turn_started(id, out);
            }
            "turn/completed" => self.turn_completed(params, out),
            // It comes whole after every item: the last one is enough.
            "turn/diff/updated" => self.diff = Some(text("diff").to_owned()),
            "turn/plan/updated" => out.event(EventBody::Plan { entries: plan(params) }),
            "item/started" | "item/completed" => {
                self.items.item(method == "item/completed", params.get("item").unwrap_or(&Value::Null), out);
            }
            "item/agentMessage/delta" => self.items.text(text("itemId"), text("delta"), out),
            "item/reasoning/summaryTextDelta" | "item/reasoning/textDelta" => {
                self.items.thought(text("itemId"), text("delta"), out);
            }
            "item/commandExecution/outputDelta" => self.items.output(text("itemId"), text("delta"), out),
            "thread/tokenUsage/updated" => self.tokens.updated(params, out),
            "account/rateLimits/updated" => self.tokens.limits(params, out),
            "serverRequest/resolved" => self.resolved(params.get("requestId").unwrap_or(&Value::Null), out),
            "error" => {
                let error = params.get("error").unwrap_or(&Value::Null);
                if params.get("willRetry") == Some(&Value::Bool(true)) {
                    let reason = error.get("message").and_then(Value::as_str).unwrap_or("unknown").to_owned();
                    let status = status(error.get("codexErrorInfo").unwrap_or(&Value::Null));
                    out.event(EventBody::Retrying(Retry { status, reason, ..Retry::default() }));
                }
                // One that is final stands in the end of the turn as well.
            }
            "warning" | "guardianWarning" | "configWarning" | "deprecationNotice" => {
                let words = [text("message"), text("summary")].into_iter().find(|words| !words.is_empty());
                out.event(EventBody::Note { text: words.unwrap_or(method).to_owned() });
            }
            "thread/compacted" => {
                out.event(EventBody::Note { text: format!("{} has summarised the conversation.", self.start.title) });
            }
            "model/rerouted" => out.event(EventBody::Note { text: format!("{} changed the model.", self.start.title) }),
            method if concerns_nobody(method) => {}
            method => out.event(EventBody::Unknown { raw: json!({ "method": method, "params": params }) }),
        }
    }
}

/// Notifications about its own household: threads, apps, accounts, progress that is told again at the end.
fn concerns_nobody(method: &str) -> bool {
    let households =
        ["thread/", "hook/", "skills/", "project/", "mcpServer/", "account/", "app/", "remoteControl/", "fs/"];
    let progress = ["item/reasoning/summaryPartAdded", "item/plan/delta", "item/fileChange/outputDelta"];
    let more =
        ["item/fileChange/patchUpdated", "item/mcpToolCall/progress", "item/commandExecution/terminalInteraction"];
    households.iter().any(|house| method.starts_with(house)) || progress.contains(&method) || more.contains(&method)
}

/// `internalServerError` as words.
fn words(name: &str) -> String {
    let letters = name.chars().flat_map(|letter| {
        let space = letter.is_ascii_uppercase().then_some(' ');
        space.into_iter().chain([letter.to_ascii_lowercase()])
    });
    letters.collect()
}

/// The status of HTTP in the details of an error.
fn status(info: &Value) -> Option<u16> {
    let inner = info.as_object()?.values().next()?;
    u16::try_from(inner.get("httpStatusCode")?.as_u64()?).ok()
}

fn plan(params: &Value) -> Vec<PlanEntry> {
    let steps = params.get("plan").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let entry = |step: &Value| {
        let status = match step.get("status").and_then(Value::as_str) {
            Some("inProgress") => ToolStatus::Running,
            Some("completed") => ToolStatus::Completed,
            _ => ToolStatus::Pending,
        };
        Some(PlanEntry { text: step.get("step")?.as_str()?.to_owned(), status })
    };
    steps.iter().filter_map(entry).collect()
}

impl AgentDriver for Codex {
    fn begin(&mut self, out: &mut Outbox) {
        let client = json!({ "name": "quarterdeck", "title": "Quarterdeck", "version": env!("CARGO_PKG_VERSION") });
        // Cleaning up what an interrupt leaves is part of the experimental ones.
        let params = json!({ "clientInfo": client, "capabilities": { "experimentalApi": true } });
        self.call("initialize", &params, Awaited::Initialize, out);
    }

    fn line(&mut self, line: &[u8], out: &mut Outbox) {
        if line.trim_ascii().is_empty() {
            return;
        }
        match rpc::parse(line) {
            Some(Incoming::Response { id, result }) => self.response(&id, result, out),
            Some(Incoming::Request { id, method, params }) => self.asked(&id, &method, &params, out),
            Some(Incoming::Notification { method, params }) => self.notification(&method, &params, out),
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
                self.phase = Phase::InTurn { id: None, cancelled: false };
                self.tokens.begin_turn();
                let mut input = vec![json!({ "type": "text", "text": text })];
                input.extend(images.iter().map(
                    |image| json!({ "type": "image", "url": format!("data:{};base64,{}", image.mime, image.data) }),
                ));
                let mut params = json!({ "threadId": self.thread, "input": input });
                self.settings.overrides(&mut params);
                self.call("turn/start", &params, Awaited::Turn, out);
                Ok(())
            }
            Command::Steer { text } => self.steer(&text, out),
            Command::Choose { offer, value } => self.settings.choose(&offer, value, out),
            Command::Answer { request, option, note, input: _, message } => {
                self.answer(request, option, note, message, out)
            }
            Command::CancelTurn => {
                if let Phase::InTurn { cancelled, .. } = &mut self.phase {
                    *cancelled = true;
                    self.interrupt(out);
                    self.withdraw_all(out);
                }
                Ok(())
            }
        }
    }
}
