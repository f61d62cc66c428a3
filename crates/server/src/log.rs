//! `GET /log`: the records of the workspace after an offset. A live reader reads the durable log at its own pace;
//! nothing is buffered for it, so a slow one delays nobody and misses nothing.

use crate::app::App;
use crate::error::Failure;
use crate::stream::{self, Live};
use axum::Json;
use axum::extract::{Query, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use qd_core::event::Activity;
use qd_core::ids::SessionId;
use qd_core::op::Offset;
use qd_engine::Engine;
use qd_store::{Entry, ReadError};
use qd_wire::{ApiError, LogFrame, LogPage};
use serde::Deserialize;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::time::{Interval, MissedTickBehavior};
use utoipa::IntoParams;

/// How often a stream says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How many records are read at once.
const PAGE: usize = 256;

/// What a live session does.
type Told = (SessionId, Activity);

/// Where to read from.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// `epoch.seq.tag`, as a snapshot or a record says it.
    offset: String,
    /// Follow what comes.
    live: Option<Live>,
}

/// Read the log.
///
/// With `live=sse` each event's data is a frame, its name the frame's `frame`, and the id of a record the offset to
/// go on from.
#[utoipa::path(get, path = "/log", tag = "workspace", params(LogQuery), responses(
    (status = 200, description = "At most 256 records, or with `live=sse` all that come", content(
        (LogPage = "application/json"),
        (LogFrame = "text/event-stream")
    )),
    (status = 409, body = ApiError, description = "The log never was at that offset: take a snapshot"),
    (status = 410, body = ApiError, description = "The log does not go back so far: take a snapshot")
))]
pub async fn log(State(app): State<App>, Query(query): Query<LogQuery>) -> Result<Response, Failure> {
    let offset: Offset =
        query.offset.parse().map_err(|e: qd_core::op::BadOffset| Failure::BadRequest(e.to_string()))?;
    // The watch first: what is committed while we read wakes the stream again.
    let (published, activity) = (app.engine.head(), app.engine.activity());
    let first = app.engine.records(offset, PAGE).await.map_err(failure)?;
    if query.live.is_none() {
        return page(offset, &first);
    }
    let reader = Reader::new(app.engine.clone(), offset, first, published, activity);
    let events = futures::stream::unfold(reader, Reader::next).take_until(Box::pin(stream::end(app)));
    Ok(Sse::new(events).into_response())
}

fn failure(error: ReadError) -> Failure {
    match error {
        ReadError::Gone { .. } => Failure::OffsetGone,
        ReadError::Conflict { .. } => Failure::OffsetConflict,
        ReadError::Store(error) => Failure::internal(error),
    }
}

fn page(offset: Offset, entries: &[Arc<Entry>]) -> Result<Response, Failure> {
    let next = entries.last().map_or(offset, |e| e.offset).to_string();
    let records =
        entries.iter().map(|e| serde_json::from_str(&e.json)).collect::<Result<_, _>>().map_err(Failure::internal)?;
    Ok(Json(LogPage { records, next }).into_response())
}

/// One live reader.
struct Reader {
    engine: Engine,
    at: Offset,
    published: watch::Receiver<Offset>,
    activity: broadcast::Receiver<Told>,
    heartbeat: Interval,
    ready: VecDeque<Event>,
    over: bool,
}

impl Reader {
    fn new(
        engine: Engine,
        at: Offset,
        first: Vec<Arc<Entry>>,
        published: watch::Receiver<Offset>,
        (live, activity): (Vec<Told>, broadcast::Receiver<Told>),
    ) -> Self {
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.reset();
        let mut reader = Self { engine, at, published, activity, heartbeat, ready: VecDeque::new(), over: false };
        reader.beat();
        reader.take(first);
        reader.tell(live);
        reader
    }

    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some((Ok(event), self));
            }
            if self.over {
                return None;
            }
            let head = *self.published.borrow_and_update();
            if head == self.at {
                self.wait().await;
                continue;
            }
            match self.engine.records(self.at, PAGE).await {
                Ok(entries) if entries.is_empty() => self.wait().await,
                Ok(entries) => self.take(entries),
                Err(_) => self.end_with_resync(),
            }
        }
    }

    async fn wait(&mut self) {
        tokio::select! {
            changed = self.published.changed() => self.over |= changed.is_err(),
            _ = self.heartbeat.tick() => self.beat(),
            activity = self.activity.recv() => match activity {
                Ok((session, activity)) => self.push(&LogFrame::Activity { session, activity }),
                // Only the latest counts, so what was missed is made good by saying all of it again.
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    let (live, activity) = self.engine.activity();
                    self.activity = activity;
                    self.tell(live);
                }
                Err(broadcast::error::RecvError::Closed) => self.over = true,
            },
        }
    }

    fn take(&mut self, entries: Vec<Arc<Entry>>) {
        for entry in entries {
            self.at = entry.offset;
            let data = format!("{{\"frame\":\"record\",\"record\":{}}}", entry.json);
            self.ready.push_back(Event::default().event("record").id(entry.offset.to_string()).data(data));
        }
    }

    fn beat(&mut self) {
        let seq = self.published.borrow().seq;
        self.push(&LogFrame::Heartbeat { seq });
    }

    fn tell(&mut self, live: Vec<Told>) {
        for (session, activity) in live {
            self.push(&LogFrame::Activity { session, activity });
        }
    }

    fn end_with_resync(&mut self) {
        self.over = true;
        self.push(&LogFrame::Resync);
    }

    fn push(&mut self, frame: &LogFrame) {
        let name = match frame {
            LogFrame::Record { .. } => "record",
            LogFrame::Activity { .. } => "activity",
            LogFrame::Heartbeat { .. } => "heartbeat",
            LogFrame::Resync => "resync",
        };
        match Event::default().event(name).json_data(frame) {
            Ok(event) => self.ready.push_back(event),
            Err(e) => tracing::error!("a frame could not be written: {e}"),
        }
    }
}
