//! The stream of records.

use super::support::{TestApp, id};
use axum::http::StatusCode;
use qd_core::op::Offset;
use serde_json::{Value, json};

async fn live(app: &TestApp, offset: Offset) -> super::support::Frames {
    app.stream(&format!("/api/v1/log?offset={offset}&live=sse")).await
}

#[tokio::test]
async fn a_stream_begins_with_a_heartbeat_then_catches_up_then_goes_on_live() {
    let app = TestApp::start();
    let start = app.head().await;
    let project = app.project().await;
    let mut frames = live(&app, start).await;
    assert_eq!(frames.next().await.unwrap().event, "heartbeat");
    let caught_up: Value = serde_json::from_str(&frames.record().await.data).unwrap();
    assert_eq!((&caught_up["frame"], &caught_up["record"]["seq"]), (&json!("record"), &json!(start.seq + 1)));
    let outcome = app.create_task(project, "A").await;
    let frame = frames.record().await;
    let record: Value = serde_json::from_str(&frame.data).unwrap();
    assert_eq!((&record["record"]["mid"], &record["record"]["seq"]), (&json!(outcome.mid), &json!(outcome.seq)));
    let id: Offset = frame.id.unwrap().parse().unwrap();
    assert_eq!((id, id.seq), (app.head().await, outcome.seq));
}

#[tokio::test]
async fn a_stream_resumes_at_the_id_of_the_last_record_without_gap_or_repeat() {
    let app = TestApp::start();
    let start = app.head().await;
    let project = app.project().await;
    for i in 0..600 {
        app.create_task(project, &format!("Task {i}")).await;
    }
    let mut at = start;
    let mut seen = Vec::new();
    while seen.len() < 601 {
        let mut frames = live(&app, at).await;
        for _ in 0..100.min(601 - seen.len()) {
            let id: Offset = frames.record().await.id.unwrap().parse().unwrap();
            seen.push(id.seq);
            at = id;
        }
    }
    assert_eq!(seen, (start.seq + 1..=start.seq + 601).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_offset_of_another_history_or_beyond_the_head_is_409() {
    let app = TestApp::start();
    app.project().await;
    let head = app.head().await;
    for wrong in [
        Offset { tag: head.tag ^ 1, ..head },
        Offset { seq: head.seq + 1, ..head },
        Offset { epoch: head.epoch + 1, ..head },
    ] {
        for live in ["", "&live=sse"] {
            let answer = app.get(&format!("/api/v1/log?offset={wrong}{live}")).await;
            assert_eq!(
                (answer.status, answer.json()["code"].as_str()),
                (StatusCode::CONFLICT, Some("offset_conflict")),
                "{wrong}"
            );
        }
    }
    assert_eq!(app.get("/api/v1/log?offset=nonsense").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_page_of_the_log_says_where_to_go_on() {
    let app = TestApp::start();
    let start = app.head().await;
    let project = app.project().await;
    app.create_task(project, "A").await;
    let page = app.get(&format!("/api/v1/log?offset={start}")).await.json();
    assert_eq!(page["next"], json!(app.head().await.to_string()));
    assert_eq!(page["records"].as_array().unwrap().len() as u64, app.head().await.seq - start.seq);
}

#[tokio::test]
async fn open_streams_end_with_the_server() {
    let app = TestApp::start();
    let mut frames = live(&app, app.head().await).await;
    assert_eq!(frames.next().await.unwrap().event, "heartbeat");
    app.stop.cancel();
    assert_eq!(frames.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_says_every_15_s_that_it_is_alive() {
    let app = TestApp::start();
    let mut frames = live(&app, app.head().await).await;
    for _ in 0..3 {
        assert_eq!(frames.next().await.unwrap().event, "heartbeat");
    }
}

#[tokio::test]
async fn a_cut_connection_ends_the_streams_and_answers_nothing() {
    let app = TestApp::start();
    let mut frames = live(&app, app.head().await).await;
    assert_eq!(frames.next().await.unwrap().event, "heartbeat");
    assert_eq!(app.post("/api/v1/demo/cut", &json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(frames.next().await, None);
    assert_eq!(app.get("/api/v1/snapshot").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let mutation = json!({ "mid": id(), "name": "fly", "args": {} });
    assert_eq!(app.post("/api/v1/mutations", &mutation).await.status, StatusCode::SERVICE_UNAVAILABLE);
}
