//! Claude Code's recordings. Those of one prompt hold the agent's half alone: they are played behind an opened
//! conversation and that prompt.

use qd_agents::catalogue::Protocol;
use qd_agents::driver::Command;
use serde_json::{Value, json};
use std::collections::HashMap;

use super::stage::{Stage, recording, start, text};

/// The answer to `initialize`, as short as it may be.
pub fn opened() -> Stage {
    let mut stage = Stage::new(Protocol::ClaudeStreamJson, start("claude-code", Protocol::ClaudeStreamJson));
    let id = stage.sent.remove(0)["request_id"].clone();
    let response = json!({ "subtype": "success", "request_id": id, "response": { "claude_code_version": "2" } });
    stage.says(&json!({ "type": "control_response", "response": response }));
    stage
}

pub fn one_prompt(file: &str) -> Stage {
    let mut stage = opened();
    stage.command(Command::prompt("go")).unwrap();
    for line in recording(file) {
        stage.line(line.as_bytes());
    }
    stage
}

/// Plays both directions: what the other client sent becomes commands, answers are given to the driver's own calls.
pub fn both_ways(file: &str) -> Stage {
    let mut stage = Stage::new(Protocol::ClaudeStreamJson, start("claude-code", Protocol::ClaudeStreamJson));
    let mut recorded: HashMap<String, String> = HashMap::new();
    // Ids of messages: those of the recording and those of the driver.
    let mut messages: Vec<(String, String)> = Vec::new();
    for line in recording(file) {
        let line: Value = serde_json::from_str(&line).unwrap();
        if line["dir"] == ">" {
            client(&mut stage, &line["msg"], &mut recorded);
            let said = stage.sent.iter().position(|sent| sent["type"] == "user");
            if let (Some(theirs), Some(ours)) = (line["msg"]["uuid"].as_str(), said) {
                messages.push((theirs.to_owned(), stage.sent.remove(ours)["uuid"].as_str().unwrap().to_owned()));
            }
            continue;
        }
        let message = messages.iter().fold(line["msg"].to_string(), |said, (theirs, ours)| said.replace(theirs, ours));
        let mut message: Value = serde_json::from_str(&message).unwrap();
        if message["type"] == "control_response" {
            let subtype = recorded.remove(message["response"]["request_id"].as_str().unwrap_or_default());
            let ours = stage
                .sent
                .iter()
                .position(|sent| Some(sent["request"]["subtype"].as_str().unwrap_or_default()) == subtype.as_deref());
            let Some(ours) = ours else { continue };
            message["response"]["request_id"] = stage.sent.remove(ours)["request_id"].clone();
        }
        stage.says(&message);
    }
    stage
}

fn client(stage: &mut Stage, message: &Value, recorded: &mut HashMap<String, String>) {
    match message["type"].as_str() {
        Some("user") => {
            let text = message["message"]["content"][0]["text"].as_str().unwrap_or_default();
            if stage.command(Command::prompt(text)).is_err() {
                stage.command(Command::Steer { text: text.to_owned() }).unwrap();
            }
        }
        Some("control_request") => {
            let request = &message["request"];
            let subtype = request["subtype"].as_str().unwrap();
            recorded.insert(message["request_id"].as_str().unwrap().to_owned(), subtype.to_owned());
            let choose = |offer: &str, value: &Value| Command::Choose {
                offer: offer.to_owned(),
                value: value.as_str().unwrap().to_owned(),
            };
            let _ = match subtype {
                "interrupt" => stage.command(Command::CancelTurn),
                "set_permission_mode" => stage.command(choose("mode", &request["mode"])),
                "set_model" => stage.command(choose("model", &request["model"])),
                _ => Ok(()),
            };
        }
        Some("control_response") => {
            let answer = &message["response"]["response"];
            let allowed = answer["behavior"] == "allow";
            if let Some(request) = stage.open_requests().first() {
                let note = answer["message"].as_str().map(str::to_owned);
                let option = Some(if allowed { "allow" } else { "deny" }.to_owned());
                stage
                    .command(Command::Answer { request: request.id, option, note, input: None, message: None })
                    .unwrap();
            }
        }
        _ => {}
    }
}

macro_rules! recordings {
    ($($test:ident: $name:literal),* $(,)?) => {
        $(
            #[test]
            fn $test() {
                insta::assert_snapshot!($name, text(play($name).told));
            }
        )*

        pub const ALL: &[(&str, &str)] = &[$(($name, "claude-code")),*];
    };
}

/// Recordings that hold what the other client said, too.
pub const BOTH_WAYS: [&str; 2] = ["claude-control-session", "claude-behind-the-result"];

pub fn play(name: &str) -> Stage {
    if BOTH_WAYS.contains(&name) {
        both_ways(&format!("{name}.io.jsonl"))
    } else {
        one_prompt(&format!("{name}.stdout.jsonl"))
    }
}

recordings! {
    control_session: "claude-control-session",
    what_follows_a_result: "claude-behind-the-result",
    hello: "claude-oneshot-hello",
    write: "claude-oneshot-write",
    write_by_the_packaged_program: "claude-sdkbin-write",
    write_without_asking: "claude-sandbox-bypass2",
    in_pieces: "claude-oneshot-partial",
    denied: "claude-oneshot-denied",
    forked: "claude-oneshot-fork",
    resumed: "claude-oneshot-resume",
    resumed_after_a_cancel: "claude-resume-after-cancel",
    cancelled_in_the_stream: "claude-cancel-sigint-stream",
    cancelled_in_a_tool: "claude-cancel-sigint-tool",
    killed_in_a_tool: "claude-cancel-sigkill-tool",
    terminated_in_the_stream: "claude-cancel-sigterm-stream",
    terminated_in_a_tool: "claude-cancel-sigterm-tool",
    cut_connection: "claude-cut",
    not_logged_in: "claude-err401",
    server_error: "claude-err500",
    overloaded: "claude-err529",
}

#[test]
fn nothing_of_it_is_unknown_or_outside_the_protocol() {
    use qd_agents::driver::Signal;
    use qd_core::event::EventBody;
    for (name, _) in ALL {
        for signal in play(name).told {
            match signal {
                Signal::Event(EventBody::Unknown { raw }) => panic!("{name}: {raw}"),
                Signal::Event(EventBody::Note { text }) => assert!(!text.contains("outside"), "{name}: {text}"),
                _ => {}
            }
        }
    }
}
