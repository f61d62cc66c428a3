//! Agents that the bench plays itself, over the Agent Client Protocol.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::io::{Write as _, stdin, stdout};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time between two words of a model.
pub(super) const PACE: Duration = Duration::from_millis(20);
/// What stands before the time in a paced event.
pub(super) const STAMP: &str = "written at ";

/// Nanoseconds since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "two processes compare their times")]
pub(super) fn nanoseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// An agent that is played.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Part {
    /// Tells of a tool call so many times, each time with the time of writing, at a model's pace.
    Tools,
    /// The same by words.
    Words,
    /// Never ends a turn and hears nothing.
    Stubborn,
}

impl Part {
    /// Plays it until its input ends.
    pub fn play(self, events: usize) -> Result<()> {
        for line in stdin().lines() {
            let call: Value = serde_json::from_str(&line?)?;
            match call["method"].as_str().unwrap_or_default() {
                "initialize" => answer(&call, &json!({ "protocolVersion": 1, "agentCapabilities": {} }))?,
                "session/new" => answer(&call, &json!({ "sessionId": "s" }))?,
                "session/prompt" => self.turn(&call, events)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn turn(self, call: &Value, events: usize) -> Result<()> {
        if let Self::Stubborn = self {
            loop {
                sleep(Duration::from_mins(1));
            }
        }
        for _ in 0..events {
            sleep(PACE);
            let stamp = format!("{STAMP}{} ", nanoseconds());
            let update = match self {
                Self::Words => {
                    json!({ "sessionUpdate": "agent_message_chunk", "content": { "type": "text", "text": stamp } })
                }
                _ => json!({ "sessionUpdate": "tool_call_update", "toolCallId": "t", "title": stamp }),
            };
            let params = json!({ "sessionId": "s", "update": update });
            say(&json!({ "jsonrpc": "2.0", "method": "session/update", "params": params }))?;
        }
        answer(call, &json!({ "stopReason": "end_turn" }))
    }
}

fn answer(call: &Value, result: &Value) -> Result<()> {
    say(&json!({ "jsonrpc": "2.0", "id": call["id"], "result": result }))
}

fn say(message: &Value) -> Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{message}").and_then(|()| out.flush()).context("nobody listens")
}
