//! A long list goes around the engine: its text is written once and put where the engine left an empty list.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::StatusCode;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use rmcp::model::Extensions;

use crate::along;
use crate::reply::{self, LaneResponse};

/// How the engine writes the list that it was given in the place of the text.
const EMPTY: &[u8] = b"\"tools\":[]";

/// Goes along with a `tools/list` whose answer is no stream: the handler leaves the text here.
#[derive(Clone, Default)]
pub(crate) struct Around(Arc<OnceLock<Bytes>>);

impl Around {
    pub(crate) fn of(extensions: &Extensions) -> Option<&Around> {
        along::find(extensions)
    }

    /// The text of the list, a JSON array. The handler answers the engine with an empty list then.
    pub(crate) fn leave(&self, text: Bytes) {
        // One request has one handler.
        let _ = self.0.set(text);
    }

    /// The engine's answer with the list in it.
    pub(crate) async fn join(self, response: LaneResponse) -> LaneResponse {
        let Some(text) = self.0.get().filter(|_| response.status() == StatusCode::OK && reply::is_json(&response)) else {
            return response;
        };
        let (parts, body) = response.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(never) => match never {},
        };
        // Before it stand members of the engine's alone, among them an id, whose quotes are escaped.
        let at = body.windows(EMPTY.len()).position(|window| window == EMPTY);
        let at = at.expect("the handler answered with an empty list") + EMPTY.len() - "[]".len();
        let pieces = [body.slice(..at), text.clone(), body.slice(at + "[]".len()..)];
        LaneResponse::from_parts(parts, Pieces(pieces.into()).boxed_unsync())
    }
}

/// A body of pieces that are not copied together.
struct Pieces(VecDeque<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}
