//! A scripted stand-in for the model APIs of the vendors, on loopback: real agent programs run against it without a
//! model, an account or a way to the network.
//!
//! It speaks Anthropic's `messages`, the `responses` and `chat/completions` of `OpenAI` and Gemini's `generateContent`,
//! streamed and whole. What it answers is told by a script that the prompt names, see [`script`]. It keeps nothing between two requests: which step is due is told by
//! how many tools have answered since the prompt.

mod answer;
mod anthropic;
mod chat;
mod conversation;
mod gemini;
mod openai;
mod responses;
mod script;
mod tool;

use answer::Answer;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The listening socket.
pub struct ModelApi {
    listener: TcpListener,
}

impl ModelApi {
    /// Listens on a free port of loopback.
    pub async fn bind() -> io::Result<Self> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Ok(Self { listener: TcpListener::bind(any).await? })
    }

    /// The base address that agents are given.
    pub fn url(&self) -> io::Result<String> {
        Ok(format!("http://{}", self.listener.local_addr()?))
    }

    /// Answers until the socket fails; dropped, it closes everything.
    pub async fn run(self) -> io::Result<()> {
        let mut open = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    open.spawn(connection(accepted?.0));
                }
                Some(_) = open.join_next(), if !open.is_empty() => {}
            }
        }
    }
}

async fn connection(stream: TcpStream) {
    // Without this each small event of a stream would wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    // An error is a client that left, or a cut that was asked for.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(serve)).await;
}

async fn serve(request: Request<Incoming>) -> Result<Answer, hyper::Error> {
    let (head, incoming) = request.into_parts();
    let body: Bytes = incoming.collect().await?.to_bytes();
    Ok(route(&head.method, head.uri.path(), &body))
}

fn route(method: &Method, path: &str, body: &[u8]) -> Answer {
    if method != Method::POST {
        return answer::plain(StatusCode::NOT_FOUND, "there is nothing here");
    }
    let Ok(asked) = serde_json::from_slice::<Value>(body) else {
        return answer::plain(StatusCode::BAD_REQUEST, "not JSON");
    };
    match (path, path.rsplit_once(':')) {
        ("/v1/messages", _) => anthropic::messages(&asked),
        ("/v1/messages/count_tokens", _) => answer::json(&anthropic::count()),
        ("/v1/responses", _) => responses::responses(&asked),
        ("/v1/chat/completions", _) => chat::completions(&asked),
        (_, Some((_, "streamGenerateContent"))) => gemini::streamed(&asked),
        (_, Some((_, "generateContent"))) => gemini::whole(&asked),
        (_, Some((_, "countTokens"))) => answer::json(&gemini::count()),
        _ => answer::plain(StatusCode::NOT_FOUND, "there is nothing here"),
    }
}

#[cfg(test)]
mod tests;
