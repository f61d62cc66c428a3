//! Gemini's `generateContent`: <https://ai.google.dev/api/generate-content>, as far as its agents look at it.

use super::answer::{self, Answer};
use super::conversation::{Conversation, Said};
use super::script::{REFUSAL, Reply, Turn, reply};
use super::tool::{Call, Form, Offer};
use serde_json::{Value, json};

/// `POST …:streamGenerateContent?alt=sse`
pub(super) fn streamed(asked: &Value) -> Answer {
    match reply(&conversation(asked)) {
        Reply::Turn(turn) => {
            let mut events: Vec<String> =
                parts(&turn).into_iter().map(|part| answer::unnamed(&content(&[part], None))).collect();
            events.push(answer::unnamed(&content(&[json!({ "text": "" })], Some("STOP"))));
            answer::events(events, turn.course)
        }
        Reply::Refused(status) => refused(status),
        Reply::Limited(_) => refused(429),
    }
}

/// `POST …:generateContent`
pub(super) fn whole(asked: &Value) -> Answer {
    match reply(&conversation(asked)) {
        Reply::Turn(turn) => answer::json(&content(&parts(&turn), Some("STOP"))),
        Reply::Refused(status) => refused(status),
        Reply::Limited(_) => refused(429),
    }
}

/// `POST …:countTokens`
pub(super) fn count() -> Value {
    json!({ "totalTokens": 1200 })
}

fn refused(status: u16) -> Answer {
    let name = match status {
        401 => "UNAUTHENTICATED",
        429 => "RESOURCE_EXHAUSTED",
        529 => "UNAVAILABLE",
        _ => "INTERNAL",
    };
    answer::refusal(status, &json!({ "error": { "code": status, "message": REFUSAL, "status": name } }))
}

fn conversation(asked: &Value) -> Conversation {
    let list = |name: &str| asked.get(name).and_then(Value::as_array).into_iter().flatten();
    let spoken = list("contents").filter(|content| content["role"] != "model");
    let parts = spoken.flat_map(|content| content.get("parts").and_then(Value::as_array).into_iter().flatten());
    let said = parts.filter_map(|part| match (part.get("functionResponse"), part.get("text")) {
        (Some(_), _) => Some(Said::ToolResult),
        (None, text) => Some(Said::Prompt(text?.as_str()?.to_owned())),
    });
    let declared = list("tools").filter_map(|tool| tool.get("functionDeclarations")?.as_array()).flatten();
    let tools = declared.filter_map(|tool| {
        let schema = tool.get("parametersJsonSchema").or_else(|| tool.get("parameters"))?;
        Some(Offer { name: tool["name"].as_str()?.to_owned(), form: Form::Fields(schema.clone()) })
    });
    let form = |name: &str| asked.get("generationConfig")?.get(name);
    let schema = form("responseJsonSchema").or_else(|| form("responseSchema")).cloned();
    Conversation { said: said.collect(), tools: tools.collect(), schema }
}

fn parts(turn: &Turn) -> Vec<Value> {
    let thought = turn.thought.iter().map(|text| json!({ "text": text, "thought": true }));
    let text = turn.text.iter().map(|text| json!({ "text": text }));
    let call = |call: &Call| json!({ "functionCall": { "name": call.name, "args": call.input.fields() } });
    thought.chain(text).chain(turn.calls.iter().map(call)).collect()
}

fn content(parts: &[Value], finish: Option<&str>) -> Value {
    let mut candidate = json!({ "index": 0, "content": { "role": "model", "parts": parts } });
    if let (Some(finish), Some(candidate)) = (finish, candidate.as_object_mut()) {
        candidate.insert("finishReason".to_owned(), json!(finish));
    }
    json!({
        "candidates": [candidate],
        "usageMetadata": { "promptTokenCount": 1200, "candidatesTokenCount": 34, "totalTokenCount": 1234 },
        "modelVersion": "scripted",
    })
}
