//! The Agent Client Protocol, version 1, over lines of JSON.
//!
//! Source: <https://agentclientprotocol.com/protocol/v1>; what real agents do beside it is in `catalogue::Quirks`
//! and in the comments here. A message is read as a JSON value first and as a type second, so that what the types do
//! not know survives as `EventBody::Unknown`.
//!
//! A question (as opposed to a permission) is a `session/request_permission` whose params carry
//! `_meta: {"question": true}`: the protocol's own kinds of options only allow and reject. `takesNote` and `takesInput`
//! beside it say that the answer may carry `_meta: {note, input}`; an option's `_meta.detail` says what choosing it means.

mod boot;
mod link;
mod offers;
mod permission;
mod tools;
mod update;

use qd_core::event::{Abilities, EventBody, Image, Offer, Usage};
use qd_core::ids::RequestId;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

use crate::driver::{AgentDriver, Command, Outbox, Refused, Signal, Start};
use crate::rpc::{self, Incoming, RpcError};
use crate::stray::Stray;
use crate::usage;
use offers::Offers;
use permission::{Beside, Pending};
use tools::OpenTools;

/// What an answer from the agent is awaited for.
#[derive(Debug)]
enum Awaited {
    Initialize,
    /// `session/new`.
    New,
    /// `session/load` or `session/resume` of this conversation.
    Resumed(String),
    /// A mode or a model was set; the words for it.
    Set(String),
    /// A person's choice.
    Chosen {
        offer: String,
        value: String,
    },
    Prompt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Booting,
    Idle,
    InTurn { cancelled: bool },
    Broken,
}

/// What the agent said in the turn, as far as it may be an error.
#[derive(Debug, Default)]
struct Said {
    text: String,
    /// It did something: this is no mere complaint.
    acted: bool,
    /// The prompt was a command of the agent's own, which asks no model.
    is_command: bool,
}

/// More than this is no error.
const LONGEST_ERROR: usize = 2000;

impl Said {
    fn text(&mut self, text: &str) {
        if self.text.len() <= LONGEST_ERROR {
            self.text.push_str(text);
        }
    }

    fn error(&self) -> Option<String> {
        let is_error = !self.acted && !self.is_command && self.text.len() <= LONGEST_ERROR;
        // What it tells of its tries stands in front.
        let from = self.text.rfind("Error: ").unwrap_or(0);
        let words = self.text.get(from..)?.split_whitespace().collect::<Vec<_>>().join(" ");
        (is_error && !words.is_empty()).then_some(words)
    }
}

/// The client's side of one ACP connection with one conversation.
#[derive(Debug)]
pub struct Acp {
    start: Start,
    phase: Phase,
    conversation: String,
    program: Option<String>,
    /// Settings still to be made before the first prompt, last one first.
    settings: Vec<boot::Setting>,
    next_id: i64,
    awaited: HashMap<i64, Awaited>,
    requests: BTreeMap<RequestId, Pending>,
    asked: u64,
    tools: OpenTools,
    usage: Usage,
    /// What was used before the turn that runs.
    before_turn: Usage,
    can: Abilities,
    offers: Offers,
    /// Whether the past of a loaded conversation is still to come.
    past: bool,
    told_offers: Vec<Offer>,
    stray: Stray,
    said: Said,
    /// The agent's id of the message that the last piece of text belonged to.
    message: Option<String>,
}

impl Acp {
    /// A driver for one attempt.
    pub fn new(start: Start) -> Self {
        Self {
            tools: OpenTools::new(start.cwd.clone()),
            past: start.resume.is_some() && start.quirks.past_until_commands,
            start,
            phase: Phase::Booting,
            conversation: String::new(),
            program: None,
            settings: Vec::new(),
            next_id: 1,
            awaited: HashMap::new(),
            requests: BTreeMap::new(),
            asked: 0,
            usage: Usage::default(),
            before_turn: Usage::default(),
            can: Abilities::default(),
            offers: Offers::default(),
            told_offers: Vec::new(),
            stray: Stray::default(),
            said: Said::default(),
            message: None,
        }
    }

    fn call(&mut self, method: &str, params: &Value, awaited: Awaited, out: &mut Outbox) {
        let id = self.next_id;
        self.next_id += 1;
        self.awaited.insert(id, awaited);
        out.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
    }

    fn broken(&mut self, reason: String, out: &mut Outbox) {
        if self.phase != Phase::Broken {
            self.phase = Phase::Broken;
            out.signal(Signal::Broken { reason });
        }
    }

    fn response(&mut self, id: &Value, result: Result<Value, RpcError>, out: &mut Outbox) {
        let Some(awaited) = id.as_i64().and_then(|id| self.awaited.remove(&id)) else {
            return;
        };
        match (awaited, result) {
            (Awaited::Initialize, Ok(result)) => self.initialized(&result, out),
            (Awaited::New, Ok(result)) => match result.get("sessionId").and_then(Value::as_str) {
                Some(id) => self.opened(id.to_owned(), &result, out),
                None => self.broken(format!("{} opened a conversation without an id.", self.start.title), out),
            },
            (Awaited::Resumed(id), Ok(result)) => self.opened(id, &result, out),
            (Awaited::Set(_), Ok(_)) => self.next_setting(out),
            (Awaited::Set(what), Err(error)) => {
                let text = format!("{} refused {what}: {}", self.start.title, error.words());
                out.event(EventBody::Note { text });
                self.next_setting(out);
            }
            (Awaited::Chosen { offer, value }, Ok(result)) => self.chosen(&offer, &value, &result, out),
            (Awaited::Chosen { value, .. }, Err(error)) => {
                out.event(EventBody::Note { text: format!("{} refused {value}: {}", self.start.title, error.words()) });
            }
            (Awaited::Prompt, Ok(result)) => self.turn_ended(&result, out),
            (Awaited::Prompt, Err(_)) if self.phase == (Phase::InTurn { cancelled: true }) => {
                self.turn_ended(&json!({ "stopReason": "cancelled" }), out);
            }
            (Awaited::Initialize | Awaited::New, Err(error)) => self.refused("could not start", &error, out),
            (Awaited::Resumed(_), Err(error)) => {
                self.refused("could not go on with the conversation", &error, out);
            }
            (Awaited::Prompt, Err(error)) => {
                self.close_turn(out);
                self.refused("broke off", &error, out);
            }
        }
    }

    fn refused(&mut self, what: &str, error: &RpcError, out: &mut Outbox) {
        let title = &self.start.title;
        let reason = match (&self.start.login, error.code) {
            (Some(login), rpc::AUTH_REQUIRED) => {
                format!("{title} is not logged in, or its key was refused ({}). Run `{login}`.", error.words())
            }
            _ => format!("{title} {what}: {}", error.words()),
        };
        self.broken(reason, out);
    }

    fn turn_ended(&mut self, result: &Value, out: &mut Outbox) {
        let (usage, used) = usage::of_turn(&self.usage, &self.before_turn, result, self.start.quirks.tokens);
        self.tell_usage(usage, out);
        self.close_turn(out);
        // Read as text: the types know five reasons and fail on a sixth.
        let stop = result.get("stopReason").and_then(Value::as_str).unwrap_or("end_turn");
        let error = self.said.error().filter(|_| self.start.quirks.errors_as_text && used.is_unknown());
        if let Some(error) = error.filter(|_| stop == "end_turn") {
            return self.broken(format!("{} broke off: {error}", self.start.title), out);
        }
        self.phase = Phase::Idle;
        out.event(EventBody::TurnEnded { stop: stop.to_owned(), used });
    }

    fn close_turn(&mut self, out: &mut Outbox) {
        self.withdraw_all(out);
        self.tools.close(out);
        self.message = None;
    }

    fn tell_usage(&mut self, usage: Usage, out: &mut Outbox) {
        if usage != self.usage {
            self.usage = usage.clone();
            out.event(EventBody::Usage(usage));
        }
    }

    fn request(&mut self, id: &Value, method: &str, params: Value, out: &mut Outbox) {
        match method {
            "session/request_permission" => self.permission(id, params, out),
            // Some agents ask for files that were not offered, and write themselves all the same.
            method if method.starts_with("fs/") || method.starts_with("terminal/") => {
                rpc::refuse(id, rpc::METHOD_NOT_FOUND, &format!("{method} is not offered by this client"), out);
            }
            method => rpc::refuse(id, rpc::METHOD_NOT_FOUND, &format!("unknown method {method}"), out),
        }
    }

    fn notification(&mut self, method: &str, mut params: Value, out: &mut Outbox) {
        match method {
            "session/update" => {
                let update = params.get_mut("update").map(Value::take).unwrap_or_default();
                // What comes before the first prompt of a loaded conversation is the past, which the log has already.
                if self.phase == Phase::Booting && self.start.resume.is_some() {
                    return self.past(update, out);
                }
                self.update(update, out);
            }
            "$/cancel_request" => self.withdrawn(params.get("requestId").unwrap_or(&Value::Null), out),
            // Extensions of a vendor, to be passed over by whoever does not know them.
            method if method.starts_with('_') => {}
            method => out.event(EventBody::Unknown { raw: json!({ "method": method, "params": params }) }),
        }
    }
}

impl AgentDriver for Acp {
    fn begin(&mut self, out: &mut Outbox) {
        self.initialize(out);
    }

    fn line(&mut self, line: &[u8], out: &mut Outbox) {
        if line.trim_ascii().is_empty() {
            return;
        }
        match rpc::parse(line) {
            Some(Incoming::Response { id, result }) => self.response(&id, result, out),
            Some(Incoming::Request { id, method, params }) => self.request(&id, &method, params, out),
            Some(Incoming::Notification { method, params }) => self.notification(&method, params, out),
            None => self.stray.note(&self.start.title, line, out),
        }
    }

    fn command(&mut self, command: Command, out: &mut Outbox) -> Result<(), Refused> {
        match command {
            Command::Prompt { text, images, files } => {
                match self.phase {
                    Phase::Idle => {}
                    Phase::InTurn { .. } => return Err(Refused::Busy),
                    Phase::Booting | Phase::Broken => return Err(Refused::NotReady),
                }
                self.phase = Phase::InTurn { cancelled: false };
                self.before_turn = self.usage.clone();
                self.said = Said { is_command: text.starts_with('/'), ..Said::default() };
                let mut prompt = vec![json!({ "type": "text", "text": text })];
                if self.can.images {
                    let block = |image: &Image| json!({ "type": "image", "mimeType": image.mime, "data": image.data });
                    prompt.extend(images.iter().map(block));
                } else if !images.is_empty() {
                    let text = format!("{} takes no images; they were left out.", self.start.title);
                    out.event(EventBody::Note { text });
                }
                prompt.extend(files.iter().map(|file| link::to(file)));
                let params = json!({ "sessionId": self.conversation, "prompt": prompt });
                self.call("session/prompt", &params, Awaited::Prompt, out);
                Ok(())
            }
            Command::Answer { request, option, message, note, input } => {
                self.answer(request, option, Beside { note, input }, message, out)
            }
            Command::Steer { .. } => Err(Refused::NotSteered),
            Command::Choose { offer, value } => self.choose(offer, value, out),
            Command::CancelTurn => {
                if matches!(self.phase, Phase::InTurn { .. }) {
                    self.phase = Phase::InTurn { cancelled: true };
                    let params = json!({ "sessionId": self.conversation });
                    out.send(&json!({ "jsonrpc": "2.0", "method": "session/cancel", "params": params }));
                    self.withdraw_all(out);
                }
                Ok(())
            }
        }
    }
}
