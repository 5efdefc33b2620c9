//! Answers that take long: once a client has heard nothing for a while, its answer becomes an event stream whose
//! comments keep the line alive, and the answer is the stream's one message.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::time::{Interval, interval};

use crate::reply::{LaneBody, LaneResponse};

/// Proxies close a line that is silent for a minute, some sooner.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

pub(crate) type Work = Pin<Box<dyn Future<Output = LaneResponse> + Send>>;

/// Whether the client names event streams among what it accepts.
pub(crate) fn reads_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|part| part.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream"))
}

/// The answer of `work` as it is when it comes soon, else a stream that ends with it. Dropping either drops the work.
pub(crate) async fn answer(mut work: Work) -> LaneResponse {
    tokio::select! {
        biased;
        response = &mut work => return response,
        () = tokio::time::sleep(PATIENCE) => {}
    }
    let state = State::Waiting(work, interval(PATIENCE));
    let mut response = Response::new(StreamBody::new(stream::unfold(state, State::next)).boxed_unsync());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

enum State {
    Waiting(Work, Interval),
    /// The answer turned out to be a stream itself.
    Passing(LaneBody),
    Over,
}

impl State {
    async fn next(self) -> Option<(Result<Frame<Bytes>, Infallible>, State)> {
        match self {
            State::Waiting(mut work, mut heart) => {
                let response = tokio::select! {
                    biased;
                    response = &mut work => response,
                    _ = heart.tick() => return Some((Ok(Frame::data(Bytes::from_static(b":\n\n"))), State::Waiting(work, heart))),
                };
                let is_stream = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value == "text/event-stream");
                if is_stream {
                    return Box::pin(State::Passing(response.into_body()).next()).await;
                }
                let body = match response.into_body().collect().await {
                    Ok(body) => body.to_bytes(),
                    Err(never) => match never {},
                };
                Some((Ok(Frame::data(event(&body))), State::Over))
            }
            State::Passing(mut body) => body.frame().await.map(|frame| (frame, State::Passing(body))),
            State::Over => None,
        }
    }
}

/// JSON on one line is one event.
fn event(json: &[u8]) -> Bytes {
    let mut event = Vec::with_capacity(json.len() + 8);
    event.extend_from_slice(b"data: ");
    event.extend(json.iter().copied().filter(|byte| *byte != b'\n' && *byte != b'\r'));
    event.extend_from_slice(b"\n\n");
    event.into()
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::reply;

    async fn text(response: LaneResponse) -> String {
        let body = response.into_body().collect().await.expect("bodies in memory do not fail").to_bytes();
        String::from_utf8(body.to_vec()).expect("text")
    }

    async fn after(seconds: u64) -> LaneResponse {
        let work = async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            reply::refusal(StatusCode::OK, 1, "done")
        };
        answer(Box::pin(work)).await
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_comes_soon_is_left_as_it_is() {
        let response = after(14).await;
        assert!(reply::is_json(&response));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_comes_late_is_the_last_event_of_a_stream() {
        let response = after(40).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        let text = text(response).await;
        assert!(text.starts_with(":\n\n:\n\n") && text.contains("data: {") && text.ends_with("}\n\n"), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_leaves_ends_the_work() {
        let token = tokio_util::sync::CancellationToken::new();
        let guard = token.clone().drop_guard();
        let work = async move {
            let _guard = guard;
            std::future::pending().await
        };
        let response = answer(Box::pin(work)).await;
        assert!(!token.is_cancelled());
        drop(response);
        assert!(token.is_cancelled());
    }

    #[test]
    fn only_who_names_event_streams_gets_one() {
        let of = |text: &'static str| reads_events(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(text))]));
        assert!(of("application/json, Text/Event-Stream;q=0.5"));
        assert!(!of("*/*") && !of("application/json"));
    }
}
