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

#[tokio::test]
async fn a_request_without_tools_gets_a_title() {
    let body = json!({ "messages": [{ "role": "user", "content": "[[write]]" }] });
    let (_, text) = asked("/v1/messages", body).await;
    assert!(text.contains("Mock title"), "{text}");
}

#[tokio::test]
async fn refusals_carry_their_status_and_a_cut_ends_without_the_last_event() {
    for (script, status) in [("[[err429]]", 429), ("[[err500]]", 500)] {
        let (answered, text) = asked("/v1/messages", claude(script, 0)).await;
        assert_eq!(answered, status);
        assert!(text.contains("refused by the script"), "{text}");
    }
    let (status, text) = asked("/v1/messages", claude("[[cut]]", 0)).await;
    assert_eq!(status, 200);
    assert!(text.contains("message_start") && !text.contains("message_stop"), "{text}");
}

#[tokio::test]
async fn what_an_agent_is_to_remember_is_counted() {
    let mut body = claude("[[write]]", 2);
    body["messages"].as_array_mut().unwrap().push(json!({ "role": "user", "content": "And [[recall]]" }));
    let (_, text) = asked("/v1/messages", body).await;
    assert!(text.contains(r#""text":"1 ""#), "{text}");
}

fn openai(tools: &Value, input: &Value) -> Value {
    json!({ "model": "m", "stream": true, "tools": tools, "input": input })
}

#[tokio::test]
async fn the_responses_api_patches_where_a_patch_is_taken_and_ends_with_the_whole() {
    let prompt =
        json!({ "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "[[write]]" }] });
    let tools = json!([{ "type": "custom", "name": "apply_patch" }]);
    let (status, text) = asked("/v1/responses", openai(&tools, &json!([prompt]))).await;
    assert_eq!(status, 200);
    assert!(text.contains(r"*** Add File: greeting.txt\n+Hello from the script.\n*** End Patch"), "{text}");
    assert!(text.contains("custom_tool_call") && text.contains("event: response.completed"), "{text}");

    let result = json!({ "type": "function_call_output", "output": "done" });
    let run = json!([{ "type": "function", "name": "exec_command", "parameters": { "properties": { "cmd": {} } } }]);
    let (_, text) = asked("/v1/responses", openai(&run, &json!([prompt, result]))).await;
    assert!(text.contains("cp greeting.txt copy.txt"), "the second step: {text}");
}

#[tokio::test]
async fn the_chat_api_calls_thinks_and_counts() {
    let schema = json!({ "properties": { "command": {} } });
    let tools = json!([{ "type": "function", "function": { "name": "bash", "parameters": schema } }]);
    let ask = |script: &str| {
        let messages = json!([{ "role": "user", "content": script }]);
        json!({ "model": "m", "stream": true, "tools": tools, "messages": messages })
    };
    let (_, text) = asked("/v1/chat/completions", ask("[[fail]]")).await;
    assert!(text.contains("exit 3") && text.contains(r#""finish_reason":"tool_calls""#), "{text}");
    assert!(text.contains(r#""prompt_tokens":1200"#) && text.ends_with("data: [DONE]\n\n"), "{text}");
    let (_, text) = asked("/v1/chat/completions", ask("[[think]]")).await;
    assert!(text.contains("reasoning_content"), "{text}");
    let (status, _) = asked("/v1/chat/completions", ask("[[err401]]")).await;
    assert_eq!(status, 401);
}
