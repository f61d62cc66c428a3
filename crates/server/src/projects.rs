//! Opening folders as projects.

use crate::app::App;
use crate::error::Failure;
use axum::Json;
use axum::extract::State;
use qd_wire::{ApiError, OpenProject, OpenedProject};
use std::path::PathBuf;

/// Open a folder as a project.
///
/// A folder that is no usable repository becomes a project too, with the reason in its row.
#[utoipa::path(post, path = "/projects", tag = "projects", request_body = OpenProject, responses(
    (status = 200, body = OpenedProject),
    (status = 400, body = ApiError, description = "Not an absolute path, or no folder")
))]
pub async fn open(State(app): State<App>, Json(request): Json<OpenProject>) -> Result<Json<OpenedProject>, Failure> {
    let path = PathBuf::from(request.path);
    if !path.is_absolute() {
        return Err(Failure::BadRequest(format!("{} is not an absolute path.", path.display())));
    }
    let project = app.engine.attach_project(&path).await.map_err(|e| Failure::BadRequest(e.to_string()))?;
    Ok(Json(OpenedProject { project }))
}
