//! The figures of an attempt, folded from its events. The same fold serves the living host and the burial.

use qd_core::event::{Activity, EventBody};
use qd_core::ids::Millis;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// How much of a line a card shows.
const LINE: usize = 160;

/// Folds events into an [`Activity`].
#[derive(Clone, Debug, Default)]
pub(super) struct Meter {
    activity: Activity,
    /// Hashes of the ids of tool calls: a long session has very many.
    tools: BTreeSet<u64>,
    /// The end of what the agent said last, at most a few lines.
    said: String,
}

impl Meter {
    /// Takes an event of the time `at` in.
    pub(super) fn fold(&mut self, at: Millis, body: &EventBody) {
        // What the host writes behind it is no word of the agent.
        if !matches!(body, EventBody::Ended { .. }) {
            self.activity.heard = at;
        }
        match body {
            EventBody::Text { text } => self.say(text),
            EventBody::Tool(tool) => {
                self.said.clear();
                self.activity.limit = None;
                if self.tools.insert(hash(&tool.id)) {
                    self.activity.operations += 1;
                }
                if let Some(title) = &tool.title {
                    self.activity.line = first_line(title);
                }
            }
            EventBody::Asked { request } => {
                self.said.clear();
                self.activity.line = first_line(&request.title);
            }
            EventBody::Retrying(retry) => {
                self.said.clear();
                self.activity.line = first_line(&format!("Trying again: {}", retry.reason));
            }
            EventBody::Limited(limit) => {
                let same = self.activity.limit.as_ref().is_some_and(|known| known.name == limit.name);
                if limit.reached || same {
                    self.activity.limit = limit.reached.then(|| Box::new(limit.clone()));
                }
            }
            EventBody::Usage(usage) => self.activity.usage = usage.clone(),
            EventBody::Prompt { .. } | EventBody::Thought { .. } => self.said.clear(),
            EventBody::Began { .. }
            | EventBody::Conversation { .. }
            | EventBody::Ready { .. }
            | EventBody::Offers { .. }
            | EventBody::Image(_)
            | EventBody::TurnDiff { .. }
            | EventBody::Snapshot { .. }
            | EventBody::Point { .. }
            | EventBody::Plan { .. }
            | EventBody::Answered { .. }
            | EventBody::Commands { .. }
            | EventBody::Stderr { .. }
            | EventBody::Note { .. }
            | EventBody::TurnEnded { .. }
            | EventBody::Ended { .. }
            | EventBody::Unknown { .. } => {}
        }
    }

    /// The figures so far.
    pub(super) fn activity(&self) -> &Activity {
        &self.activity
    }

    fn say(&mut self, text: &str) {
        self.said.push_str(text);
        // What ends a piece stays: the next one goes on behind it.
        let end = self.said.trim_end().len();
        if let Some(at) = self.said[..end].rfind('\n') {
            self.said.drain(..=at);
        }
        // A line without an end is cut in front, in the middle of its growth.
        if self.said.len() > 8 * LINE {
            let from = self.said.char_indices().rev().nth(LINE).map_or(0, |(at, _)| at);
            self.said.drain(..from);
        }
        let line = first_line(self.said.trim());
        if !line.is_empty() {
            self.activity.line = line;
        }
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(LINE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use qd_core::event::ToolUpdate;

    fn text(text: &str) -> EventBody {
        EventBody::Text { text: text.to_owned() }
    }

    #[test]
    fn the_line_is_the_last_thing_that_was_said_or_done() {
        let mut meter = Meter::default();
        for piece in ["One.\nTw", "o, ", "three\n"] {
            meter.fold(Millis(1), &text(piece));
        }
        assert_eq!(meter.activity().line, "Two, three");
        let tool = |title: Option<&str>| {
            EventBody::Tool(ToolUpdate { id: "t".to_owned(), title: title.map(str::to_owned), ..ToolUpdate::default() })
        };
        meter.fold(Millis(2), &tool(Some("Edit a.rs")));
        meter.fold(Millis(2), &tool(None));
        assert_eq!((meter.activity().line.as_str(), meter.activity().operations), ("Edit a.rs", 1));
        meter.fold(Millis(3), &text("Four"));
        assert_eq!(meter.activity().line, "Four");
    }

    #[test]
    fn any_event_is_a_word_of_it() {
        let mut meter = Meter::default();
        meter.fold(Millis(7), &text("One"));
        meter.fold(Millis(9), &EventBody::Thought { text: "…".to_owned() });
        assert_eq!((meter.activity().heard, meter.activity().line.as_str()), (Millis(9), "One"));
    }
}
