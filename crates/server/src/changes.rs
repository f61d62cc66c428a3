//! What the work of a task changed, from git.

use crate::app::App;
use crate::error::Failure;
use crate::soon::Soon as _;
use axum::Json;
use axum::extract::{Path, Query, State};
use qd_wire::{ApiError, ChangesAnswer, FileDiff};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

/// List the files that the work of a task changed.
#[utoipa::path(get, path = "/tasks/{id}/changes", tag = "tasks", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ChangesAnswer),
    (status = 404, body = ApiError, description = "No work was done on it yet")
))]
pub async fn changes(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<ChangesAnswer>, Failure> {
    let changes = app.engine.changes(id.into()).await.map_err(Failure::internal)?;
    Ok(Json(changes))
}

/// Which file.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// As the list of changes has it.
    path: String,
}

/// Read the changes of one file as a unified diff.
#[utoipa::path(get, path = "/tasks/{id}/changes/file", tag = "tasks", params(("id" = Uuid, Path), FileQuery), responses(
    (status = 200, body = FileDiff),
    (status = 404, body = ApiError)
))]
pub async fn file(State(app): State<App>, Path(id): Path<Uuid>, Query(query): Query<FileQuery>) -> Result<Json<FileDiff>, Failure> {
    let diff = app.engine.file_diff(id.into(), &query.path).await.map_err(Failure::internal)?;
    Ok(Json(diff))
}
