//! Images beside messages: what is taken, what is not, and that a message waits for them.

use super::support::{Answer, TOKEN, TestApp, bare, id};
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use qd_core::blob::{BlobId, LARGEST};
use serde_json::json;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and some more";

async fn put(app: &TestApp, id: &str, mime: &str, bytes: impl Into<Body>) -> Answer {
    let request = bare(Method::PUT, &format!("/api/v1/blobs/{id}"))
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(header::CONTENT_TYPE, mime)
        .body(bytes.into())
        .unwrap();
    app.send(request).await
}

#[tokio::test]
async fn an_image_is_kept_under_its_hash_once_and_read_back() {
    let app = TestApp::start();
    let id = BlobId::of(PNG);
    assert_eq!(app.get(&format!("/api/v1/blobs/{id}")).await.status, StatusCode::NOT_FOUND);
    for _ in 0..2 {
        let answer = put(&app, id.as_str(), "image/png", PNG).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
    }
    let read = app.get(&format!("/api/v1/blobs/{id}")).await;
    assert_eq!((read.status, read.body.as_slice()), (StatusCode::OK, PNG));
    assert_eq!(read.header("content-type"), "image/png");
    assert_eq!(read.header("x-content-type-options"), "nosniff");
    let kept: Vec<_> =
        std::fs::read_dir(app.engine.config().blobs()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(kept, [id.as_str()]);
}

#[tokio::test]
async fn hostile_blobs_are_refused_and_leave_nothing() {
    let app = TestApp::start();
    let id = BlobId::of(PNG);
    let upper = id.as_str().to_uppercase();
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".as_slice();
    let svg_id = BlobId::of(svg);
    let other = BlobId::of(b"other bytes");
    let cases = [
        ("another hash", other.as_str(), "image/png", PNG, 400, "bad_request"),
        ("upper case", upper.as_str(), "image/png", PNG, 400, "bad_request"),
        ("a path up", "..%2F..%2Fquarterdeck.db", "image/png", PNG, 400, "bad_request"),
        ("a path down", "a%2Fb", "image/png", PNG, 400, "bad_request"),
        ("a zero", "a%00b", "image/png", PNG, 400, "bad_request"),
        ("a script", svg_id.as_str(), "image/svg+xml", svg, 415, "other_type"),
        ("a script that says it is an image", svg_id.as_str(), "image/png", svg, 415, "other_type"),
        ("an image that says it is another", id.as_str(), "image/gif", PNG, 415, "other_type"),
        ("nothing", BlobId::of(b"").as_str().to_owned().leak(), "image/png", b"", 415, "other_type"),
    ];
    for (name, id, mime, bytes, status, code) in cases {
        let answer = put(&app, id, mime, bytes).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (status, Some(code)), "{name}");
    }
    let mut large = PNG.to_vec();
    large.resize(LARGEST + 1, 0);
    let answer = put(&app, BlobId::of(&large).as_str(), "image/png", large).await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (413, Some("too_large")));
    assert!(answer.text().contains("10 MB"), "{}", answer.text());
    assert!(!app.engine.config().blobs().exists(), "nothing was written");
}

#[tokio::test]
async fn the_largest_image_is_taken() {
    let app = TestApp::start();
    let mut large = PNG.to_vec();
    large.resize(LARGEST, 0);
    let answer = put(&app, BlobId::of(&large).as_str(), "image/png", large).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
}

#[tokio::test]
async fn without_the_token_nothing_is_kept_or_told() {
    let app = TestApp::start();
    let path = format!("/api/v1/blobs/{}", BlobId::of(PNG));
    for method in [Method::PUT, Method::GET] {
        let request = bare(method, &path).header(header::CONTENT_TYPE, "image/png").body(Body::from(PNG)).unwrap();
        assert_eq!(app.send(request).await.status, StatusCode::UNAUTHORIZED);
    }
    assert!(!app.engine.config().blobs().exists());
}

#[tokio::test]
async fn a_message_that_names_a_missing_image_is_no_outcome_until_the_image_comes() {
    let app = TestApp::start();
    let blob = BlobId::of(PNG);
    let image = json!({ "mime": "image/png", "blob": blob, "size": PNG.len() });
    let args = json!({ "id": id(), "session": id(), "text": "look", "images": [image] });
    let mutation = json!({ "mid": id(), "name": "send_message", "args": args });
    for _ in 0..2 {
        let answer = app.post("/api/v1/mutations", &mutation).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (424, Some("blob_missing")));
    }
    put(&app, blob.as_str(), "image/png", PNG).await;
    // There is no such session: that is the outcome, and the image does not stand in its way any more.
    let answer = app.post("/api/v1/mutations", &mutation).await;
    assert_eq!((answer.status.as_u16(), answer.json()["err"]["code"].as_str()), (404, Some("not_found")));
}

#[tokio::test]
async fn a_sender_that_has_lost_the_image_hears_an_end_of_it() {
    let app = TestApp::start();
    let image = json!({ "mime": "image/png", "blob": BlobId::of(PNG), "size": PNG.len() });
    let args = json!({ "id": id(), "session": id(), "text": "look", "images": [image] });
    let mutation = json!({ "mid": id(), "name": "send_message", "args": args, "blobs_gone": true });
    let answer = app.post("/api/v1/mutations", &mutation).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.json()["err"]["message"].as_str().unwrap().contains("Attach it again"), "{}", answer.text());
}
