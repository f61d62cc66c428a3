//! What Claude Code asks, and what the answers become.

use qd_agents::driver::{Command, Refused};
use qd_core::event::OptionEffect;
use serde_json::{Value, json};

use super::claude::opened;
use super::stage::Stage;

fn asks(stage: &mut Stage, id: &str, tool: &str, input: &Value, suggestions: &Value) {
    let request = json!({
        "subtype": "can_use_tool", "tool_name": tool, "input": input, "tool_use_id": "t1",
        "permission_suggestions": suggestions,
    });
    stage.says(&json!({ "type": "control_request", "request_id": id, "request": request }));
}

fn in_turn() -> Stage {
    let mut stage = opened();
    stage.command(Command::prompt("go")).unwrap();
    stage.sent.clear();
    stage
}

fn answer(stage: &mut Stage, option: &str, note: Option<&str>, input: Option<Value>) {
    let request = stage.open_requests().remove(0).id;
    let (option, note) = (Some(option.to_owned()), note.map(str::to_owned));
    stage.command(Command::Answer { request, option, note, input, message: None }).unwrap();
}

#[test]
fn a_no_carries_the_reason_and_a_yes_the_edited_command() {
    let mut stage = in_turn();
    asks(&mut stage, "a", "Bash", &json!({ "command": "rm -rf build" }), &Value::Null);
    let request = stage.open_requests().remove(0);
    assert_eq!((request.title.as_str(), request.takes_note), ("rm -rf build", true));
    assert_eq!(request.input, Some(json!({ "command": "rm -rf build" })));
    answer(&mut stage, "deny", Some("Keep the cache."), None);
    let said = &stage.sent.remove(0)["response"]["response"];
    assert_eq!(*said, json!({ "behavior": "deny", "message": "Keep the cache." }));

    asks(&mut stage, "b", "Bash", &json!({ "command": "make all" }), &Value::Null);
    answer(&mut stage, "allow", None, Some(json!({ "command": "make one" })));
    let said = &stage.sent.remove(0)["response"]["response"];
    assert_eq!(*said, json!({ "behavior": "allow", "updatedInput": { "command": "make one" } }));
}

#[test]
fn always_says_how_far_it_reaches_and_hands_the_rule_on() {
    let rules = json!([{
        "type": "addRules", "destination": "localSettings", "behavior": "allow",
        "rules": [{ "toolName": "Bash", "ruleContent": "make:*" }],
    }]);
    let mut stage = in_turn();
    asks(&mut stage, "a", "Bash", &json!({ "command": "make" }), &rules);
    let request = stage.open_requests().remove(0);
    let always = request.options.iter().find(|option| option.effect == OptionEffect::AllowAlways).unwrap();
    assert_eq!(always.detail.as_deref(), Some("Bash(make:*) in this project"));
    answer(&mut stage, "always", None, None);
    assert_eq!(stage.sent.remove(0)["response"]["response"]["updatedPermissions"], rules);
}

#[test]
fn questions_are_asked_one_by_one_and_answered_at_once() {
    let question = |text: &str| {
        json!({ "question": text, "header": "h", "options": [
            { "label": "Tabs", "description": "wide" }, { "label": "Spaces", "description": "even" },
        ] })
    };
    let mut stage = in_turn();
    let input = json!({ "questions": [question("Indent with?"), question("And in YAML?")] });
    asks(&mut stage, "q", "AskUserQuestion", &input, &Value::Null);
    let first = stage.open_requests();
    assert_eq!((first.len(), first[0].title.as_str(), first[0].question), (1, "Indent with?", true));
    assert_eq!(first[0].options[1].detail.as_deref(), Some("even"));
    answer(&mut stage, "Tabs", None, None);
    assert!(stage.sent.is_empty(), "the second one is open");
    answer(&mut stage, "Spaces", Some("Two of them."), None);
    let said = &stage.sent.remove(0)["response"]["response"]["updatedInput"];
    assert_eq!(said["answers"], json!({ "Indent with?": "Tabs", "And in YAML?": "Two of them." }));
    assert_eq!(said["questions"], input["questions"]);
}

#[test]
fn an_interrupt_withdraws_what_is_asked() {
    let mut stage = in_turn();
    asks(&mut stage, "a", "Bash", &json!({ "command": "sleep 9" }), &Value::Null);
    let request = stage.open_requests().remove(0).id;
    stage.command(Command::CancelTurn).unwrap();
    assert!(stage.open_requests().is_empty());
    assert_eq!(stage.sent[0]["request"]["subtype"], "interrupt");
    let late = stage.command(Command::answer(request, "allow"));
    assert_eq!(late, Err(Refused::NoSuchRequest));
    stage.says(&json!({ "type": "result", "subtype": "error_during_execution", "is_error": true }));
    assert_eq!(stage.stops(), ["cancelled"]);
}

#[test]
fn what_is_said_into_a_turn_and_came_too_late_is_a_turn_that_follows() {
    let mut stage = in_turn();
    stage.command(Command::Steer { text: "rather this".to_owned() }).unwrap();
    stage.says(&json!({ "type": "result", "subtype": "success", "is_error": false, "queued_turn_count": 1 }));
    assert!(stage.stops().is_empty());
    stage.says(&json!({ "type": "result", "subtype": "success", "is_error": false, "queued_turn_count": 0 }));
    assert_eq!(stage.stops(), ["end_turn"]);
    assert_eq!(stage.command(Command::Steer { text: "late".to_owned() }), Err(Refused::NotSteered));
}
