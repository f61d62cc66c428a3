//! `GET /sessions/{id}/wire`: every line between a session's host and its agent, as it was.

use crate::app::App;
use crate::error::Failure;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use qd_core::ids::SessionId;
use qd_engine::host::read_wire;
use qd_store::Outputs;
use std::io;
use tokio::sync::mpsc;
use uuid::Uuid;

/// About so many bytes are handed on at once.
const CHUNK: usize = 64 * 1024;

/// Read the wire record of a session.
///
/// The lines of all its attempts, both ways, in the form `{"t": seconds, "dir": "<" or ">", "msg": …}`; of a long
/// attempt the end. What was written within the last second may be missing.
#[utoipa::path(get, path = "/sessions/{id}/wire", tag = "sessions", params(("id" = Uuid, Path)), responses(
    (status = 200, description = "One JSON object a line", content((String = "application/jsonl"))),
    (status = 404, body = qd_wire::ApiError)
))]
pub async fn wire(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Response, Failure> {
    let id = SessionId(id);
    if app.engine.read(|state| state.session(id).is_none()) {
        return Err(Failure::NotFound("There is no such session."));
    }
    let config = app.engine.config();
    let attempts = Outputs::new(&config.data_dir).attempts(id).map_err(Failure::internal)?;
    let folders: Vec<_> = attempts.into_iter().map(|attempt| config.run_dir(id, attempt)).collect();
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(4);
    tokio::task::spawn_blocking(move || {
        let mut chunk = Vec::with_capacity(CHUNK);
        let gone = |_| io::Error::other("nobody reads");
        let told = folders.iter().try_for_each(|folder| {
            read_wire(folder, |line| {
                chunk.extend_from_slice(line);
                if chunk.len() < CHUNK {
                    return Ok(());
                }
                sender.blocking_send(Ok(Bytes::from(std::mem::take(&mut chunk)))).map_err(gone)
            })
        });
        // Who went away hears neither.
        let _ = sender.blocking_send(told.map(|()| Bytes::from(chunk)));
    });
    let stream = futures::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    Ok(([(CONTENT_TYPE, "application/jsonl")], Body::from_stream(stream)).into_response())
}
