//! What a registry of ACP agents offers.

use crate::app::App;
use crate::error::Failure;
use axum::Json;
use axum::extract::{Query, State};
use qd_wire::{ApiError, RegistryAgent};
use serde::Deserialize;

/// Where the registry is.
#[derive(Deserialize)]
pub struct Source {
    #[serde(default)]
    from: String,
}

/// Read a registry of ACP agents.
///
/// It is fetched anew each time, and nothing of it is installed or started.
#[utoipa::path(get, path = "/registry", tag = "agents", params(
    ("from" = Option<String>, Query, description = "An https address or the path of a file; empty for the public registry")
), responses(
    (status = 200, body = Vec<RegistryAgent>),
    (status = 409, body = ApiError, description = "It can't be read")
))]
pub async fn registry(
    State(app): State<App>,
    Query(source): Query<Source>,
) -> Result<Json<Vec<RegistryAgent>>, Failure> {
    let agents = app.engine.registry(&source.from).await.map_err(|e| Failure::Unavailable(e.to_string()))?;
    let told = agents.into_iter().map(|agent| RegistryAgent {
        id: agent.id,
        title: agent.title,
        version: agent.version,
        about: agent.about,
        setup: agent.setup,
        note: agent.note,
    });
    Ok(Json(told.collect()))
}
