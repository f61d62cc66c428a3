//! What OpenAI's two forms have in common.

use super::answer::{self, Answer};
use super::conversation::Said;
use hyper::StatusCode;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// Ids need only differ.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// An id that no other has.
pub(super) fn id(prefix: &str) -> String {
    format!("{prefix}_{:016}", NEXT_ID.fetch_add(1, Ordering::Relaxed))
}

/// The prompts in the content of a message: a text, or parts of which some are texts.
pub(super) fn prompts(content: &Value) -> Vec<Said> {
    match content {
        Value::String(text) => vec![Said::Prompt(text.clone())],
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
            texts.map(|text| Said::Prompt(text.to_owned())).collect()
        }
        _ => Vec::new(),
    }
}

/// The request is refused with this status.
pub(super) fn refused(status: u16) -> Answer {
    let kind = match status {
        401 => "invalid_api_key",
        429 => "rate_limit_exceeded",
        _ => "server_error",
    };
    let error = json!({ "error": { "type": kind, "code": kind, "message": "refused by the script" } });
    answer::refusal(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &error)
}
