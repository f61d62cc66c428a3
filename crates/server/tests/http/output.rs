//! The output of sessions, read in parts and as it comes.

use super::support::{TestApp, id};
use axum::http::StatusCode;
use qd_core::command::{AgentsFound, Command, EndSession, StartSession};
use qd_core::event::{Activity, Ending};
use qd_core::ids::{SessionId, TaskId};
use qd_core::op::Actor;
use qd_core::row::{Agent, Start};
use qd_core::status::Kind;
use qd_wire::Mutation;
use std::fs::{self, OpenOptions};
use std::io::Write as _;

async fn accepted(app: &TestApp, command: Command, actor: Actor) {
    let outcome = app.engine.mutate(Mutation::new(id().into(), &command), actor).await.unwrap();
    assert_eq!(outcome.err, None);
}

/// A session with a row; nothing runs it, as the app's engine was not started.
async fn session(app: &TestApp) -> SessionId {
    let project = app.project().await;
    let task = TaskId(id());
    let create = serde_json::json!({ "mid": id(), "name": "create_task", "args": { "id": task, "project": project, "text": "A" } });
    assert_eq!(app.post("/api/v1/mutations", &create).await.status, StatusCode::OK);
    accepted(app, Command::AgentsFound(AgentsFound { agents: vec![agent()], looked: None }), Actor::Server).await;
    let session = SessionId(id());
    let start = Start { agent: Some("demo".to_owned()), ..Start::default() };
    let command = StartSession { id: session, task, kind: Kind::Implement, start };
    accepted(app, Command::StartSession(command), Actor::Person).await;
    session
}

fn agent() -> Agent {
    Agent { title: "Demo agent".to_owned(), found: true, scripted: true, ..Agent::new("demo") }
}

fn append(app: &TestApp, session: SessionId, lines: &[&str]) -> u64 {
    let dir = app.engine.config().run_dir(session, 1);
    fs::create_dir_all(&dir).unwrap();
    let mut file = OpenOptions::new().create(true).append(true).open(dir.join("output.jsonl")).unwrap();
    for line in lines {
        writeln!(file, "{line}").unwrap();
    }
    file.metadata().unwrap().len()
}

async fn end(app: &TestApp, id: SessionId, output_end: u64) {
    let (ending, activity) = (Ending::Completed, Activity::default());
    let command = EndSession { id, attempt: 1, ending, output_end, activity, conversation: None };
    accepted(app, Command::EndSession(command), Actor::Server).await;
}

const SAID: [&str; 3] = [
    r#"{"seq":1,"ts":1,"kind":"text","text":"one"}"#,
    r#"{"seq":2,"ts":2,"kind":"text","text":"zwei ü"}"#,
    r#"{"seq":3,"ts":3,"kind":"text","text":"three"}"#,
];

#[tokio::test]
async fn parts_follow_each_other_and_their_headers_say_which_they_are() {
    let app = TestApp::start();
    let session = session(&app).await;
    append(&app, session, &SAID);
    let path = format!("/api/v1/sessions/{session}/output");
    let first = app.get(&format!("{path}?max=1")).await;
    assert_eq!(first.text(), format!("{}\n", SAID[0]));
    assert_eq!((first.header("stream-first"), first.header("stream-closed")), ("true", "false"));
    let rest = app.get(&format!("{path}?offset={}", first.header("stream-next-offset"))).await;
    assert_eq!(rest.text(), format!("{}\n{}\n", SAID[1], SAID[2]));
    assert_eq!(rest.header("stream-start-offset"), first.header("stream-next-offset"));
    let tail = app.get(&format!("{path}?tail=1")).await;
    assert_eq!((tail.text(), tail.header("stream-first")), (format!("{}\n", SAID[2]), "false"));
    let before = app.get(&format!("{path}?before={}&max=1", tail.header("stream-start-offset"))).await;
    assert_eq!(before.text(), format!("{}\n", SAID[1]));
}

#[tokio::test]
async fn a_part_is_closed_only_when_the_session_ended_and_all_was_read() {
    let app = TestApp::start();
    let (running, ended) = (session(&app).await, session(&app).await);
    append(&app, running, &SAID);
    assert_eq!(app.get(&format!("/api/v1/sessions/{running}/output")).await.header("stream-closed"), "false");
    let length = append(&app, ended, &SAID);
    end(&app, ended, length).await;
    let path = format!("/api/v1/sessions/{ended}/output");
    assert_eq!(app.get(&format!("{path}?max=1")).await.header("stream-closed"), "false");
    assert_eq!(app.get(&path).await.header("stream-closed"), "true");
}

#[tokio::test]
async fn a_stream_of_an_ended_session_gives_all_lines_then_the_end() {
    let app = TestApp::start();
    let session = session(&app).await;
    let length = append(&app, session, &SAID);
    end(&app, session, length).await;
    let mut frames = app.stream(&format!("/api/v1/sessions/{session}/output?live=sse")).await;
    let lines = frames.next().await.unwrap();
    assert_eq!((lines.event.as_str(), lines.data.as_str()), ("output", SAID.join("\n").as_str()));
    let ended = frames.next().await.unwrap();
    assert_eq!((ended.event.as_str(), ended.data.as_str(), ended.id), ("end", "{}", lines.id));
    assert_eq!(frames.next().await, None);
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let app = TestApp::start();
    assert_eq!(app.get(&format!("/api/v1/sessions/{}/output", id())).await.status, StatusCode::NOT_FOUND);
    let session = session(&app).await;
    append(&app, session, &SAID);
    let path = format!("/api/v1/sessions/{session}/output");
    for wrong in [
        "offset=nonsense",
        "offset=0000000001.0000000000000003",
        "offset=0000000001.0000000000009999",
        "offset=a&tail=1",
    ] {
        assert_eq!(app.get(&format!("{path}?{wrong}")).await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}
