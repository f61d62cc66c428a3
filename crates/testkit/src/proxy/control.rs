//! The control port: rules come and go, and a test waits for what they did.
//!
//! - `PUT /upstream`, the address as text: where to forward to from now on.
//! - `POST /rules`, a [`NewRule`]: its id. `DELETE /rules/ID` lets go what it holds, `DELETE /rules` all of them.
//! - `GET /rules/ID/hits/N`: answers once it was applied at least N times.
//! - `POST /sever`: closes all connections of this moment.
//! - `GET /requests`: method and address of all requests so far, as JSON.

use super::rule::NewRule;
use super::{BadRule, Shared};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use std::sync::Arc;

type Answer = Response<Full<Bytes>>;

pub(crate) async fn control(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Answer, hyper::Error> {
    let (head, incoming) = request.into_parts();
    let body = incoming.collect().await?.to_bytes();
    let path: Vec<&str> = head.uri.path().split('/').skip(1).collect();
    Ok(match (&head.method, path.as_slice()) {
        (&Method::PUT, ["upstream"]) => match std::str::from_utf8(&body).ok().and_then(|text| text.parse().ok()) {
            Some(address) => {
                shared.set_upstream(address);
                done()
            }
            None => answer(StatusCode::BAD_REQUEST, "not an address"),
        },
        (&Method::POST, ["rules"]) => match add(&shared, &body) {
            Ok(id) => answer(StatusCode::OK, id.to_string()),
            Err(error) => answer(StatusCode::BAD_REQUEST, error.to_string()),
        },
        (&Method::DELETE, ["rules"]) => {
            shared.rules.clear();
            done()
        }
        (&Method::DELETE, ["rules", id]) => match id.parse() {
            Ok(id) if shared.rules.remove(id) => done(),
            _ => answer(StatusCode::NOT_FOUND, "no such rule"),
        },
        (&Method::GET, ["rules", id, "hits", n]) => match (id.parse(), n.parse()) {
            (Ok(id), Ok(n)) => hits(&shared, id, n).await,
            _ => answer(StatusCode::BAD_REQUEST, "not a number"),
        },
        (&Method::POST, ["sever"]) => {
            shared.sever();
            done()
        }
        (&Method::GET, ["requests"]) => answer(StatusCode::OK, serde_json::json!(shared.requests()).to_string()),
        _ => answer(StatusCode::NOT_FOUND, "no such control"),
    })
}

fn add(shared: &Shared, body: &[u8]) -> Result<u64, BadRule> {
    shared.rules.add(serde_json::from_slice::<NewRule>(body)?)
}

async fn hits(shared: &Shared, id: u64, at_least: u32) -> Answer {
    let Some(mut hits) = shared.rules.hits(id) else { return answer(StatusCode::NOT_FOUND, "no such rule") };
    let reached = hits.wait_for(|hits| *hits >= at_least).await.map(|hits| *hits);
    match reached {
        Ok(hits) => answer(StatusCode::OK, hits.to_string()),
        Err(_) => answer(StatusCode::GONE, "the rule was removed"),
    }
}

fn done() -> Answer {
    answer(StatusCode::NO_CONTENT, "")
}

fn answer(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response
}
