//! Chat completions: <https://platform.openai.com/docs/api-reference/chat>, as far as its agents look at it,
//! with the `reasoning_content` that compatible servers add.

use super::answer::{self, Answer, id};
use super::conversation::{Conversation, Said};
use super::openai::{refused, spoken};
use super::script::{Reply, Turn, reply};
use super::tool::{Call, Form, Offer};
use serde_json::{Value, json};

/// `POST /v1/chat/completions`
pub(super) fn completions(asked: &Value) -> Answer {
    let turn = match reply(&conversation(asked)) {
        Reply::Turn(turn) => turn,
        Reply::Refused(status) => return refused(status),
        Reply::Limited(_) => return refused(429),
    };
    let model = asked.get("model").cloned().unwrap_or_default();
    if asked.get("stream") == Some(&Value::Bool(true)) {
        return answer::events(streamed(&model, &turn), turn.course);
    }
    answer::json(&whole(&model, &turn))
}

fn conversation(asked: &Value) -> Conversation {
    let list = |name: &str| asked.get(name).and_then(Value::as_array).into_iter().flatten();
    let said = list("messages").flat_map(|message| match message["role"].as_str() {
        Some("user") => spoken(&message["content"]),
        Some("tool") => vec![Said::ToolResult],
        _ => Vec::new(),
    });
    let tools = list("tools").filter_map(|tool| {
        let function = tool.get("function")?;
        let form = Form::Fields(function.get("parameters")?.clone());
        Some(Offer { name: function["name"].as_str()?.to_owned(), form })
    });
    let schema = asked.pointer("/response_format/json_schema/schema").cloned();
    Conversation { said: said.collect(), tools: tools.collect(), schema }
}

fn finish(turn: &Turn) -> &'static str {
    if turn.calls.is_empty() { "stop" } else { "tool_calls" }
}

fn usage() -> Value {
    json!({
        "prompt_tokens": 1200, "completion_tokens": 34, "total_tokens": 1234,
        "prompt_tokens_details": { "cached_tokens": 1000 },
    })
}

fn tool_call(index: usize, call: &Call) -> Value {
    let function = json!({ "name": call.name, "arguments": call.input.fields().to_string() });
    json!({ "index": index, "id": id("call"), "type": "function", "function": function })
}

fn whole(model: &Value, turn: &Turn) -> Value {
    let mut message = json!({ "role": "assistant", "content": turn.text.concat() });
    if !turn.thought.is_empty() {
        message["reasoning_content"] = json!(turn.thought.concat());
    }
    if !turn.calls.is_empty() {
        message["tool_calls"] = turn.calls.iter().enumerate().map(|(index, call)| tool_call(index, call)).collect();
    }
    let choice = json!({ "index": 0, "message": message, "finish_reason": finish(turn) });
    json!({
        "id": id("chatcmpl"), "object": "chat.completion", "created": 0, "model": model, "choices": [choice],
        "usage": usage(),
    })
}

fn streamed(model: &Value, turn: &Turn) -> Vec<String> {
    let id = id("chatcmpl");
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({
            "id": id, "object": "chat.completion.chunk", "created": 0, "model": model, "choices": choices, "usage": usage,
        });
        answer::unnamed(&chunk)
    };
    let delta = |delta: Value, finish: Option<&str>| {
        chunk(json!([{ "index": 0, "delta": delta, "finish_reason": finish }]), Value::Null)
    };
    let mut events = vec![delta(json!({ "role": "assistant", "content": "" }), None)];
    events.extend(turn.thought.iter().map(|text| delta(json!({ "reasoning_content": text }), None)));
    events.extend(turn.text.iter().map(|text| delta(json!({ "content": text }), None)));
    let calls = turn.calls.iter().enumerate();
    events.extend(calls.map(|(index, call)| delta(json!({ "tool_calls": [tool_call(index, call)] }), None)));
    events.push(delta(json!({}), Some(finish(turn))));
    events.push(chunk(json!([]), usage()));
    events.push("data: [DONE]\n\n".to_owned());
    events
}
