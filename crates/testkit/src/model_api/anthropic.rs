//! Anthropic's messages: <https://docs.anthropic.com/en/api/messages>, as far as its agents look at it.

use super::answer::{self, Answer, id};
use super::conversation::{Conversation, Said};
use super::script::{REFUSAL, Reply, Turn, reply};
use super::tool::{Form, Offer};
use serde_json::{Value, json};

/// `POST /v1/messages`
pub(super) fn messages(asked: &Value) -> Answer {
    let turn = match reply(&conversation(asked)) {
        Reply::Turn(turn) => turn,
        Reply::Refused(status) => return refused(status),
        Reply::Limited(until) => return limited(until),
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
    answer::refusal(status, &json!({ "type": "error", "error": { "type": kind, "message": REFUSAL } }))
}

/// As the API tells subscribers.
fn limited(until: u64) -> Answer {
    answer::with_headers(
        refused(429),
        &[
            ("anthropic-ratelimit-unified-status", "rejected".to_owned()),
            ("anthropic-ratelimit-unified-representative-claim", "five_hour".to_owned()),
            ("anthropic-ratelimit-unified-reset", until.to_string()),
        ],
    )
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
        let form = Form::Fields(tool.get("input_schema")?.clone());
        Some(Offer { name: tool["name"].as_str()?.to_owned(), form })
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
    if turn.calls.is_empty() { "end_turn" } else { "tool_use" }
}

fn message(model: &Value, turn: &Turn) -> Value {
    let content: Vec<_> = blocks(turn).into_iter().map(|Block { whole, .. }| whole).collect();
    json!({
        "id": id("msg"), "type": "message", "role": "assistant", "model": model, "content": content,
        "stop_reason": stop_reason(turn), "stop_sequence": null, "usage": usage(34),
    })
}

/// A block of a message: as it stands when it is whole, and as it comes in a stream.
struct Block {
    whole: Value,
    begun: Value,
    deltas: Vec<Value>,
}

fn blocks(turn: &Turn) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !turn.thought.is_empty() {
        let piece = |text| json!({ "type": "thinking_delta", "thinking": text });
        let signed = json!({ "type": "signature_delta", "signature": "c2NyaXB0ZWQ=" });
        blocks.push(Block {
            whole: json!({ "type": "thinking", "thinking": turn.thought.concat(), "signature": "c2NyaXB0ZWQ=" }),
            begun: json!({ "type": "thinking", "thinking": "", "signature": "" }),
            deltas: turn.thought.iter().map(piece).chain([signed]).collect(),
        });
    }
    blocks.push(Block {
        whole: json!({ "type": "text", "text": turn.text.concat() }),
        begun: json!({ "type": "text", "text": "" }),
        deltas: turn.text.iter().map(|text| json!({ "type": "text_delta", "text": text })).collect(),
    });
    blocks.extend(turn.calls.iter().map(|call| {
        let (id, input) = (id("toolu"), call.input.fields());
        Block {
            whole: json!({ "type": "tool_use", "id": id, "name": call.name, "input": input }),
            begun: json!({ "type": "tool_use", "id": id, "name": call.name, "input": {} }),
            deltas: vec![json!({ "type": "input_json_delta", "partial_json": input.to_string() })],
        }
    }));
    blocks
}

fn streamed(model: &Value, turn: &Turn) -> Vec<String> {
    let message = json!({
        "id": id("msg"), "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(1),
    });
    let mut events = vec![json!({ "type": "message_start", "message": message })];
    for (index, Block { begun, deltas, .. }) in blocks(turn).into_iter().enumerate() {
        events.push(json!({ "type": "content_block_start", "index": index, "content_block": begun }));
        let delta = |delta| json!({ "type": "content_block_delta", "index": index, "delta": delta });
        events.extend(deltas.into_iter().map(delta));
        events.push(json!({ "type": "content_block_stop", "index": index }));
    }
    let delta = json!({ "stop_reason": stop_reason(turn), "stop_sequence": null });
    events.push(json!({ "type": "message_delta", "delta": delta, "usage": usage(34) }));
    events.push(json!({ "type": "message_stop" }));
    events.iter().map(answer::named).collect()
}
