//! Definitive answers and the statuses they come with.

use super::support::{TestApp, id};
use axum::http::StatusCode;
use qd_core::op::Outcome;
use serde_json::{Value, json};

async fn sent(app: &TestApp, mutation: &Value) -> (StatusCode, Outcome) {
    let answer = app.post("/api/v1/mutations", mutation).await;
    (answer.status, serde_json::from_value(answer.json()).unwrap_or_else(|e| panic!("{e}: {}", answer.text())))
}

#[tokio::test]
async fn an_accepted_mutation_answers_200_and_the_same_again_when_repeated() {
    let app = TestApp::start();
    let project = app.project().await;
    let mid = id();
    let mutation =
        json!({ "mid": mid, "name": "create_task", "args": { "id": id(), "project": project, "text": "A" } });
    let (status, outcome) = sent(&app, &mutation).await;
    assert_eq!((status, outcome.ok, outcome.mid.0), (StatusCode::OK, true, mid));
    assert_eq!(sent(&app, &mutation).await, (StatusCode::OK, outcome));
}

#[tokio::test]
async fn every_refusal_is_definitive_and_has_its_status() {
    let app = TestApp::start();
    let project = app.project().await;
    let (task, mid) = (id(), id());
    let create = |mid, text: &str| json!({ "mid": mid, "name": "create_task", "args": { "id": task, "project": project, "text": text } });
    assert!(sent(&app, &create(mid, "A")).await.1.ok);
    let cases = [
        ("another text under the same mid", create(mid, "B"), 409, "mid_reuse"),
        ("the same id under another mid", create(id(), "A"), 409, "id_taken"),
        ("an unknown name", json!({ "mid": id(), "name": "fly", "args": {} }), 422, "invalid"),
        ("arguments that do not parse", json!({ "mid": id(), "name": "create_task", "args": {} }), 422, "invalid"),
        ("an unknown task", json!({ "mid": id(), "name": "undo_keep", "args": { "id": id() } }), 404, "not_found"),
        (
            "what only the server may do",
            json!({ "mid": id(), "name": "configure", "args": { "max_sessions": 1, "demo": false } }),
            403,
            "forbidden",
        ),
        (
            "a mid of 2001",
            json!({ "mid": "00e4d0b8-1000-7000-8000-000000000000", "name": "fly", "args": {} }),
            410,
            "mutation_expired",
        ),
        (
            "an old start",
            json!({ "mid": id(), "name": "fly", "args": {}, "age_ms": 2, "max_age_ms": 1 }),
            409,
            "too_late",
        ),
    ];
    for (what, mutation, status, code) in cases {
        let (got, outcome) = sent(&app, &mutation).await;
        let err = outcome.err.unwrap_or_else(|| panic!("{what} was accepted"));
        assert_eq!((got.as_u16(), json!(err.code)), (status, json!(code)), "{what}: {}", err.message);
        assert!(!err.message.is_empty());
    }
}

#[tokio::test]
async fn what_comes_after_an_unknown_one_is_too_early() {
    let app = TestApp::start();
    let mutation = json!({ "mid": id(), "name": "fly", "args": {}, "after": id() });
    let answer = app.post("/api/v1/mutations", &mutation).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::TOO_EARLY, Some("too_early")));
}

#[tokio::test]
async fn what_is_no_mutation_is_no_definitive_answer() {
    let app = TestApp::start();
    let answer = app.post("/api/v1/mutations", &json!({ "name": "fly" })).await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (400, Some("bad_request")));
    let large = json!({ "mid": id(), "name": "x", "args": "x".repeat(9 * 1024 * 1024) });
    let answer = app.post("/api/v1/mutations", &large).await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (413, Some("too_large")));
}

#[tokio::test]
async fn a_snapshot_says_what_became_of_the_callers_mutations() {
    let app = TestApp::start();
    let project = app.project().await;
    let outcome = app.create_task(project, "A").await;
    let unknown = id();
    let answer = app.post("/api/v1/snapshot", &json!({ "mids": [outcome.mid, unknown] })).await;
    let settled = answer.json()["settled"].clone();
    assert_eq!(settled[outcome.mid.to_string()], json!(outcome));
    assert_eq!(settled[unknown.to_string()], Value::Null);
}

#[tokio::test]
async fn the_document_of_a_new_task_can_be_read_by_task_and_by_version() {
    let app = TestApp::start();
    let project = app.project().await;
    let task = id();
    let create = json!({ "mid": id(), "name": "create_task", "args": { "id": task, "project": project, "text": "Title\n\nMore" } });
    sent(&app, &create).await;
    let newest = app.get(&format!("/api/v1/tasks/{task}/document")).await.json();
    assert!(newest["text"].as_str().unwrap().contains("Title"), "{newest}");
    let version = newest["version"].as_str().unwrap();
    assert_eq!(app.get(&format!("/api/v1/tasks/{task}/document/{version}")).await.json(), newest);
    let other = id();
    assert_eq!(app.get(&format!("/api/v1/tasks/{other}/document/{version}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get(&format!("/api/v1/tasks/{other}/document")).await.status, StatusCode::NOT_FOUND);
}
