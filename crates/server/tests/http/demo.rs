//! *Try to break it*.

use super::support::{TestApp, id};
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

fn start() -> Value {
    json!({ "mid": id(), "name": "start_session", "args": { "id": id(), "task": id(), "kind": "implement" } })
}

async fn code(app: &TestApp, mutation: &Value) -> Value {
    app.post("/api/v1/mutations", mutation).await.json()["err"]["code"].clone()
}

#[tokio::test]
async fn the_next_start_is_refused_and_only_that_one() {
    let app = TestApp::start();
    assert_eq!(app.post("/api/v1/demo/refuse", &json!({})).await.status, StatusCode::NO_CONTENT);
    let refused = start();
    assert_eq!(code(&app, &refused).await, "refused");
    assert_eq!(code(&app, &refused).await, "refused", "its outcome stays");
    assert_eq!(code(&app, &start()).await, "not_found");
}

#[tokio::test(start_paused = true)]
async fn the_slow_answer_comes_after_5_s_and_its_record_not_before() {
    let app = TestApp::start();
    let head = app.head().await;
    assert_eq!(app.post("/api/v1/demo/slow", &json!({})).await.status, StatusCode::NO_CONTENT);
    let begun = Instant::now();
    let slow = start();
    let (answer, seen) = tokio::join!(app.post("/api/v1/mutations", &slow), async {
        let mut frames = app.stream(&format!("/api/v1/log?live=sse&offset={head}")).await;
        frames.record().await;
        begun.elapsed()
    });
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(seen >= Duration::from_secs(5), "{seen:?}");
}

#[tokio::test]
async fn a_server_that_is_no_demonstration_has_none_of_this() {
    let app = TestApp::serious();
    for what in ["slow", "refuse", "cut", "kill-agent", "kill-server"] {
        assert_eq!(app.post(&format!("/api/v1/demo/{what}"), &json!({})).await.status, StatusCode::NOT_FOUND, "{what}");
    }
    assert_eq!(app.get("/api/v1/config").await.json()["demo"], false);
}
