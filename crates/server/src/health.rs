//! Whether the server is there.

use axum::Json;
use qd_wire::HealthAnswer;

/// Says who answers. It needs no token and tells nothing else.
pub async fn health() -> Json<HealthAnswer> {
    Json(HealthAnswer { name: "quarterdeck".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() })
}
