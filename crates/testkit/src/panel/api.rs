//! The API of a server, as a client that gives up late uses it.

use anyhow::{Context as _, Result, ensure};
use qd_core::command::Command;
use qd_core::ids::{Mid, SessionId};
use qd_core::op::Outcome;
use qd_core::state::State;
use qd_engine::time::{SystemClock, mint};
use qd_wire::{Mutation, Snapshot};
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::{Duration, Instant};
use ureq::http::HeaderMap;

/// How long a mutation is sent again.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two sends.
const PAUSE: Duration = Duration::from_millis(25);

/// A server's API. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    agent: ureq::Agent,
    url: String,
    token: String,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Api {
    pub(super) fn new(url: &str, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(20)));
        Self { agent: config.build().into(), url: url.to_owned(), token: token.to_owned() }
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> &str {
        &self.url
    }

    fn answer(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answer> {
        let (parts, body) = answer?.into_parts();
        let body = body.into_with_config().limit(1 << 30).read_to_vec()?;
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// Asks for a path with the token and further headers.
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
        let request =
            self.agent.get(format!("{}{path}", self.url)).header("Authorization", format!("Bearer {}", self.token));
        Self::answer(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).call())
    }

    /// Asks for a path with the token.
    pub fn get(&self, path: &str) -> Result<Answer> {
        self.get_with(path, &[])
    }

    /// Posts a body of JSON, be it any or not.
    pub fn post_raw(&self, path: &str, body: &[u8]) -> Result<Answer> {
        let request =
            self.agent.post(format!("{}{path}", self.url)).header("Authorization", format!("Bearer {}", self.token));
        Self::answer(request.header("Content-Type", "application/json").send(body))
    }

    /// Posts JSON.
    pub fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.post_raw(path, &serde_json::to_vec(body)?)
    }

    /// All live rows and the outcomes of `mids`, as of one position.
    pub fn snapshot(&self, mids: &[Mid]) -> Result<Snapshot> {
        let answer = self.post("/api/v1/snapshot", &json!({ "mids": mids }))?;
        ensure!(answer.status == 200, "the snapshot was answered with {}: {}", answer.status, answer.text());
        serde_json::from_slice(&answer.body).context("a snapshot that can't be read")
    }

    /// All live rows.
    pub fn state(&self) -> Result<State> {
        Ok(self.snapshot(&[])?.rows.into_iter().collect())
    }

    /// Sends a command under a new `mid` until its outcome is known.
    pub fn send(&self, command: &Command) -> Result<Outcome> {
        self.settle(&Mutation::new(Mid(mint(&SystemClock)), command))
    }

    /// Sends a mutation until its outcome is known.
    pub fn settle(&self, mutation: &Mutation) -> Result<Outcome> {
        let body = serde_json::to_value(mutation)?;
        let begun = Instant::now();
        loop {
            let answer = self.post("/api/v1/mutations", &body);
            let outcome = answer.as_ref().ok().and_then(|a| serde_json::from_slice::<Outcome>(&a.body).ok());
            if let Some(outcome) = outcome.filter(|outcome| outcome.mid == mutation.mid) {
                return Ok(outcome);
            }
            ensure!(begun.elapsed() < PATIENCE, "a mutation has no outcome: {answer:?}");
            sleep(PAUSE);
        }
    }

    /// The whole output of a session as it can be read now; none where the session is not there.
    pub fn output(&self, session: SessionId) -> Result<Option<Vec<u8>>> {
        let mut all = Vec::new();
        let mut path = format!("/api/v1/sessions/{session}/output");
        loop {
            let answer = self.get(&path)?;
            if answer.status == 404 {
                return Ok(None);
            }
            ensure!(
                answer.status == 200,
                "the output of {session} was answered with {}: {}",
                answer.status,
                answer.text()
            );
            if answer.body.is_empty() {
                return Ok(Some(all));
            }
            all.extend(&answer.body);
            let next = answer.headers.get("Stream-Next-Offset").context("an output without its next offset")?;
            path = format!("/api/v1/sessions/{session}/output?offset={}", next.to_str()?);
        }
    }
}
