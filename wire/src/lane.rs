//! The way of a message: which of the two lanes takes it, and what is answered without either.
//!
//! The stateless lane takes both eras and answers JSON. The session lane takes what belongs to an older client that can
//! be asked (elicitation, sampling): only there can a question reach it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use rmcp::model::{InitializeRequestParams, ProtocolVersion};
use rmcp::transport::StreamableHttpService;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::around::Around;
use crate::behaviour::Behaviour;
use crate::envelope::{Envelope, Id, Kind};
use crate::guard::Mishap;
use crate::late;
use crate::leave::{INSIDE, Leave};
use crate::reply::{self, LaneResponse};
use crate::server::Server;
use crate::session::Sessions;
use crate::told::{self, TaskIds};

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// What every client is taken to accept: the answers are one of the two.
const ACCEPT: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// Bounds of the lanes.
#[derive(Clone, Debug)]
pub struct LaneOptions {
    /// Sessions of one key; the oldest ends for a new one.
    pub sessions_per_key: usize,
    /// A session that nobody used for so long ends.
    pub session_idle: Duration,
    /// Cancelled when the server is about to end: streams close, waits end.
    pub closing: CancellationToken,
}

impl Default for LaneOptions {
    fn default() -> Self {
        LaneOptions { sessions_per_key: 16, session_idle: Duration::from_secs(30 * 60), closing: CancellationToken::new() }
    }
}

/// Both lanes in front of one behaviour.
pub struct Lanes<B: Behaviour> {
    behaviour: Arc<B>,
    stateless: Stateless<B>,
    /// Of calls in the stateless lane.
    turns: Arc<Semaphore>,
    session: StreamableHttpService<Server<B>, Sessions>,
    sessions: Arc<Sessions>,
}

impl<B: Behaviour> Lanes<B> {
    pub fn new(behaviour: B, options: LaneOptions) -> Lanes<B> {
        let behaviour = Arc::new(behaviour);
        let LaneOptions { sessions_per_key, session_idle, closing } = options;
        let sessions = Arc::new(Sessions::new(sessions_per_key, session_idle));
        // Host, origin and body size are looked at by the front, which knows the server's own address.
        let config = || StreamableHttpServerConfig::default().disable_allowed_hosts().with_max_request_body_bytes(usize::MAX);
        let stateless = {
            let (behaviour, closing) = (Arc::clone(&behaviour), closing.clone());
            let server = move || Ok(Server::for_request(Arc::clone(&behaviour), closing.clone()));
            let config = config().with_legacy_session_mode(false).with_json_response(true);
            StreamableHttpService::new(server, Arc::new(NeverSessionManager::default()), config)
        };
        let session = {
            let (behaviour, closing) = (Arc::clone(&behaviour), closing.clone());
            let config = config().with_sse_retry(None).with_cancellation_token(closing.clone());
            let server = move || Ok(Server::for_session(Arc::clone(&behaviour), closing.clone()));
            StreamableHttpService::new(server, Arc::clone(&sessions), config)
        };
        Lanes { behaviour, stateless, turns: Arc::new(Semaphore::new(INSIDE)), session, sessions }
    }

    /// The answer to a request, whose extensions must hold the caller. Never fails: refusals are JSON-RPC errors.
    pub async fn answer(&self, mut request: Request<Bytes>) -> LaneResponse {
        let reads_events = late::reads_events(request.headers());
        request.headers_mut().insert(header::ACCEPT, ACCEPT);
        // The engine wants one; HTTP/2 has none, and the front has looked at it already.
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("localhost"));
        let Some(caller) = request.extensions().get::<B::Caller>().cloned() else {
            tracing::error!("a request reached the MCP lanes without its caller");
            let message = "There was an internal error; the server's log has it.";
            return reply::refusal(StatusCode::INTERNAL_SERVER_ERROR, reply::INTERNAL_ERROR, message);
        };
        match *request.method() {
            Method::POST => self.message(&caller, request, reads_events).await,
            Method::GET => self.stream(&caller, request).await,
            Method::DELETE => self.end(&caller, request).await,
            _ => reply::not_allowed(),
        }
    }

    async fn message(&self, caller: &B::Caller, mut request: Request<Bytes>, reads_events: bool) -> LaneResponse {
        if !is_json(request.headers()) {
            let message = "A message must come with 'content-type: application/json'.";
            return reply::refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, reply::INVALID_REQUEST, message);
        }
        let envelope = match Envelope::read(request.body()) {
            Ok(envelope) => envelope,
            Err(refused) => return reply::error(StatusCode::BAD_REQUEST, &refused.id, (refused.code, &refused.message), None),
        };
        if let Some(mended) = envelope.mended(request.body()) {
            *request.body_mut() = mended.into();
        }
        let is_modern = envelope.version.is_some() || has_modern_version(request.headers());
        if let Some(refusal) = refused_version(request.headers(), &envelope) {
            return refusal;
        }
        match (envelope.method(), &envelope.kind) {
            (Some("initialize"), _) if envelope.version.is_some() => {
                let message = "This revision has no 'initialize': every request stands for itself; ask 'server/discover'.";
                return reply::error(StatusCode::NOT_FOUND, &envelope.id, (reply::METHOD_NOT_FOUND, message), None);
            }
            (Some("initialize"), _) => {
                // One that an ended session left behind means nothing here.
                request.headers_mut().remove(SESSION);
                if envelope.can_be_asked && can_be_read(request.body()) {
                    return self.begin(caller, request, &envelope).await;
                }
            }
            _ if is_modern => {
                // Sessions are not part of this revision.
                request.headers_mut().remove(SESSION);
            }
            _ if request.headers().contains_key(SESSION) => return self.in_session(caller, request, &envelope.id).await,
            // Neither is of use to anybody without a session: there is no question to answer and no call to tell about.
            (_, Kind::Response | Kind::Notification) => return reply::empty(StatusCode::ACCEPTED),
            _ => {}
        }
        match envelope.method() {
            Some("tools/call") => {
                let work: late::Work = Box::pin(call((self.stateless.clone(), Arc::clone(&self.turns)), request, envelope.id));
                if reads_events { late::answer(work).await } else { work.await }
            }
            Some("tools/list") => {
                let around = Around::default();
                request.extensions_mut().insert(around.clone());
                around.join(stateless(self.stateless.clone(), request, envelope.id).await).await
            }
            _ if envelope.task_ids.is_empty() => stateless(self.stateless.clone(), request, envelope.id).await,
            _ => {
                let mut task_ids = envelope.task_ids;
                task_ids.truncate(told::MOST);
                request.extensions_mut().insert(TaskIds(task_ids.clone()));
                told::acknowledging(stateless(self.stateless.clone(), request, envelope.id).await, task_ids)
            }
        }
    }

    /// `initialize` that begins a session.
    async fn begin(&self, caller: &B::Caller, request: Request<Bytes>, envelope: &Envelope) -> LaneResponse {
        let response = Box::pin(self.session.handle(request.map(Full::new))).await.map(BodyExt::boxed_unsync);
        if let Some(id) = response.headers().get(SESSION).and_then(|value| value.to_str().ok()) {
            self.sessions.hold(id, self.behaviour.holder(caller)).await;
        }
        reply::in_shape(response, &envelope.id).await
    }

    async fn in_session(&self, caller: &B::Caller, request: Request<Bytes>, id: &Id) -> LaneResponse {
        if !self.is_own(caller, request.headers()) {
            return no_session(id);
        }
        let response = Box::pin(self.session.handle(request.map(Full::new))).await;
        reply::in_shape(response.map(BodyExt::boxed_unsync), id).await
    }

    /// The stream of a session for what answers no request.
    async fn stream(&self, caller: &B::Caller, request: Request<Bytes>) -> LaneResponse {
        if has_modern_version(request.headers()) || !request.headers().contains_key(SESSION) {
            return reply::not_allowed();
        }
        self.in_session(caller, request, &Id::NULL).await
    }

    /// DELETE ends a session. Without one there is nothing to end, which is what was asked for.
    async fn end(&self, caller: &B::Caller, request: Request<Bytes>) -> LaneResponse {
        if has_modern_version(request.headers()) {
            return reply::not_allowed();
        }
        if !request.headers().contains_key(SESSION) {
            return reply::empty(StatusCode::NO_CONTENT);
        }
        let response = self.in_session(caller, request, &Id::NULL).await;
        if response.status().is_success() { reply::empty(StatusCode::NO_CONTENT) } else { response }
    }

    fn is_own(&self, caller: &B::Caller, headers: &HeaderMap) -> bool {
        let id = headers.get(SESSION).and_then(|value| value.to_str().ok());
        id.is_some_and(|id| self.sessions.is_of(id, &self.behaviour.holder(caller)))
    }
}

type Stateless<B> = StreamableHttpService<Server<B>, NeverSessionManager>;

/// A call, which leaves the engine where it takes long.
async fn call<B: Behaviour>((lane, turns): (Stateless<B>, Arc<Semaphore>), mut request: Request<Bytes>, id: Id) -> LaneResponse {
    let turn = || async { Arc::clone(&turns).acquire_owned().await.expect("nobody closes it") };
    let leave = Leave::new(turn().await);
    request.extensions_mut().insert(leave.clone());
    let mut body = request.body().clone();
    let response = stateless(lane.clone(), request, id.clone()).await;
    let Some(away) = leave.away() else { return response };
    drop(response);
    // What was read from the line may be a small piece of a large buffer.
    body = Bytes::copy_from_slice(&body);
    let request = away.back(body, turn()).await;
    stateless(lane, request, id).await
}

async fn stateless<B: Behaviour>(lane: Stateless<B>, mut request: Request<Bytes>, id: Id) -> LaneResponse {
    // Of a call that comes back it may have happened outside.
    let mishap = request.extensions().get::<Mishap>().cloned().unwrap_or_default();
    request.extensions_mut().insert(mishap.clone());
    // On the heap: it is the largest thing that an open request holds, and not for long.
    let mut response = Box::pin(lane.handle(request.map(Full::new))).await.map(BodyExt::boxed_unsync);
    if mishap.happened() && reply::is_json(&response) {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    reply::in_shape(response, &id).await
}

fn no_session(id: &Id) -> LaneResponse {
    let message = "There is no such session: it has ended, or it is not yours. Begin a new one with 'initialize'.";
    reply::error(StatusCode::NOT_FOUND, id, (reply::INVALID_REQUEST, message), None)
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

fn version(headers: &HeaderMap) -> Option<&str> {
    headers.get(VERSION).and_then(|value| value.to_str().ok())
}

fn has_modern_version(headers: &HeaderMap) -> bool {
    version(headers).is_some_and(|version| version >= ProtocolVersion::V_2026_07_28.as_str())
}

/// Refuses a message of an older client whose header names a revision that never was. With `_meta` the engine does it.
fn refused_version(headers: &HeaderMap, envelope: &Envelope) -> Option<LaneResponse> {
    let asked = headers.get(VERSION).filter(|_| envelope.version.is_none() && envelope.method() != Some("initialize"))?;
    let asked = String::from_utf8_lossy(asked.as_bytes());
    let supported: Vec<&str> = ProtocolVersion::KNOWN_VERSIONS.iter().map(ProtocolVersion::as_str).collect();
    if supported.contains(&asked.as_ref()) {
        return None;
    }
    let message = format!("The header 'mcp-protocol-version' names the unknown revision '{asked}'.");
    let data = json!({ "supported": supported, "requested": asked });
    Some(reply::error(StatusCode::BAD_REQUEST, &envelope.id, (reply::UNSUPPORTED_VERSION, &message), Some(data)))
}

/// Whether the parameters of an `initialize` are what it takes; if not, the stateless lane says why.
fn can_be_read(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Message {
        #[allow(dead_code, reason = "only whether it can be read matters")]
        params: InitializeRequestParams,
    }
    serde_json::from_slice::<Message>(body).is_ok()
}
