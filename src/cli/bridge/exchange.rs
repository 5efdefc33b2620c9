//! One message to the server and what comes back for it; the session in which older clients speak.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::error::{Error, Kind, Result};

use super::super::client::Server;
use super::event::{Event, EventStream};
use super::header as mcp_header;

const ENDPOINT: &str = "/mcp";
const SESSION: &str = "mcp-session-id";
const REVISION: &str = "mcp-protocol-version";
/// How long after the end of a session's stream it is asked for again.
const AGAIN: Duration = Duration::from_secs(1);

/// The server's endpoint and the way to standard output.
pub(super) struct Exchange {
    server: Server,
    out: mpsc::UnboundedSender<Value>,
    session: Mutex<Session>,
}

/// What `initialize` settled, for clients older than 2026-07-28.
#[derive(Default)]
struct Session {
    id: Option<String>,
    revision: Option<String>,
    /// The message that began it, to begin it again after the server has forgotten it.
    initialize: Option<Value>,
    /// Carries what the server sends of its own accord.
    stream: Option<JoinHandle<()>>,
}

impl Exchange {
    pub(super) fn new(server: Server, out: mpsc::UnboundedSender<Value>) -> Exchange {
        Exchange { server, out, session: Mutex::default() }
    }

    /// Hands a message to standard output.
    pub(super) fn say(&self, message: Value) {
        // The printer is gone only when standard output is, and then nobody listens.
        let _ = self.out.send(message);
    }

    fn session<T>(&self, look: impl FnOnce(&mut Session) -> T) -> T {
        look(&mut self.session.lock().expect("no panic happens under this lock"))
    }

    /// Sends a message and says what is answered. A request always gets an answer, if only that there was none.
    pub(super) async fn deliver(self: Arc<Self>, message: Value) {
        let id = message.get("id").filter(|id| message["method"].is_string() && !id.is_null()).cloned();
        if let Err(error) = self.exchange(&message).await {
            eprintln!("flowstead mcp: {}", error.message());
            if let Some(id) = id {
                let error = json!({"code": -32603, "message": error.message()});
                self.say(json!({"jsonrpc": "2.0", "id": id, "error": error}));
            }
        }
        if message["method"] == "notifications/initialized" {
            self.open_stream();
        }
    }

    async fn exchange(&self, message: &Value) -> Result<()> {
        let is_first = message["method"] == "initialize";
        if is_first {
            self.session(|session| *session = Session { initialize: Some(message.clone()), ..Session::default() });
        }
        let mut answer = self.post(message).await?;
        if answer.status() == StatusCode::NOT_FOUND && !is_first && self.session(|session| session.id.is_some()) {
            // The server was restarted, or the session lay idle too long.
            self.begin_again().await?;
            answer = self.post(message).await?;
        }
        if is_first {
            self.keep_session(&answer);
        }
        self.forward(answer, message).await
    }

    async fn post(&self, message: &Value) -> Result<Response> {
        let mut request = self.server.request(Method::POST, ENDPOINT).header(header::ACCEPT, "application/json, text/event-stream");
        let own = mcp_header::of(message);
        if own.is_empty() {
            request = self.in_session(request);
        }
        for (name, value) in own {
            request = request.header(name, value);
        }
        request.json(message).send().await.map_err(|e| self.server.unreachable(&e))
    }

    fn in_session(&self, mut request: RequestBuilder) -> RequestBuilder {
        let (id, revision) = self.session(|session| (session.id.clone(), session.revision.clone()));
        if let Some(id) = id {
            request = request.header(SESSION, id);
        }
        if let Some(revision) = revision {
            request = request.header(REVISION, revision);
        }
        request
    }

    fn keep_session(&self, answer: &Response) {
        let id = answer.headers().get(SESSION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        self.session(|session| session.id = id);
    }

    /// A new session in place of a lost one; the client does not notice.
    async fn begin_again(&self) -> Result<()> {
        let Some(initialize) = self.session(|session| session.initialize.clone()) else { return Ok(()) };
        self.session(|session| (session.id, session.revision) = (None, None));
        let answer = self.post(&initialize).await?;
        self.keep_session(&answer);
        let text = answer.text().await.map_err(|e| self.server.unreachable(&e))?;
        let mut events = EventStream::default();
        let data = events.feed(text.as_bytes()).into_iter().map(|event| event.data);
        for message in std::iter::once(text.clone()).chain(data).filter_map(|text| serde_json::from_str(&text).ok()) {
            self.keep_revision(&message);
        }
        self.post(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await.map(drop)
    }

    /// The revision that the server chose, from its answer to `initialize`.
    fn keep_revision(&self, message: &Value) {
        if let Some(revision) = message["result"]["protocolVersion"].as_str() {
            self.session(|session| session.revision = Some(revision.to_owned()));
        }
    }

    /// Says what an answer holds, whatever form it has.
    async fn forward(&self, answer: Response, message: &Value) -> Result<()> {
        let status = answer.status();
        let is_stream = answer.headers().get(header::CONTENT_TYPE).is_some_and(|media| media.as_bytes().starts_with(b"text/event-stream"));
        if is_stream && status.is_success() {
            return self.forward_stream(answer, message).await;
        }
        let text = answer.text().await.map_err(|e| self.server.unreachable(&e))?;
        let id = &message["id"];
        let expects = message["method"].is_string() && !id.is_null();
        match serde_json::from_str::<Value>(&text) {
            Ok(mut body) if body.get("jsonrpc").is_some() || body.is_array() => {
                // An error that the server could not tie to the request still is the answer to it.
                if expects && body["id"].is_null() && body.is_object() {
                    body["id"] = id.clone();
                }
                if expects || body.is_array() {
                    self.answered(body, message);
                } else {
                    eprintln!("flowstead mcp: a message was refused: {}", body["error"]["message"].as_str().unwrap_or_default());
                }
                Ok(())
            }
            _ if status.is_success() && !expects => Ok(()),
            body => {
                let said = body.ok().and_then(|body| body["error_message"].as_str().map(str::to_owned));
                let message = said.unwrap_or_else(|| format!("The server answered {status} and no message."));
                Err(Error::new(Kind::Unavailable, message))
            }
        }
    }

    fn answered(&self, body: Value, message: &Value) {
        if message["method"] == "initialize" {
            self.keep_revision(&body);
        }
        self.say(body);
    }

    async fn forward_stream(&self, answer: Response, message: &Value) -> Result<()> {
        let mut is_answered = false;
        let id = &message["id"];
        let broken = self
            .each_event(answer, |event| {
                let Ok(body) = serde_json::from_str::<Value>(&event.data) else { return };
                is_answered |= body["id"] == *id && body.get("method").is_none();
                self.answered(body, message);
            })
            .await;
        match broken {
            _ if is_answered || id.is_null() => Ok(()),
            Err(error) => Err(error),
            Ok(()) => Err(Error::new(Kind::Unavailable, "The server ended its answer before the result came.")),
        }
    }

    async fn each_event(&self, answer: Response, mut take: impl FnMut(Event)) -> Result<()> {
        let (mut bytes, mut events) = (answer.bytes_stream(), EventStream::default());
        while let Some(piece) = bytes.next().await {
            let piece = piece.map_err(|e| self.server.unreachable(&e))?;
            events.feed(&piece).into_iter().filter(|event| !event.data.is_empty() || event.id.is_some()).for_each(&mut take);
        }
        Ok(())
    }

    /// Listens for what the server sends of its own accord, if it gave this client a session.
    fn open_stream(self: Arc<Self>) {
        let is_wanted = self.session(|session| session.id.is_some() && session.stream.is_none());
        if is_wanted {
            let task = tokio::spawn(self.clone().listen());
            self.session(|session| session.stream = Some(task));
        }
    }

    async fn listen(self: Arc<Self>) {
        let clock = Clock::system();
        let mut last = None;
        loop {
            let mut request = self.in_session(self.server.request(Method::GET, ENDPOINT)).header(header::ACCEPT, "text/event-stream");
            if let Some(id) = &last {
                request = request.header("last-event-id", id);
            }
            match request.send().await {
                Ok(answer) if answer.status().is_success() => {
                    let ended = self.each_event(answer, |event| {
                        last = event.id.or(last.take());
                        if let Ok(message) = serde_json::from_str(&event.data) {
                            self.say(message);
                        }
                    });
                    // However it ended, it is asked for again; a server that is gone says so then.
                    let _ = ended.await;
                }
                // The session is gone, or the server has no such stream: the next request finds out which.
                _ => {
                    self.session(|session| session.stream = None);
                    return;
                }
            }
            clock.sleep_until(clock.instant().plus(AGAIN)).await;
        }
    }

    /// Ends the session.
    pub(super) async fn leave(&self) {
        let stream = self.session(|session| session.stream.take());
        if let Some(stream) = stream {
            stream.abort();
        }
        if self.session(|session| session.id.is_some()) {
            // It would end by itself some time.
            let _ = self.in_session(self.server.request(Method::DELETE, ENDPOINT)).send().await;
        }
    }
}
