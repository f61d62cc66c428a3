//! A connection to the server that is kept open, as browsers keep theirs: no layer above HTTP that would be measured too.

use crate::panel::TOKEN;
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, Response, header};
use hyper_util::rt::TokioIo;
use qd_core::command::Command;
use qd_core::ids::Mid;
use qd_core::op::Outcome;
use qd_engine::time::{SystemClock, mint};
use qd_wire::Mutation;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// See the module.
pub(super) struct Wire {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    _driver: JoinSet<()>,
}

/// A mutation, ready to be sent.
pub(super) struct Ready {
    /// Its id.
    pub(super) mid: Mid,
    body: Bytes,
}

impl Ready {
    /// Of a command, under a new `mid`.
    pub(super) fn new(command: &Command) -> Result<Self> {
        let mutation = Mutation::new(Mid(mint(&SystemClock)), command);
        Ok(Self { mid: mutation.mid, body: serde_json::to_vec(&mutation)?.into() })
    }
}

impl Wire {
    /// To the server at `http://HOST`.
    pub(super) async fn open(url: &str) -> Result<Self> {
        let host = url.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            // A connection that breaks is told by the request on it.
            let _ = connection.await;
        });
        Ok(Self { sender, host, _driver: driver })
    }

    async fn send(&mut self, method: Method, path: &str, body: Bytes) -> Result<Response<Incoming>> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))?;
        self.sender.ready().await?;
        Ok(self.sender.send_request(request).await?)
    }

    /// Sends a mutation and waits for its outcome, which must be an acceptance.
    pub(super) async fn mutate(&mut self, ready: &Ready) -> Result<()> {
        let answer = self.send(Method::POST, "/api/v1/mutations", ready.body.clone()).await?;
        let body = answer.into_body().collect().await?.to_bytes();
        let outcome: Outcome =
            serde_json::from_slice(&body).with_context(|| String::from_utf8_lossy(&body).into_owned())?;
        ensure!(outcome.ok && outcome.mid == ready.mid, "not accepted: {outcome:?}");
        Ok(())
    }

    /// Opens a stream of events; it needs the connection for itself.
    pub(super) async fn follow(mut self, path: &str) -> Result<Events> {
        let answer = self.send(Method::GET, path, Bytes::new()).await?;
        ensure!(answer.status() == 200, "{path} was answered with {}", answer.status());
        Ok(Events { body: answer.into_body(), buffer: Vec::new(), bytes: 0, _wire: self })
    }
}

/// A stream of server-sent events.
pub(super) struct Events {
    body: Incoming,
    buffer: Vec<u8>,
    /// How many bytes came.
    pub(super) bytes: u64,
    _wire: Wire,
}

/// One of them.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Its name.
    pub(super) event: String,
    /// Its data, lines joined.
    pub(super) data: String,
}

impl Events {
    /// The next one; `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> Result<Option<Sent>> {
        let mut looked = 0;
        loop {
            let from = looked;
            if let Some(at) = self.buffer.get(from..).and_then(|rest| rest.windows(2).position(|pair| pair == b"\n\n"))
            {
                let rest = self.buffer.split_off(from + at + 2);
                let block = std::mem::replace(&mut self.buffer, rest);
                return Ok(Some(Sent::read(&String::from_utf8(block)?)));
            }
            looked = self.buffer.len().saturating_sub(1);
            let Some(frame) = self.body.frame().await else { return Ok(None) };
            if let Ok(data) = frame?.into_data() {
                self.bytes += data.len() as u64;
                self.buffer.extend_from_slice(&data);
            }
        }
    }
}

impl Sent {
    fn read(block: &str) -> Self {
        let mut sent = Self::default();
        for line in block.lines() {
            if let Some(name) = line.strip_prefix("event:") {
                name.trim_start().clone_into(&mut sent.event);
            } else if let Some(data) = line.strip_prefix("data:") {
                if !sent.data.is_empty() {
                    sent.data.push('\n');
                }
                sent.data.push_str(data.strip_prefix(' ').unwrap_or(data));
            }
        }
        sent
    }
}

#[cfg(test)]
mod tests {
    use super::Sent;

    #[test]
    fn data_in_several_lines_is_joined() {
        let sent = Sent::read("event: output\nid: 1.5\ndata: {\"a\":1}\ndata: {\"a\":2}\n\n");
        assert_eq!((sent.event.as_str(), sent.data.as_str()), ("output", "{\"a\":1}\n{\"a\":2}"));
    }
}
