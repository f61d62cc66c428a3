//! When a turn is over. A result is the end of one run of the agent's loop and no more: what was said too late for it,
//! and what its helpers in the background bring, are runs of their own behind it. The program itself says when nothing
//! is left of them (`session_state_changed`, which the catalogue turns on by an environment variable), and what becomes
//! of each message that carries an id (`command_lifecycle`). Older programs say neither; there the result has to do.

use qd_core::event::{EventBody, TurnUsage};
use qd_core::ids::of_cause;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::{Claude, Phase};
use crate::driver::Outbox;
use crate::usage::{add, dollars};

/// What is known of the turn that runs.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// How many messages were sent: makes their ids.
    sent: u64,
    /// Whether the program says when it is idle.
    pub(super) tells: bool,
    /// Whether the program says what becomes of a message.
    follows: bool,
    /// Messages that it has not begun to read.
    unread: BTreeSet<String>,
    /// Whether it had nothing left to do when it was last heard.
    rests: bool,
    /// The agent's id of what it said last.
    pub(super) said_last: Option<String>,
    /// How the last run ended.
    pub(super) stop: Option<String>,
    /// What the runs used.
    used: TurnUsage,
}

impl Turn {
    /// Whether a message still waits for a run of its own.
    pub(super) fn waits(&self) -> bool {
        self.follows && !self.unread.is_empty()
    }

    /// A run used this.
    pub(super) fn use_up(&mut self, used: &TurnUsage) {
        self.used.input = add(self.used.input, used.input);
        self.used.cached = add(self.used.cached, used.cached);
        self.used.output = add(self.used.output, used.output);
        self.used.cost_usd = match (self.used.cost_usd, used.cost_usd) {
            (Some(before), Some(more)) => Some(dollars(before + more)),
            (before, more) => before.or(more),
        };
    }
}

impl Claude {
    /// Begins a turn.
    pub(super) fn begin_turn(&mut self, content: &Value, out: &mut Outbox) {
        self.phase = Phase::InTurn { cancelled: false };
        self.turn.rests = false;
        self.turn.stop = None;
        self.turn.used = TurnUsage::default();
        self.say(content, out);
    }

    /// A message of the person.
    pub(super) fn say(&mut self, content: &Value, out: &mut Outbox) {
        self.turn.sent += 1;
        let id = of_cause(&["message", &self.start.seed, &self.turn.sent.to_string()]).to_string();
        out.send(&json!({
            "type": "user", "uuid": id, "parent_tool_use_id": null, "session_id": "",
            "message": { "role": "user", "content": content },
        }));
        self.turn.unread.insert(id);
    }

    /// What became of a message.
    pub(super) fn followed(&mut self, line: &Value, out: &mut Outbox) {
        let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
        self.turn.follows = true;
        match text("state") {
            "started" | "completed" => self.read(text("command_uuid")),
            "cancelled" if self.turn.unread.remove(text("command_uuid")) => {
                let text = format!("{} was stopped before it read what was said last.", self.start.title);
                out.event(EventBody::Note { text });
                self.end_turn(out);
            }
            _ => {}
        }
    }

    /// The program has begun to read a message.
    pub(super) fn read(&mut self, id: &str) {
        if self.turn.unread.remove(id) {
            self.turn.rests = false;
        }
    }

    /// The program says how it stands.
    pub(super) fn stands(&mut self, state: &str, out: &mut Outbox) {
        self.turn.tells = true;
        if state == "idle" {
            self.rest(out);
        } else {
            self.turn.rests = false;
        }
    }

    /// A run has ended and no other one follows by itself.
    pub(super) fn rest(&mut self, out: &mut Outbox) {
        self.turn.rests = true;
        self.end_turn(out);
    }

    fn end_turn(&mut self, out: &mut Outbox) {
        if !self.turn.rests || self.turn.waits() {
            return;
        }
        // What a task that outlived its turn woke the agent for is nobody's turn, but ends as one does.
        if matches!(self.phase, Phase::Idle | Phase::InTurn { .. }) {
            self.withdraw_all(out);
            self.tools.close(out);
            self.speech.interrupted();
        }
        let Phase::InTurn { cancelled } = self.phase else { return };
        let stop = self.turn.stop.take().filter(|_| !cancelled);
        let stop = stop.unwrap_or_else(|| if cancelled { "cancelled" } else { "end_turn" }.to_owned());
        self.phase = Phase::Idle;
        self.turn.unread.clear();
        if let Some(at) = self.turn.said_last.take() {
            out.event(EventBody::Point { at });
        }
        out.event(EventBody::TurnEnded { stop, used: std::mem::take(&mut self.turn.used) });
    }
}
