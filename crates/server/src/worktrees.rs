//! The worktrees of tasks, and where two of them meet.

use crate::app::App;
use crate::error::Failure;
use axum::Json;
use axum::extract::{Path, State};
use qd_core::ids::{ProjectId, TaskId};
use qd_engine::OpenError;
use qd_wire::{ApiError, Meeting, OpenWorktree, Opener, WorktreesAnswer};
use uuid::Uuid;

/// List the worktrees of all tasks, the largest first, and folders of worktrees that no task has.
#[utoipa::path(get, path = "/worktrees", tag = "tasks", responses((status = 200, body = WorktreesAnswer)))]
pub async fn worktrees(State(app): State<App>) -> Json<WorktreesAnswer> {
    Json(app.engine.worktrees().await)
}

/// Open the worktree of a task in an editor or a terminal, where the server runs.
#[utoipa::path(post, path = "/tasks/{id}/open", tag = "tasks", params(("id" = Uuid, Path)), request_body = OpenWorktree,
    responses((status = 200, body = Opener), (status = 404, body = ApiError), (status = 503, body = ApiError))
)]
pub async fn open(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(OpenWorktree { with }): Json<OpenWorktree>,
) -> Result<Json<Opener>, Failure> {
    match app.engine.open_worktree(TaskId(id), &with).await {
        Ok(()) => Ok(Json(Opener { name: with, address: None })),
        Err(OpenError::NoWorktree) => Err(Failure::NotFound("This task has no worktree (any more).")),
        Err(error) => Err(Failure::Unavailable(error.to_string())),
    }
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
