//! A driver with its outbox, and what it told as a text to compare.

use qd_agents::catalogue::{Modes, Protocol, Quirks, quirks};
use qd_agents::driver::{AgentDriver, Command, Outbox, Refused, Signal, Start, driver};
use qd_core::event::{EventBody, Request};
use qd_core::row::Permission;
use serde_json::Value;
use std::path::Path;

use crate::told::told;

/// A driver, what it said to the agent and what it told.
pub struct Stage {
    driver: Box<dyn AgentDriver>,
    out: Outbox,
    /// Lines for the agent that nobody has looked at.
    pub sent: Vec<Value>,
    pub told: Vec<Signal>,
}

/// How a conversation in `/fixture/work` is opened.
pub fn start(name: &str, protocol: Protocol) -> Start {
    Start {
        title: "The agent".to_owned(),
        cwd: "/fixture/work".into(),
        resume: None,
        spent: None,
        fork: None,
        permission: Permission::Ask,
        model: None,
        seed: "replay".to_owned(),
        login: Some("log in".to_owned()),
        quirks: Quirks { modes: Modes::default(), ..quirks(name, protocol) },
    }
}

impl Stage {
    pub fn new(protocol: Protocol, start: Start) -> Self {
        let mut stage =
            Self { driver: driver(protocol, start), out: Outbox::default(), sent: Vec::new(), told: Vec::new() };
        stage.driver.begin(&mut stage.out);
        stage.collect();
        stage
    }

    pub fn line(&mut self, line: &[u8]) {
        self.driver.line(line, &mut self.out);
        self.collect();
    }

    pub fn says(&mut self, message: &Value) {
        self.line(message.to_string().as_bytes());
    }

    pub fn command(&mut self, command: Command) -> Result<(), Refused> {
        let done = self.driver.command(command, &mut self.out);
        self.collect();
        done
    }

    /// What the agent asks and nobody has answered.
    pub fn open_requests(&self) -> Vec<Request> {
        let mut open: Vec<Request> = Vec::new();
        for signal in &self.told {
            match signal {
                Signal::Event(EventBody::Asked { request }) => open.push(request.clone()),
                Signal::Event(EventBody::Answered { request, .. }) => open.retain(|asked| asked.id != *request),
                _ => {}
            }
        }
        open
    }

    /// The reasons with which turns ended.
    pub fn stops(&self) -> Vec<&str> {
        let stop = |signal| match signal {
            &Signal::Event(EventBody::TurnEnded { ref stop, .. }) => Some(stop.as_str()),
            _ => None,
        };
        self.told.iter().filter_map(stop).collect()
    }

    fn collect(&mut self) {
        let bytes = self.out.take_bytes();
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        self.sent.extend(lines.map(|line| serde_json::from_slice::<Value>(line).unwrap()));
        self.told.extend(self.out.take_signals());
    }
}

/// The lines of a recording.
pub fn recording(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(file);
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// What was told, as a snapshot shows it.
pub fn text(signals: Vec<Signal>) -> String {
    told(signals, 160)
}
