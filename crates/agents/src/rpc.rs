//! JSON-RPC 2.0 as agents really write it: one message a line, the version key optional.

use serde::Deserialize;
use serde_json::{Value, json};
use std::borrow::Cow;

use crate::driver::Outbox;

/// No such method (JSON-RPC).
pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
/// The params do not fit (JSON-RPC).
pub(crate) const INVALID_PARAMS: i64 = -32602;
/// The agent wants a login first (ACP).
pub(crate) const AUTH_REQUIRED: i64 = -32000;
/// The request was withdrawn (ACP).
pub(crate) const CANCELLED: i64 = -32800;

/// How deep a message may nest. JSON is read to a depth of 128, and an event wraps what the agent said once more.
const DEPTH: usize = 100;

/// A message from the agent.
#[derive(Debug)]
pub(crate) enum Incoming {
    Response { id: Value, result: Result<Value, RpcError> },
    Request { id: Value, method: String, params: Value },
    Notification { method: String, params: Value },
}

/// An error in an answer.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RpcError {
    #[serde(default)]
    pub(crate) code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    data: Value,
}

impl RpcError {
    /// What went wrong, with the details that some agents hide in `data`.
    pub(crate) fn words(&self) -> String {
        let details = match &self.data {
            Value::String(details) => Some(details.as_str()),
            data => data.get("details").or_else(|| data.get("message")).and_then(Value::as_str),
        };
        match details {
            Some(details) if details != self.message => format!("{}: {details}", self.message),
            _ if self.message.is_empty() => format!("error {}", self.code),
            _ => self.message.clone(),
        }
    }
}

#[derive(Deserialize)]
struct Envelope {
    id: Option<Value>,
    method: Option<String>,
    #[serde(default)]
    params: Value,
    #[serde(default)]
    result: Value,
    error: Option<RpcError>,
}

/// A line as text, what is not UTF-8 replaced; none where its brackets nest too deep.
pub(crate) fn text(line: &[u8]) -> Option<Cow<'_, str>> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in line {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return None;
        }
    }
    Some(String::from_utf8_lossy(line))
}

/// Reads one line; none where it is no message. What is not UTF-8 inside of a message is replaced.
pub(crate) fn parse(line: &[u8]) -> Option<Incoming> {
    let envelope: Envelope = serde_json::from_str(&text(line)?).ok()?;
    Some(match (envelope.id, envelope.method) {
        (Some(id), Some(method)) => Incoming::Request { id, method, params: envelope.params },
        (None, Some(method)) => Incoming::Notification { method, params: envelope.params },
        (Some(id), None) => Incoming::Response { id, result: envelope.error.map_or(Ok(envelope.result), Err) },
        (None, None) => return None,
    })
}

/// Answers a request of the agent.
pub(crate) fn reply(id: &Value, result: &Value, out: &mut Outbox) {
    out.send(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
}

/// Refuses a request of the agent.
pub(crate) fn refuse(id: &Value, code: i64, message: &str, out: &mut Outbox) {
    out.send(&json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } }));
}
