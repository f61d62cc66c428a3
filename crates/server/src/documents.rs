//! The texts of task documents.

use crate::app::App;
use crate::error::Failure;
use axum::Json;
use axum::extract::{Path, State};
use qd_core::ids::Mid;
use qd_wire::{ApiError, DocumentText};
use uuid::Uuid;

const NONE: Failure = Failure::NotFound("There is no such document or version.");

/// Read the document of a task.
#[utoipa::path(get, path = "/tasks/{id}/document", tag = "tasks", params(("id" = Uuid, Path)), responses(
    (status = 200, body = DocumentText),
    (status = 404, body = ApiError)
))]
pub async fn document(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<DocumentText>, Failure> {
    read(&app, id, None).await
}

/// Read a version of the document of a task.
#[utoipa::path(get, path = "/tasks/{id}/document/{version}", tag = "tasks", params(("id" = Uuid, Path), ("version" = Uuid, Path)), responses(
    (status = 200, body = DocumentText),
    (status = 404, body = ApiError)
))]
pub async fn version(
    State(app): State<App>,
    Path((id, version)): Path<(Uuid, Uuid)>,
) -> Result<Json<DocumentText>, Failure> {
    read(&app, id, Some(version.into())).await
}

async fn read(app: &App, task: Uuid, version: Option<Mid>) -> Result<Json<DocumentText>, Failure> {
    let text = app.engine.document(task.into(), version).await.map_err(Failure::internal)?;
    text.map(Json).ok_or(NONE)
}
