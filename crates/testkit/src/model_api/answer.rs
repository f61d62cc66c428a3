//! Answers over HTTP: whole ones, and streams of server-sent events that take their time or break off.

use bytes::Bytes;
use futures::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use hyper::header::CONTENT_TYPE;
use hyper::{Response, StatusCode};
use serde_json::Value;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Interval, interval};

/// Ids need only differ.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A new id, as vendors write them.
pub(super) fn id(prefix: &str) -> String {
    format!("{prefix}_{:016}", NEXT_ID.fetch_add(1, Ordering::Relaxed))
}

/// An answer.
pub(super) type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

/// What happens to a stream on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Course {
    /// The time between two events.
    pub(super) pace: Option<Duration>,
    /// After so many events the connection is cut.
    pub(super) cut_after: Option<usize>,
}

pub(super) fn plain(status: StatusCode, text: &'static str) -> Answer {
    whole(status, "text/plain", text)
}

pub(super) fn json(value: &Value) -> Answer {
    whole(StatusCode::OK, "application/json", value.to_string())
}

/// An answer of JSON with the status of a refusal.
pub(super) fn refusal(status: u16, value: &Value) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    whole(status, "application/json", value.to_string())
}

/// The same answer with further headers.
pub(super) fn with_headers(mut answer: Answer, headers: &[(&'static str, String)]) -> Answer {
    for (name, value) in headers {
        if let Ok(value) = hyper::header::HeaderValue::from_str(value) {
            answer.headers_mut().insert(*name, value);
        }
    }
    answer
}

fn whole(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let body = Full::new(body.into()).map_err(|never| match never {}).boxed_unsync();
    headed(status, kind, body)
}

fn headed(status: StatusCode, kind: &'static str, body: UnsyncBoxBody<Bytes, io::Error>) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    answer
}

/// An event of a stream whose name is its type.
pub(super) fn named(event: &Value) -> String {
    format!("event: {}\n{}", event["type"].as_str().unwrap_or_default(), unnamed(event))
}

/// An event of a stream without a name.
pub(super) fn unnamed(event: &Value) -> String {
    format!("data: {event}\n\n")
}

struct Stream {
    events: std::vec::IntoIter<String>,
    sent: usize,
    cut_after: Option<usize>,
    clock: Option<Interval>,
}

/// A stream of these events, each with its line breaks.
pub(super) fn events(events: Vec<String>, course: Course) -> Answer {
    let stream =
        Stream { events: events.into_iter(), sent: 0, cut_after: course.cut_after, clock: course.pace.map(interval) };
    let body = StreamBody::new(stream::unfold(stream, Stream::next)).boxed_unsync();
    headed(StatusCode::OK, "text/event-stream", body)
}

impl Stream {
    async fn next(mut self) -> Option<(io::Result<Frame<Bytes>>, Self)> {
        if let Some(clock) = &mut self.clock {
            clock.tick().await;
        }
        if self.cut_after == Some(self.sent) {
            return Some((Err(io::ErrorKind::ConnectionAborted.into()), self));
        }
        let event = self.events.next()?;
        self.sent += 1;
        Some((Ok(Frame::data(Bytes::from(event))), self))
    }
}
