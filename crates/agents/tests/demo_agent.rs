//! The demo agent, driven end to end by the driver over an in-memory pipe: both sides meet only in the protocol.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail anywhere")]

use qd_agents::acp::Acp;
use qd_agents::catalogue::Quirks;
use qd_agents::demo_agent::{Settings, run};
use qd_agents::driver::{Command, Refused, Signal, Start};
use qd_agents::link::Link;
use qd_core::event::{EventBody, OptionEffect, Request, ToolContent, ToolKind, ToolStatus, ToolUpdate};
use qd_core::ids::Millis;
use serde_json::json;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::task::JoinSet;

const TASK: &str = "# A clock\n\n- [ ] show the hour\n- [x] be round\n- [ ] show the minute\n";

struct Stage {
    folder: TempDir,
    home: TempDir,
    tasks: JoinSet<u8>,
}

type Wire = Link<ReadHalf<DuplexStream>, WriteHalf<DuplexStream>>;

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tasks")).unwrap();
        fs::write(folder.path().join("tasks/clock.md"), TASK).unwrap();
        Self { folder, home: tempfile::tempdir().unwrap(), tasks: JoinSet::new() }
    }

    fn cwd(&self) -> &Path {
        self.folder.path()
    }

    fn agent(&mut self, resume: Option<&str>) -> Wire {
        let path = OsString::from("/usr/bin:/bin:/usr/local/bin");
        let settings = Settings {
            step: Duration::ZERO,
            home: self.home.path().to_owned(),
            fails_at_start: false,
            mark: "the-session.1".to_owned(),
            env: BTreeMap::from([(OsString::from("PATH"), path)]),
            now: Millis(1_795_305_600_000),
        };
        let (ours, theirs) = duplex(64 << 10);
        self.tasks.spawn(async move {
            let (input, output) = split(theirs);
            run(input, output, settings).await.unwrap()
        });
        let start = Start {
            title: "Demo agent".to_owned(),
            cwd: self.cwd().to_owned(),
            resume: resume.map(str::to_owned),
            spent: None,
            fork: None,
            permission: qd_core::row::Permission::Ask,
            model: Some("scripted-slow".to_owned()),
            seed: "s.1".to_owned(),
            login: None,
            quirks: Quirks::default(),
        };
        let (reader, writer) = split(ours);
        Link::open(Box::new(Acp::new(start)), reader, writer)
    }
}

/// Reads events until one matches; returns all of them.
async fn until(link: &mut Wire, matches: impl Fn(&Signal) -> bool) -> Vec<Signal> {
    let mut all = Vec::new();
    loop {
        let signals = link.next().await.unwrap().expect("the agent closed its output");
        let found = signals.iter().any(&matches);
        all.extend(signals);
        if found {
            return all;
        }
    }
}

fn is_ready(signal: &Signal) -> bool {
    matches!(signal, Signal::Ready { .. })
}

fn is_asked(signal: &Signal) -> bool {
    matches!(signal, Signal::Event(EventBody::Asked { .. }))
}

fn is_turn_end(signal: &Signal) -> bool {
    matches!(signal, Signal::Event(EventBody::TurnEnded { .. }))
}

fn request(signals: &[Signal]) -> Request {
    let found = signals.iter().find_map(|signal| match signal {
        Signal::Event(EventBody::Asked { request }) => Some(request.clone()),
        _ => None,
    });
    found.expect("nothing was asked")
}

fn said(signals: &[Signal]) -> String {
    let text = signals.iter().filter_map(|signal| match signal {
        Signal::Event(EventBody::Text { text }) => Some(text.as_str()),
        _ => None,
    });
    text.collect()
}

fn stop(signals: &[Signal]) -> &str {
    match signals.last() {
        Some(Signal::Event(EventBody::TurnEnded { stop, .. })) => stop,
        other => panic!("the turn did not end: {other:?}"),
    }
}

fn tools(signals: &[Signal]) -> Vec<&ToolUpdate> {
    signals
        .iter()
        .filter_map(|signal| match signal {
            Signal::Event(EventBody::Tool(tool)) => Some(tool),
            _ => None,
        })
        .collect()
}

fn prompt(link: &mut Wire, text: &str) {
    link.command(Command::prompt(text.to_owned())).unwrap();
}

fn choose(link: &mut Wire, request: &Request, option: &str) {
    let option = Some(option.to_owned());
    link.command(Command::Answer { request: request.id, option, note: None, input: None, message: None }).unwrap();
}

#[tokio::test]
async fn a_task_is_implemented_with_real_edits_one_permission_and_ticked_boxes() {
    let mut stage = Stage::new();
    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    prompt(&mut link, "Kind: implement\nTask document: tasks/clock.md\n");

    let before = until(&mut link, is_asked).await;
    let asked = request(&before);
    assert_eq!(asked.detail.as_deref(), Some("git status --short"));
    assert!(!asked.question);
    let effects: Vec<_> = asked.options.iter().map(|option| option.effect).collect();
    assert_eq!(effects, [OptionEffect::AllowOnce, OptionEffect::AllowAlways, OptionEffect::RejectOnce]);
    assert_eq!(asked.tool.as_deref(), tools(&before).last().map(|tool| tool.id.as_str()));

    choose(&mut link, &asked, "allow");
    let after = until(&mut link, is_turn_end).await;
    assert_eq!(stop(&after), "end_turn");
    assert!(said(&after).contains("scripted, no model"));

    let text = fs::read_to_string(stage.cwd().join("tasks/clock.md")).unwrap();
    assert_eq!(text, TASK.replace("[ ]", "[x]"));
    let note = fs::read_to_string(stage.cwd().join("demo-notes/clock.md")).unwrap();
    assert!(note.starts_with("# A clock\n"));
    let diff = tools(&before).into_iter().find_map(|tool| tool.content.clone()).unwrap();
    assert_eq!(diff, [ToolContent::Diff { path: "demo-notes/clock.md".to_owned(), old: None, new: note }]);
    let command =
        tools(&after).into_iter().find(|tool| Some(&tool.id) == asked.tool.as_ref() && tool.content.is_some());
    assert!(matches!(command.unwrap().content.as_deref(), Some([ToolContent::Terminal { exit: Some(_), .. }])));
}

#[tokio::test]
async fn a_script_in_the_project_says_what_is_done() {
    let mut stage = Stage::new();
    fs::create_dir(stage.cwd().join(".quarterdeck")).unwrap();
    let script = r#"{"version": 1, "tasks": {"tasks/clock.md": [{"say": "now"}, {"edit": {"path": "a.txt", "find": "one", "replace": "two"}},
        {"run": "cat a.txt"}, {"tick": 1}, {"run": "false"}, {"tick": 3}]}}"#;
    fs::write(stage.cwd().join(".quarterdeck/demo-script.json"), script).unwrap();
    fs::write(stage.cwd().join("a.txt"), "one one").unwrap();
    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    prompt(&mut link, "Task document: tasks/clock.md\n[[demo: no-permission]]");
    let signals = until(&mut link, is_turn_end).await;
    let shown = tools(&signals).into_iter().find_map(|tool| match tool.content.as_deref() {
        Some([ToolContent::Terminal { output, exit }]) => Some((output.clone(), *exit)),
        _ => None,
    });
    assert_eq!(shown, Some(("two one".to_owned(), Some(0))));
    let text = fs::read_to_string(stage.cwd().join("tasks/clock.md")).unwrap();
    assert!(text.contains("[x] show the hour"));
    assert!(text.contains("[ ] show the minute"), "its command failed");
}

#[tokio::test]
async fn an_answer_carries_a_reason_or_an_edited_command() {
    let mut stage = Stage::new();
    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    prompt(&mut link, "Task document: tasks/clock.md\n");
    let asked = request(&until(&mut link, is_asked).await);
    assert!(asked.takes_note);
    assert_eq!(asked.input, Some(json!({ "command": "git status --short" })));
    let input = Some(json!({ "command": "echo edited" }));
    let option = Some("allow".to_owned());
    link.command(Command::Answer { request: asked.id, option, note: None, input, message: None }).unwrap();
    let signals = until(&mut link, is_turn_end).await;
    let printed = |tool: &&ToolUpdate| matches!(tool.content.as_deref(), Some([ToolContent::Terminal { output, .. }]) if output == "edited\n");
    assert!(tools(&signals).iter().any(printed), "{signals:?}");

    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    prompt(&mut link, "Task document: tasks/clock.md\n");
    let asked = request(&until(&mut link, is_asked).await);
    let note = Some("not on a Monday".to_owned());
    let option = Some("reject".to_owned());
    link.command(Command::Answer { request: asked.id, option, note: note.clone(), input: None, message: None })
        .unwrap();
    let signals = until(&mut link, is_turn_end).await;
    assert!(said(&signals).contains("You said: not on a Monday"), "{signals:?}");
    let told =
        |signal: &Signal| matches!(signal, Signal::Event(EventBody::Answered { note: told, .. }) if *told == note);
    assert!(signals.iter().any(told), "{signals:?}");
}

#[tokio::test]
async fn a_tour_shows_each_kind_of_tool_and_leaves_nothing() {
    let mut stage = Stage::new();
    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    prompt(&mut link, "[[demo: tour]]");
    let signals = until(&mut link, is_turn_end).await;
    let shown = |kind: ToolKind| tools(&signals).iter().any(|tool| tool.tool == Some(kind));
    let kinds = [ToolKind::Read, ToolKind::Edit, ToolKind::Delete, ToolKind::Move, ToolKind::Search, ToolKind::Execute];
    for kind in kinds.into_iter().chain([ToolKind::Think, ToolKind::Fetch, ToolKind::Other]) {
        assert!(shown(kind), "{kind:?}");
    }
    assert!(signals.iter().any(|signal| matches!(signal, Signal::Event(EventBody::Image(_)))));
    assert_eq!(fs::read_dir(stage.cwd().join("demo-notes")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_rejected_command_is_not_run_and_the_rest_goes_on() {
    let mut stage = Stage::new();
    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    prompt(&mut link, "Task document: tasks/clock.md\n");
    let asked = request(&until(&mut link, is_asked).await);
    choose(&mut link, &asked, "reject");
    let signals = until(&mut link, is_turn_end).await;
    let last = tools(&signals).into_iter().rfind(|tool| Some(&tool.id) == asked.tool.as_ref()).unwrap();
    assert_eq!(last.status, Some(ToolStatus::Failed));
    assert!(said(&signals).contains("not allowed"));
    assert!(fs::read_to_string(stage.cwd().join("tasks/clock.md")).unwrap().contains("[x] show the hour"));
}

#[tokio::test]
async fn a_question_has_choices_and_its_answer_arrives() {
    let mut stage = Stage::new();
    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    prompt(&mut link, "Kind: chat\n[[demo: ask]]");
    let asked = request(&until(&mut link, is_asked).await);
    assert!(asked.question && asked.tool.is_none());
    assert_eq!(asked.title, "Tabs or spaces?");
    assert!(asked.options.iter().all(|option| option.effect == OptionEffect::Choice));

    let wrong = Command::answer(asked.id, "both");
    assert_eq!(link.command(wrong), Err(Refused::NoSuchOption { option: "both".to_owned() }));
    choose(&mut link, &asked, "spaces");
    let again = Command::answer(asked.id, "tabs");
    assert_eq!(link.command(again), Err(Refused::NoSuchRequest));
    assert!(said(&until(&mut link, is_turn_end).await).contains("You chose spaces."));
}

#[tokio::test]
async fn a_cancelled_turn_withdraws_its_request_and_the_next_turn_works() {
    let mut stage = Stage::new();
    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    prompt(&mut link, "Task document: tasks/clock.md\n");
    let asked = request(&until(&mut link, is_asked).await);
    link.command(Command::CancelTurn).unwrap();
    let signals = until(&mut link, is_turn_end).await;
    assert_eq!(stop(&signals), "cancelled");
    let withdrawn = EventBody::Answered { request: asked.id, option: None, note: None, message: None };
    assert!(signals.contains(&Signal::Event(withdrawn)));
    let last = tools(&signals).into_iter().next_back().unwrap();
    assert_eq!((Some(&last.id), last.status), (asked.tool.as_ref(), Some(ToolStatus::Failed)));

    prompt(&mut link, "[[demo: quick]]");
    assert_eq!(stop(&until(&mut link, is_turn_end).await), "end_turn");
}

#[tokio::test]
async fn a_second_prompt_within_a_turn_is_refused() {
    let mut stage = Stage::new();
    let mut link = stage.agent(None);
    let early = link.command(Command::prompt("now".to_owned()));
    assert_eq!(early, Err(Refused::NotReady));
    until(&mut link, is_ready).await;
    prompt(&mut link, "[[demo: hang]]");
    assert_eq!(link.command(Command::prompt("more".to_owned())), Err(Refused::Busy));
}

#[tokio::test]
async fn a_conversation_is_gone_on_with_and_its_past_is_not_told_again() {
    let mut stage = Stage::new();
    let mut link = stage.agent(None);
    let signals = until(&mut link, is_ready).await;
    let id = signals.iter().find_map(|signal| match signal {
        Signal::Event(EventBody::Conversation { id }) => Some(id.clone()),
        _ => None,
    });
    prompt(&mut link, "[[demo: quick]]");
    until(&mut link, is_turn_end).await;
    drop(link);

    let mut link = stage.agent(id.as_deref());
    let signals = until(&mut link, is_ready).await;
    let past = |signal: &Signal| {
        !matches!(
            signal,
            Signal::Event(EventBody::Conversation { .. } | EventBody::Offers { .. } | EventBody::Commands { .. })
                | Signal::Ready { .. }
        )
    };
    assert!(!signals.iter().any(past), "{signals:?}");
    prompt(&mut link, "and now?");
    assert!(said(&until(&mut link, is_turn_end).await).contains("prompt 2 of our conversation; you wrote: and now?"));

    let mut link = stage.agent(Some("demo-unknown"));
    let signals = until(&mut link, |signal| matches!(signal, Signal::Broken { .. })).await;
    let Some(Signal::Broken { reason }) = signals.last() else { panic!("{signals:?}") };
    assert_eq!(reason, "Demo agent could not go on with the conversation: no conversation demo-unknown");
}

#[tokio::test]
async fn verify_judges_the_boxes_and_changes_nothing_where_the_check_passes() {
    let mut stage = Stage::new();
    // The check of a project of no known kind is git's own.
    let init = qd_proc::Spawn::new("git").args(["init", "--quiet"]).env("PATH", "/usr/bin:/bin").cwd(stage.cwd());
    assert!(qd_proc::Run::new(init, Duration::from_secs(20)).output().await.unwrap().success());
    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    prompt(&mut link, "Kind: verify\nTask document: tasks/clock.md\n[[demo: no-permission]]");
    let said = said(&until(&mut link, is_turn_end).await);
    assert!(said.contains("2 of 3 boxes are open"), "{said}");
    assert!(said.contains("**not verified**"), "{said}");
    assert_eq!(fs::read_to_string(stage.cwd().join("tasks/clock.md")).unwrap(), TASK);
}

#[tokio::test]
async fn verify_reopens_the_boxes_that_the_check_does_not_prove() {
    let mut stage = Stage::new();
    fs::write(stage.cwd().join("Cargo.toml"), "this is no manifest").unwrap();
    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    prompt(&mut link, "Kind: verify\nTask document: tasks/clock.md\n[[demo: no-permission]]");
    assert!(said(&until(&mut link, is_turn_end).await).contains("The check failed. 3 of 3 boxes are open."));
    let text = fs::read_to_string(stage.cwd().join("tasks/clock.md")).unwrap();
    assert_eq!(text, TASK.replace("- [x] be round\n", "- [ ] be round\n  Not proven: `cargo test --quiet` fails.\n"));
}

#[tokio::test]
async fn rewrite_puts_dated_notes_into_the_document() {
    let mut stage = Stage::new();
    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    for wish in ["make it digital", "and loud"] {
        prompt(
            &mut link,
            &format!("Kind: rewrite\nTask document: tasks/clock.md\n\nThe person who started this adds:\n\n{wish}\n"),
        );
        until(&mut link, is_turn_end).await;
    }
    let text = fs::read_to_string(stage.cwd().join("tasks/clock.md")).unwrap();
    assert_eq!(text, format!("{TASK}\n## Notes\n\n- 2026-11-22: and loud\n- 2026-11-22: make it digital\n"));
}

#[tokio::test]
async fn a_stream_arrives_whole_and_in_few_pieces() {
    let mut stage = Stage::new();
    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    prompt(&mut link, "[[demo: stream 5000]]");
    let signals = until(&mut link, is_turn_end).await;
    let text = said(&signals);
    assert_eq!(text.len(), 5000 * 20);
    assert_eq!(text, "ein Stück 🙂 – ".repeat(5000));
}

#[tokio::test]
async fn the_mark_is_appended_once_a_prompt() {
    let mut stage = Stage::new();
    let file = stage.cwd().join("ids");
    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    prompt(&mut link, &format!("[[demo: append-id {}]] [[demo: quick]]", file.display()));
    until(&mut link, is_turn_end).await;
    assert_eq!(fs::read_to_string(file).unwrap(), "the-session.1\n");
}

#[tokio::test]
async fn a_crash_leaves_a_torn_line_and_an_exit_code() {
    let mut stage = Stage::new();
    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    prompt(&mut link, "[[demo: crash]]");
    while let Some(signals) = link.next().await.unwrap() {
        assert!(!signals.iter().any(is_turn_end));
    }
    assert!(link.torn_line().starts_with(br#"{"jsonrpc""#));
    assert_eq!(stage.tasks.join_next().await.unwrap().unwrap(), 70);
}

#[tokio::test]
async fn a_failing_start_says_why_and_exits() {
    let mut stage = Stage::new();
    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    prompt(&mut link, "[[demo: fail-at-start]]");
    let signals = until(&mut link, |signal| matches!(signal, Signal::Broken { .. })).await;
    let broken = Signal::Broken { reason: "Demo agent broke off: told to fail at its start".to_owned() };
    assert_eq!(signals.last(), Some(&broken));
    assert_eq!(stage.tasks.join_next().await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn reading_the_task_shows_as_a_tool_call_with_the_relative_file() {
    let mut stage = Stage::new();
    let mut link = stage.agent(None);
    until(&mut link, is_ready).await;
    prompt(&mut link, "Task document: tasks/clock.md\n");
    let signals = until(&mut link, is_asked).await;
    let read = tools(&signals)[0];
    assert_eq!(read.tool, Some(ToolKind::Read));
    assert_eq!(read.files.as_deref(), Some(&["tasks/clock.md".to_owned()][..]));
}
