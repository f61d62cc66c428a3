//! Requests as agents send them, and what comes back.

use super::*;
use serde_json::json;

async fn asked(path: &str, body: Value) -> (StatusCode, String) {
    let answer = route(&Method::POST, path, body.to_string().as_bytes());
    let status = answer.status();
    let mut text = String::new();
    let mut body = answer.into_body();
    while let Some(Ok(frame)) = body.frame().await {
        text.push_str(std::str::from_utf8(&frame.into_data().unwrap_or_default()).unwrap());
    }
    (status, text)
}

fn claude(script: &str, results: usize) -> Value {
    let schema = json!({ "properties": { "file_path": {}, "content": {} }, "required": ["file_path", "content"] });
    let prompt = format!("Task: {script}\nWorking directory: /w\n");
    let mut messages = vec![json!({ "role": "user", "content": [{ "type": "text", "text": prompt }] })];
    for _ in 0..results {
        messages.push(json!({ "role": "assistant", "content": [{ "type": "tool_use" }] }));
        messages.push(json!({ "role": "user", "content": [{ "type": "tool_result", "content": "[[slow]]" }] }));
    }
    json!({ "model": "m", "stream": true, "messages": messages, "tools": [{ "name": "Write", "input_schema": schema }] })
}

#[tokio::test]
async fn the_first_step_calls_the_tool_that_was_offered_in_the_folder_of_the_prompt() {
    let (status, text) = asked("/v1/messages", claude("[[write]]", 0)).await;
    assert_eq!(status, 200);
    assert!(text.starts_with("event: message_start\n") && text.ends_with("{\"type\":\"message_stop\"}\n\n"), "{text}");
    assert!(
        text.contains(r#"\"file_path\":\"/w/greeting.txt\""#) && text.contains(r#""stop_reason":"tool_use""#),
        "{text}"
    );
}

#[tokio::test]
async fn after_all_its_tools_the_script_ends() {
    let (_, text) = asked("/v1/messages", claude("[[write]]", 2)).await;
    assert!(text.contains(r#""stop_reason":"end_turn""#) && !text.contains("tool_use"), "{text}");
}

#[tokio::test]
async fn gemini_is_told_the_same_in_its_own_form() {
    let schema = json!({ "properties": { "file_path": {}, "content": {} } });
    let prompt = json!({ "role": "user", "parts": [{ "text": "[[write]]\nWorking directory: /w\n" }] });
    let tools = json!([{ "functionDeclarations": [{ "name": "write_file", "parametersJsonSchema": schema }] }]);
    let body = json!({ "contents": [prompt], "tools": tools });
    for path in ["/v1beta/models/m:streamGenerateContent", "/v1beta/models/m:generateContent"] {
        let (status, text) = asked(path, body.clone()).await;
        assert_eq!(status, 200);
        assert!(text.contains("functionCall") && text.contains(r#""file_path":"/w/greeting.txt""#), "{text}");
        assert!(text.contains(r#""finishReason":"STOP""#), "{text}");
    }
}

/// The data of a stream of server-sent events, as far as they are JSON.
fn data(text: &str) -> Vec<Value> {
    text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect()
}

fn codex(script: &str, answered: &[&str]) -> Value {
    let run = json!({ "properties": { "cmd": {}, "sandbox_permissions": {} }, "required": ["cmd"] });
    let prompt = format!("Task: {script}\nWorking directory: /w\n");
    let mut input = vec![
        json!({ "type": "message", "role": "developer", "content": [{ "type": "input_text", "text": "[[slow]]" }] }),
        json!({ "type": "message", "role": "user", "content": [{ "type": "input_text", "text": prompt }] }),
    ];
    input.extend(answered.iter().map(|kind| json!({ "type": kind, "call_id": "c", "output": "[[slow]]" })));
    let tools = json!([
        { "type": "function", "name": "exec_command", "parameters": run }, { "type": "custom", "name": "apply_patch" },
        { "type": "web_search" },
    ]);
    json!({ "model": "m", "stream": true, "input": input, "tools": tools })
}

fn chat(script: &str, results: usize) -> Value {
    let create = json!({ "properties": { "path": {}, "file_text": {} }, "required": ["path", "file_text"] });
    let prompt = format!("Task: {script}\nWorking directory: /w\n");
    let mut messages =
        vec![json!({ "role": "system", "content": "[[slow]]" }), json!({ "role": "user", "content": prompt })];
    messages.extend((0..results).map(|_| json!({ "role": "tool", "tool_call_id": "c", "content": "[[slow]]" })));
    let bash = json!({ "properties": { "command": {} }, "required": ["command"] });
    let tools = json!([
        { "type": "function", "function": { "name": "create", "parameters": create } },
        { "type": "function", "function": { "name": "bash", "parameters": bash } },
    ]);
    json!({ "model": "m", "stream": true, "messages": messages, "tools": tools })
}

#[tokio::test]
async fn responses_write_by_a_patch_run_by_a_function_and_end_as_completed() {
    let (_, text) = asked("/v1/responses", codex("[[write]]", &[])).await;
    let events = data(&text);
    let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types[0], "response.created");
    assert_eq!(types.last(), Some(&"response.completed"));
    let output = &events.last().unwrap()["response"]["output"];
    assert_eq!(output[1]["type"], "custom_tool_call");
    assert!(output[1]["input"].as_str().unwrap().contains("*** Add File: /w/greeting.txt\n+Hello"), "{output}");

    let (_, text) = asked("/v1/responses", codex("[[write]]", &["custom_tool_call_output"])).await;
    let output = data(&text).pop().unwrap()["response"]["output"].take();
    assert_eq!((output[1]["type"].as_str(), output[1]["name"].as_str()), (Some("function_call"), Some("exec_command")));

    let all = ["custom_tool_call_output", "function_call_output", "custom_tool_call_output"];
    let (_, text) = asked("/v1/responses", codex("[[write]]", &all)).await;
    assert!(text.contains("Done: ") && !text.contains("_call\""), "{text}");
}

#[tokio::test]
async fn chat_completions_tell_calls_their_reason_and_the_usage() {
    let (_, text) = asked("/v1/chat/completions", chat("[[write]]", 0)).await;
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    let chunks = data(&text);
    let delta = |chunk: &Value| chunk["choices"][0]["delta"]["tool_calls"][0]["function"].clone();
    let call = chunks.iter().map(delta).find(|call| !call.is_null()).unwrap();
    assert_eq!(call["name"], "create");
    assert!(call["arguments"].as_str().unwrap().contains(r#""path":"/w/greeting.txt""#), "{call}");
    assert!(chunks.iter().any(|chunk| chunk["choices"][0]["finish_reason"] == "tool_calls"));
    assert_eq!(chunks.last().unwrap()["usage"]["total_tokens"], 1234);
}

#[tokio::test]
async fn a_whole_answer_says_what_a_stream_says() {
    let bodies = [
        ("/v1/messages", claude("[[think]]", 0)),
        ("/v1/responses", codex("[[think]]", &[])),
        ("/v1/chat/completions", chat("[[think]]", 0)),
    ];
    for (path, mut body) in bodies {
        let (_, streamed) = asked(path, body.clone()).await;
        body["stream"] = json!(false);
        let (_, whole) = asked(path, body).await;
        for text in ["First I think about it.", "Now I have thought."] {
            assert!(whole.contains(text), "{path}: {whole}");
        }
        let first = |word: &str| streamed.find(word).unwrap_or_else(|| panic!("{path}: {streamed}"));
        assert!(first("First ") < first("Now "), "it thinks before it speaks: {streamed}");
    }
}

#[tokio::test]
async fn two_calls_of_one_turn_are_one_step() {
    let (_, text) = asked("/v1/chat/completions", chat("[[par]]", 0)).await;
    assert!(text.contains("one.txt") && text.contains("two.txt"), "{text}");
    let (_, text) = asked("/v1/chat/completions", chat("[[par]]", 2)).await;
    assert!(text.contains(r#""finish_reason":"stop""#), "{text}");
}

#[tokio::test]
async fn a_command_leaves_the_sandbox_only_by_its_script() {
    for (script, asks) in [("[[esc]]", true), ("[[shell]]", false)] {
        let (_, text) = asked("/v1/responses", codex(script, &[])).await;
        assert_eq!(text.contains("require_escalated"), asks, "{text}");
    }
}

#[tokio::test]
async fn a_request_without_tools_gets_a_title() {
    let body = json!({ "messages": [{ "role": "user", "content": "[[write]]" }] });
    let (_, text) = asked("/v1/messages", body).await;
    assert!(text.contains("Mock title"), "{text}");
}

#[tokio::test]
async fn refusals_carry_their_status_and_a_cut_ends_without_the_last_event() {
    let body = |path: &str, script: &str| match path {
        "/v1/messages" => claude(script, 0),
        "/v1/responses" => codex(script, &[]),
        _ => chat(script, 0),
    };
    let apis =
        [("/v1/messages", "message_stop"), ("/v1/responses", "response.completed"), ("/v1/chat/completions", "[DONE]")];
    for (path, last) in apis {
        for status in [401, 429, 500, 529] {
            let (answered, text) = asked(path, body(path, &format!("[[err{status}]]"))).await;
            assert_eq!(answered, status);
            assert!(text.contains("refused by the script"), "{text}");
        }
        let (status, text) = asked(path, body(path, "[[cut]]")).await;
        assert_eq!(status, 200);
        assert!(!text.is_empty() && !text.contains(last), "{text}");
    }
}

#[tokio::test]
async fn what_an_agent_is_to_remember_is_counted() {
    let mut body = claude("[[write]]", 2);
    body["messages"].as_array_mut().unwrap().push(json!({ "role": "user", "content": "And [[recall]]" }));
    let (_, text) = asked("/v1/messages", body).await;
    assert!(text.contains(r#""text":"1 ""#), "{text}");
}
