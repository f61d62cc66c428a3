//! One request on its way to the server and back.

use super::Shared;
use super::body::{self, Body};
use super::rule::{Asked, Fault};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Why there is no answer: the connection is closed without one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error("dropped on purpose")]
    Dropped,
    #[error("no upstream was set")]
    NoUpstream,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Http(#[from] hyper::Error),
    #[error(transparent)]
    Form(#[from] hyper::http::Error),
}

pub(crate) async fn forward(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Body>, NoAnswer> {
    let (head, incoming) = request.into_parts();
    let bytes = incoming.collect().await?.to_bytes();
    let asked = Asked {
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        body: String::from_utf8_lossy(&bytes).into_owned(),
    };
    shared.note(format!("{} {}", asked.method, head.uri));
    let on_request = |fault: &Fault| !matches!(fault, Fault::Cut { .. } | Fault::Stall { .. });
    let rule = shared.rules.take(&asked, on_request);
    let again = || Request::from_parts(head.clone(), Full::new(bytes.clone()));
    let Some(rule) = rule else {
        let answer = send(&shared, again()).await?;
        return Ok(body::watched(shared, asked, answer));
    };
    match rule.fault() {
        Fault::HoldRequest => {
            rule.hit();
            rule.removed().await;
        }
        Fault::DropRequest => {
            rule.hit();
            return Err(NoAnswer::Dropped);
        }
        Fault::Answer { status, content_type, body } => {
            rule.hit();
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let answer = Response::builder().status(status).header(header::CONTENT_TYPE, content_type);
            return Ok(answer.body(body::whole(body.clone()))?);
        }
        Fault::Duplicate => {
            send(&shared, again()).await?;
            rule.hit();
        }
        Fault::HoldResponse
        | Fault::DropResponse
        | Fault::DelayResponse { .. }
        | Fault::Cut { .. }
        | Fault::Stall { .. } => {}
    }
    let answer = send(&shared, again()).await?;
    match rule.fault() {
        Fault::HoldResponse => {
            rule.hit();
            rule.removed().await;
        }
        Fault::DropResponse => {
            rule.hit();
            return Err(NoAnswer::Dropped);
        }
        Fault::DelayResponse { ms } => {
            rule.hit();
            tokio::time::sleep(Duration::from_millis(*ms)).await;
        }
        Fault::HoldRequest
        | Fault::DropRequest
        | Fault::Duplicate
        | Fault::Answer { .. }
        | Fault::Cut { .. }
        | Fault::Stall { .. } => {}
    }
    Ok(body::watched(shared, asked, answer))
}

/// An answer of the server, and what moves its bytes: dropped together.
pub(crate) struct Answer {
    pub(crate) response: Response<Incoming>,
    pub(crate) connection: JoinSet<()>,
}

async fn send(shared: &Shared, request: Request<Full<Bytes>>) -> Result<Answer, NoAnswer> {
    let stream = TcpStream::connect(shared.upstream().ok_or(NoAnswer::NoUpstream)?).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let mut moving = JoinSet::new();
    moving.spawn(async move {
        // What fails here fails the body or the answer too, where it is handled.
        let _ = connection.await;
    });
    Ok(Answer { response: sender.send_request(request).await?, connection: moving })
}
