//! OpenAI's chat completions: <https://platform.openai.com/docs/api-reference/chat>, as far as its agents look at it.

use super::answer::{self, Answer};
use super::conversation::{Conversation, Said};
use super::openai;
use super::script::{Reply, Turn, reply};
use super::tool::Offer;
use serde_json::{Value, json};

/// `POST /v1/chat/completions`
pub(super) fn completions(asked: &Value) -> Answer {
    let turn = match reply(&conversation(asked)) {
        Reply::Turn(turn) => turn,
        Reply::Refused(status) => return openai::refused(status),
    };
    let model = asked.get("model").cloned().unwrap_or_default();
    if asked.get("stream") == Some(&Value::Bool(true)) {
        return answer::events(streamed(&model, &turn), turn.course);
    }
    let mut message = json!({ "role": "assistant", "content": turn.text.concat() });
    if let Some(call) = call(&turn) {
        message["tool_calls"] = json!([call]);
    }
    let choice = json!({ "index": 0, "message": message, "finish_reason": finish(&turn) });
    answer::json(&json!({
        "id": openai::id("chatcmpl"), "object": "chat.completion", "model": model, "choices": [choice],
        "usage": usage(),
    }))
}

fn conversation(asked: &Value) -> Conversation {
    let list = |name: &str| asked.get(name).and_then(Value::as_array).into_iter().flatten();
    let said = list("messages").flat_map(|message| match message["role"].as_str() {
        Some("user") => openai::prompts(&message["content"]),
        Some("tool") => vec![Said::ToolResult],
        _ => Vec::new(),
    });
    let tools = list("tools").filter_map(|tool| {
        let function = tool.get("function")?;
        let schema = function.get("parameters").cloned().unwrap_or_default();
        Some(Offer { name: function["name"].as_str()?.to_owned(), schema })
    });
    let schema = asked.pointer("/response_format/json_schema/schema").cloned();
    Conversation { said: said.collect(), tools: tools.collect(), schema }
}

fn usage() -> Value {
    json!({
        "prompt_tokens": 1200, "completion_tokens": 34, "total_tokens": 1234,
        "prompt_tokens_details": { "cached_tokens": 1000 },
    })
}

fn finish(turn: &Turn) -> &'static str {
    if turn.call.is_some() { "tool_calls" } else { "stop" }
}

fn call(turn: &Turn) -> Option<Value> {
    let call = turn.call.as_ref()?;
    let function = json!({ "name": call.name, "arguments": call.arguments.to_string() });
    Some(json!({ "index": 0, "id": openai::id("call"), "type": "function", "function": function }))
}

fn streamed(model: &Value, turn: &Turn) -> Vec<String> {
    let id = openai::id("chatcmpl");
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        json!({ "id": id, "object": "chat.completion.chunk", "model": model, "choices": [choice] })
    };
    let mut chunks = vec![chunk(json!({ "role": "assistant", "content": "" }), Value::Null)];
    if let Some(thought) = &turn.thought {
        chunks.push(chunk(json!({ "reasoning_content": thought }), Value::Null));
    }
    chunks.extend(turn.text.iter().map(|text| chunk(json!({ "content": text }), Value::Null)));
    if let Some(call) = call(turn) {
        chunks.push(chunk(json!({ "tool_calls": [call] }), Value::Null));
    }
    chunks.push(chunk(json!({}), json!(finish(turn))));
    chunks
        .push(json!({ "id": id, "object": "chat.completion.chunk", "model": model, "choices": [], "usage": usage() }));
    let framed = chunks.into_iter().map(|chunk| format!("data: {chunk}\n\n"));
    framed.chain(["data: [DONE]\n\n".to_owned()]).collect()
}
