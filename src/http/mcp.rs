//! The porch of the agents' door: who asks, from where, and how long the message is; the lanes behind it do the rest.
//!
//! It stands beside the route table and not in it: a message is JSON-RPC, whose methods OpenAPI cannot describe; the key is
//! checked before the method and the parameters are; and what refuses a message must be JSON-RPC too.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::any;
use flowstead_wire::{LaneResponse, refusal};
use futures_util::FutureExt;
use serde_json::Value;

use super::gate::{self, Credential};
use super::param::{Param, ParamKind, Params};
use super::route::BASE;
use super::state::HttpState;
use super::{body, error};
use crate::config::{self, Origin, is_loopback};
use crate::error::{Error, Kind, Result};
use crate::mcp::McpCaller;
use crate::service::{Door, TraceContext};

/// The one address of MCP.
const PATH: &str = "/mcp";
static TOOLS: &[Param] =
    &[Param { name: "tools", kind: ParamKind::Text, doc: "Groups and presets of tools to show, with commas between." }];
/// JSON-RPC's codes for a message that is none and for our own faults.
const INVALID_REQUEST: i32 = -32600;
const INTERNAL_ERROR: i32 = -32603;

pub(super) fn route() -> Router<HttpState> {
    Router::new().route(&format!("{BASE}{PATH}"), any(door))
}

async fn door(State(state): State<HttpState>, request: Request) -> Response<Body> {
    let answered = AssertUnwindSafe(async {
        // In two steps: what the first holds is gone while the second waits.
        match Box::pin(admit(&state, request)).await {
            Ok(request) => state.lanes().answer(request).await.map(Body::new),
            Err(refused) => *refused,
        }
    });
    match answered.catch_unwind().await {
        Ok(response) => response,
        Err(payload) => {
            let error = error::of_panic(payload.as_ref());
            tracing::error!(error = error.message(), "internal error at the MCP porch");
            let message = "There was an internal error; the server's log has it.";
            refusal(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL_ERROR, message).map(Body::new)
        }
    }
}

/// The message for the lanes, with its caller; or why it does not get so far.
async fn admit(state: &HttpState, request: Request) -> Result<Request<Bytes>, Box<Response<Body>>> {
    let (mut parts, body) = request.into_parts();
    let refused = |error: &Error| Box::new(shaped(error).map(Body::new));
    let caller = match gate::authenticate(state, &parts, Door::Mcp).await {
        Ok(caller) => caller,
        Err(error) => return Err(Box::new(unknown(&parts.headers, error))),
    };
    if !state.service().mcp_is_enabled() {
        let message = "MCP is switched off on this server (the setting mcp.enabled, or the workspace's metadata 'mcp_enabled').";
        return Err(Box::new(Error::not_found(message).into_response()));
    }
    check_place(state, &parts).map_err(|error| refused(&error))?;
    let caller = tools_of(&parts).and_then(|tools| McpCaller::new(caller.actor, tools.as_deref()));
    let mut caller = caller.map_err(|error| refused(&error))?;
    let bytes = body::read(&parts.headers, body, state.body_limit()).await.map_err(|error| refused(&error))?;
    if let Some(trace) = trace_of(&bytes) {
        caller.actor.trace = Some(trace);
    }
    // The lanes need nothing else, and what was for us alone does not go further.
    parts.headers.remove(header::AUTHORIZATION);
    parts.headers.remove(header::COOKIE);
    parts.headers.remove(gate::KEY_HEADER);
    parts.headers.remove(gate::SESSION_HEADER);
    parts.extensions.clear();
    parts.extensions.insert(caller);
    Ok(Request::from_parts(parts, bytes))
}

/// The trace that a message says it belongs to, in the `_meta` of its parameters.
fn trace_of(message: &[u8]) -> Option<TraceContext> {
    #[derive(serde::Deserialize)]
    struct Message {
        params: Params,
    }
    #[derive(serde::Deserialize)]
    struct Params {
        #[serde(rename = "_meta")]
        meta: Meta,
    }
    #[derive(serde::Deserialize)]
    struct Meta {
        traceparent: String,
    }
    // Few messages have one; the others are read once.
    let name = b"\"traceparent\"";
    message.windows(name.len()).any(|window| window == name).then_some(())?;
    let message: Message = serde_json::from_slice(message).ok()?;
    TraceContext::parse(&message.params.meta.traceparent)
}

/// The choice of tools in the address: `?tools=runner`.
fn tools_of(parts: &Parts) -> Result<Option<String>> {
    let params = Params::read(&parts.uri, TOOLS)?;
    Ok(params.text("tools").map(str::to_owned))
}

/// 401 says in `WWW-Authenticate` whether a key was sent at all. It names no OAuth metadata, since there is none.
fn unknown(headers: &HeaderMap, error: Error) -> Response<Body> {
    if error.kind() != Kind::Unauthenticated {
        return shaped(&error).map(Body::new);
    }
    let is_sent = !matches!(Credential::of(headers), Ok(None));
    let challenge = if is_sent {
        let description = error.message().replace(['"', '\\'], "'");
        format!("Bearer realm=\"flowstead\", error=\"invalid_token\", error_description=\"{description}\"")
    } else {
        "Bearer realm=\"flowstead\"".to_owned()
    };
    let mut response = error.into_response();
    // A message of ours is plain ASCII; if one is not, the bare challenge will do.
    let challenge = HeaderValue::try_from(challenge).unwrap_or(HeaderValue::from_static("Bearer realm=\"flowstead\""));
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

/// An error of ours as JSON-RPC with the status it has elsewhere.
fn shaped(error: &Error) -> LaneResponse {
    let status = error.kind().status();
    if error.kind() == Kind::Internal {
        tracing::error!(error = error.message(), "internal error at the MCP porch");
        return refusal(status, INTERNAL_ERROR, "There was an internal error; the server's log has it.");
    }
    let mut response = refusal(status, INVALID_REQUEST, error.message());
    if let Some(seconds) = error.detail_value().and_then(|details| details.get("retry_after")).and_then(Value::as_u64) {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// A page elsewhere must not reach a server on this machine through a name of its own (DNS rebinding).
fn check_place(state: &HttpState, parts: &Parts) -> Result<()> {
    let server = &state.service().config().server;
    let public = Origin::of(&server.public_url);
    let text = |name: header::HeaderName| parts.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    // HTTP/2 has the host in the address of the request.
    let authority = text(header::HOST).or_else(|| parts.uri.authority().map(Authority::as_str));
    let host = authority.and_then(config::host).unwrap_or_default();
    let listens_at = |ip: IpAddr| !ip.is_unspecified() && ip == server.listen.ip();
    let is_ours = is_loopback(&host) || public.as_ref().is_some_and(|public| public.host == host) || host.parse().is_ok_and(listens_at);
    if !is_ours {
        let message =
            format!("This server does not answer to the host '{host}'. If that is its name, set server.public_url to its address.");
        return Err(Error::new(Kind::Forbidden, message));
    }
    let Some(given) = text(header::ORIGIN) else { return Ok(()) };
    let is_ours = Origin::of(given).is_some_and(|origin| origin.is_loopback() || public.as_ref() == Some(&origin));
    if !is_ours {
        let message = format!("Pages of '{given}' may not use this server; only its own (server.public_url) and local ones may.");
        return Err(Error::new(Kind::Forbidden, message));
    }
    Ok(())
}
