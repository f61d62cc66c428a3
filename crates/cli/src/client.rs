//! The server of a data directory, asked over HTTP like everybody else asks it.

pub mod find;
mod send;
pub mod stream;

pub use send::{Sending, Working, over};

use crate::exit::Error;
use crate::server_file::ServerFile;
use qd_core::ids::TaskId;
use qd_core::state::State;
use qd_wire::{ApiError, Snapshot, UncommittedHunk};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;
use std::time::Duration;
use ureq::Agent;
use ureq::http::Response;
use ureq::{Body, RequestBuilder};

/// How long an answer may take. A stream may take for ever once it has begun.
const ANSWER: Duration = Duration::from_secs(30);

/// A connection to the server of a data directory.
pub struct Client {
    data_dir: PathBuf,
    agent: Agent,
}

impl Client {
    /// The server that runs on `data_dir`.
    pub fn connect(data_dir: PathBuf) -> Result<Self, Error> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_connect(Some(ANSWER))
            .timeout_recv_response(Some(ANSWER))
            .build();
        let client = Self { data_dir, agent: config.into() };
        client.server()?;
        Ok(client)
    }

    /// Looked up for each request: a server that was started again may listen elsewhere.
    fn server(&self) -> Result<ServerFile, Error> {
        ServerFile::running(&self.data_dir).ok_or_else(|| Error::NoServer(self.data_dir.clone()))
    }

    fn authorised<B>(server: &ServerFile, request: RequestBuilder<B>) -> RequestBuilder<B> {
        request.header("Authorization", format!("Bearer {}", server.token))
    }

    fn get_response(&self, path: &str) -> Result<Response<Body>, Error> {
        let server = self.server()?;
        let request = self.agent.get(format!("{}/api/v1{path}", server.url()));
        let answer = Self::authorised(&server, request).call().map_err(|e| self.unreached(&e))?;
        self.checked(answer)
    }

    /// Asks for `path` and reads the answer as JSON.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.get_response(path)?.body_mut().with_config().limit(u64::MAX).read_json().map_err(Error::failed)
    }

    /// What of a file of a task's worktree is in no commit.
    pub fn uncommitted(&self, task: TaskId, path: &str) -> Result<Vec<UncommittedHunk>, Error> {
        self.get(&format!("/tasks/{task}/changes/uncommitted/hunks?path={}", query(path)))
    }

    /// Sends `body` to `path` and reads the answer as JSON.
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Error> {
        let server = self.server()?;
        let request = self.agent.post(format!("{}/api/v1{path}", server.url()));
        let answer = Self::authorised(&server, request).send_json(body).map_err(|e| self.unreached(&e))?;
        self.checked(answer)?.body_mut().read_json().map_err(Error::failed)
    }

    /// All live rows.
    pub fn state(&self) -> Result<State, Error> {
        let snapshot: Snapshot = self.get("/snapshot")?;
        Ok(snapshot.rows.into_iter().collect())
    }

    fn unreached(&self, error: &ureq::Error) -> Error {
        match error {
            ureq::Error::ConnectionFailed | ureq::Error::Io(_) => Error::NoServer(self.data_dir.clone()),
            other => Error::failed(other),
        }
    }

    fn checked(&self, mut answer: Response<Body>) -> Result<Response<Body>, Error> {
        let status = answer.status().as_u16();
        match status {
            200..300 => Ok(answer),
            401 => Err(Error::NotLoggedIn(ServerFile::path(&self.data_dir))),
            _ => {
                let text = answer.body_mut().read_to_string().unwrap_or_default();
                let message = serde_json::from_str::<ApiError>(&text).map_or(text, |error| error.message);
                Err(Error::Answer { status, message })
            }
        }
    }
}

/// A text as a value of a query.
pub fn query(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
