//! Live event streams: what is stored already, then what comes, then `end`. Woken by the service, never by a timer.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};

use super::body;
use super::error;
use super::gate::Caller;
use super::log::Source;
use super::state::HttpState;
use crate::error::{Error, Kind, Result};
use crate::service::Subscription;

/// Entries read at a time.
pub(super) const BATCH: u32 = 500;
/// A comment line keeps proxies from closing a quiet stream. It looks nothing up.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Whether a request asks for a stream.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    accepts.map(body::essence).any(|media| media == "text/event-stream")
}

/// The number behind which a broken stream goes on; `None` when it is a new one.
pub(super) fn last_event(headers: &HeaderMap) -> Result<Option<u64>> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let number = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    number
        .map(Some)
        .ok_or_else(|| Error::new(Kind::Malformed, "'last-event-id' must be the id of an event of this stream, a whole number."))
}

/// The stream of `source`.
pub(super) async fn answer(state: HttpState, caller: Caller, source: Source) -> Result<Response> {
    let mut feed = Feed {
        subscription: state.service().events().subscribe(source.execution),
        state,
        caller,
        source,
        after: 0,
        ready: VecDeque::new(),
        next: Step::Look,
    };
    // The first look happens here, so that a refusal is a status and not an event.
    feed.look().await?;
    let mut response = Sse::new(stream::unfold(feed, Feed::next)).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response();
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// What a stream does once its entries are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// There is more to read.
    Look,
    Wait,
    Close,
}

/// One stream under way.
struct Feed {
    state: HttpState,
    caller: Caller,
    source: Source,
    subscription: Subscription,
    /// Number of the last entry that was read.
    after: u64,
    ready: VecDeque<Event>,
    next: Step,
}

impl Feed {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Feed)> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some((Ok(event), self));
            }
            match self.next {
                Step::Close => return None,
                Step::Look => {}
                Step::Wait => {
                    let draining = self.state.draining().clone();
                    tokio::select! {
                        // Without an `end` the client connects again and goes on behind the last event.
                        () = draining.cancelled() => return None,
                        () = self.subscription.changed() => {}
                    }
                }
            }
            if let Err(error) = self.look_again().await {
                self.push("error", &error::body(&error, ""));
                self.next = Step::Close;
            }
        }
    }

    /// Reads on, for a caller whose key may have been revoked meanwhile.
    async fn look_again(&mut self) -> Result<()> {
        self.caller.again(&self.state).await?;
        self.look().await
    }

    async fn look(&mut self) -> Result<()> {
        // The state before the entries: what is written up to the end is there once the end is.
        let status = self.source.status(&self.state, &self.caller).await?;
        let page = self.source.read(&self.state, &self.caller).await?;
        for (number, entry) in &page.entries {
            self.after = *number;
            self.push(self.source.event(), entry);
        }
        self.after = page.next;
        self.source.set_after(page.next);
        self.next = if page.has_more {
            Step::Look
        } else if status.is_ended() {
            self.push("end", &json!({"id": self.source.execution, "status": status.name()}));
            Step::Close
        } else {
            Step::Wait
        };
        Ok(())
    }

    fn push(&mut self, event: &str, data: &Value) {
        // One line of JSON: no line break can end the event early.
        self.ready.push_back(Event::default().event(event).id(self.after.to_string()).data(data.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_stream_is_sent_only_to_who_asks_for_it() {
        assert!(is_wanted(&headers(header::ACCEPT, "text/event-stream")));
        assert!(is_wanted(&headers(header::ACCEPT, "application/json;q=0.1, Text/Event-Stream; q=1")));
        assert!(!is_wanted(&headers(header::ACCEPT, "*/*")));
        assert!(!is_wanted(&HeaderMap::new()));
    }

    #[test]
    fn a_broken_stream_goes_on_behind_its_last_event() {
        let id = HeaderName::from_static("last-event-id");
        assert_eq!(last_event(&headers(id.clone(), "17")).unwrap(), Some(17));
        assert_eq!(last_event(&HeaderMap::new()).unwrap(), None);
        assert_eq!(last_event(&headers(id, "abc")).unwrap_err().kind(), Kind::Malformed);
    }
}
