//! `GET /sessions/{id}/output`: what a session's agent did, as JSON lines, at once or as it comes. An offset is
//! opaque and sorts as text.

use crate::app::App;
use crate::error::Failure;
use crate::stream::{self, Live};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt as _};
use qd_core::ids::SessionId;
use qd_store::{Chunk, Edge, Follow, Known, OutputError, OutputOffset, Outputs, Step};
use serde::Deserialize;
use std::convert::Infallible;
use std::io;
use std::time::Duration;
use tokio::sync::watch;
use utoipa::IntoParams;
use uuid::Uuid;

const START: HeaderName = HeaderName::from_static("stream-start-offset");
const NEXT: HeaderName = HeaderName::from_static("stream-next-offset");
const CLOSED: HeaderName = HeaderName::from_static("stream-closed");
const FIRST: HeaderName = HeaderName::from_static("stream-first");
/// How many bytes are read at once, unless asked otherwise.
const CHUNK: usize = 256 * 1024;
/// More is not read at once, whatever is asked.
const MOST: usize = 4 * 1024 * 1024;
/// How often a stream says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Which part to read. Without any, from the beginning.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OutputQuery {
    /// From this offset on.
    offset: Option<String>,
    /// About this many bytes before this offset.
    before: Option<String>,
    /// About the last so many bytes.
    tail: Option<usize>,
    /// About how many bytes to answer with.
    max: Option<usize>,
    /// Follow what comes.
    live: Option<Live>,
}

/// Read the output of a session.
///
/// Whole lines only. `Stream-Start-Offset` and `Stream-Next-Offset` say which part it is; `Stream-First: true` stands
/// at the beginning, `Stream-Closed: true` where nothing more will come. With `live=sse` events `output` carry lines,
/// with the next offset as id, until `end`.
#[utoipa::path(get, path = "/sessions/{id}/output", tag = "sessions", params(("id" = Uuid, Path), OutputQuery), responses(
    (status = 200, description = "Events, one JSON object a line", content(
        (String = "application/jsonl"),
        (String = "text/event-stream")
    )),
    (status = 400, body = qd_wire::ApiError, description = "Not an offset of this session"),
    (status = 404, body = qd_wire::ApiError)
))]
pub async fn output(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Query(query): Query<OutputQuery>,
) -> Result<Response, Failure> {
    let session = SessionId::from(id);
    if app.engine.read(|state| state.session(session).is_none()) {
        return Err(Failure::NotFound("There is no such session."));
    }
    // The watch first: what is appended while we read wakes the stream again.
    let known = app.engine.output(session);
    let outputs = Outputs::new(&app.engine.config().data_dir);
    let max = query.max.unwrap_or(CHUNK).min(MOST);
    let part = Part::of(&query)?;
    let (chunk, known) = read(outputs.clone(), session, part, max, known).await?;
    if query.live.is_some() {
        let follow = Follow::new(outputs, session, chunk.next, known);
        let events = events(&chunk, follow).take_until(Box::pin(stream::end(app)));
        return Ok(Sse::new(events).into_response());
    }
    let closed = chunk.edge != Edge::More && known.borrow().ended && chunk.next >= known.borrow().end;
    let parts = [
        (header::CONTENT_TYPE, "application/jsonl".to_owned()),
        (START, chunk.start.to_string()),
        (NEXT, chunk.next.to_string()),
        (FIRST, chunk.first.to_string()),
        (CLOSED, closed.to_string()),
    ];
    Ok((parts, chunk.bytes).into_response())
}

enum Part {
    From(OutputOffset),
    Before(OutputOffset),
    Tail(usize),
}

impl Part {
    fn of(query: &OutputQuery) -> Result<Self, Failure> {
        let parse = |text: &str| text.parse::<OutputOffset>().map_err(|e| Failure::BadRequest(e.to_string()));
        match (query.offset.as_deref(), query.before.as_deref(), query.tail) {
            (offset, None, None) => Ok(Self::From(offset.map(parse).transpose()?.unwrap_or_default())),
            (None, Some(before), None) => Ok(Self::Before(parse(before)?)),
            (None, None, Some(bytes)) => Ok(Self::Tail(bytes.min(MOST))),
            _ => Err(Failure::BadRequest("Give one of offset, before and tail.".to_owned())),
        }
    }
}

/// What is known is looked at before reading, so that "closed" is never said of a part that was read too early.
async fn read(
    outputs: Outputs,
    session: SessionId,
    part: Part,
    max: usize,
    known: watch::Receiver<Known>,
) -> Result<(Chunk, watch::Receiver<Known>), Failure> {
    let read = tokio::task::spawn_blocking(move || match part {
        Part::From(offset) => outputs.read(session, offset, max),
        Part::Before(offset) => outputs.before(session, offset, max),
        Part::Tail(bytes) => outputs.tail(session, bytes),
    });
    match read.await.map_err(io::Error::other).map_err(Failure::internal)? {
        Ok(chunk) => Ok((chunk, known)),
        Err(e @ OutputError::Misplaced(_)) => Err(Failure::BadRequest(e.to_string())),
        Err(e) => Err(Failure::internal(e)),
    }
}

/// An event without data is none to a browser, so those that need none carry an empty object.
fn events(first: &Chunk, follow: Follow) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let opening = futures::stream::iter((!first.bytes.is_empty()).then(|| Ok(lines(first))));
    let rest = futures::stream::unfold(Some(follow), |follow| async {
        let mut follow = follow?;
        let step = tokio::time::timeout(HEARTBEAT, follow.next(CHUNK)).await;
        Some(match step {
            Err(_) => (Ok(Event::default().event("heartbeat").data("{}")), Some(follow)),
            Ok(Ok(Step::Lines(chunk))) => (Ok(lines(&chunk)), Some(follow)),
            Ok(Ok(Step::Ended(at))) => (Ok(Event::default().event("end").id(at.to_string()).data("{}")), None),
            Ok(Ok(Step::Detached)) => return None,
            Ok(Err(e)) => {
                tracing::error!("the output of a session could not be read: {e}");
                return None;
            }
        })
    });
    opening.chain(rest)
}

fn lines(chunk: &Chunk) -> Event {
    let text = String::from_utf8_lossy(&chunk.bytes);
    Event::default().event("output").id(chunk.next.to_string()).data(text.trim_end_matches('\n'))
}
