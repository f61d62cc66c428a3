//! Makes the seed corpus from the recordings: `cargo run --manifest-path fuzz/Cargo.toml --example seeds`.
//!
//! Each turn of a recording becomes a seed: the lines that opened the conversation, then those of the turn. Answers of
//! the agent get the ids that the driver gives its own calls, what the other client did becomes a deed; long texts and
//! lists are cut, descriptions left out. The seeds that are no recording (`questions`) are written by hand.

use qd_agents::catalogue::{Protocol, quirks};
use qd_agents::driver::{AgentDriver, Command, Outbox, Signal, Start, driver};
use qd_core::event::EventBody;
use qd_core::ids::RequestId;
use qd_core::row::Permission;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

/// How much of a text, and how many entries of a list, a seed keeps.
const TEXT: usize = 40;
const ENTRIES: usize = 2;
/// A word that `cargo xtask tidy` lets stand in the crate of the agents alone.
const FOREIGN: &str = concat!("sub", "agent");
/// How many lines a seed has at most.
const LINES: usize = 22;

fn main() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut recordings: Vec<_> = fs::read_dir(root.join("../crates/agents/tests/transcripts"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    recordings.sort();
    let mut known = BTreeSet::new();
    for path in recordings {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = file.split('.').next().unwrap_or_default();
        let (target, protocol) = match name {
            name if name.contains("-acp") => ("acp", Protocol::Acp),
            name if name.starts_with("claude-") => ("claude", Protocol::ClaudeStreamJson),
            name if name.starts_with("codex-") => ("codex", Protocol::CodexAppServer),
            _ => ("acp", Protocol::Acp),
        };
        fs::create_dir_all(root.join("seeds").join(target))?;
        for (at, turn) in turns(&messages(&fs::read_to_string(&path)?)).into_iter().enumerate() {
            let seed = Play::of(protocol, &turn).replace(FOREIGN, "helper");
            if known.insert(seed.clone()) {
                fs::write(root.join(format!("seeds/{target}/{name}-{at}")), seed)?;
            }
        }
    }
    Ok(())
}

/// A recording's messages, each with whether the agent said it.
fn messages(text: &str) -> Vec<(bool, Value)> {
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .map(|line| if line.get("dir").is_some() { (line["dir"] == "<", line["msg"].clone()) } else { (true, line) })
        .collect()
}

fn is_prompt((agents, message): &(bool, Value)) -> bool {
    let method = message["method"].as_str().unwrap_or_default();
    !agents && (matches!(method, "session/prompt" | "turn/start") || message["type"] == "user")
}

/// The opening with each of the turns. A recording of the agent's half alone is one turn.
fn turns(messages: &[(bool, Value)]) -> Vec<Vec<(bool, Value)>> {
    let starts: Vec<usize> = (0..messages.len()).filter(|at| is_prompt(&messages[*at])).collect();
    let Some(first) = starts.first() else { return vec![messages.to_vec()] };
    let ends = starts.iter().skip(1).copied().chain([messages.len()]);
    starts.iter().zip(ends).map(|(from, to)| [&messages[..*first], &messages[*from..to]].concat()).collect()
}

/// A driver that is spoken to as the recording's client spoke.
struct Play {
    driver: Box<dyn AgentDriver>,
    out: Outbox,
    seed: Vec<String>,
    /// The recorded client's calls: what each was about.
    recorded: HashMap<String, String>,
    /// The driver's own calls, the same.
    sent: Vec<(Value, String)>,
    open: Vec<RequestId>,
}

/// A call's id, and what it is about: its method or its subtype.
fn call(message: &Value) -> Option<(&Value, &str)> {
    let claude = message.pointer("/request/subtype").and_then(Value::as_str);
    let about = message["method"].as_str().or(claude)?;
    Some((message.get("id").or_else(|| message.get("request_id"))?, about))
}

impl Play {
    fn of(protocol: Protocol, turn: &[(bool, Value)]) -> String {
        let resumes = |(agents, message): &&(bool, Value)| {
            !agents && matches!(message["method"].as_str(), Some("session/load" | "session/resume" | "thread/resume"))
        };
        let resumed = turn.iter().find(resumes).is_some();
        let start = Start {
            title: "The agent".to_owned(),
            cwd: "/fixture/project".into(),
            resume: resumed.then(|| "conversation".to_owned()),
            spent: None,
            fork: None,
            permission: Permission::Ask,
            model: None,
            seed: "fuzz".to_owned(),
            login: Some("log in".to_owned()),
            quirks: quirks(if protocol == Protocol::CodexAppServer { "codex" } else { "claude-code" }, protocol),
        };
        let mut play = Self {
            driver: driver(protocol, start),
            out: Outbox::default(),
            seed: Vec::new(),
            recorded: HashMap::new(),
            sent: Vec::new(),
            open: Vec::new(),
        };
        play.driver.begin(&mut play.out);
        play.collect();
        if !turn.iter().any(is_prompt) && protocol == Protocol::ClaudeStreamJson {
            let response = json!({ "subtype": "success", "request_id": play.sent[0].0, "response": {} });
            play.line(&json!({ "type": "control_response", "response": response }));
            play.prompt();
        }
        for (agents, message) in turn {
            if play.seed.len() >= LINES {
                break;
            }
            if *agents { play.agent(message.clone()) } else { play.client(message) }
        }
        if resumed { format!(">qr\n{}", play.seed.join("\n")) } else { play.seed.join("\n") }
    }

    fn client(&mut self, message: &Value) {
        if let Some((id, about)) = call(message) {
            self.recorded.insert(id.to_string(), about.to_owned());
        }
        let method = message["method"].as_str().or_else(|| message.pointer("/request/subtype")?.as_str());
        match method {
            Some("session/prompt" | "turn/start") => self.prompt(),
            Some("session/cancel" | "turn/interrupt" | "interrupt") => self.deed(">c", Command::CancelTurn),
            None if message["type"] == "user" => self.prompt(),
            None if !self.open.is_empty() => {
                let refused = message.to_string().contains("deny") || message.to_string().contains("reject");
                let request = self.open.remove(0);
                let answer = Command::Answer { request, option: None, note: None, input: None, message: None };
                self.deed(if refused { ">a02" } else { ">a00" }, answer);
            }
            _ => {}
        }
    }

    fn agent(&mut self, mut message: Value) {
        let claude = message["type"] == "control_response";
        if claude || (message.get("method").is_none() && message.get("id").is_some()) {
            let id = if claude { &message["response"]["request_id"] } else { &message["id"] };
            let about = self.recorded.get(&id.to_string());
            let ours = self.sent.iter().position(|(_, sent)| Some(sent) == about);
            let Some(ours) = ours.map(|at| self.sent.remove(at).0) else { return };
            if claude { message["response"]["request_id"] = ours } else { message["id"] = ours }
        }
        self.line(&message);
    }

    fn prompt(&mut self) {
        // The driver sets what the other client left as it was.
        while let Some(at) = self.sent.iter().position(|(_, about)| about.starts_with("session/set_")) {
            let (id, _) = self.sent.remove(at);
            self.line(&json!({ "jsonrpc": "2.0", "id": id, "result": {} }));
        }
        self.deed(">pgo", Command::prompt("go"));
    }

    fn deed(&mut self, deed: &str, command: Command) {
        self.seed.push(deed.to_owned());
        let _ = self.driver.command(command, &mut self.out);
        self.collect();
    }

    fn line(&mut self, message: &Value) {
        let line = short(message.clone()).to_string();
        self.driver.line(line.as_bytes(), &mut self.out);
        self.seed.push(line);
        self.collect();
    }

    fn collect(&mut self) {
        let bytes = self.out.take_bytes();
        let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
        self.sent.extend(lines.filter_map(|line| call(&line).map(|(id, about)| (id.clone(), about.to_owned()))));
        for signal in self.out.take_signals() {
            match signal {
                Signal::Event(EventBody::Asked { request }) => self.open.push(request.id),
                Signal::Event(EventBody::Answered { request, .. }) => self.open.retain(|open| *open != request),
                _ => {}
            }
        }
    }
}

fn short(value: Value) -> Value {
    match value {
        Value::String(text) if text.len() > TEXT => json!(text.chars().take(TEXT).collect::<String>()),
        Value::Array(items) => items.into_iter().take(ENTRIES).map(short).collect(),
        Value::Object(mut fields) => {
            fields.remove("description");
            fields.into_iter().map(|(name, value)| (name, short(value))).collect()
        }
        value => value,
    }
}
