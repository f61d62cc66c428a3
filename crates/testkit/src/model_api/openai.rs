//! What `responses` and `chat` share.

use super::answer::{self, Answer};
use super::conversation::Said;
use super::script::REFUSAL;
use serde_json::{Value, json};

/// A refusal.
pub(super) fn refused(status: u16) -> Answer {
    let (kind, code) = match status {
        401 => ("invalid_request_error", "invalid_api_key"),
        429 => ("requests", "rate_limit_exceeded"),
        _ => ("server_error", "server_error"),
    };
    answer::refusal(status, &json!({ "error": { "message": REFUSAL, "type": kind, "code": code, "param": null } }))
}

/// What a person's message says: a text, or a list of parts.
pub(super) fn spoken(content: &Value) -> Vec<Said> {
    match content {
        Value::String(text) => vec![Said::Prompt(text.clone())],
        Value::Array(parts) => {
            parts.iter().filter_map(|part| Some(Said::Prompt(part.get("text")?.as_str()?.to_owned()))).collect()
        }
        _ => Vec::new(),
    }
}
