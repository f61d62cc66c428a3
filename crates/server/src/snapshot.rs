//! `/snapshot`: all live rows, as of one position in the log.

use crate::app::App;
use crate::error::Failure;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use qd_core::ids::Mid;
use qd_wire::{Snapshot, SnapshotRequest};

/// Read all live rows.
#[utoipa::path(get, path = "/snapshot", tag = "workspace", responses((status = 200, body = Snapshot)))]
pub async fn snapshot(State(app): State<App>) -> Result<Response, Failure> {
    read(&app, Vec::new()).await
}

/// Read all live rows, and what became of the caller's mutations, in one transaction.
#[utoipa::path(post, path = "/snapshot", tag = "workspace", request_body = SnapshotRequest, responses((status = 200, body = Snapshot)))]
pub async fn snapshot_with_outcomes(
    State(app): State<App>,
    Json(request): Json<SnapshotRequest>,
) -> Result<Response, Failure> {
    read(&app, request.mids).await
}

async fn read(app: &App, mids: Vec<Mid>) -> Result<Response, Failure> {
    let json = app.engine.snapshot(mids).await.map_err(Failure::internal)?.json;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}
