//! The worktrees of tasks, and where two of them meet.

use crate::app::App;
use crate::error::Failure;
use axum::Json;
use axum::extract::{Path, State};
use qd_core::ids::ProjectId;
use qd_wire::{ApiError, Meeting, WorktreeRow};
use uuid::Uuid;

/// List the worktrees of all tasks, the largest first.
#[utoipa::path(get, path = "/worktrees", tag = "tasks", responses((status = 200, body = Vec<WorktreeRow>)))]
pub async fn worktrees(State(app): State<App>) -> Json<Vec<WorktreeRow>> {
    Json(app.engine.worktrees().await)
}

/// List the pairs of tasks whose work changes the same files, and what of that would conflict.
#[utoipa::path(get, path = "/projects/{id}/radar", tag = "tasks", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Vec<Meeting>),
    (status = 404, body = ApiError)
))]
pub async fn radar(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<Vec<Meeting>>, Failure> {
    let found = app.engine.radar(ProjectId(id)).await;
    found.map(Json).ok_or(Failure::NotFound("This project is not open."))
}
