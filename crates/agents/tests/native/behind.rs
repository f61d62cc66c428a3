//! What Claude Code does behind a result: messages that came too late for it, helpers and commands in the background.

use qd_agents::driver::{Command, Signal};
use qd_core::event::{EventBody, ToolContent, ToolStatus, ToolUpdate};
use serde_json::{Value, json};

use super::claude::{opened, play};
use super::stage::Stage;

fn stands(stage: &mut Stage, how: &str) {
    stage.says(&json!({ "type": "system", "subtype": "session_state_changed", "state": how }));
}

fn result(stage: &mut Stage, input: u64) {
    let model = json!({ "inputTokens": input, "outputTokens": 1, "costUSD": 0.25 });
    stage.says(&json!({
        "type": "result", "subtype": "success", "is_error": false, "queued_turn_count": 0,
        "model_usage_since_last_result": { "model": model },
    }));
}

fn became(stage: &mut Stage, message: &Value, what: &str) {
    stage.says(&json!({ "type": "command_lifecycle", "command_uuid": message, "state": what }));
}

/// The id of what was said last.
fn said(stage: &Stage) -> Value {
    stage.sent.iter().rfind(|sent| sent["type"] == "user").unwrap()["uuid"].clone()
}

/// A turn whose prompt is being worked on.
fn in_turn() -> Stage {
    let mut stage = opened();
    stage.command(Command::prompt("go")).unwrap();
    stands(&mut stage, "running");
    let prompt = said(&stage);
    became(&mut stage, &prompt, "started");
    stage
}

fn tools(stage: &Stage) -> Vec<&ToolUpdate> {
    let tool = |signal| match signal {
        &Signal::Event(EventBody::Tool(ref update)) => Some(update),
        _ => None,
    };
    stage.told.iter().filter_map(tool).collect()
}

#[test]
fn a_turn_is_over_when_the_program_rests_and_used_what_all_of_its_runs_used() {
    let mut stage = in_turn();
    result(&mut stage, 10);
    assert!(stage.stops().is_empty());
    result(&mut stage, 5);
    stands(&mut stage, "idle");
    assert_eq!(stage.stops(), ["end_turn"]);
    let Some(Signal::Event(EventBody::TurnEnded { used, .. })) = stage.told.last() else { panic!() };
    assert_eq!((used.input, used.output, used.cost_usd), (Some(15), Some(2), Some(0.5)));
    stands(&mut stage, "idle");
    assert_eq!(stage.stops().len(), 1);
}

#[test]
fn what_is_said_too_late_for_a_result_holds_the_turn_also_where_no_state_is_told() {
    let mut stage = opened();
    stage.command(Command::prompt("go")).unwrap();
    let prompt = said(&stage);
    became(&mut stage, &prompt, "started");
    stage.command(Command::Steer { text: "rather this".to_owned() }).unwrap();
    let steer = said(&stage);
    assert_ne!(prompt, steer);
    result(&mut stage, 1);
    assert!(stage.stops().is_empty(), "the message was not read");
    became(&mut stage, &steer, "started");
    result(&mut stage, 1);
    assert_eq!(stage.stops(), ["end_turn"]);
}

#[test]
fn an_echo_says_as_well_that_a_message_is_read() {
    let mut stage = in_turn();
    stage.command(Command::Steer { text: "rather this".to_owned() }).unwrap();
    let steer = said(&stage);
    stage.says(&json!({ "type": "user", "isReplay": true, "uuid": steer, "message": { "content": "rather this" } }));
    result(&mut stage, 1);
    stands(&mut stage, "idle");
    assert_eq!(stage.stops(), ["end_turn"]);
}

#[test]
fn a_rest_from_before_the_prompt_ends_nothing() {
    let mut stage = in_turn();
    result(&mut stage, 1);
    stands(&mut stage, "idle");
    stage.command(Command::prompt("next")).unwrap();
    let prompt = said(&stage);
    stands(&mut stage, "running");
    result(&mut stage, 1);
    stands(&mut stage, "idle");
    assert_eq!(stage.stops().len(), 1, "that was a run of the program's own");
    became(&mut stage, &prompt, "started");
    result(&mut stage, 1);
    stands(&mut stage, "idle");
    assert_eq!(stage.stops().len(), 2);
}

#[test]
fn an_interrupt_drops_what_was_not_read_and_says_so() {
    let mut stage = in_turn();
    stage.command(Command::Steer { text: "rather this".to_owned() }).unwrap();
    let steer = said(&stage);
    stage.command(Command::CancelTurn).unwrap();
    let interrupt = &stage.sent.last().unwrap()["request"];
    assert_eq!(*interrupt, json!({ "subtype": "interrupt", "cancel_queued": true }));
    stands(&mut stage, "idle");
    assert!(stage.stops().is_empty());
    became(&mut stage, &steer, "cancelled");
    assert_eq!(stage.stops(), ["cancelled"]);
    let noted =
        |signal: &Signal| matches!(signal, Signal::Event(EventBody::Note { text }) if text.contains("before it read"));
    assert_eq!(stage.told.iter().filter(|signal| noted(signal)).count(), 1);
}

#[test]
fn a_helper_in_the_background_runs_until_its_report_and_the_turn_waits_for_it() {
    let mut stage = in_turn();
    let content = json!([{ "type": "tool_use", "id": "h", "name": "Agent", "input": { "description": "Look" } }]);
    stage.says(&json!({ "type": "assistant", "message": { "id": "m", "model": "model", "content": content } }));
    let launched = json!([{ "type": "tool_result", "tool_use_id": "h", "content": "Never quote this." }]);
    stage.says(&json!({
        "type": "user", "message": { "content": launched },
        "tool_use_result": { "isAsync": true, "status": "async_launched" },
    }));
    result(&mut stage, 1);
    let update = tools(&stage).last().copied().unwrap();
    assert_eq!((update.title.as_deref(), update.status), (Some("Look"), Some(ToolStatus::Running)));
    stage.says(&json!({
        "type": "system", "subtype": "task_notification", "tool_use_id": "h", "status": "completed", "summary": "Seen.",
    }));
    let update = tools(&stage).last().copied().unwrap();
    assert_eq!(update.status, Some(ToolStatus::Completed));
    assert_eq!(update.content, Some(vec![ToolContent::Text { text: "Seen.".to_owned() }]));
    assert!(stage.stops().is_empty());
    result(&mut stage, 1);
    stands(&mut stage, "idle");
    assert_eq!(stage.stops(), ["end_turn"]);
    assert_eq!(tools(&stage).last().unwrap().status, Some(ToolStatus::Completed));
}

#[test]
fn a_failure_in_a_run_that_nobody_waits_for_is_a_remark() {
    let mut stage = in_turn();
    result(&mut stage, 1);
    stands(&mut stage, "idle");
    stands(&mut stage, "running");
    stage.says(&json!({ "type": "result", "subtype": "success", "is_error": true, "result": "API Error: 529" }));
    let Some(Signal::Event(EventBody::Note { text })) = stage.told.last() else { panic!() };
    assert!(text.contains("API Error: 529"), "{text}");
    stands(&mut stage, "idle");
    stage.command(Command::prompt("again")).unwrap();
}

#[test]
fn the_recorded_turns_end_once_each_and_nothing_is_left_open() {
    let stage = play("claude-behind-the-result");
    let ends =
        ["end_turn", "end_turn", "end_turn", "end_turn", "end_turn", "cancelled", "cancelled", "end_turn", "end_turn"];
    assert_eq!(stage.stops(), ends);
    assert!(stage.open_requests().is_empty());
    let mut open = std::collections::BTreeMap::new();
    for update in tools(&stage) {
        if let Some(status) = update.status {
            open.insert(update.id.clone(), status);
        }
    }
    assert!(open.values().all(|status| matches!(status, ToolStatus::Completed | ToolStatus::Failed)), "{open:?}");
}
