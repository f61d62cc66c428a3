//! Responses: <https://platform.openai.com/docs/api-reference/responses>, as far as its agents look at it.

use super::answer::{self, Answer, id};
use super::conversation::{Conversation, Said};
use super::openai::{refused, spoken};
use super::script::{Reply, Turn, reply};
use super::tool::{Form, Input, Offer};
use serde_json::{Value, json};

/// `POST /v1/responses`
pub(super) fn responses(asked: &Value) -> Answer {
    let turn = match reply(&conversation(asked)) {
        Reply::Turn(turn) => turn,
        Reply::Refused(status) => return refused(status),
        Reply::Limited(until) => return limited(until),
    };
    let model = asked.get("model").cloned().unwrap_or_default();
    if asked.get("stream") == Some(&Value::Bool(true)) {
        return answer::events(streamed(&model, &turn), turn.course);
    }
    let output: Vec<_> = items(&turn).into_iter().map(|item| item.whole).collect();
    answer::json(&response(&id("resp"), &model, "completed", &output))
}

/// As the API tells those who pay by the month.
fn limited(until: u64) -> Answer {
    let error = json!({
        "type": "usage_limit_reached", "message": "The usage limit has been reached", "plan_type": "plus", "resets_at": until,
    });
    let answer = answer::refusal(429, &json!({ "error": error }));
    let headers = [
        ("x-codex-primary-used-percent", "100".to_owned()),
        ("x-codex-primary-window-minutes", "300".to_owned()),
        ("x-codex-primary-reset-at", until.to_string()),
    ];
    answer::with_headers(answer, &headers)
}

fn conversation(asked: &Value) -> Conversation {
    let list = |name: &str| asked.get(name).and_then(Value::as_array).into_iter().flatten();
    let said = match asked.get("input") {
        Some(Value::String(text)) => vec![Said::Prompt(text.clone())],
        _ => list("input").flat_map(said).collect(),
    };
    let tools = list("tools").filter_map(|tool| {
        let form = match tool["type"].as_str()? {
            "function" => Form::Fields(tool.get("parameters")?.clone()),
            "custom" => Form::Text,
            // Tools of the vendor's own servers.
            _ => return None,
        };
        Some(Offer { name: tool["name"].as_str()?.to_owned(), form })
    });
    let schema = asked.pointer("/text/format/schema").cloned();
    Conversation { said, tools: tools.collect(), schema }
}

fn said(item: &Value) -> Vec<Said> {
    match item["type"].as_str() {
        Some("function_call_output" | "custom_tool_call_output") => vec![Said::ToolResult],
        // A message may leave its type out.
        Some("message") | None if item["role"] == "user" => spoken(&item["content"]),
        _ => Vec::new(),
    }
}

/// An item of the output: as it stands when it is whole, as it begins, and what comes of it in between.
struct Item {
    whole: Value,
    begun: Value,
    deltas: Vec<Value>,
}

fn items(turn: &Turn) -> Vec<Item> {
    let mut items = Vec::new();
    if !turn.thought.is_empty() {
        items.push(reasoning(&turn.thought));
    }
    items.push(message(&turn.text));
    items.extend(turn.calls.iter().map(|call| {
        let (item, called) = (id("fc"), id("call"));
        let whole = match &call.input {
            Input::Fields(fields) => json!({
                "type": "function_call", "id": item, "call_id": called, "status": "completed", "name": call.name,
                "arguments": fields.to_string(),
            }),
            Input::Text(text) => json!({
                "type": "custom_tool_call", "id": item, "call_id": called, "status": "completed", "name": call.name,
                "input": text,
            }),
        };
        Item { begun: whole.clone(), whole, deltas: Vec::new() }
    }));
    items
}

fn reasoning(thought: &[String]) -> Item {
    let id = id("rs");
    let item = |summary: Value| json!({ "type": "reasoning", "id": id, "summary": summary, "encrypted_content": null });
    let part = |text: &str| json!({ "type": "summary_text", "text": text });
    let event = |kind: &str, name: &str, value: Value| json!({ "type": format!("response.reasoning_summary_{kind}"), "item_id": id, "summary_index": 0, name: value });
    let pieces = thought.iter().map(|text| event("text.delta", "delta", json!(text)));
    let begun = [event("part.added", "part", part(""))].into_iter();
    let done = event("part.done", "part", part(&thought.concat()));
    Item {
        whole: item(json!([part(&thought.concat())])),
        begun: item(json!([])),
        deltas: begun.chain(pieces).chain([done]).collect(),
    }
}

fn message(text: &[String]) -> Item {
    let id = id("msg");
    let item = |status: &str, content: Value| json!({ "type": "message", "id": id, "role": "assistant", "status": status, "content": content });
    let part = |text: &str| json!({ "type": "output_text", "text": text, "annotations": [] });
    let event = |kind: &str, name: &str, value: Value| json!({ "type": format!("response.{kind}"), "item_id": id, "content_index": 0, name: value });
    let pieces = text.iter().map(|text| event("output_text.delta", "delta", json!(text)));
    let begun = [event("content_part.added", "part", part(""))].into_iter();
    let done = event("content_part.done", "part", part(&text.concat()));
    Item {
        whole: item("completed", json!([part(&text.concat())])),
        begun: item("in_progress", json!([])),
        deltas: begun.chain(pieces).chain([done]).collect(),
    }
}

fn response(id: &str, model: &Value, status: &str, output: &[Value]) -> Value {
    let mut response = json!({
        "id": id, "object": "response", "created_at": 0, "model": model, "status": status, "output": output,
        "error": null, "incomplete_details": null,
    });
    if status == "completed" {
        response["usage"] = json!({
            "input_tokens": 1200, "input_tokens_details": { "cached_tokens": 1000 },
            "output_tokens": 34, "output_tokens_details": { "reasoning_tokens": 7 }, "total_tokens": 1234,
        });
    }
    response
}

fn streamed(model: &Value, turn: &Turn) -> Vec<String> {
    let id = id("resp");
    let mut events = vec![json!({ "type": "response.created", "response": response(&id, model, "in_progress", &[]) })];
    let mut output = Vec::new();
    for (index, Item { whole, begun, deltas }) in items(turn).into_iter().enumerate() {
        let first = json!({ "type": "response.output_item.added", "output_index": index, "item": begun });
        let last = json!({ "type": "response.output_item.done", "output_index": index, "item": whole });
        let placed = deltas.into_iter().map(|mut delta| {
            delta["output_index"] = json!(index);
            delta
        });
        events.push(first);
        events.extend(placed);
        events.push(last);
        output.push(whole);
    }
    events.push(json!({ "type": "response.completed", "response": response(&id, model, "completed", &output) }));
    for (number, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = json!(number);
    }
    events.iter().map(answer::named).collect()
}
