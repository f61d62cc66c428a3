//! A real agent program from npm, under the whole panel and against the scripted model: cancelled in the middle of a
//! sentence, gone with all its processes, and gone on with by a message.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail anywhere")]

use qd_core::command::{Command, OnSession, SendMessage, StartSession};
use qd_core::ids::{MessageId, SessionId};
use qd_core::row::{Row, RowKind, Session, Start, Task};
use qd_core::status::{Kind, Status};
use qd_engine::time::{SystemClock, mint};
use qd_testkit::model_api::ModelApi;
use qd_testkit::panel::{Api, Home, Panel, built_qd, processes, wait_for};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a cold start of a program of 400 MB may take.
const STARTS: Duration = Duration::from_mins(1);
/// How long an ending may take.
const ENDS: Duration = Duration::from_secs(20);

/// The folder of the fixture's programs; none, with a line that says so, where they are not installed.
fn programs() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/agents/node_modules/.bin");
    let found = folder.join("claude-agent-acp").exists().then(|| folder.canonicalize().ok()).flatten();
    if found.is_none() {
        eprintln!("skipped: claude-agent-acp is not installed in tests/agents");
    }
    found
}

fn serve(home: &Home, programs: &Path, model: &str) -> Panel {
    let repo = home.repository("deck", &[("tasks/greet.md", b"# Greet\n\n- [ ] one\n")]).unwrap();
    let mut command = home.qd(&["serve", "--no-open", "--port", "0", repo.to_str().unwrap()]);
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{}", programs.display(), path.to_string_lossy()));
    command.env("ANTHROPIC_BASE_URL", model).env("ANTHROPIC_API_KEY", "dummy").env("CLAUDE_CODE_MAX_RETRIES", "1");
    for switch in [
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
        "DISABLE_AUTOUPDATER",
        "DISABLE_ERROR_REPORTING",
        "DISABLE_TELEMETRY",
    ] {
        command.env(switch, "1");
    }
    home.start(command).unwrap()
}

fn the_task(api: &Api) -> Task {
    wait_for("the task and the agents are known", STARTS, || {
        let state = api.state()?;
        let task =
            state.of_kind(RowKind::Task).find_map(|row| if let Row::Task(t) = row { Some(t.clone()) } else { None });
        Ok(task.filter(|_| !state.agents().is_empty()))
    })
    .unwrap()
}

fn until(api: &Api, id: SessionId, limit: Duration, meant: impl Fn(&Session) -> bool) -> Session {
    let mut last = None;
    let found = wait_for("the session is as meant", limit, || {
        last = api.state()?.session(id).cloned();
        Ok(last.clone().filter(&meant))
    });
    found.unwrap_or_else(|error| panic!("{error:#}\n{last:#?}\n{}", output(api, id)))
}

fn output(api: &Api, id: SessionId) -> String {
    String::from_utf8_lossy(&api.output(id).unwrap().unwrap_or_default()).into_owned()
}

/// What the agent said, put together of its deltas.
fn said(api: &Api, id: SessionId) -> String {
    let text = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).ok()?;
        (event["kind"] == "text").then(|| event["text"].as_str().map(str::to_owned))?
    };
    output(api, id).lines().filter_map(text).collect()
}

#[test]
fn a_cancelled_turn_ends_with_all_its_processes_and_a_message_goes_on_in_a_new_one() {
    let Some(programs) = programs() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let model = runtime.block_on(ModelApi::bind()).unwrap();
    let url = model.url().unwrap();
    let _serving = tokio_util::task::AbortOnDropHandle::new(runtime.handle().spawn(model.run()));

    let home = Home::new(&built_qd().unwrap()).unwrap();
    let panel = serve(&home, &programs, &url);
    let api = &panel.api;
    let task = the_task(api);
    let id = SessionId(mint(&SystemClock));
    let start =
        Start { agent: Some("claude-code".to_owned()), instructions: "[[slow]]".to_owned(), ..Start::default() };
    let started = api.send(&Command::StartSession(StartSession { id, task: task.id, kind: Kind::Implement, start }));
    assert!(started.unwrap().ok);

    wait_for("it speaks", STARTS, || Ok(said(api, id).contains("word 3").then_some(())))
        .unwrap_or_else(|error| panic!("{error:#}\n{}", output(api, id)));
    assert!(api.send(&Command::CancelSession(OnSession { id })).unwrap().ok);
    let cancelled = until(api, id, ENDS, |session| session.status.is_ended());
    assert_eq!(cancelled.status, Status::Cancelled);
    assert!(!said(api, id).contains("word 1200"), "it was cut short");
    wait_for("no process of it is left", ENDS, || {
        Ok(processes(&home.path(""))?.iter().all(|process| process.mark.is_none()).then_some(()))
    })
    .unwrap();

    let text = "What do you remember? [[recall]]".to_owned();
    let message = SendMessage::new(MessageId(mint(&SystemClock)), id, text);
    assert!(api.send(&Command::SendMessage(message)).unwrap().ok);
    let resumed = until(api, id, STARTS, |session| session.attempt > 1 && session.status.is_ended());
    assert_eq!(resumed.status, Status::Completed, "{}", output(api, id));
    assert_eq!(resumed.conversation, cancelled.conversation, "the same conversation");
    assert!(said(api, id).contains("I was asked 1 times before."), "{}", said(api, id));
    panel.stop().unwrap();
}
