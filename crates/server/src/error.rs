//! Everything that a route answers besides success and besides the definitive answer to a mutation. A failure of our
//! own tells the client nothing and the log everything.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use qd_wire::{ApiError, ErrorCode};

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Neither the token nor a page's session came with it.
    #[error("Log in first: open the address that the server printed when it started, or send its token.")]
    Unauthorized,
    /// It was sent to a name that is not ours.
    #[error(
        "This server does not answer to that address. Start it with --allow-origin for the address of a reverse proxy."
    )]
    ForeignHost,
    /// A page of another origin sent it.
    #[error("Only the panel's own page may send this.")]
    ForeignOrigin,
    /// There is no such thing.
    #[error("{0}")]
    NotFound(&'static str),
    /// It is there and can't be read; the person can mend that.
    #[error("{0}")]
    Unavailable(String),
    /// It can't be understood.
    #[error("{0}")]
    BadRequest(String),
    /// The log no longer goes back so far.
    #[error("The log does not go back so far any more. Take a snapshot.")]
    OffsetGone,
    /// The log never was at that offset.
    #[error("The log never was at that offset. Take a snapshot.")]
    OffsetConflict,
    /// What it comes after is not settled yet.
    #[error("The mutation that it comes after is not settled yet. Send it again.")]
    TooEarly,
    /// A blob that it names is not here.
    #[error("An image that it names is not here. Send that first, then this again.")]
    BlobMissing,
    /// The blob is too large.
    #[error("{0}")]
    BlobTooLarge(String),
    /// It is of a type that is not taken.
    #[error("{0}")]
    OtherType(String),
    /// The body is too large.
    #[error("The request is too large: at most 8 MB.")]
    TooLarge,
    /// There is too much to do, or the server is ending.
    #[error("The server is busy or restarting. Send it again.")]
    Overloaded,
    /// Nothing can be stored.
    #[error("No space is left on the disk that holds the data directory. Free some, then try again.")]
    StorageFull,
    /// A failure of our own.
    #[error("The server failed. Its log says why.")]
    Internal,
}

impl Failure {
    /// Logs `error` and says nothing of it to the client.
    pub fn internal(error: impl std::error::Error) -> Self {
        let mut causes = String::new();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push_str(": ");
            causes.push_str(&cause.to_string());
            source = cause.source();
        }
        tracing::error!("a request failed: {error}{causes}");
        Self::Internal
    }

    fn parts(&self) -> (StatusCode, ErrorCode) {
        match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized),
            Self::ForeignHost => (StatusCode::FORBIDDEN, ErrorCode::ForeignHost),
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, ErrorCode::ForeignOrigin),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, ErrorCode::NotFound),
            Self::Unavailable(_) => (StatusCode::CONFLICT, ErrorCode::Unavailable),
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, ErrorCode::BadRequest),
            Self::OffsetGone => (StatusCode::GONE, ErrorCode::OffsetGone),
            Self::OffsetConflict => (StatusCode::CONFLICT, ErrorCode::OffsetConflict),
            Self::TooEarly => (StatusCode::TOO_EARLY, ErrorCode::TooEarly),
            Self::BlobMissing => (StatusCode::FAILED_DEPENDENCY, ErrorCode::BlobMissing),
            Self::OtherType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::OtherType),
            Self::TooLarge | Self::BlobTooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::TooLarge),
            Self::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Overloaded),
            Self::StorageFull => (StatusCode::INSUFFICIENT_STORAGE, ErrorCode::StorageFull),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, code) = self.parts();
        (status, Json(ApiError { code, message: self.to_string(), hints: Vec::new() })).into_response()
    }
}
