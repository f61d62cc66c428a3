//! `POST /mutations`: the one way to change anything.

use crate::app::App;
use crate::error::Failure;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use qd_core::op::{Actor, Outcome, RejectCode};
use qd_engine::MutateError;
use qd_wire::{ApiError, Mutation, schema};

/// Submit a mutation.
///
/// The answer is definitive where its body has this `mid`, an `epoch` and a `seq`. After anything else it is unknown
/// what became of it: send it again with the same `mid`.
#[utoipa::path(post, path = "/mutations", tag = "workspace", request_body = Mutation, responses(
    (status = 200, body = schema::Outcome, description = "Accepted"),
    (status = 403, body = schema::Outcome, description = "Refused: only the server may do this"),
    (status = 404, body = schema::Outcome, description = "Refused: what it is about does not exist"),
    (status = 409, body = schema::Outcome, description = "Refused: the state does not allow it"),
    (status = 410, body = schema::Outcome, description = "Refused: its id is older than outcomes are kept"),
    (status = 413, body = schema::Outcome, description = "Refused: too large"),
    (status = 422, body = schema::Outcome, description = "Refused: it can't be understood, or an agent is missing"),
    (status = 424, body = ApiError, description = "An image that it names is not here: send that first"),
    (status = 425, body = ApiError, description = "What it comes after is not settled yet: send it again"),
    (status = 503, body = ApiError, description = "Busy or restarting: send it again"),
    (status = 507, body = ApiError, description = "No space is left")
))]
pub async fn mutate(
    State(app): State<App>,
    mutation: Result<Json<Mutation>, JsonRejection>,
) -> Result<Response, Failure> {
    let Json(mutation) = mutation.map_err(|rejection| unreadable(&rejection))?;
    let outcome = app.engine.mutate(mutation, Actor::Person).await.map_err(|error| match error {
        MutateError::TooEarly => Failure::TooEarly,
        MutateError::BlobMissing => Failure::BlobMissing,
        MutateError::Overloaded | MutateError::Closed => Failure::Overloaded,
        MutateError::StorageFull => Failure::StorageFull,
        error @ MutateError::Storage(_) => Failure::internal(error),
    })?;
    Ok((status(&outcome), Json(outcome)).into_response())
}

fn unreadable(rejection: &JsonRejection) -> Failure {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Failure::TooLarge
    } else {
        Failure::BadRequest(rejection.body_text())
    }
}

/// The status that an outcome is sent with.
fn status(outcome: &Outcome) -> StatusCode {
    let Some(reject) = &outcome.err else {
        return if outcome.ok { StatusCode::OK } else { StatusCode::CONFLICT };
    };
    match reject.code {
        RejectCode::Forbidden => StatusCode::FORBIDDEN,
        RejectCode::NotFound => StatusCode::NOT_FOUND,
        RejectCode::MutationExpired => StatusCode::GONE,
        RejectCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        RejectCode::Invalid | RejectCode::AgentMissing => StatusCode::UNPROCESSABLE_ENTITY,
        RejectCode::NotAllowed
        | RejectCode::TaskBusy
        | RejectCode::IdTaken
        | RejectCode::MidReuse
        | RejectCode::Dependency
        | RejectCode::PredecessorUnknown
        | RejectCode::TooLate
        | RejectCode::Clock
        | RejectCode::Refused => StatusCode::CONFLICT,
    }
}
