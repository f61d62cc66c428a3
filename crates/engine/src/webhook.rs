//! Tells another program what needs a person: one request for each approval, question, failure and finished session.
//!
//! It is told from the rows, once for each state of a session, after that has lasted for a moment: what is answered at
//! once tells nobody. What was told stands in a receipt, so a restart tells nothing again, and what happened while no
//! server ran is told when one runs, unless it is old. Killed between the request and the receipt, it tells that once
//! more.

use crate::engine::Engine;
use crate::receipts;
use hmac::{Hmac, KeyInit as _, Mac as _};
use qd_core::derive::{card_line, kind_name, status_word};
use qd_core::ids::{Millis, SessionId};
use qd_core::row::{Row, RowKind, Session};
use qd_core::status::Status;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::sleep;
use ureq::tls::{RootCerts, TlsConfig};

/// What lasts for less than this is not told.
const LASTS_MS: u64 = 2_000;
/// What ended longer ago than this while no server ran is not told any more.
const NEWS_MS: u64 = 3_600_000;
/// How long the other program may take to answer.
const WITHIN: Duration = Duration::from_secs(10);
/// The waits before it is tried again.
const AGAIN: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30)];
/// How many sessions that have ended are remembered.
const REMEMBERED: usize = 500;
/// The most of a text that is told.
const LONGEST: usize = 2_000;
/// The receipt.
const RECEIPT: &str = "webhook";

/// Where it is told.
#[derive(Clone)]
pub struct Webhook {
    /// The address.
    pub url: String,
    /// What the body is signed with.
    pub secret: Option<String>,
    /// The address of this panel, for links.
    pub panel: String,
}

/// How each session stood when it was told last.
#[derive(Default, Serialize, Deserialize)]
struct Told(BTreeMap<SessionId, String>);

impl Engine {
    /// Tells `hook` until the engine ends.
    pub fn run_webhook(&self, hook: Webhook) {
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            let shutdown = engine.inner.shutdown.clone();
            shutdown.run_until_cancelled(tell_for_ever(&engine, &hook)).await;
        });
    }
}

async fn tell_for_ever(engine: &Engine, hook: &Webhook) {
    let mut commits = engine.head();
    let known = receipts::load::<Told>(engine, RECEIPT);
    // Who has just turned it on does not want to hear of all that was.
    let first = known.is_none();
    let mut told = known.unwrap_or_default();
    if first {
        told.0 = all(engine).into_iter().map(|session| (session.id, state(&session))).collect();
        keep(engine, &mut told);
    }
    // Those of before whose server was not there.
    let mut watched: Vec<SessionId> = all(engine).into_iter().map(|session| session.id).collect();
    let mut since: BTreeMap<SessionId, (String, Millis)> = BTreeMap::new();
    loop {
        commits.borrow_and_update();
        let now = engine.config().clock.now();
        watched.extend(engine.inner.shared.active());
        watched.sort_unstable();
        watched.dedup();
        let mut due = None;
        let rows: Vec<Session> =
            watched.iter().filter_map(|id| engine.read(|rows| rows.session(*id).cloned())).collect();
        watched = rows.iter().filter(|row| row.status.is_active() || is_news(row, &told, now)).map(|r| r.id).collect();
        for row in &rows {
            if !is_news(row, &told, now) {
                continue;
            }
            let state = state(row);
            let entry = since.entry(row.id).or_insert_with(|| (state.clone(), now));
            if entry.0 != state {
                *entry = (state.clone(), now);
            }
            let lasted = now.since(entry.1);
            if lasted < LASTS_MS {
                due = Some(due.map_or(LASTS_MS - lasted, |due: u64| due.min(LASTS_MS - lasted)));
                continue;
            }
            since.remove(&row.id);
            tell(engine, hook, row).await;
            told.0.insert(row.id, state);
            keep(engine, &mut told);
        }
        since.retain(|id, _| watched.contains(id));
        let wait = async {
            match due {
                Some(ms) => sleep(Duration::from_millis(ms)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = commits.changed() => if changed.is_err() { return },
            () = wait => {}
        }
    }
}

fn all(engine: &Engine) -> Vec<Session> {
    let session = |row: &Row| if let Row::Session(session) = row { Some(session.clone()) } else { None };
    engine.read(|rows| rows.of_kind(RowKind::Session).filter_map(session).collect())
}

/// Each request is an event of its own, and so is each end of an attempt.
fn state(row: &Session) -> String {
    let request = row.requests.first().map(|request| request.id.to_string()).unwrap_or_default();
    format!("{} {} {request}", row.attempt, status_word(row.status))
}

fn is_news(row: &Session, told: &Told, now: Millis) -> bool {
    let wants = match row.status {
        Status::NeedsApproval | Status::NeedsAnswer | Status::Paused => true,
        Status::Completed | Status::Failed | Status::Interrupted => {
            !row.seen && row.ended.is_some_and(|ended| now.since(ended) < NEWS_MS)
        }
        Status::Queued
        | Status::Starting
        | Status::Running
        | Status::Waiting
        | Status::Cancelling
        | Status::Cancelled => false,
    };
    wants && told.0.get(&row.id) != Some(&state(row))
}

/// Stores what was told. The oldest sessions go first: their ids are of their times.
fn keep(engine: &Engine, told: &mut Told) {
    while told.0.len() > REMEMBERED {
        told.0.pop_first();
    }
    if let Err(error) = receipts::store(engine, RECEIPT, told) {
        tracing::warn!(%error, "what the webhook was told can't be stored: it may be told again after a restart");
    }
}

async fn tell(engine: &Engine, hook: &Webhook, row: &Session) {
    let (task, project) = engine.read(|rows| {
        let task = rows.task(row.task);
        let project = rows.project(row.project).map(|project| project.name.clone());
        (task.map_or_else(String::new, |task| task.title.clone()), project.unwrap_or_default())
    });
    let cut = |text: &str| text.chars().take(LONGEST).collect::<String>();
    let word = status_word(row.status);
    let body = json!({
        "event": row.status,
        "says": cut(&format!("{} {word}: {task}", kind_name(row.kind))),
        "detail": cut(&card_line(row, None)),
        "session": { "id": row.id, "kind": row.kind, "agent": row.agent, "attempt": row.attempt },
        "task": { "id": row.task, "title": cut(&task) },
        "project": project,
        "at": engine.config().clock.now(),
        "url": format!("{}/sessions/{}", hook.panel, row.id),
    });
    let body = body.to_string();
    for wait in AGAIN.into_iter().map(Some).chain([None]) {
        let (hook, body) = (hook.clone(), body.clone());
        let sent = tokio::task::spawn_blocking(move || send(&hook, &body)).await;
        let Ok(Err(refusal)) = sent else { return };
        let Some(wait) = wait.filter(|_| refusal.may_pass) else {
            tracing::warn!(why = %refusal.why, "the webhook could not be told");
            return;
        };
        sleep(wait).await;
    }
}

/// Why it was not told.
struct Refusal {
    why: String,
    may_pass: bool,
}

/// Sends it once. The address is not told in what went wrong: it may hold a secret.
fn send(hook: &Webhook, body: &str) -> Result<(), Refusal> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(WITHIN))
        .http_status_as_error(false)
        .max_redirects(0)
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .build()
        .into();
    let mut request = agent.post(&hook.url).header("Content-Type", "application/json");
    if let Some(secret) = &hook.secret {
        request = request.header("X-Quarterdeck-Signature", signature(secret, body));
    }
    let answer = request.send(body).map_err(|error| Refusal { why: error.to_string(), may_pass: true })?;
    match answer.status().as_u16() {
        200..300 => Ok(()),
        status => Err(Refusal {
            why: format!("it answered {status}"),
            may_pass: status >= 500 || matches!(status, 408 | 429),
        }),
    }
}

/// `sha256=…`, as GitHub signs its webhooks.
fn signature(secret: &str, body: &str) -> String {
    use std::fmt::Write as _;
    let mut signature = "sha256=".to_owned();
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        mac.update(body.as_bytes());
        for byte in mac.finalize().into_bytes() {
            let _ = write!(signature, "{byte:02x}");
        }
    }
    signature
}

#[cfg(test)]
mod tests;
