//! What the work of a task changed, from git.

use crate::app::App;
use crate::error::Failure;
use axum::Json;
use axum::extract::{Path, Query, State};
use qd_engine::WorkError;
use qd_wire::{ApiError, ChangesAnswer, FileDiff};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

/// List the files that the work of a task changed.
#[utoipa::path(get, path = "/tasks/{id}/changes", tag = "tasks", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ChangesAnswer),
    (status = 404, body = ApiError, description = "No work was done on it yet"),
    (status = 409, body = ApiError, description = "Its worktree or its repository can't be read; the message says what to do")
))]
pub async fn changes(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<ChangesAnswer>, Failure> {
    let changes = app.engine.changes(id.into()).await.map_err(failure)?;
    changes.map(Json).ok_or(Failure::NotFound("No work was done on this task yet."))
}

fn failure(error: WorkError) -> Failure {
    match error {
        WorkError::NoTask => Failure::NotFound("This task does not exist (any more)."),
        other => Failure::Unavailable(other.to_string()),
    }
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
pub async fn file(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Query(query): Query<FileQuery>,
) -> Result<Json<FileDiff>, Failure> {
    let diff = app.engine.file_diff(id.into(), &query.path).await.map_err(failure)?;
    diff.map(Json).ok_or(Failure::NotFound("This file did not change."))
}
