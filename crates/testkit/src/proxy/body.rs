//! The body of an answer on its way back, piece by piece. Faults of streams take hold here.

use super::Shared;
use super::forward::Answer;
use super::rule::{Asked, Fault};
use bytes::Bytes;
use futures::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::Response;
use hyper::body::{Frame, Incoming};
use std::io;
use std::sync::Arc;
use tokio::task::JoinSet;

/// What a client is answered.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A body that is there already.
pub(crate) fn whole(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).map_err(|never| match never {}).boxed_unsync()
}

struct Passing {
    shared: Arc<Shared>,
    asked: Asked,
    from: Incoming,
    cut: bool,
    _connection: JoinSet<()>,
}

/// The answer as it came, its body under the rules.
pub(crate) fn watched(shared: Arc<Shared>, asked: Asked, answer: Answer) -> Response<Body> {
    let (head, from) = answer.response.into_parts();
    let passing = Passing { shared, asked, from, cut: false, _connection: answer.connection };
    Response::from_parts(head, StreamBody::new(stream::unfold(passing, Passing::next)).boxed_unsync())
}

impl Passing {
    async fn next(mut self) -> Option<(io::Result<Frame<Bytes>>, Self)> {
        if self.cut {
            // The half that was passed on is written out while we are pending; an error would throw it away.
            tokio::task::yield_now().await;
            return Some((Err(io::ErrorKind::ConnectionAborted.into()), self));
        }
        let frame = match self.from.frame().await? {
            Ok(frame) => frame,
            Err(error) => return Some((Err(io::Error::other(error)), self)),
        };
        let text = frame.data_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default();
        let takes = |fault: &Fault| match fault {
            Fault::Cut { containing } | Fault::Stall { containing } => text.contains(containing),
            _ => false,
        };
        let Some(rule) = self.shared.rules.take(&self.asked, takes) else { return Some((Ok(frame), self)) };
        rule.hit();
        if let Fault::Cut { containing } = rule.fault() {
            self.cut = true;
            let half = text.find(containing).unwrap_or(0) + containing.len() / 2;
            let bytes = frame.into_data().unwrap_or_default();
            let part = bytes.slice(..half.min(bytes.len()));
            return Some((Ok(Frame::data(part)), self));
        }
        rule.removed().await;
        Some((Ok(frame), self))
    }
}
