//! Images that go with messages and are too large for them.

use crate::app::App;
use crate::error::Failure;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use qd_core::blob::{BadBlobId, BlobId, media_type};
use qd_engine::PutBlobError;
use qd_wire::ApiError;

const NONE: Failure = Failure::NotFound("There is no such image (any more).");
/// What has this name has these bytes for ever.
const FOR_EVER: &str = "private, max-age=31536000, immutable";

/// Store an image under the SHA-256 of its bytes.
///
/// To be sent before the message that names it. The same again does nothing.
#[utoipa::path(put, path = "/blobs/{id}", tag = "workspace", params(("id" = String, Path, description = "The SHA-256 of the bytes, as 64 lower-case hexadecimal digits")),
    request_body(content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/gif"), (Vec<u8> = "image/webp"))), responses(
    (status = 204, description = "It is stored"),
    (status = 400, body = ApiError, description = "The id is none, or that of other bytes"),
    (status = 413, body = ApiError, description = "Larger than 10 MB"),
    (status = 415, body = ApiError, description = "No PNG, JPEG, GIF or WebP image"),
    (status = 507, body = ApiError, description = "No space is left")
))]
pub async fn put(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Failure> {
    let id: BlobId = id.parse().map_err(bad)?;
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bytes = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Failure::BlobTooLarge(PutBlobError::TooLarge.to_string()),
        _ => Failure::BadRequest(rejection.body_text()),
    })?;
    app.engine.put_blob(id, declared, bytes.into()).await.map_err(|error| match error {
        PutBlobError::OtherBytes => Failure::BadRequest(error.to_string()),
        PutBlobError::TooLarge => Failure::BlobTooLarge(error.to_string()),
        PutBlobError::OtherType => Failure::OtherType(error.to_string()),
        PutBlobError::StorageFull => Failure::StorageFull,
        PutBlobError::Io(_) => Failure::internal(error),
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Read an image.
#[utoipa::path(get, path = "/blobs/{id}", tag = "workspace", params(("id" = String, Path)), responses(
    (status = 200, description = "Its bytes", content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/gif"), (Vec<u8> = "image/webp"))),
    (status = 404, body = ApiError)
))]
pub async fn get(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    let id: BlobId = id.parse().map_err(bad)?;
    let bytes = app.engine.blob(&id).await.map_err(Failure::internal)?.ok_or(NONE)?;
    let kind = media_type(&bytes).unwrap_or("application/octet-stream");
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, FOR_EVER)], bytes).into_response())
}

fn bad(error: BadBlobId) -> Failure {
    Failure::BadRequest(error.to_string())
}
