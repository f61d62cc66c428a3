//! What the page must know before its first frame.

use crate::app::App;
use axum::Json;
use axum::extract::State;
use qd_wire::ConfigAnswer;

/// What kind of server this is.
#[utoipa::path(get, path = "/config", tag = "session", responses((status = 200, body = ConfigAnswer)))]
pub async fn config(State(app): State<App>) -> Json<ConfigAnswer> {
    Json(ConfigAnswer { demo: app.demo.is_some(), version: env!("CARGO_PKG_VERSION").to_owned() })
}
