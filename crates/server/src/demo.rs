//! *Try to break it*: what the demonstration may do to itself. Only a server that was started as one has these
//! routes.

use crate::app::App;
use crate::error::Failure;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use qd_wire::ApiError;
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use utoipa::ToSchema;

/// How long the connection stays cut.
const CUT: Duration = Duration::from_secs(8);

/// What is being broken.
pub struct Demo {
    kill_server: Box<dyn Fn() + Send + Sync>,
    cut_until: watch::Sender<Option<Instant>>,
}

impl Demo {
    /// `kill_server` ends this very process with SIGKILL: only the program around the server knows processes.
    pub fn new(kill_server: impl Fn() + Send + Sync + 'static) -> Self {
        Self { kill_server: Box::new(kill_server), cut_until: watch::Sender::new(None) }
    }

    /// Completes when the connection is cut from now on.
    pub async fn cut(&self) {
        let mut until = self.cut_until.subscribe();
        if until.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    fn is_cut(&self) -> bool {
        self.cut_until.borrow().is_some_and(|until| Instant::now() < until)
    }
}

/// What to break.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Breakage {
    /// The next action is answered after 5 s.
    Slow,
    /// The next start is refused.
    Refuse,
    /// The connection is cut for 8 s.
    Cut,
    /// The newest running agent is killed.
    KillAgent,
    /// The server is killed and comes back.
    KillServer,
}

/// Break something. Only on a demonstration.
#[utoipa::path(post, path = "/demo/{what}", tag = "demo", params(("what" = Breakage, Path)), responses(
    (status = 204),
    (status = 404, body = ApiError, description = "This is no demonstration")
))]
pub async fn break_it(State(app): State<App>, Path(what): Path<Breakage>) -> Result<StatusCode, Failure> {
    let demo = app.demo.as_ref().ok_or(Failure::NotFound("This is no demonstration."))?;
    match what {
        Breakage::Slow => app.engine.slow_next(),
        Breakage::Refuse => app.engine.refuse_next(),
        Breakage::Cut => {
            demo.cut_until.send_replace(Some(Instant::now() + CUT));
        }
        Breakage::KillAgent => app.engine.demo_kill_agent().await,
        Breakage::KillServer => (demo.kill_server)(),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// While the connection is cut nothing is answered but the demonstration's own buttons.
pub async fn sever(State(app): State<App>, request: Request, next: Next) -> Result<Response, Failure> {
    let is_cut = app.demo.as_ref().is_some_and(Demo::is_cut);
    if is_cut && !request.uri().path().contains("/demo/") {
        Err(Failure::Overloaded)
    } else {
        Ok(next.run(request).await)
    }
}
