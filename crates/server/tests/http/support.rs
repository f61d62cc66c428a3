//! An app on a data directory of its own, and requests to it.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use qd_core::command::{AttachProject, Command, CreateTask};
use qd_core::ids::ProjectId;
use qd_core::op::{Actor, Offset, Outcome};
use qd_engine::time::{SystemClock, mint};
use qd_engine::{Engine, EngineConfig};
use qd_server::app::Parts;
use qd_server::auth::Auth;
use qd_server::{App, Demo, Gate, Token, router};
use qd_wire::{Mutation, Snapshot};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use uuid::Uuid;

pub const TOKEN: &str = "the-token";
pub const HOST: &str = "127.0.0.1:4270";

pub struct TestApp {
    pub engine: Engine,
    pub stop: CancellationToken,
    router: Router,
    #[expect(dead_code, reason = "removed with the app")]
    dir: Option<TempDir>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

impl TestApp {
    /// A demonstration, so that every route is there.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let app = Self::on(dir.path());
        Self { dir: Some(dir), ..app }
    }

    /// No demonstration.
    pub fn serious() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let app = Self::made(dir.path(), None);
        Self { dir: Some(dir), ..app }
    }

    /// On a data directory that outlives it.
    pub fn on(data: &Path) -> Self {
        Self::made(data, Some(Demo::new(|| {})))
    }

    fn made(data: &Path, demo: Option<Demo>) -> Self {
        let config = EngineConfig {
            data_dir: data.to_owned(),
            clock: Arc::new(SystemClock),
            qd: "/nonexistent/qd".into(),
            env: BTreeMap::new(),
            home: data.join("home"),
            agents: BTreeMap::new(),
            limits: qd_engine::host::Limits::default(),
            confine: true,
            openers: BTreeMap::new(),
            projects: BTreeMap::new(),
            spare_after: None,
            max_sessions: 8,
            tasks_dir: "tasks".to_owned(),
            commit_tasks: false,
            demo: demo.is_some(),
        };
        let engine = Engine::open(config).unwrap();
        let stop = CancellationToken::new();
        let app = App::new(Parts {
            engine: engine.clone(),
            auth: Auth::new(&Token::preset(TOKEN.to_owned()), 4270),
            gate: Gate::new(([127, 0, 0, 1], 4270).into(), Vec::new()),
            demo,
            stop: stop.clone(),
        });
        Self { engine, stop, router: router(app), dir: None }
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path, None)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(request(Method::POST, path, Some(body))).await
    }

    /// Opens a stream; its frames come one by one.
    pub async fn stream(&self, path: &str) -> Frames {
        let response = self.router.clone().oneshot(request(Method::GET, path, None)).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Frames { body: response.into_body(), text: String::new() }
    }

    pub async fn head(&self) -> Offset {
        let snapshot: Snapshot = serde_json::from_slice(&self.get("/api/v1/snapshot").await.body).unwrap();
        Offset { epoch: snapshot.epoch, seq: snapshot.seq, tag: snapshot.tag }
    }

    /// A project to make tasks in.
    pub async fn project(&self) -> ProjectId {
        let project = ProjectId(id());
        let command = Command::AttachProject(AttachProject {
            id: project,
            name: "deck".to_owned(),
            path: "/nonexistent/deck".to_owned(),
            tasks_dir: "tasks".to_owned(),
            branch: Some("main".to_owned()),
            problem: None,
            watched: true,
            demo: false,
            remote: false,
            commits: false,
        });
        let outcome = self.engine.mutate(Mutation::new(id().into(), &command), Actor::Server).await.unwrap();
        assert_eq!(outcome.err, None);
        project
    }

    pub async fn create_task(&self, project: ProjectId, text: &str) -> Outcome {
        let command = Command::CreateTask(CreateTask { id: id().into(), project, text: text.to_owned() });
        let mutation = Mutation::new(id().into(), &command);
        let answer = self.post("/api/v1/mutations", &json!(mutation)).await;
        serde_json::from_value(answer.json()).unwrap()
    }
}

/// A new id.
pub fn id() -> Uuid {
    mint(&SystemClock)
}

/// A request with our host and the token.
pub fn request(method: Method, path: &str, body: Option<&Value>) -> Request<Body> {
    let request = bare(method, path).header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
    match body {
        Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    }
    .unwrap()
}

/// A request with our host and nothing else.
pub fn bare(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, HOST)
}

/// The events of a stream.
pub struct Frames {
    body: Body,
    text: String,
}

/// One event.
#[derive(Debug, PartialEq)]
pub struct Frame {
    pub event: String,
    pub id: Option<String>,
    pub data: String,
}

impl Frames {
    /// The next event; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let frame = parse(block);
                self.text = rest.to_owned();
                return Some(frame);
            }
            let bytes = self.body.frame().await?.unwrap().into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The next record.
    pub async fn record(&mut self) -> Frame {
        loop {
            let frame = self.next().await.expect("the stream ended");
            if frame.event == "record" {
                return frame;
            }
        }
    }
}

fn parse(block: &str) -> Frame {
    let field = |name: &str| {
        let values: Vec<&str> =
            block.lines().filter_map(|l| l.strip_prefix(name)?.strip_prefix(':')).map(str::trim_start).collect();
        (!values.is_empty()).then(|| values.join("\n"))
    };
    Frame { event: field("event").unwrap_or_default(), id: field("id"), data: field("data").unwrap_or_default() }
}
