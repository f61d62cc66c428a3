//! Who is let in.

use super::support::{Answer, HOST, TOKEN, TestApp, bare, request};
use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{Method, StatusCode, header};
use serde_json::json;

fn path_of(template: &str) -> String {
    let id = "00000000-0000-7000-8000-000000000000";
    template.replace("{id}", id).replace("{version}", id).replace("{what}", "cut")
}

#[tokio::test]
async fn without_the_token_every_path_of_the_api_answers_401() {
    let app = TestApp::start();
    let document = serde_json::to_value(qd_server::router::openapi()).unwrap();
    let mut asked = vec![(Method::GET, "/api/v1/openapi.json".to_owned())];
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            asked.push((method.to_uppercase().parse().unwrap(), format!("/api/v1{}", path_of(path))));
        }
    }
    assert!(asked.len() > 12, "{asked:?}");
    for (method, path) in asked.into_iter().filter(|(_, path)| !path.ends_with("/login")) {
        for wrong in [None, Some("Bearer wrong"), Some("the-token"), Some("Bearer the-token ")] {
            let mut sent = bare(method.clone(), &path);
            if let Some(wrong) = wrong {
                sent = sent.header(header::AUTHORIZATION, wrong);
            }
            let answer = app.send(sent.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path} {wrong:?}");
            assert_eq!(answer.json()["code"], "unauthorized");
        }
    }
}

#[tokio::test]
async fn a_path_that_is_no_route_answers_401_without_and_404_with_the_token() {
    let app = TestApp::start();
    for path in ["/api", "/api/v1", "/api/v1/nothing", "/api/v2/snapshot"] {
        let answer = app.send(bare(Method::GET, path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(app.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_wrong_token_does_not_log_in() {
    let app = TestApp::start();
    let answer = app.post("/api/v1/login", &json!({ "token": "wrong" })).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.header("set-cookie"), "");
}

/// A logged-in page: its cookie and its key.
async fn log_in(app: &TestApp) -> (String, String) {
    log_in_with(app, None).await
}

/// The same for another tab of a browser that has a cookie.
async fn log_in_with(app: &TestApp, cookie: Option<&str>) -> (String, String) {
    let mut login = bare(Method::POST, "/api/v1/login").header(header::CONTENT_TYPE, "application/json");
    if let Some(cookie) = cookie {
        login = login.header(header::COOKIE, cookie);
    }
    let login = login.body(Body::from(json!({ "token": TOKEN }).to_string())).unwrap();
    let answer = app.send(login).await;
    assert_eq!(answer.status, StatusCode::OK);
    let cookie = answer.header("set-cookie").to_owned();
    for word in ["qd-4270=", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    let pair = cookie.split(';').next().unwrap().to_owned();
    (pair, answer.json()["key"].as_str().unwrap().to_owned())
}

async fn as_page(app: &TestApp, cookie: Option<&str>, key: Option<&str>) -> StatusCode {
    sent_by_page(app, bare(Method::GET, "/api/v1/config"), cookie, key).await.status
}

async fn sent_by_page(app: &TestApp, mut sent: Builder, cookie: Option<&str>, key: Option<&str>) -> Answer {
    if let Some(cookie) = cookie {
        sent = sent.header(header::COOKIE, cookie);
    }
    if let Some(key) = key {
        sent = sent.header("X-Qd-Key", key);
    }
    app.send(sent.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_page_needs_both_halves_of_its_session() {
    let app = TestApp::start();
    let (cookie, key) = log_in(&app).await;
    let (other_cookie, other_key) = log_in(&app).await;
    assert_eq!(as_page(&app, Some(&cookie), Some(&key)).await, StatusCode::OK);
    assert_eq!(as_page(&app, Some(&format!("theme=dark; {cookie}")), Some(&key)).await, StatusCode::OK);
    assert_eq!(as_page(&app, Some(&other_cookie), Some(&other_key)).await, StatusCode::OK);
    for (cookie, key) in [
        (Some(cookie.as_str()), None),
        (None, Some(key.as_str())),
        (Some(&cookie), Some(&other_key)),
        (Some(&cookie.replace("qd-4270", "qd-4271")), Some(&key)),
        (Some(&cookie), Some(TOKEN)),
    ] {
        assert_eq!(as_page(&app, cookie, key).await, StatusCode::UNAUTHORIZED, "{cookie:?} {key:?}");
    }
}

#[tokio::test]
async fn a_second_tab_that_logs_in_leaves_the_first_one_logged_in() {
    let app = TestApp::start();
    let (cookie, key) = log_in(&app).await;
    let (same_cookie, other_key) = log_in_with(&app, Some(&cookie)).await;
    assert_eq!(same_cookie, cookie);
    assert_eq!(as_page(&app, Some(&cookie), Some(&key)).await, StatusCode::OK);
    assert_eq!(as_page(&app, Some(&cookie), Some(&other_key)).await, StatusCode::OK);
    let (fresh, _) = log_in_with(&app, Some("qd-4270=planted")).await;
    assert_eq!(fresh.len(), "qd-4270=".len() + 64, "a cookie that is not ours is not kept");
}

#[tokio::test]
async fn a_page_stays_logged_in_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let app = TestApp::on(dir.path());
    let (cookie, key) = log_in(&app).await;
    app.engine.clone().shutdown().await;
    drop(app);
    let again = TestApp::on(dir.path());
    assert_eq!(as_page(&again, Some(&cookie), Some(&key)).await, StatusCode::OK);
}

#[tokio::test]
async fn after_logging_out_both_halves_open_nothing() {
    let app = TestApp::start();
    let (cookie, key) = log_in(&app).await;
    let (other_cookie, other_key) = log_in(&app).await;
    let answer = sent_by_page(&app, bare(Method::POST, "/api/v1/logout"), Some(&cookie), Some(&key)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(answer.header("set-cookie").starts_with("qd-4270=; "));
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(as_page(&app, Some(&cookie), Some(&key)).await, StatusCode::UNAUTHORIZED);
    assert_eq!(as_page(&app, Some(&other_cookie), Some(&other_key)).await, StatusCode::OK);
}

#[tokio::test]
async fn foreign_hosts_and_origins_get_nothing_even_with_the_token() {
    let app = TestApp::start();
    for path in ["/", "/healthz", "/api/v1/snapshot"] {
        let mut sent = request(Method::GET, path, None);
        sent.headers_mut().insert(header::HOST, "evil.example:4270".parse().unwrap());
        let answer = app.send(sent).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (StatusCode::FORBIDDEN, Some("foreign_host")),
            "{path}"
        );
        let mut sent = request(Method::GET, path, None);
        sent.headers_mut().insert(header::ORIGIN, "http://127.0.0.1:3000".parse().unwrap());
        let answer = app.send(sent).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (StatusCode::FORBIDDEN, Some("foreign_origin")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn localhost_leads_to_the_one_origin() {
    let app = TestApp::start();
    let mut sent = bare(Method::GET, "/tasks/1?x=2").body(Body::empty()).unwrap();
    sent.headers_mut().insert(header::HOST, "localhost:4270".parse().unwrap());
    let answer = app.send(sent).await;
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(answer.header("location"), format!("http://{HOST}/tasks/1?x=2"));
}

#[tokio::test]
async fn no_answer_opens_itself_to_other_origins() {
    let app = TestApp::start();
    let preflight = bare(Method::OPTIONS, "/api/v1/mutations")
        .header(header::ORIGIN, format!("http://{HOST}"))
        .header("access-control-request-method", "POST")
        .body(Body::empty())
        .unwrap();
    for answer in [app.send(preflight).await, app.get("/api/v1/snapshot").await, app.get("/").await] {
        assert!(
            answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-")),
            "{:?}",
            answer.headers
        );
    }
}
