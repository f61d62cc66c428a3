//! Recordings of real agents, replayed through the driver: the normalised events stand beside them as snapshots.
//!
//! The recordings (`tests/transcripts/AGENT-CASE.io.jsonl`, both directions) were made with another client, so only
//! the agent's half is given to the driver; ids of answers are those that the driver uses itself.

#![expect(clippy::unwrap_used, reason = "a test may fail anywhere")]

#[path = "support/told.rs"]
mod told;

use proptest::prelude::*;
use qd_agents::acp::Acp;
use qd_agents::catalogue::{Modes, Protocol, quirks};
use qd_agents::driver::{AgentDriver as _, Command, Outbox, Signal, Start};
use qd_agents::line::LineBuffer;
use qd_core::event::EventBody;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

/// What a recording is replayed with.
struct Recording {
    agent: &'static str,
    resume: bool,
    messages: Vec<(bool, Value)>,
}

impl Recording {
    fn read(name: &str, agent: &'static str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/transcripts/{name}.io.jsonl"));
        let text = std::fs::read_to_string(file).unwrap();
        let messages = text.lines().map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            (line["dir"] == "<", line["msg"].clone())
        });
        let messages: Vec<_> = messages.collect();
        let resume = messages.iter().any(|(_, message)| goes_on(message));
        Self { agent, resume, messages }
    }

    /// Plays the recording: what the other client sent is turned into commands, what the agent sent into lines.
    fn play(&self) -> Vec<Signal> {
        let mut player = Player::new(self);
        for (from_agent, message) in &self.messages {
            if *from_agent { player.agent(message) } else { player.client(message) }
        }
        player.signals
    }
}

/// Whether a client's message goes on with a conversation.
fn goes_on(message: &Value) -> bool {
    message["method"] == "session/load" || message["method"] == "session/resume"
}

struct Player {
    driver: Acp,
    out: Outbox,
    signals: Vec<Signal>,
    /// Ids of the recorded client's calls: their methods.
    recorded: HashMap<i64, String>,
    /// What the driver sent last by method: its id.
    sent: HashMap<String, i64>,
    /// The agent's requests that are open, by the agent's id.
    asked: HashMap<String, qd_core::ids::RequestId>,
}

impl Player {
    fn new(recording: &Recording) -> Self {
        let resumed = recording.messages.iter().find(|(_, message)| goes_on(message));
        let resume = resumed.map(|(_, message)| message["params"]["sessionId"].as_str().unwrap().to_owned());
        let driver = Acp::new(Start {
            title: recording.agent.to_owned(),
            cwd: "/fixture/project".into(),
            resume: resume.filter(|_| recording.resume),
            spent: None,
            fork: None,
            permission: qd_core::row::Permission::Ask,
            model: None,
            seed: "replay".to_owned(),
            login: Some("log in".to_owned()),
            // Modes are set by the recording's own client; what it asked for is not what the driver would ask for.
            quirks: qd_agents::catalogue::Quirks { modes: Modes::default(), ..quirks(recording.agent, Protocol::Acp) },
        });
        let mut player = Self {
            driver,
            out: Outbox::default(),
            signals: Vec::new(),
            recorded: HashMap::new(),
            sent: HashMap::new(),
            asked: HashMap::new(),
        };
        player.driver.begin(&mut player.out);
        player.collect();
        player
    }

    fn client(&mut self, message: &Value) {
        if let (Some(id), Some(method)) = (message["id"].as_i64(), message["method"].as_str()) {
            self.recorded.insert(id, method.to_owned());
        }
        match message["method"].as_str() {
            Some("session/prompt") => {
                // A turn that is still running (the recording's client sent the next one at once) refuses.
                let text = message["params"]["prompt"][0]["text"].as_str().unwrap_or_default().to_owned();
                let _ = self.driver.command(Command::prompt(text), &mut self.out);
            }
            Some("session/cancel") => self.driver.command(Command::CancelTurn, &mut self.out).unwrap(),
            None => {
                let asked = self.asked.remove(&message["id"].to_string());
                let option = message["result"]["outcome"]["optionId"].as_str().map(str::to_owned);
                if let Some(request) = asked {
                    let _ = self.driver.command(
                        Command::Answer { request, option, note: None, input: None, message: None },
                        &mut self.out,
                    );
                }
            }
            Some(_) => {}
        }
        self.collect();
    }

    fn agent(&mut self, message: &Value) {
        let mut message = message.clone();
        if message.get("method").is_none() {
            // An answer: to the driver's own call of the same method, else it is none of ours.
            let method = message["id"].as_i64().and_then(|id| self.recorded.get(&id)).cloned().unwrap_or_default();
            // The driver loads where the other client resumed: the answers are alike.
            let sent = self.sent.remove(&method);
            let Some(id) = sent.or_else(|| self.sent.remove("session/load").filter(|_| method == "session/resume"))
            else {
                return;
            };
            message["id"] = json!(id);
        }
        let before = self.signals.len();
        self.driver.line(message.to_string().as_bytes(), &mut self.out);
        self.collect();
        if message["method"] == "session/request_permission" {
            let asked = self.signals[before..].iter().find_map(|signal| match signal {
                Signal::Event(EventBody::Asked { request }) => Some(request.id),
                _ => None,
            });
            self.asked.insert(message["id"].to_string(), asked.unwrap());
        }
    }

    fn collect(&mut self) {
        for line in self.out.take_bytes().split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let message: Value = serde_json::from_slice(line).unwrap();
            if let (Some(id), Some(method)) = (message["id"].as_i64(), message["method"].as_str()) {
                self.sent.insert(method.to_owned(), id);
            }
        }
        self.signals.extend(self.out.take_signals());
    }
}

macro_rules! recordings {
    ($($test:ident: $name:literal of $agent:literal),* $(,)?) => {
        $(
            #[test]
            fn $test() {
                insta::assert_snapshot!($name, told::told(Recording::read($name, $agent).play(), 120));
            }
        )*

        const ALL: &[(&str, &str)] = &[$(($name, $agent)),*];
    };
}

recordings! {
    claude_main: "claude-agent-acp-main" of "claude-code",
    claude_load: "claude-agent-acp-load" of "claude-code",
    codex_main: "codex-acp-main" of "codex",
    codex_load: "codex-acp-load" of "codex",
    codex_escalation: "codex-acp-esc" of "codex",
    gemini_main: "gemini-main" of "gemini",
    gemini_load: "gemini-load" of "gemini",
    opencode_main: "opencode-main" of "opencode",
    opencode_load: "opencode-load" of "opencode",
    copilot_main: "copilot-main" of "copilot",
    copilot_load: "copilot-load" of "copilot",
    claude_killed: "claude-agent-acp-kill" of "claude-code",
    claude_resumed: "claude-agent-acp-resume" of "claude-code",
    codex_full_access: "codex-acp-fullcancel" of "codex",
    codex_killed: "codex-acp-kill" of "codex",
    codex_resumed: "codex-acp-resume" of "codex",
    copilot_killed: "copilot-kill" of "copilot",
    gemini_killed: "gemini-kill" of "gemini",
    gemini_new: "gemini-load-a" of "gemini",
    gemini_loaded_too_early: "gemini-load-b" of "gemini",
    gemini_new_again: "gemini-load-c" of "gemini",
    gemini_loaded_too_early_again: "gemini-load-d" of "gemini",
    gemini_new_a_third_time: "gemini-load-e" of "gemini",
    gemini_loaded_after_a_minute: "gemini-load-f" of "gemini",
    opencode_killed: "opencode-kill" of "opencode",
    opencode_resumed: "opencode-resume" of "opencode",
}

#[test]
fn nothing_that_real_agents_say_is_unknown_or_outside_the_protocol() {
    for (name, agent) in ALL {
        for signal in Recording::read(name, agent).play() {
            match &signal {
                Signal::Event(EventBody::Unknown { raw }) => panic!("{name}: {raw}"),
                Signal::Event(EventBody::Note { text }) => assert!(!text.contains("outside"), "{name}: {text}"),
                _ => {}
            }
        }
    }
}

#[test]
fn every_tool_call_of_a_turn_that_ended_has_ended() {
    use qd_core::event::ToolStatus;
    for (name, agent) in ALL {
        let mut open: HashMap<String, ToolStatus> = HashMap::new();
        for signal in Recording::read(name, agent).play() {
            match signal {
                Signal::Event(EventBody::Tool(tool)) => {
                    if let Some(status) = tool.status {
                        open.insert(tool.id, status);
                    }
                }
                Signal::Event(EventBody::TurnEnded { .. }) => {
                    let left: Vec<_> = open
                        .drain()
                        .filter(|(_, status)| !matches!(status, ToolStatus::Completed | ToolStatus::Failed))
                        .collect();
                    assert!(left.is_empty(), "{name}: {left:?}");
                }
                _ => {}
            }
        }
    }
}

/// The agent's half of a recording as bytes, and the driver's signals when it comes in chunks.
fn in_chunks(bytes: &[u8], cuts: &[usize]) -> (String, usize) {
    let mut driver = Acp::new(Start {
        title: "agent".to_owned(),
        cwd: "/fixture/project".into(),
        resume: None,
        spent: None,
        fork: None,
        permission: qd_core::row::Permission::Ask,
        model: None,
        seed: "replay".to_owned(),
        login: None,
        quirks: quirks("claude-code", Protocol::Acp),
    });
    let (mut out, mut lines, mut from) = (Outbox::default(), LineBuffer::new(64 << 20), 0);
    driver.begin(&mut out);
    let mut signals = Vec::new();
    for cut in cuts.iter().copied().chain([bytes.len()]) {
        lines.push(&bytes[from..cut]);
        from = cut;
        while let Some(line) = lines.next_line().unwrap() {
            driver.line(line, &mut out);
        }
        signals.extend(out.take_signals());
    }
    (told::told(signals, 120), lines.rest().len())
}

fn agents_half() -> Vec<u8> {
    let recording = Recording::read("codex-acp-esc", "codex");
    let half = recording.messages.iter().filter(|(from_agent, _)| *from_agent);
    half.flat_map(|(_, message)| format!("{message}\n").into_bytes()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_events_do_not_depend_on_where_the_pipe_cuts(cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        let bytes = agents_half();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.sort_unstable();
        prop_assert_eq!(in_chunks(&bytes, &cuts), in_chunks(&bytes, &[]));
    }

    #[test]
    fn an_agent_that_dies_anywhere_leaves_a_beginning_of_its_events(end in any::<prop::sample::Index>()) {
        let bytes = agents_half();
        let end = end.index(bytes.len());
        let (whole, _) = in_chunks(&bytes, &[]);
        let (beginning, torn) = in_chunks(&bytes[..end], &[]);
        // The last event may be a text that went on.
        let complete = beginning.lines().count().saturating_sub(1);
        prop_assert!(whole.lines().take(complete).eq(beginning.lines().take(complete)));
        prop_assert_eq!(torn, end - bytes[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1));
    }
}
