//! The driver against a scripted agent: what the protocol allows and what agents do beside it.

#![expect(clippy::unwrap_used, reason = "a test may fail anywhere")]

use qd_agents::acp::Acp;
use qd_agents::catalogue::{Modes, Quirks};
use qd_agents::driver::{AgentDriver as _, Command, Outbox, Signal, Start};
use qd_agents::link::{LONGEST_LINE, Link, LinkError};
use qd_core::event::{Abilities, EventBody, TurnUsage};
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt as _, duplex, split};

/// A driver whose agent is the test.
struct Script {
    driver: Acp,
    out: Outbox,
}

impl Script {
    fn begun(change: impl FnOnce(&mut Start)) -> Self {
        let mut start = Start {
            title: "Robot".to_owned(),
            cwd: "/w".into(),
            resume: None,
            spent: None,
            fork: None,
            permission: qd_core::row::Permission::Ask,
            model: None,
            seed: "s.1".to_owned(),
            login: Some("robot login".to_owned()),
            quirks: Quirks { modes: Modes { ask: Some("careful"), ..Modes::default() }, ..Quirks::default() },
        };
        change(&mut start);
        let mut script = Self { driver: Acp::new(start), out: Outbox::default() };
        script.driver.begin(&mut script.out);
        script
    }

    /// A driver with an open conversation in the middle of a turn.
    fn in_turn() -> Self {
        let mut script = Self::begun(|start| start.quirks.modes = Modes::default());
        script.sent();
        script.says(&json!({ "id": 1, "result": { "protocolVersion": 1 } }));
        script.says(&json!({ "id": 2, "result": { "sessionId": "c" } }));
        script.driver.command(Command::prompt("go".to_owned()), &mut script.out).unwrap();
        script.sent();
        script.told();
        script
    }

    fn says(&mut self, message: &Value) {
        self.driver.line(message.to_string().as_bytes(), &mut self.out);
    }

    fn updates(&mut self, update: &Value) {
        self.says(&json!({ "method": "session/update", "params": { "sessionId": "c", "update": update } }));
    }

    fn sent(&mut self) -> Vec<Value> {
        let bytes = self.out.take_bytes();
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    fn told(&mut self) -> Vec<Signal> {
        self.out.take_signals()
    }
}

fn event(body: EventBody) -> Signal {
    Signal::Event(body)
}

#[test]
fn nothing_is_offered_and_the_mode_and_the_model_are_set_before_the_first_prompt() {
    let mut script = Script::begun(|start| start.model = Some("big".to_owned()));
    let initialize = &script.sent()[0];
    let capabilities = json!({ "fs": { "readTextFile": false, "writeTextFile": false }, "terminal": false });
    assert_eq!(initialize["params"]["clientCapabilities"], capabilities);
    script.says(
        &json!({ "id": 1, "result": { "protocolVersion": 1, "agentInfo": { "name": "robot", "version": "2" } } }),
    );
    assert_eq!(script.sent()[0]["params"], json!({ "cwd": "/w", "mcpServers": [] }));
    let offered = json!({ "currentModeId": "wild", "availableModes": [{ "id": "careful", "name": "C" }, { "id": "wild", "name": "W" }] });
    let model = json!({ "id": "m", "name": "M", "category": "model", "type": "select", "currentValue": "small",
        "options": [{ "group": "g", "name": "G", "options": [{ "value": "big", "name": "B" }] }] });
    script.says(&json!({ "id": 2, "result": { "sessionId": "c", "modes": offered, "configOptions": [model] } }));
    let mode = script.sent().remove(0);
    assert_eq!((&mode["method"], &mode["params"]["modeId"]), (&json!("session/set_mode"), &json!("careful")));
    script.says(&json!({ "id": 3, "result": {} }));
    let setting = script.sent().remove(0);
    assert_eq!(setting["params"], json!({ "sessionId": "c", "configId": "m", "value": "big" }));
    script.told();
    script.says(&json!({ "id": 4, "error": { "code": -32602, "message": "no" } }));
    let note = EventBody::Note { text: "Robot refused the model big: no".to_owned() };
    assert_eq!(
        script.told(),
        [event(note), Signal::Ready { program: Some("robot 2".to_owned()), can: Abilities::default() }]
    );
}

#[test]
fn a_mode_that_is_not_offered_is_said() {
    let mut script = Script::begun(|_| {});
    script.says(&json!({ "id": 1, "result": { "protocolVersion": 1 } }));
    script.says(&json!({ "id": 2, "result": { "sessionId": "c" } }));
    let note = EventBody::Note { text: "Robot does not offer the mode careful; it keeps its own choice.".to_owned() };
    assert!(script.told().contains(&event(note)));
}

#[test]
fn a_login_that_is_missing_names_its_command() {
    let mut script = Script::begun(|_| {});
    script.says(&json!({ "id": 1, "result": { "protocolVersion": 1 } }));
    script.says(&json!({ "id": 2, "error": { "code": -32000, "message": "Authentication required" } }));
    let reason =
        "Robot is not logged in, or its key was refused (Authentication required). Run `robot login`.".to_owned();
    assert_eq!(script.told(), [Signal::Broken { reason }]);
}

#[test]
fn another_version_of_the_protocol_is_refused() {
    let mut script = Script::begun(|_| {});
    script.says(&json!({ "id": 1, "result": { "protocolVersion": 2 } }));
    let reason = "Robot speaks version 2 of the protocol; version 1 is needed.".to_owned();
    assert_eq!(script.told(), [Signal::Broken { reason }]);
}

#[test]
fn an_agent_that_cannot_resume_begins_anew_and_says_so() {
    let mut script = Script::begun(|start| start.resume = Some("old".to_owned()));
    script.sent();
    script.says(&json!({ "id": 1, "result": { "protocolVersion": 1 } }));
    assert_eq!(script.sent()[0]["method"], "session/new");
    assert!(
        matches!(&script.told()[..], [Signal::Event(EventBody::Note { text })] if text.contains("this is a new one"))
    );
}

#[test]
fn what_nobody_knows_is_kept_raw() {
    let mut script = Script::in_turn();
    let update = json!({ "sessionUpdate": "hologram", "x": 1 });
    script.updates(&update);
    script.says(&json!({ "method": "future/news", "params": { "y": 2 } }));
    script.says(&json!({ "method": "_vendor/private", "params": {} }));
    let news = json!({ "method": "future/news", "params": { "y": 2 } });
    assert_eq!(script.told(), [event(EventBody::Unknown { raw: update }), event(EventBody::Unknown { raw: news })]);
    script.says(&json!({ "id": 3, "result": { "stopReason": "tired" } }));
    assert_eq!(script.told(), [event(EventBody::TurnEnded { stop: "tired".to_owned(), used: TurnUsage::default() })]);
}

#[test]
fn requests_that_were_not_offered_are_answered_with_errors() {
    let mut script = Script::in_turn();
    for method in ["fs/write_text_file", "terminal/create", "vendor/queue"] {
        script.says(&json!({ "id": method, "method": method, "params": {} }));
    }
    let answers: Vec<_> =
        script.sent().into_iter().map(|answer| (answer["id"].clone(), answer["error"]["code"].clone())).collect();
    let refused = |method: &str| (json!(method), json!(-32601));
    assert_eq!(answers, [refused("fs/write_text_file"), refused("terminal/create"), refused("vendor/queue")]);
    script.says(&json!({ "id": 7, "method": "session/request_permission", "params": { "sessionId": "c" } }));
    assert_eq!(script.sent()[0]["error"]["code"], -32602);
    let empty = json!({ "sessionId": "c", "toolCall": { "toolCallId": "t" }, "options": [] });
    script.says(&json!({ "id": 8, "method": "session/request_permission", "params": empty }));
    assert_eq!(script.sent()[0]["result"]["outcome"]["outcome"], "cancelled");
}

#[test]
fn a_request_that_the_agent_takes_back_is_withdrawn() {
    let mut script = Script::in_turn();
    let options = json!([{ "optionId": "y", "name": "Yes", "kind": "allow_once" }]);
    let params = json!({ "sessionId": "c", "toolCall": { "toolCallId": "t", "title": "Dig" }, "options": options });
    script.says(&json!({ "id": 9, "method": "session/request_permission", "params": params }));
    script.told();
    script.says(&json!({ "method": "$/cancel_request", "params": { "requestId": 9 } }));
    assert!(matches!(&script.told()[..], [Signal::Event(EventBody::Answered { option: None, .. })]));
    assert_eq!(script.sent()[0]["error"]["code"], -32800);
}

#[test]
fn lines_that_are_no_protocol_are_noted_up_to_a_bound() {
    let mut script = Script::in_turn();
    for _ in 0..100 {
        script.driver.line(b"Loading \xff model...", &mut script.out);
    }
    let told = script.told();
    assert_eq!(told.len(), 51);
    let note = EventBody::Note { text: "Robot wrote outside its protocol: Loading \u{fffd} model...".to_owned() };
    assert_eq!(told[0], event(note));
}

#[test]
fn deltas_that_wait_together_are_one_event_and_two_messages_two_paragraphs() {
    let mut script = Script::in_turn();
    for (id, text) in [("a", "One "), ("a", "two."), ("b", "Three.")] {
        let content = json!({ "type": "text", "text": text });
        script.updates(&json!({ "sessionUpdate": "agent_message_chunk", "messageId": id, "content": content }));
    }
    assert_eq!(script.told(), [event(EventBody::Text { text: "One two.\n\nThree.".to_owned() })]);
}

#[test]
fn a_call_that_the_agent_forgets_has_failed_when_the_turn_is_over() {
    let mut script = Script::in_turn();
    script.updates(&json!({ "sessionUpdate": "tool_call", "toolCallId": "t", "title": "Dig" }));
    script.updates(&json!({ "sessionUpdate": "tool_call", "toolCallId": "u", "title": "Rest", "status": "completed" }));
    script.updates(&json!({ "sessionUpdate": "tool_call_update", "toolCallId": "u", "title": "Rested" }));
    script.told();
    script.says(&json!({ "id": 3, "result": { "stopReason": "end_turn" } }));
    let told = serde_json::to_value(match &script.told()[0] {
        Signal::Event(body) => body.clone(),
        other => EventBody::Note { text: format!("{other:?}") },
    });
    assert_eq!(told.unwrap(), json!({ "kind": "tool", "id": "t", "status": "failed" }));
}

#[tokio::test]
async fn a_line_without_an_end_is_a_clear_failure_and_not_a_full_memory() {
    let (ours, theirs) = duplex(1 << 20);
    let script = Script::begun(|_| {});
    let (reader, writer) = split(ours);
    let mut link = Link::open(Box::new(script.driver), reader, writer);
    let (_listening, mut agent) = split(theirs);
    let chunk = vec![b'x'; 1 << 20];
    let flood = async {
        // It ends when the other side stops to read.
        while agent.write_all(&chunk).await.is_ok() {}
    };
    let error = tokio::select! {
        error = async { loop { if let Err(error) = link.next().await { break error } } } => error,
        () = flood => unreachable!("the flood has no end"),
    };
    assert!(matches!(&error, LinkError::TooLong(bound) if bound.limit == LONGEST_LINE));
    assert_eq!(error.to_string(), "the agent wrote a line of more than 67108864 bytes");
}

#[test]
fn mentioned_files_go_along_as_links() {
    let mut script = Script::begun(|start| start.quirks.modes = Modes::default());
    script.says(&json!({ "id": 1, "result": { "protocolVersion": 1 } }));
    script.says(&json!({ "id": 2, "result": { "sessionId": "c" } }));
    script.sent();
    let (text, files) = ("see @\"my notes.md\"".to_owned(), vec!["/w/my notes.md".into()]);
    script.driver.command(Command::Prompt { text: text.clone(), images: Vec::new(), files }, &mut script.out).unwrap();
    let link = json!({ "type": "resource_link", "uri": "file:///w/my%20notes.md", "name": "my notes.md" });
    assert_eq!(script.sent()[0]["params"]["prompt"], json!([{ "type": "text", "text": text }, link]));
}

#[test]
fn a_complaint_that_used_nothing_is_a_failure_where_the_agent_tells_errors_so() {
    let ends = |errors_as_text: bool, usage: Value| {
        let mut script = Script::begun(|start| {
            start.quirks = Quirks { errors_as_text, ..Quirks::default() };
        });
        script.says(&json!({ "id": 1, "result": { "protocolVersion": 1 } }));
        script.says(&json!({ "id": 2, "result": { "sessionId": "c" } }));
        script.driver.command(Command::prompt("go"), &mut script.out).unwrap();
        let content = json!({ "type": "text", "text": "Error: status 429" });
        script.updates(&json!({ "sessionUpdate": "agent_message_chunk", "content": content }));
        script.told();
        script.says(&json!({ "id": 3, "result": { "stopReason": "end_turn", "usage": usage } }));
        script.told()
    };
    let used = json!({ "inputTokens": 10, "outputTokens": 1, "totalTokens": 11 });
    let failed = Signal::Broken { reason: "Robot broke off: Error: status 429".to_owned() };
    assert_eq!(ends(true, Value::Null), [failed]);
    for (quirk, usage) in [(true, used), (false, Value::Null)] {
        let ended = ends(quirk, usage);
        assert!(matches!(ended.last(), Some(Signal::Event(EventBody::TurnEnded { .. }))), "{ended:?}");
    }
}

#[test]
fn what_the_permission_allows_is_answered_at_once_and_the_rest_is_asked() {
    use qd_core::row::Permission;
    let asked = |permission: Permission, kind: &str, path: &str| {
        let mut script = Script::begun(|start| {
            start.permission = permission;
            start.quirks = Quirks::default();
        });
        script.says(&json!({ "id": 1, "result": { "protocolVersion": 1 } }));
        script.says(&json!({ "id": 2, "result": { "sessionId": "c" } }));
        script.driver.command(Command::prompt("go"), &mut script.out).unwrap();
        script.sent();
        let call = json!({ "toolCallId": "t", "title": "it", "kind": kind, "locations": [{ "path": path }] });
        let options = json!([
            { "optionId": "always", "name": "Always", "kind": "allow_always" },
            { "optionId": "once", "name": "Once", "kind": "allow_once" },
        ]);
        let params = json!({ "sessionId": "c", "toolCall": call, "options": options });
        script.says(&json!({ "id": 7, "method": "session/request_permission", "params": params }));
        let asked = script.told().iter().any(|signal| matches!(signal, Signal::Event(EventBody::Asked { .. })));
        let answers = script.sent();
        assert_eq!(answers.is_empty(), asked);
        assert!(answers.iter().all(|answer| answer["result"]["outcome"]["optionId"] == "once"), "{answers:?}");
        asked
    };
    assert!(asked(Permission::Ask, "edit", "/w/a"));
    assert!(!asked(Permission::Edit, "edit", "/w/a"));
    assert!(asked(Permission::Edit, "edit", "/etc/a"));
    assert!(asked(Permission::Edit, "execute", "/w"));
    assert!(!asked(Permission::Everything, "execute", "/w"));
}

#[test]
fn counts_beyond_all_bounds_are_the_most_there_is() {
    let mut script = Script::in_turn();
    let usage = json!({ "inputTokens": u64::MAX, "cachedReadTokens": u64::MAX, "outputTokens": 1, "totalTokens": 1 });
    script.says(&json!({ "id": 3, "result": { "stopReason": "end_turn", "usage": usage } }));
    let ended = script.told().into_iter().find_map(|signal| match signal {
        Signal::Event(EventBody::TurnEnded { used, .. }) => Some(used),
        _ => None,
    });
    assert_eq!(ended.unwrap().input, Some(u64::MAX));
}
