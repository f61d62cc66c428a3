//! The files that a message may mention.

use super::support::{TestApp, id};
use axum::http::StatusCode;

#[tokio::test]
async fn of_what_is_not_there_there_are_no_files() {
    let app = TestApp::start();
    for kind in ["sessions", "projects"] {
        let answer = app.get(&format!("/api/v1/{kind}/{}/files?query=a", id())).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(answer.json()["code"], "not_found");
    }
}

#[tokio::test]
async fn a_project_that_is_no_repository_says_so() {
    let app = TestApp::start();
    let project = app.project().await;
    let answer = app.get(&format!("/api/v1/projects/{project}/files")).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text());
    assert!(answer.json()["message"].as_str().unwrap().contains("repository"), "{}", answer.text());
}
