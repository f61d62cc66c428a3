//! OpenAI's responses: <https://platform.openai.com/docs/api-reference/responses>, as far as its agents look at it.

use super::answer::{self, Answer};
use super::conversation::{Conversation, Said};
use super::openai;
use super::script::{Reply, Turn, reply};
use super::tool::Offer;
use serde_json::{Value, json};

/// `POST /v1/responses`
pub(super) fn responses(asked: &Value) -> Answer {
    let turn = match reply(&conversation(asked)) {
        Reply::Turn(turn) => turn,
        Reply::Refused(status) => return openai::refused(status),
    };
    if asked.get("stream") == Some(&Value::Bool(true)) {
        return answer::events(streamed(&turn), turn.course);
    }
    answer::json(&response(&items(&turn)))
}

fn conversation(asked: &Value) -> Conversation {
    let list = |name: &str| asked.get(name).and_then(Value::as_array).into_iter().flatten();
    let said = list("input").flat_map(|item| match item["type"].as_str() {
        Some("function_call_output" | "custom_tool_call_output") => vec![Said::ToolResult],
        Some("message") | None if item["role"] == "user" => openai::prompts(&item["content"]),
        _ => Vec::new(),
    });
    let tools = list("tools").filter_map(|tool| {
        // A freeform tool has no schema: it takes a text.
        let schema = tool.get("parameters").cloned().unwrap_or_default();
        Some(Offer { name: tool["name"].as_str()?.to_owned(), schema })
    });
    let schema = asked.pointer("/text/format/schema").cloned();
    Conversation { said: said.collect(), tools: tools.collect(), schema }
}

/// What the turn says and calls, as items.
fn items(turn: &Turn) -> Vec<Value> {
    let mut items = Vec::new();
    if let Some(thought) = &turn.thought {
        let summary = json!([{ "type": "summary_text", "text": thought }]);
        items.push(json!({ "type": "reasoning", "id": openai::id("rs"), "summary": summary }));
    }
    let content = json!([{ "type": "output_text", "text": turn.text.concat(), "annotations": [] }]);
    items.push(json!({ "type": "message", "id": openai::id("msg"), "role": "assistant", "content": content }));
    if let Some(call) = &turn.call {
        let (id, call_id) = (openai::id("fc"), openai::id("call"));
        items.push(match &call.arguments {
            Value::String(input) => {
                json!({ "type": "custom_tool_call", "id": id, "call_id": call_id, "name": call.name, "input": input })
            }
            arguments => json!({
                "type": "function_call", "id": id, "call_id": call_id, "name": call.name,
                "arguments": arguments.to_string(),
            }),
        });
    }
    items
}

fn response(output: &[Value]) -> Value {
    json!({
        "id": openai::id("resp"), "object": "response", "status": "completed", "output": output,
        "usage": {
            "input_tokens": 1200, "input_tokens_details": { "cached_tokens": 1000 },
            "output_tokens": 34, "output_tokens_details": { "reasoning_tokens": 7 }, "total_tokens": 1234,
        },
    })
}

fn streamed(turn: &Turn) -> Vec<String> {
    let items = items(turn);
    let mut events = vec![json!({ "type": "response.created", "response": { "id": openai::id("resp") } })];
    for (at, item) in items.iter().enumerate() {
        let mut begun = item.clone();
        begun["content"] = json!([]);
        begun["summary"] = json!([]);
        events.push(json!({ "type": "response.output_item.added", "output_index": at, "item": begun }));
        let piece = |kind: &str, text: &str| {
            json!({
                "type": kind, "item_id": item["id"], "output_index": at, "content_index": 0, "summary_index": 0,
                "delta": text,
            })
        };
        match item["type"].as_str() {
            Some("message") => {
                events.extend(turn.text.iter().map(|text| piece("response.output_text.delta", text)));
            }
            Some("reasoning") => {
                let thought = turn.thought.as_deref().unwrap_or_default();
                events.push(piece("response.reasoning_summary_text.delta", thought));
            }
            _ => {}
        }
        events.push(json!({ "type": "response.output_item.done", "output_index": at, "item": item }));
    }
    events.push(json!({ "type": "response.completed", "response": response(&items) }));
    let framed = |event: Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default());
    events.into_iter().map(framed).collect()
}
