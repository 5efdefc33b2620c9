//! What carries our calls of other servers: HTTP by whoever does it, seen by `rmcp` as its client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::{HeaderName, HeaderValue};
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, ErrorData, JsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_client::{StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse};
use sse_stream::{Error as SseError, Sse, SseStream};

/// Bytes that one answer may have, whole or as a stream of events.
const LONGEST: usize = 64 << 20;
/// Bytes of an answer that says why there is none.
const LONGEST_REFUSAL: usize = 64 << 10;

/// Sends requests to one server, each with the headers that its owner asks for. Knows the address, how certificates are checked, and
/// how long to wait.
pub trait Carrier: Send + Sync + 'static {
    /// Sends a request and gives the beginning of the answer. An error is a clause.
    fn carry(&self, request: Outgoing) -> BoxFuture<'static, Result<Incoming, String>>;
}

/// A request.
#[derive(Debug)]
pub struct Outgoing {
    /// `POST`, `GET` or `DELETE`.
    pub method: &'static str,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

/// An answer whose body is still to come.
pub struct Incoming {
    pub status: u16,
    /// In words: `401 Unauthorized`.
    pub status_text: String,
    pub content_type: Option<String>,
    /// `mcp-session-id`.
    pub session: Option<String>,
    pub body: BoxStream<'static, Result<Bytes, std::io::Error>>,
}

/// A clause.
#[derive(Debug)]
pub struct Trouble(String);

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Trouble {}

type Broken = StreamableHttpError<Trouble>;

/// A carrier as `rmcp` wants it. Keeps the first thing that goes wrong with a message.
#[derive(Clone)]
pub(crate) struct Client {
    pub carrier: Arc<dyn Carrier>,
    pub trouble: Arc<Mutex<Option<String>>>,
}

impl Client {
    fn broken(&self, why: String) -> Broken {
        self.trouble.lock().expect("no panic happens under this lock").get_or_insert_with(|| why.clone());
        Broken::Client(Trouble(why))
    }

    async fn post(
        &self,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        extra: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, Broken> {
        let mut headers = headers(extra, session.as_deref());
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        headers.push(("accept".to_owned(), "application/json, text/event-stream".to_owned()));
        let body = Bytes::from(serde_json::to_vec(&message)?);
        let answer = self.carrier.carry(Outgoing { method: "POST", headers, body }).await.map_err(|why| self.broken(why))?;
        let is_request = matches!(message, JsonRpcMessage::Request(_));
        match answer.status {
            202 | 204 => Ok(StreamableHttpPostResponse::Accepted),
            404 if session.is_some() => Err(self.broken("the server has forgotten the session".to_owned())),
            200..300 => self.answered(answer, is_request).await,
            _ => self.refused(answer, &message).await,
        }
    }

    async fn answered(&self, answer: Incoming, is_request: bool) -> Result<StreamableHttpPostResponse, Broken> {
        let kind = answer.content_type.unwrap_or_default().to_ascii_lowercase();
        if kind.starts_with("text/event-stream") {
            return Ok(StreamableHttpPostResponse::Sse(self.events(answer.body), answer.session));
        }
        if !kind.starts_with("application/json") {
            if !is_request {
                return Ok(StreamableHttpPostResponse::Accepted);
            }
            let text = format!("the answer is neither JSON nor a stream of events, but '{kind}'; is this the address of an MCP server?");
            return Err(self.broken(text));
        }
        let body = whole(answer.body, LONGEST).await.map_err(|why| self.broken(why))?;
        match serde_json::from_slice::<ServerJsonRpcMessage>(&body) {
            Ok(message) => Ok(StreamableHttpPostResponse::Json(message, answer.session)),
            Err(_) if !is_request => Ok(StreamableHttpPostResponse::Accepted),
            Err(_) => Err(self.broken("the answer is no message of MCP; is this the address of an MCP server?".to_owned())),
        }
    }

    /// A refusal may be an answer all the same; one of the question which revisions are spoken says that it is an older server.
    async fn refused(&self, answer: Incoming, message: &ClientJsonRpcMessage) -> Result<StreamableHttpPostResponse, Broken> {
        let (status, words) = (answer.status, answer.status_text);
        let body = whole(answer.body, LONGEST_REFUSAL).await.unwrap_or_default();
        if !matches!(status, 401 | 403) {
            let told = match serde_json::from_slice::<ServerJsonRpcMessage>(&body) {
                Ok(JsonRpcMessage::Error(error)) => Some(error.error),
                _ => None,
            };
            match (message, told) {
                (JsonRpcMessage::Request(asked), told)
                    if matches!(asked.request, ClientRequest::DiscoverRequest(_)) && (400..500).contains(&status) =>
                {
                    let error = told.unwrap_or_else(|| ErrorData::invalid_request(words, None));
                    return Ok(StreamableHttpPostResponse::Json(ServerJsonRpcMessage::error(error, Some(asked.id.clone())), None));
                }
                (JsonRpcMessage::Request(asked), Some(error)) => {
                    return Ok(StreamableHttpPostResponse::Json(ServerJsonRpcMessage::error(error, Some(asked.id.clone())), None));
                }
                _ => {}
            }
        }
        Err(self.broken(format!("the server answered {words}")))
    }

    fn events(&self, body: BoxStream<'static, Result<Bytes, std::io::Error>>) -> BoxStream<'static, Result<Sse, SseError>> {
        let (this, mut size) = (self.clone(), 0);
        let limited = body.map(move |piece| {
            size += piece.as_ref().map_or(0, Bytes::len);
            let piece =
                if size > LONGEST { Err(std::io::Error::other(format!("the answer has more than {LONGEST} bytes"))) } else { piece };
            piece.inspect_err(|error| drop(this.broken(format!("the answer broke off ({error})"))))
        });
        SseStream::from_bytes_stream(limited).boxed()
    }
}

async fn whole(mut body: BoxStream<'static, Result<Bytes, std::io::Error>>, most: usize) -> Result<BytesMut, String> {
    let mut held = BytesMut::new();
    while let Some(piece) = body.try_next().await.map_err(|error| format!("the answer broke off ({error})"))? {
        held.extend_from_slice(&piece);
        if held.len() > most {
            return Err(format!("the answer has more than {most} bytes"));
        }
    }
    Ok(held)
}

fn headers(extra: HashMap<HeaderName, HeaderValue>, session: Option<&str>) -> Vec<(String, String)> {
    let extra = extra.into_iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    extra.chain(session.map(|session| ("mcp-session-id".to_owned(), session.to_owned()))).collect()
}

impl StreamableHttpClient for Client {
    type Error = Trouble;

    async fn post_message(
        &self,
        _: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, Broken> {
        self.post(message, session, headers).await
    }

    async fn delete_session(
        &self,
        _: Arc<str>,
        session: Arc<str>,
        _: Option<String>,
        extra: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), Broken> {
        let request = Outgoing { method: "DELETE", headers: headers(extra, Some(&session)), body: Bytes::new() };
        // A server may keep its sessions to itself.
        self.carrier.carry(request).await.map(drop).map_err(|why| Broken::Client(Trouble(why)))
    }

    async fn get_stream(
        &self,
        _: Arc<str>,
        session: Option<Arc<str>>,
        last_event_id: Option<String>,
        _: Option<String>,
        extra: HashMap<HeaderName, HeaderValue>,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Broken> {
        let mut headers = headers(extra, session.as_deref());
        headers.push(("accept".to_owned(), "text/event-stream".to_owned()));
        headers.extend(last_event_id.map(|id| ("last-event-id".to_owned(), id)));
        let request = Outgoing { method: "GET", headers, body: Bytes::new() };
        let answer = self.carrier.carry(request).await.map_err(|why| Broken::Client(Trouble(why)))?;
        // News beside the answer: a server need not have any.
        if answer.status == 200 && answer.content_type.is_some_and(|kind| kind.starts_with("text/event-stream")) {
            return Ok(SseStream::from_bytes_stream(answer.body).boxed());
        }
        Err(Broken::ServerDoesNotSupportSse)
    }
}
