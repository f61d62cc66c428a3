//! The page and the headers that it comes with.

use super::support::{TestApp, bare};
use axum::body::Body;
use axum::http::{Method, StatusCode, header};

#[tokio::test]
async fn views_of_the_page_are_the_page_and_missing_files_are_not() {
    let app = TestApp::start();
    for view in ["/", "/tasks/018f", "/sessions/018f", "/inbox", "/?token=secret"] {
        let answer = app.get(view).await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "text/html"), "{view}");
        assert_eq!(answer.header("cache-control"), "no-cache");
        assert!(!answer.text().contains("secret"));
    }
    for missing in ["/assets/gone.js", "/assets/gone", "/favicon.gone", "/../Cargo.toml"] {
        assert_eq!(app.get(missing).await.status, StatusCode::NOT_FOUND, "{missing}");
    }
}

#[tokio::test]
async fn an_unchanged_file_is_not_sent_again() {
    let app = TestApp::start();
    let tag = app.get("/").await.header("etag").to_owned();
    let again = bare(Method::GET, "/").header(header::IF_NONE_MATCH, tag).body(Body::empty()).unwrap();
    let answer = app.send(again).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NOT_MODIFIED, 0));
}

#[tokio::test]
async fn the_page_needs_no_log_in_and_takes_no_post() {
    let app = TestApp::start();
    let get = bare(Method::GET, "/").body(Body::empty()).unwrap();
    assert_eq!(app.send(get).await.status, StatusCode::OK);
    let post = bare(Method::POST, "/").body(Body::empty()).unwrap();
    assert_eq!(app.send(post).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn every_answer_carries_the_strict_headers() {
    let app = TestApp::start();
    let refused = bare(Method::GET, "/api/v1/snapshot").body(Body::empty()).unwrap();
    for answer in
        [app.get("/").await, app.get("/api/v1/config").await, app.get("/healthz").await, app.send(refused).await]
    {
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("connect-src 'self'"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
    }
    assert_eq!(app.get("/api/v1/config").await.header("cache-control"), "no-store");
}
