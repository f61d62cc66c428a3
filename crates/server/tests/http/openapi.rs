//! The described API is the real one.

use super::support::TestApp;

#[test]
fn the_document_is_as_reviewed() {
    let document = serde_json::to_value(qd_server::router::openapi()).unwrap();
    insta::assert_json_snapshot!("openapi", document);
}

#[tokio::test]
async fn the_server_hands_its_document_out() {
    let app = TestApp::start();
    let served = app.get("/api/v1/openapi.json").await.json();
    assert_eq!(served, serde_json::to_value(qd_server::router::openapi()).unwrap());
    for path in ["/mutations", "/snapshot", "/log", "/sessions/{id}/output", "/tasks/{id}/document", "/login"] {
        assert!(served["paths"][path].is_object(), "{path}");
    }
}
