//! A reader of live event streams.

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde_json::Value;

use crate::client::DEADLINE;

/// One event: name, number, data.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub name: String,
    pub id: u64,
    pub data: Value,
}

/// An open stream.
pub struct Events {
    body: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    read: String,
}

impl Events {
    /// Sends the request, which must be answered with a stream.
    pub async fn open(request: reqwest::RequestBuilder) -> Events {
        let response = request.header("accept", "text/event-stream").send().await.expect("the server answers");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events { body: response.bytes_stream().boxed(), read: String::new() }
    }

    /// The next event; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(end) = self.read.find("\n\n") {
                let block: String = self.read.drain(..end + 2).collect();
                if let Some(event) = parse(&block) {
                    return Some(event);
                }
            }
            let chunk = tokio::time::timeout(DEADLINE, self.body.next()).await.expect("an event comes in time")?;
            self.read.push_str(std::str::from_utf8(&chunk.expect("the stream is whole")).expect("events are UTF-8"));
        }
    }

    /// Everything up to the end of the stream.
    pub async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

/// `None` for a comment, which keeps the connection open.
fn parse(block: &str) -> Option<Event> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let data = serde_json::from_str(field("data")?).expect("data is JSON");
    Some(Event { name: field("event")?.to_owned(), id: field("id")?.parse().expect("ids are numbers"), data })
}
