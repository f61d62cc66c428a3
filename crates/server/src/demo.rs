//! *Try to break it*: what the demonstration may do to itself. Only a server that was started as one has these
//! routes.

use crate::app::App;
use crate::error::Failure;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use qd_core::ids::SessionId;
use qd_core::row::{Row, RowKind};
use qd_core::status::Status;
use qd_wire::ApiError;
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use utoipa::ToSchema;

/// How long the connection stays cut.
const CUT: Duration = Duration::from_secs(8);

/// What only the process around the server can do.
pub trait Mischief: Send + Sync {
    /// Kills the agent of this attempt with SIGKILL. False where it has no process.
    fn kill_agent(&self, session: SessionId, attempt: u32) -> bool;
    /// Kills the server with SIGKILL.
    fn kill_server(&self);
}

/// What is being broken.
pub struct Demo {
    mischief: Box<dyn Mischief>,
    cut_until: watch::Sender<Option<Instant>>,
}

impl Demo {
    /// Breaks processes by `mischief`.
    pub fn new(mischief: Box<dyn Mischief>) -> Self {
        Self { mischief, cut_until: watch::Sender::new(None) }
    }

    /// Completes when the connection is cut from now on.
    pub async fn cut(&self) {
        let mut until = self.cut_until.subscribe();
        if until.changed().await.is_err() {
            std::future::pending().await
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
    (status = 404, body = ApiError, description = "No agent runs")
))]
pub async fn break_it(State(app): State<App>, Path(what): Path<Breakage>) -> Result<StatusCode, Failure> {
    let demo = app.demo.as_ref().ok_or(Failure::NotFound("This is no demonstration."))?;
    match what {
        Breakage::Slow => app.engine.slow_next(),
        Breakage::Refuse => app.engine.refuse_next(),
        Breakage::Cut => {
            demo.cut_until.send_replace(Some(Instant::now() + CUT));
        }
        Breakage::KillAgent => {
            let killed = newest_running(&app).is_some_and(|(session, attempt)| demo.mischief.kill_agent(session, attempt));
            if !killed {
                return Err(Failure::NotFound("No agent runs. Start one, then kill it."));
            }
        }
        Breakage::KillServer => demo.mischief.kill_server(),
    }
    Ok(StatusCode::NO_CONTENT)
}

fn newest_running(app: &App) -> Option<(SessionId, u32)> {
    app.engine.read(|state| {
        let running = state.of_kind(RowKind::Session).filter_map(|row| match row {
            Row::Session(s) if has_agent(s.status) => Some(s),
            _ => None,
        });
        running.max_by_key(|s| s.since).map(|s| (s.id, s.attempt))
    })
}

fn has_agent(status: Status) -> bool {
    matches!(status, Status::Running | Status::NeedsApproval | Status::NeedsAnswer | Status::Paused | Status::Waiting)
}

/// While the connection is cut nothing is answered but the demonstration's own buttons.
pub async fn sever(State(app): State<App>, request: Request, next: Next) -> Result<Response, Failure> {
    let is_cut = app.demo.as_ref().is_some_and(Demo::is_cut);
    if is_cut && !request.uri().path().contains("/demo/") { Err(Failure::Overloaded) } else { Ok(next.run(request).await) }
}
