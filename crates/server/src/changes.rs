//! What the work of a task changed, from git.

use crate::app::App;
use crate::error::Failure;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use qd_core::blob::media_type;
use qd_engine::{FileSide, WorkError};
use qd_wire::{ApiError, ChangesAnswer, FileColours, FileDiff, FileLines, UncommittedHunk};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
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

/// List the files whose changes are in no commit yet. Both names of what was renamed.
#[utoipa::path(get, path = "/tasks/{id}/changes/uncommitted", tag = "tasks", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Vec<String>),
    (status = 404, body = ApiError, description = "No work was done on it yet")
))]
pub async fn uncommitted(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<Vec<String>>, Failure> {
    let files = app.engine.uncommitted(id.into()).await.map_err(failure)?;
    files.map(Json).ok_or(Failure::NotFound("No work was done on this task yet."))
}

/// List the parts of a file that are in no commit yet; none of one that is new, gone or binary.
#[utoipa::path(get, path = "/tasks/{id}/changes/uncommitted/hunks", tag = "tasks", params(("id" = Uuid, Path), FileQuery),
    responses((status = 200, body = Vec<UncommittedHunk>), (status = 404, body = ApiError))
)]
pub async fn hunks(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Query(FileQuery { path, .. }): Query<FileQuery>,
) -> Result<Json<Vec<UncommittedHunk>>, Failure> {
    let hunks = app.engine.uncommitted_hunks(id.into(), &path).await.map_err(failure)?;
    hunks.map(Json).ok_or(Failure::NotFound("No work was done on this task yet."))
}

fn failure(error: WorkError) -> Failure {
    match error {
        WorkError::NoTask => Failure::NotFound("This task does not exist (any more)."),
        other => Failure::Unavailable(other.to_string()),
    }
}

/// Which file, and of which list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// As the list of changes has it.
    path: String,
    /// The tree of that list: the file is shown as it was then. Without it, or where the server knows that tree no
    /// more, as it is now.
    tree: Option<String>,
}

const SAME: Failure = Failure::NotFound("This file did not change.");

/// Read the changes of one file.
#[utoipa::path(get, path = "/tasks/{id}/changes/file", tag = "tasks", params(("id" = Uuid, Path), FileQuery), responses(
    (status = 200, body = FileDiff),
    (status = 404, body = ApiError)
))]
pub async fn file(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Query(FileQuery { path, tree }): Query<FileQuery>,
) -> Result<Json<FileDiff>, Failure> {
    let diff = app.engine.file_diff(id.into(), &path, tree.as_deref()).await.map_err(failure)?;
    diff.map(Json).ok_or(SAME)
}

/// Read how the lines of a changed file are coloured.
///
/// Nothing for a file whose language is not known.
#[utoipa::path(get, path = "/tasks/{id}/changes/colours", tag = "tasks", params(("id" = Uuid, Path), FileQuery), responses(
    (status = 200, body = FileColours),
    (status = 404, body = ApiError)
))]
pub async fn colours(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Query(FileQuery { path, tree }): Query<FileQuery>,
) -> Result<Json<FileColours>, Failure> {
    let colours = app.engine.file_colours(id.into(), &path, tree.as_deref()).await.map_err(failure)?;
    colours.map(Json).ok_or(SAME)
}

/// Read everything that the work of a task changed as a patch that `git apply` takes.
#[utoipa::path(get, path = "/tasks/{id}/changes/patch", tag = "tasks", params(("id" = Uuid, Path)), responses(
    (status = 200, description = "As git writes it", content_type = "text/x-diff", body = Vec<u8>),
    (status = 404, body = ApiError, description = "No work was done on it yet")
))]
pub async fn patch(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Response, Failure> {
    let patch = app.engine.patch(id.into()).await.map_err(failure)?;
    let patch = patch.ok_or(Failure::NotFound("No work was done on this task yet."))?;
    Ok(([(header::CONTENT_TYPE, "text/x-diff")], patch).into_response())
}

/// Which lines.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LinesQuery {
    /// The first one, from 1.
    from: u32,
    /// The one behind the last.
    to: u32,
}

/// Read lines that a changed file has now, for those between its hunks. At most 5,000 at once.
#[utoipa::path(get, path = "/tasks/{id}/changes/lines", tag = "tasks", params(("id" = Uuid, Path), FileQuery, LinesQuery), responses(
    (status = 200, body = FileLines),
    (status = 404, body = ApiError)
))]
pub async fn lines(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Query(FileQuery { path, tree }): Query<FileQuery>,
    Query(LinesQuery { from, to }): Query<LinesQuery>,
) -> Result<Json<FileLines>, Failure> {
    let lines = app.engine.file_lines(id.into(), &path, tree.as_deref(), from..to).await.map_err(failure)?;
    lines.map(Json).ok_or(SAME)
}

/// Which side.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SideQuery {
    /// `old` or `new`.
    side: Side,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Side {
    Old,
    New,
}

/// Read an image of a changed file, before or now.
#[utoipa::path(get, path = "/tasks/{id}/changes/image", tag = "tasks", params(("id" = Uuid, Path), FileQuery, SideQuery), responses(
    (status = 200, description = "Its bytes", content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/gif"), (Vec<u8> = "image/webp"))),
    (status = 404, body = ApiError, description = "It is no image, or not there on that side")
))]
pub async fn image(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Query(FileQuery { path, tree }): Query<FileQuery>,
    Query(SideQuery { side }): Query<SideQuery>,
) -> Result<Response, Failure> {
    let side = match side {
        Side::Old => FileSide::Old,
        Side::New => FileSide::New,
    };
    let bytes = app.engine.file_content(id.into(), &path, tree.as_deref(), side).await.map_err(failure)?;
    let image = bytes.and_then(|bytes| Some((media_type(&bytes)?, bytes)));
    let (kind, bytes) = image.ok_or(Failure::NotFound("There is no image on this side."))?;
    Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response())
}
