//! Recordings cut, interleaved and corrupted anywhere.

use proptest::prelude::*;
use qd_agents::driver::{Command, Signal};
use qd_agents::line::LineBuffer;
use qd_core::event::EventBody;
use serde_json::json;

use super::stage::{Stage, recording};
use super::{claude, codex};

/// The agent's half of a recording, as bytes.
fn bytes(name: &str) -> Vec<u8> {
    let path = |end: &str| format!("{name}.{end}.jsonl");
    let both = claude::BOTH_WAYS.contains(&name) || name.starts_with("codex-");
    if !both {
        return recording(&path("stdout")).join("\n").into_bytes();
    }
    let lines = recording(&path("io"));
    let agents = lines.iter().filter_map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        (line["dir"] == "<").then(|| line["msg"].to_string())
    });
    agents.collect::<Vec<_>>().join("\n").into_bytes()
}

fn opened(name: &str) -> Stage {
    if name.starts_with("codex-") { codex::opened() } else { claude::opened() }
}

/// Plays bytes in chunks; between them the person does something.
fn play(name: &str, bytes: &[u8], cuts: &[usize], deeds: &[u8]) -> Stage {
    let mut stage = opened(name);
    stage.command(Command::prompt("go")).unwrap();
    let mut lines = LineBuffer::new(1 << 20);
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.push(bytes.len());
    cuts.sort_unstable();
    let mut from = 0;
    for (at, cut) in cuts.into_iter().enumerate() {
        lines.push(&bytes[from..cut]);
        from = cut;
        while let Ok(Some(line)) = lines.next_line() {
            let line = line.to_vec();
            stage.line(&line);
        }
        let request = stage.open_requests().first().map(|request| request.id);
        let _ = match (deeds.get(at), request) {
            (Some(0), _) => stage.command(Command::CancelTurn),
            (Some(1), _) => stage.command(Command::prompt("more")),
            (Some(2), Some(request)) => stage.command(Command::answer(request, "allow")),
            (Some(3), Some(request)) => stage.command(Command::answer(request, "deny")),
            _ => Ok(()),
        };
    }
    stage
}

fn said(stage: &Stage) -> String {
    let said = |signal: &Signal| match signal {
        Signal::Event(EventBody::Text { text }) => Some(text.clone()),
        _ => None,
    };
    stage.told.iter().filter_map(said).collect()
}

fn names() -> Vec<&'static str> {
    claude::ALL.iter().chain(codex::ALL).map(|(name, _)| *name).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn where_the_bytes_are_cut_changes_nothing(which in 0usize..64, cuts in prop::collection::vec(any::<usize>(), 0..12)) {
        let names = names();
        let name = names[which % names.len()];
        let bytes = bytes(name);
        let (whole, cut) = (play(name, &bytes, &[], &[]), play(name, &bytes, &cuts, &[]));
        prop_assert_eq!(whole.told, cut.told);
    }

    #[test]
    fn what_is_lost_at_the_end_is_all_that_is_lost(which in 0usize..64, end in any::<usize>()) {
        let names = names();
        let name = names[which % names.len()];
        let bytes = bytes(name);
        let (whole, cut) = (play(name, &bytes, &[], &[]), play(name, &bytes[..end % bytes.len()], &[], &[]));
        prop_assert!(cut.told.len() <= whole.told.len());
        prop_assert!(said(&whole).starts_with(&said(&cut)));
        prop_assert!(cut.stops().len() <= whole.stops().len(), "no end of a turn is invented");
    }

    #[test]
    fn corrupted_bytes_break_nothing_and_end_no_turn_that_did_not_end(
        which in 0usize..64,
        flips in prop::collection::vec((any::<usize>(), any::<u8>()), 1..24),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
        deeds in prop::collection::vec(0u8..5, 0..12),
    ) {
        let names = names();
        let name = names[which % names.len()];
        let mut bytes = bytes(name);
        let len = bytes.len();
        for (at, byte) in flips {
            bytes[at % len] = byte;
        }
        let stage = play(name, &bytes, &cuts, &deeds);
        let broken = stage.told.iter().filter(|signal| matches!(signal, Signal::Broken { .. })).count();
        prop_assert!(broken <= 1);
        let whole = play(name, &self::bytes(name), &[], &[]);
        // Each prompt of the person may end a turn of its own.
        let prompts = deeds.into_iter().filter(|deed| *deed == 1).count();
        prop_assert!(stage.stops().len() <= whole.stops().len() + prompts);
    }
}

#[test]
fn counts_beyond_all_bounds_are_the_most_there_is() {
    let mut stage = claude::opened();
    let all = json!({ "input_tokens": u64::MAX, "cache_read_input_tokens": 1, "output_tokens": u64::MAX });
    let model = json!({ "inputTokens": u64::MAX, "cacheReadInputTokens": u64::MAX, "outputTokens": 1 });
    let result = json!({ "type": "result", "subtype": "success", "is_error": false });
    for (name, counts) in [("usage", all), ("model_usage_since_last_result", json!({ "a": model.clone(), "b": model }))]
    {
        stage.command(Command::prompt("go")).unwrap();
        let mut result = result.clone();
        result[name] = counts;
        stage.says(&result);
        let Some(Signal::Event(EventBody::TurnEnded { used, .. })) = stage.told.last() else { panic!("{name}") };
        assert_eq!(used.input, Some(u64::MAX), "{name}");
    }
}

#[test]
fn two_questions_of_one_name_are_two_questions() {
    let question = json!({ "id": "same", "question": "Same?", "options": [{ "label": "Yes" }] });
    let questions = json!({ "questions": [question, question] });
    let tool = json!({ "subtype": "can_use_tool", "tool_name": "AskUserQuestion", "input": questions });
    let of_claude = json!({ "type": "control_request", "request_id": "q", "request": tool });
    let of_codex = json!({ "id": 9, "method": "item/tool/requestUserInput", "params": questions });
    for (mut stage, asks) in [(claude::opened(), of_claude), (codex::opened(), of_codex)] {
        stage.command(Command::prompt("go")).unwrap();
        stage.says(&asks);
        for _ in 0..2 {
            let request = stage.open_requests().remove(0).id;
            stage.command(Command::answer(request, "Yes")).unwrap();
        }
        assert!(stage.open_requests().is_empty());
    }
}

/// JSON is read to a depth of 128: an event that holds the line must not be the one that nobody can read.
#[test]
fn what_nests_deeper_than_the_log_is_read_is_outside_the_protocol() {
    for (protocol, mut stage) in [("claude", claude::opened()), ("codex", codex::opened())] {
        for depth in [90, 110, 126] {
            let nested = format!("{}\"]{{\\\"\"{}", "[".repeat(depth), "]".repeat(depth));
            stage.line(format!(r#"{{"type":"new","method":"new","params":{nested}}}"#).as_bytes());
            let Some(Signal::Event(event)) = stage.told.last() else { panic!("{protocol}") };
            assert_eq!(matches!(event, EventBody::Unknown { .. }), depth == 90, "{protocol} {depth}");
            let written = serde_json::to_string(event).unwrap();
            assert!(serde_json::from_str::<EventBody>(&written).is_ok(), "{protocol} {depth}");
        }
    }
}
