//! Conversations that agents had outside of the panel.

use crate::app::App;
use crate::error::Failure;
use axum::Json;
use axum::extract::{Path, State};
use qd_core::ids::{Millis, ProjectId};
use qd_core::row::Adopted;
use qd_wire::{ApiError, OutsideConversation};
use uuid::Uuid;

/// List the conversations that agents had in a project outside of the panel.
///
/// The newest first, at most 100. `start_session` goes on from a copy of one, which itself stays as it is.
#[utoipa::path(get, path = "/projects/{id}/outside", tag = "agents", params(("id" = Uuid, Path)), responses(
    (status = 200, body = Vec<OutsideConversation>),
    (status = 404, body = ApiError)
))]
pub async fn outside(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<Vec<OutsideConversation>>, Failure> {
    let found = app.engine.outside(ProjectId(id)).await.ok_or(Failure::NotFound("This project is not open."))?;
    let told = found.into_iter().map(|one| OutsideConversation {
        agent: one.agent.to_owned(),
        cwd: one.cwd.display().to_string(),
        adopted: Adopted { conversation: one.conversation, title: one.title, used: Millis(one.used) },
    });
    Ok(Json(told.collect()))
}
