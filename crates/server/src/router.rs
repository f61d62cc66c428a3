//! The table of contents: every route, what guards it, and the description of the API that is made of the same table.

use crate::app::App;
use crate::error::Failure;
use crate::{
    auth, blobs, changes, config, demo, documents, files, gate, headers, health, log, mutations, output, outside, page,
    projects, registry, snapshot, wire, worktrees,
};
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use axum::{Json, Router};
use qd_core::blob::LARGEST;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, SecurityRequirement};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The largest body that is read.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// Everything that the server answers.
pub fn router(app: App) -> Router {
    let (api, document) = api(app.demo.is_some()).split_for_parts();
    // Streams are sent as they come, and what fits into a packet or two gains nothing.
    let large = SizeAbove::new(4096).and(NotForContentType::SSE);
    let api = api
        .route("/openapi.json", get(move || async { Json(document) }))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(large))
        .layer(from_fn_with_state(app.clone(), demo::sever))
        .layer(DefaultBodyLimit::max(BODY_LIMIT));
    let api = Router::new().nest("/v1", api).fallback(unknown).layer(from_fn_with_state(app.clone(), auth::require));
    Router::new()
        .nest("/api", api)
        .route("/healthz", get(health::health))
        .fallback(page::asset)
        .layer(from_fn_with_state(app.clone(), gate::check))
        .layer(from_fn(headers::secure))
        .with_state(app)
}

fn api(demo: bool) -> OpenApiRouter<App> {
    let routes = OpenApiRouter::with_openapi(document())
        .routes(routes!(mutations::mutate))
        .routes(routes!(snapshot::snapshot, snapshot::snapshot_with_outcomes))
        .routes(routes!(log::log))
        .routes(routes!(output::output))
        .routes(routes!(wire::wire))
        .routes(routes!(documents::document))
        .routes(routes!(documents::version))
        .routes(routes!(changes::changes))
        .routes(routes!(changes::file))
        .routes(routes!(changes::colours))
        .routes(routes!(changes::lines))
        .routes(routes!(changes::image))
        .routes(routes!(changes::patch))
        .routes(routes!(changes::uncommitted))
        .routes(routes!(changes::hunks))
        .routes(routes!(files::of_session))
        .routes(routes!(files::of_project))
        .routes(routes!(projects::open))
        .routes(routes!(outside::outside))
        .routes(routes!(worktrees::worktrees))
        .routes(routes!(worktrees::open))
        .routes(routes!(worktrees::radar))
        .routes(routes!(config::config))
        .routes(routes!(registry::registry))
        .routes(routes!(auth::login))
        .routes(routes!(auth::logout));
    // An image is larger than anything else.
    let blobs = OpenApiRouter::new().routes(routes!(blobs::put, blobs::get)).layer(DefaultBodyLimit::max(LARGEST));
    let routes = routes.merge(blobs);
    if demo { routes.routes(routes!(demo::break_it)) } else { routes }
}

async fn unknown() -> Failure {
    Failure::NotFound("There is no such route. /api/v1/openapi.json names all.")
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Quarterdeck", description = "The API of the panel. Paths are below /api/v1.", license(name = "MIT OR Apache-2.0")),
    servers((url = "/api/v1")),
    components(schemas(qd_wire::LogFrame, qd_wire::ApiError, qd_wire::ErrorCode, qd_wire::HealthAnswer)),
    modifiers(&Guards)
)]
struct Face;

/// The two ways to be admitted.
struct Guards;

impl Modify for Guards {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let key = ApiKeyValue::with_description("X-Qd-Key", "With the cookie `qd-<port>`, both from the log-in");
        components.add_security_scheme("page", SecurityScheme::ApiKey(ApiKey::Header(key)));
        let none = Vec::<String>::new;
        document.security =
            Some(vec![SecurityRequirement::new("token", none()), SecurityRequirement::new("page", none())]);
    }
}

fn document() -> Document {
    Face::openapi()
}

/// The description of everything that the server answers, the demonstration included.
pub fn openapi() -> Document {
    api(true).split_for_parts().1
}
