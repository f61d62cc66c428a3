//! What a driver told, as a text to compare.

use qd_agents::driver::{Outbox, Signal};
use qd_core::event::EventBody;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// One line a signal; deltas in a row are joined, texts longer than `longest` characters cut, so that a snapshot can be read.
pub fn told(signals: Vec<Signal>, longest: usize) -> String {
    let mut out = Outbox::default();
    for signal in signals {
        match signal {
            Signal::Event(body) => out.event(body),
            signal => out.signal(signal),
        }
    }
    let mut text = String::new();
    for signal in out.take_signals() {
        let line = match signal {
            Signal::Event(EventBody::Commands { commands }) => format!("commands: {}", commands.len()),
            Signal::Event(body) => short(serde_json::to_value(body).unwrap(), longest).to_string(),
            Signal::Unforked => "begins anew".to_owned(),
            Signal::Ready { program, .. } => format!("ready: {}", program.unwrap_or_default()),
            Signal::Broken { reason } => format!("broken: {reason}"),
        };
        writeln!(text, "{line}").unwrap();
    }
    text
}

fn short(value: Value, longest: usize) -> Value {
    match value {
        Value::String(text) if text.chars().count() > longest => {
            json!(format!("{}… ({} bytes)", text.chars().take(longest).collect::<String>(), text.len()))
        }
        Value::Array(items) => items.into_iter().map(|item| short(item, longest)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, short(value, longest))).collect(),
        value => value,
    }
}
