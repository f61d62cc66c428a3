//! What the two live streams have in common.

use crate::app::App;
use serde::Deserialize;
use utoipa::ToSchema;

/// How to follow what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Live {
    /// As server-sent events.
    Sse,
}

/// Completes when open streams must end: the server ends, or the demonstration cuts the connection.
pub async fn end(app: App) {
    let cut = async {
        match &app.demo {
            Some(demo) => demo.cut().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = app.stop.cancelled() => {}
        () = cut => {}
    }
}
