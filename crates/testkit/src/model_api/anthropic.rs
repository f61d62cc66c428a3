//! Anthropic's messages: <https://docs.anthropic.com/en/api/messages>, as far as its agents look at it.

use super::answer::{self, Answer};
use super::conversation::{Conversation, Said};
use super::script::{Reply, Turn, reply};
use super::tool::Offer;
use hyper::StatusCode;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// Ids need only differ.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

fn id(prefix: &str) -> String {
    format!("{prefix}_{:016}", NEXT_ID.fetch_add(1, Ordering::Relaxed))
}

/// `POST /v1/messages`
pub(super) fn messages(asked: &Value) -> Answer {
    let turn = match reply(&conversation(asked)) {
        Reply::Turn(turn) => turn,
        Reply::Refused(status) => return refused(status),
    };
    let model = asked.get("model").cloned().unwrap_or_default();
    if asked.get("stream") == Some(&Value::Bool(true)) {
        let events = streamed(&model, &turn);
        return answer::events(events, turn.course);
    }
    answer::json(&message(&model, &turn))
}

/// `POST /v1/messages/count_tokens`
pub(super) fn count() -> Value {
    json!({ "input_tokens": 1200 })
}

fn refused(status: u16) -> Answer {
    let kind = match status {
        401 => "authentication_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    let error = json!({ "type": "error", "error": { "type": kind, "message": "refused by the script" } });
    answer::refusal(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &error)
}

fn conversation(asked: &Value) -> Conversation {
    let list = |name: &str| asked.get(name).and_then(Value::as_array).into_iter().flatten();
    let said =
        list("messages").filter(|message| message["role"] == "user").flat_map(|message| match &message["content"] {
            Value::String(text) => vec![Said::Prompt(text.clone())],
            Value::Array(blocks) => blocks.iter().filter_map(block).collect(),
            _ => Vec::new(),
        });
    let tools = list("tools").filter_map(|tool| {
        Some(Offer { name: tool["name"].as_str()?.to_owned(), schema: tool.get("input_schema")?.clone() })
    });
    let schema = asked.pointer("/output_config/format/schema").cloned();
    Conversation { said: said.collect(), tools: tools.collect(), schema }
}

fn block(block: &Value) -> Option<Said> {
    match block["type"].as_str()? {
        "text" => Some(Said::Prompt(block["text"].as_str()?.to_owned())),
        "tool_result" => Some(Said::ToolResult),
        _ => None,
    }
}

fn usage(output: u32) -> Value {
    json!({ "input_tokens": 1200, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": output })
}

fn stop_reason(turn: &Turn) -> &'static str {
    if turn.call.is_some() { "tool_use" } else { "end_turn" }
}

fn message(model: &Value, turn: &Turn) -> Value {
    let mut content = vec![json!({ "type": "text", "text": turn.text.concat() })];
    if let Some(call) = &turn.call {
        content.push(json!({ "type": "tool_use", "id": id("toolu"), "name": call.name, "input": call.arguments }));
    }
    json!({
        "id": id("msg"), "type": "message", "role": "assistant", "model": model, "content": content,
        "stop_reason": stop_reason(turn), "stop_sequence": null, "usage": usage(34),
    })
}

fn streamed(model: &Value, turn: &Turn) -> Vec<String> {
    let message = json!({
        "id": id("msg"), "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(1),
    });
    let mut events = vec![json!({ "type": "message_start", "message": message })];
    let mut index = 0;
    let mut block = |start: Value, deltas: Vec<Value>| {
        events.push(json!({ "type": "content_block_start", "index": index, "content_block": start }));
        let delta = |delta| json!({ "type": "content_block_delta", "index": index, "delta": delta });
        events.extend(deltas.into_iter().map(delta));
        events.push(json!({ "type": "content_block_stop", "index": index }));
        index += 1;
    };
    if let Some(thought) = &turn.thought {
        let deltas = vec![
            json!({ "type": "thinking_delta", "thinking": thought }),
            json!({ "type": "signature_delta", "signature": "c2NyaXB0ZWQ=" }),
        ];
        block(json!({ "type": "thinking", "thinking": "", "signature": "" }), deltas);
    }
    let pieces = turn.text.iter().map(|text| json!({ "type": "text_delta", "text": text }));
    block(json!({ "type": "text", "text": "" }), pieces.collect());
    if let Some(call) = &turn.call {
        let arguments = json!({ "type": "input_json_delta", "partial_json": call.arguments.to_string() });
        block(json!({ "type": "tool_use", "id": id("toolu"), "name": call.name, "input": {} }), vec![arguments]);
    }
    let delta = json!({ "stop_reason": stop_reason(turn), "stop_sequence": null });
    events.push(json!({ "type": "message_delta", "delta": delta, "usage": usage(34) }));
    events.push(json!({ "type": "message_stop" }));
    let framed = |event: Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default());
    events.into_iter().map(framed).collect()
}
