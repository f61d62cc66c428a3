//! A recording of what the cores were told and what they answered, one JSON object a line, to be replayed by another
//! build of them.

use super::step::Step;
use qd_client::hub::HubEffect;
use qd_client::list::{Query, Show};
use qd_client::{Client, Config, Output};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Characters of a line that is printed.
const ALOUD: usize = 900;

/// See the module.
#[derive(Debug, Default)]
pub struct Tape {
    /// The lines so far.
    pub lines: Vec<String>,
    /// Whether they are printed as they come, shortened, for whoever looks for a fault.
    pub aloud: bool,
}

impl Tape {
    fn add(&mut self, line: String) {
        if self.aloud {
            eprintln!("{}", line.chars().take(ALOUD).collect::<String>());
        } else {
            self.lines.push(line);
        }
    }

    /// A step begins.
    pub fn step(&mut self, step: Step) {
        if self.aloud {
            self.add(format!("-- {step}"));
        }
    }

    /// A page is loaded.
    pub fn panel(&mut self, page: u32, config: &Config) {
        let config = json!({ "tab": config.tab, "seed": hex(&config.seed) }).to_string();
        self.add(json!({ "panel": page, "config": config }).to_string());
    }

    /// A hub begins.
    pub fn hub(&mut self, name: usize, jitter: u64) {
        self.add(json!({ "hub": name, "jitter": jitter }).to_string());
    }

    /// A page was told something.
    pub fn told(&mut self, page: u32, event: &str, out: &Output, client: &mut Client) {
        let output = serde_json::to_string(out).unwrap_or_default();
        let sight = hex(&Sha256::digest(sight(client)));
        self.add(json!({ "to": page, "event": event, "output": output, "sight": sight }).to_string());
    }

    /// A hub was told something.
    pub fn hub_told(&mut self, name: usize, event: &str, effects: &[HubEffect]) {
        let output = serde_json::to_string(effects).unwrap_or_default();
        self.add(json!({ "to_hub": name, "event": event, "output": output }).to_string());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Everything that a page draws: lines, tasks, cards, sessions, notices, connection, base. The replay asks its core for
/// the same in the same order.
fn sight(client: &mut Client) -> String {
    let query = Query { show: Show::All, to: 1000, ..Query::default() };
    let lines = client.task_lines(&query);
    let mut text = serde_json::to_string(&lines).unwrap_or_default();
    let mut add = |value: serde_json::Result<String>| text.push_str(&value.unwrap_or_default());
    for line in &lines.lines {
        add(serde_json::to_string(&client.task(line.id)));
        let cards = client.sessions(line.id);
        add(serde_json::to_string(&cards));
        for session in cards.active.iter().chain(&cards.ended) {
            add(serde_json::to_string(&client.session(*session)));
        }
    }
    add(serde_json::to_string(&client.notices()));
    add(serde_json::to_string(&client.connection()));
    add(Ok(client.base_json().unwrap_or_default()));
    text
}
