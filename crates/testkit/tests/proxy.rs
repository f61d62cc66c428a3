//! The fault proxy against a small server: each fault does what its name says, and nothing more.

#![cfg(test)]

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::routing::{get, post};
use futures::stream;
use qd_testkit::proxy::Proxy;
use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

struct Stage {
    proxy: SocketAddr,
    control: SocketAddr,
    /// How many posts the server was sent.
    posts: Arc<AtomicU32>,
    _running: JoinSet<()>,
}

impl Stage {
    async fn new() -> Self {
        let posts = Arc::new(AtomicU32::new(0));
        let count = |State(posts): State<Arc<AtomicU32>>, body: Bytes| async move {
            posts.fetch_add(1, Ordering::SeqCst);
            body
        };
        let events = ["one", "two", "three"].map(|text| Ok::<_, Infallible>(Event::default().data(text)));
        let stream = || async move { Sse::new(stream::iter(events)) };
        let app = Router::new().route("/echo", post(count)).route("/events", get(stream)).with_state(posts.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = listener.local_addr().unwrap();
        let proxy = Proxy::bind().await.unwrap();
        let (address, control) = (proxy.address().unwrap(), proxy.control_address().unwrap());
        let mut running = JoinSet::new();
        running.spawn(async move { axum::serve(listener, app).await.unwrap() });
        running.spawn(async move { proxy.run().await.unwrap() });
        let stage = Self { proxy: address, control, posts, _running: running };
        stage.control("PUT", "/upstream", &upstream.to_string()).await;
        stage
    }

    async fn control(&self, method: &str, path: &str, body: &str) -> String {
        let answer = exchange(self.control, method, path, body).await;
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    async fn rule(&self, rule: &str) -> String {
        self.control("POST", "/rules", rule).await
    }

    async fn post(&self, body: &str) -> String {
        exchange(self.proxy, "POST", "/echo", body).await
    }

    fn posts(&self) -> u32 {
        self.posts.load(Ordering::SeqCst)
    }
}

/// One request on a connection of its own; everything that came until it was closed.
async fn exchange(to: SocketAddr, method: &str, path: &str, body: &str) -> String {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let read = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(to).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A connection that is reset is one of the faults: what came before it counts.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    });
    read.await.unwrap()
}

#[tokio::test]
async fn without_rules_it_passes_everything_on() {
    let stage = Stage::new().await;
    assert!(stage.post("hello").await.ends_with("hello"));
    assert!(exchange(stage.proxy, "GET", "/events", "").await.contains("data: three"));
    assert_eq!(stage.control("GET", "/requests", "").await, r#"["POST /echo","GET /events"]"#);
}

#[tokio::test]
async fn a_dropped_request_never_reaches_the_server_and_a_dropped_answer_does() {
    let stage = Stage::new().await;
    stage.rule(r#"{ "path": "/echo", "times": 1, "fault": { "do": "drop_request" } }"#).await;
    assert_eq!((stage.post("a").await.as_str(), stage.posts()), ("", 0));
    stage.rule(r#"{ "path": "/echo", "times": 1, "fault": { "do": "drop_response" } }"#).await;
    assert_eq!((stage.post("a").await.as_str(), stage.posts()), ("", 1));
    assert!(stage.post("a").await.ends_with('a'), "the rules are used up");
}

#[tokio::test]
async fn a_held_answer_waits_for_its_rule_to_be_removed() {
    let stage = Stage::new().await;
    let rule = stage.rule(r#"{ "contains": "hold me", "fault": { "do": "hold_response" } }"#).await;
    let held = exchange(stage.proxy, "POST", "/echo", "hold me");
    let rest = async {
        stage.control("GET", &format!("/rules/{rule}/hits/1"), "").await;
        assert_eq!(stage.posts(), 1, "it was forwarded");
        assert!(stage.post("others").await.ends_with("others"));
        stage.control("DELETE", &format!("/rules/{rule}"), "").await;
    };
    let (held, ()) = tokio::join!(held, rest);
    assert!(held.ends_with("hold me"));
}

#[tokio::test]
async fn a_held_request_is_forwarded_only_then() {
    let stage = Stage::new().await;
    let rule = stage.rule(r#"{ "method": "POST", "fault": { "do": "hold_request" } }"#).await;
    let rest = async {
        stage.control("GET", &format!("/rules/{rule}/hits/1"), "").await;
        assert_eq!(stage.posts(), 0);
        stage.control("DELETE", "/rules", "").await;
    };
    let (held, ()) = tokio::join!(stage.post("a"), rest);
    assert!(held.ends_with('a'));
}

#[tokio::test]
async fn a_duplicate_is_answered_once_and_an_answer_in_place_reaches_no_one() {
    let stage = Stage::new().await;
    stage.rule(r#"{ "times": 1, "fault": { "do": "duplicate" } }"#).await;
    assert!(stage.post("a").await.ends_with('a'));
    assert_eq!(stage.posts(), 2);
    stage
        .rule(r#"{ "fault": { "do": "answer", "status": 502, "content_type": "text/html", "body": "<h1>Bad" } }"#)
        .await;
    let answer = stage.post("a").await;
    assert!(answer.starts_with("HTTP/1.1 502") && answer.ends_with("<h1>Bad"), "{answer}");
    assert_eq!(stage.posts(), 2);
}

#[tokio::test]
async fn a_stream_is_cut_in_the_middle_of_an_event() {
    let stage = Stage::new().await;
    stage.rule(r#"{ "times": 1, "fault": { "do": "cut", "containing": "two" } }"#).await;
    let answer = exchange(stage.proxy, "GET", "/events", "").await;
    assert!(answer.contains("data: t") && !answer.contains("two"), "{answer}");
}

#[tokio::test]
async fn a_stalled_stream_goes_on_where_it_stood() {
    let stage = Stage::new().await;
    let rule = stage.rule(r#"{ "fault": { "do": "stall", "containing": "two" } }"#).await;
    let rest = async {
        stage.control("GET", &format!("/rules/{rule}/hits/1"), "").await;
        stage.control("DELETE", "/rules", "").await;
    };
    let (answer, ()) = tokio::join!(exchange(stage.proxy, "GET", "/events", ""), rest);
    assert!(answer.contains("one") && answer.contains("two") && answer.contains("three"), "{answer}");
}

#[tokio::test]
async fn severing_closes_what_is_open_and_nothing_later() {
    let stage = Stage::new().await;
    let rule = stage.rule(r#"{ "times": 1, "fault": { "do": "hold_response" } }"#).await;
    let rest = async {
        stage.control("GET", &format!("/rules/{rule}/hits/1"), "").await;
        stage.control("POST", "/sever", "").await;
    };
    let (held, ()) = tokio::join!(stage.post("a"), rest);
    assert_eq!(held, "");
    assert!(stage.post("b").await.ends_with('b'));
}

#[tokio::test]
async fn a_rule_that_is_not_understood_is_refused() {
    let stage = Stage::new().await;
    let answer = exchange(stage.control, "POST", "/rules", r#"{ "fault": { "do": "explode" } }"#).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}
