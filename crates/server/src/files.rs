//! The files that a message may mention.

use crate::app::App;
use crate::error::Failure;
use axum::Json;
use axum::extract::{Path, Query, State};
use qd_engine::WorkError;
use qd_wire::{ApiError, FilesAnswer};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

/// What to look for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilesQuery {
    /// Letters of the path, in their order. Without any, what is worked on comes first.
    #[serde(default)]
    query: String,
}

/// Find files where a session's agent works.
///
/// Tracked files and untracked ones that are not ignored, the best fit first, at most 50. Names with line ends, or that
/// are not UTF-8, are left out.
#[utoipa::path(get, path = "/sessions/{id}/files", tag = "sessions", params(("id" = Uuid, Path), FilesQuery), responses(
    (status = 200, body = FilesAnswer),
    (status = 404, body = ApiError),
    (status = 409, body = ApiError, description = "The repository can't be read; the message says what to do")
))]
pub async fn of_session(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Query(asked): Query<FilesQuery>,
) -> Result<Json<FilesAnswer>, Failure> {
    let found = app.engine.files_of_session(id.into(), &asked.query).await.map_err(|e| failure(&e))?;
    found.map(Json).ok_or(Failure::NotFound("There is no such session."))
}

/// Find files of a project, as in a session.
#[utoipa::path(get, path = "/projects/{id}/files", tag = "projects", params(("id" = Uuid, Path), FilesQuery), responses(
    (status = 200, body = FilesAnswer),
    (status = 404, body = ApiError),
    (status = 409, body = ApiError, description = "The repository can't be read; the message says what to do")
))]
pub async fn of_project(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Query(asked): Query<FilesQuery>,
) -> Result<Json<FilesAnswer>, Failure> {
    let found = app.engine.files_of_project(id.into(), &asked.query).await.map_err(|e| failure(&e))?;
    found.map(Json).ok_or(Failure::NotFound("There is no such project."))
}

fn failure(error: &WorkError) -> Failure {
    Failure::Unavailable(error.to_string())
}
