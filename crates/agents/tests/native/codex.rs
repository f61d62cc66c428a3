//! Codex's recordings, both directions: what the other client sent becomes commands, answers are given to the driver's
//! own calls of the same method.

use qd_agents::catalogue::Protocol;
use qd_agents::driver::{Command, Refused, Signal, Start};
use qd_core::event::{EventBody, OptionEffect};
use serde_json::{Value, json};
use std::collections::HashMap;

use super::stage::{Stage, recording, start, text};

/// An opened conversation.
pub fn opened() -> Stage {
    opened_with(start("codex", Protocol::CodexAppServer))
}

fn opened_with(start: Start) -> Stage {
    let mut stage = Stage::new(Protocol::CodexAppServer, start);
    let answer = |stage: &mut Stage, method: &str, result: Value| {
        let at = stage.sent.iter().position(|sent| sent["method"] == method).unwrap();
        let id = stage.sent.remove(at)["id"].clone();
        stage.says(&json!({ "id": id, "result": result }));
    };
    answer(&mut stage, "initialize", json!({ "userAgent": "quarterdeck/0.169.0 (Debian)" }));
    let method =
        if stage.sent.iter().any(|sent| sent["method"] == "thread/resume") { "thread/resume" } else { "thread/start" };
    answer(&mut stage, method, json!({ "thread": { "id": "thread" }, "model": "gpt" }));
    stage.sent.clear();
    stage
}

pub fn play(name: &str) -> Stage {
    let lines = recording(&format!("{name}.io.jsonl"));
    let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let resumed = lines.iter().find(|line| line["msg"]["method"] == "thread/resume");
    let resume = resumed.map(|line| line["msg"]["params"]["threadId"].as_str().unwrap().to_owned());
    let mut stage = Stage::new(Protocol::CodexAppServer, Start { resume, ..start("codex", Protocol::CodexAppServer) });
    let mut recorded: HashMap<i64, String> = HashMap::new();
    // The agent's own ids of what it asks, in order.
    let mut asked: Vec<(Value, qd_core::ids::RequestId)> = Vec::new();
    for line in lines {
        let mut message = line["msg"].clone();
        if line["dir"] == ">" {
            client(&mut stage, &message, &mut recorded, &mut asked);
            continue;
        }
        if message.get("method").is_none() {
            let method = message["id"].as_i64().and_then(|id| recorded.get(&id).cloned()).unwrap_or_default();
            let Some(at) = stage.sent.iter().position(|sent| sent["method"] == method.as_str()) else { continue };
            message["id"] = stage.sent.remove(at)["id"].clone();
        }
        let before = stage.open_requests().len();
        stage.says(&message);
        if stage.open_requests().len() > before {
            asked.push((message["id"].clone(), stage.open_requests().last().unwrap().id));
        }
    }
    stage
}

fn client(
    stage: &mut Stage,
    message: &Value,
    recorded: &mut HashMap<i64, String>,
    asked: &mut Vec<(Value, qd_core::ids::RequestId)>,
) {
    let method = message["method"].as_str();
    if let (Some(id), Some(method)) = (message["id"].as_i64(), method) {
        recorded.insert(id, method.to_owned());
    }
    match method {
        Some("turn/start") => {
            let text = message["params"]["input"][0]["text"].as_str().unwrap_or_default();
            let _ = stage.command(Command::prompt(text));
        }
        Some("turn/interrupt") => stage.command(Command::CancelTurn).unwrap(),
        Some(_) => {}
        None => {
            let Some(at) = asked.iter().position(|(call, _)| *call == message["id"]) else { return };
            let (_, request) = asked.remove(at);
            let option = message["result"]["decision"].as_str().unwrap_or("always");
            let _ = stage.command(Command::answer(request, option));
        }
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

        pub const ALL: &[(&str, &str)] = &[$(($name, "codex")),*];
    };
}

recordings! {
    main: "codex-app-server",
    background_terminals: "codex-app-server-bgterm",
    killed: "codex-app-server-kill",
    resumed: "codex-app-server-resume",
}

#[test]
fn nothing_of_it_is_unknown_or_outside_the_protocol() {
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

fn in_turn() -> Stage {
    let mut stage = opened();
    stage.command(Command::prompt("go")).unwrap();
    let id = stage.sent.remove(0)["id"].clone();
    stage.says(&json!({ "id": id, "result": { "turn": { "id": "turn" } } }));
    stage
}

fn asks_to_run(stage: &mut Stage) {
    let params = json!({
        "itemId": "i", "command": "/bin/bash -lc 'rm -rf build'",
        "availableDecisions": ["accept", { "acceptWithExecpolicyAmendment": { "execpolicy_amendment": ["rm"] } }, "cancel"],
    });
    stage.says(&json!({ "id": 7, "method": "item/commandExecution/requestApproval", "params": params }));
}

#[test]
fn a_no_lets_the_turn_go_on_and_its_reason_steers_it() {
    let mut stage = in_turn();
    asks_to_run(&mut stage);
    let request = stage.open_requests().remove(0);
    assert_eq!((request.title.as_str(), request.takes_note), ("rm -rf build", true));
    let always = request.options.iter().find(|option| option.effect == OptionEffect::AllowAlways).unwrap();
    assert_eq!(always.detail.as_deref(), Some("commands that begin with `rm`"));
    let (option, note) = (Some("decline".to_owned()), Some("Keep the cache.".to_owned()));
    stage.command(Command::Answer { request: request.id, option, note, input: None, message: None }).unwrap();
    assert_eq!(stage.sent[0], json!({ "id": 7, "result": { "decision": "decline" } }));
    assert_eq!(
        (&stage.sent[1]["method"], &stage.sent[1]["params"]["expectedTurnId"]),
        (&json!("turn/steer"), &json!("turn"))
    );
    assert!(stage.stops().is_empty());
}

#[test]
fn an_interrupt_waits_for_the_turns_id_and_cleans_up_behind_it() {
    let mut stage = opened();
    stage.command(Command::prompt("go")).unwrap();
    let id = stage.sent.remove(0)["id"].clone();
    stage.command(Command::CancelTurn).unwrap();
    assert!(stage.sent.is_empty(), "nobody knows the turn yet");
    stage.says(&json!({ "id": id, "result": { "turn": { "id": "turn" } } }));
    assert_eq!(stage.sent.remove(0)["method"], "turn/interrupt");
    stage.says(&json!({ "method": "turn/completed", "params": { "turn": { "id": "turn", "status": "interrupted" } } }));
    assert_eq!(stage.sent.remove(0)["method"], "thread/backgroundTerminals/clean");
    assert_eq!(stage.stops(), ["cancelled"]);
}

#[test]
fn edits_in_the_worktree_are_free_where_the_permission_says_so() {
    use qd_core::row::Permission;
    let start = Start { permission: Permission::Edit, ..start("codex", Protocol::CodexAppServer) };
    let mut stage = opened_with(start);
    stage.command(Command::prompt("go")).unwrap();
    let change = |path: &str| json!({ "path": path, "kind": { "type": "add" }, "diff": "x\n" });
    for (id, path) in [("a", "/fixture/work/new.txt"), ("b", "/etc/new.txt")] {
        let item = json!({ "type": "fileChange", "id": id, "changes": [change(path)], "status": "inProgress" });
        stage.says(&json!({ "method": "item/started", "params": { "item": item } }));
        stage.says(&json!({ "id": id, "method": "item/fileChange/requestApproval", "params": { "itemId": id } }));
    }
    let asked: Vec<_> = stage.open_requests().into_iter().map(|request| request.title).collect();
    assert_eq!(asked, ["Write /etc/new.txt"]);
}

#[test]
fn a_steer_reaches_the_turn_that_runs_and_no_other() {
    let mut stage = in_turn();
    stage.command(Command::Steer { text: "rather this".to_owned() }).unwrap();
    assert_eq!(stage.sent.remove(0)["params"]["input"][0]["text"], "rather this");
    stage.says(&json!({ "method": "turn/completed", "params": { "turn": { "id": "turn", "status": "completed" } } }));
    assert_eq!(stage.command(Command::Steer { text: "late".to_owned() }), Err(Refused::NotSteered));
}

#[test]
fn a_failed_turn_says_what_to_do() {
    let failed = |error: Value| {
        let mut stage = in_turn();
        let turn = json!({ "id": "turn", "status": "failed", "error": error });
        stage.says(&json!({ "method": "turn/completed", "params": { "turn": turn } }));
        match stage.told.pop() {
            Some(Signal::Broken { reason }) => reason,
            other => panic!("{other:?}"),
        }
    };
    let login = failed(json!({ "message": "401", "codexErrorInfo": "unauthorized" }));
    assert_eq!(login, "The agent is not logged in. Run `log in`.");
    let status = json!({ "responseStreamConnectionFailed": { "httpStatusCode": 401 } });
    assert_eq!(failed(json!({ "message": "no", "codexErrorInfo": status })), login);
    assert_eq!(failed(json!({ "message": "too much", "codexErrorInfo": "other" })), "The agent broke off: too much");
    let busy = failed(json!({ "message": "High demand.", "codexErrorInfo": "internalServerError" }));
    assert_eq!(busy, "The agent broke off: High demand. (internal server error)");
}

#[test]
fn questions_are_asked_one_by_one_and_answered_at_once() {
    let mut stage = in_turn();
    let question = |id: &str| json!({ "id": id, "header": "h", "question": id, "options": [{ "label": "Yes", "description": "d" }] });
    let params = json!({ "itemId": "i", "isBlocking": true, "questions": [question("one"), question("two")] });
    stage.says(&json!({ "id": 9, "method": "item/tool/requestUserInput", "params": params }));
    for note in [None, Some("rather no")] {
        let request = stage.open_requests().remove(0).id;
        let (option, note) = (Some("Yes".to_owned()), note.map(str::to_owned));
        stage.command(Command::Answer { request, option, note, input: None, message: None }).unwrap();
    }
    let answers = json!({ "one": { "answers": ["Yes"] }, "two": { "answers": ["rather no"] } });
    assert_eq!(stage.sent[0], json!({ "id": 9, "result": { "answers": answers } }));
}
