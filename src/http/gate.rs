//! In front of every handler: who asks, is a write by cookie really from our own pages, are the parameters known.
//!
//! It never decides what an actor may do; that is the service's.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::json;

use super::page;
use super::param::Params;
use super::route::{Auth, Route};
use super::state::HttpState;
use crate::error::{Error, Kind, Result};
use crate::records::RecordType;
use crate::service::{Actor, Door, TraceContext, bearer};

/// Name of the session cookie.
pub(super) const COOKIE: &str = "flowstead_session";
pub(super) const SESSION_HEADER: &str = "x-cloudomation-session-id";
pub(super) const KEY_HEADER: &str = "x-cloudomation-api-key";

/// What a request shows to say who it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    Key(String),
    Session(String),
    /// A session by cookie: browsers send it along from anywhere, so writes need a same-origin check.
    Cookie(String),
}

impl Credential {
    /// The strongest credential of a request: key header, bearer token, session header, cookie.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Credential>> {
        if let Some(key) = text(headers, KEY_HEADER)? {
            return Ok(Some(Credential::Key(key.to_owned())));
        }
        if let Some(value) = text(headers, header::AUTHORIZATION.as_str())? {
            let Some(token) = bearer(value) else {
                let message = "The 'authorization' header must be 'Bearer' and an API key: 'Bearer cldm_<prefix>_<secret>'.";
                return Err(Error::new(Kind::Unauthenticated, message).details(json!({"reason": "malformed"})));
            };
            return Ok(Some(Credential::Key(token.to_owned())));
        }
        if let Some(session) = text(headers, SESSION_HEADER)? {
            return Ok(Some(Credential::Session(session.to_owned())));
        }
        Ok(cookie(headers).map(|session| Credential::Cookie(session.to_owned())))
    }

    /// The session's id, if it is one.
    pub(super) fn session(&self) -> Option<&str> {
        match self {
            Credential::Key(_) => None,
            Credential::Session(id) | Credential::Cookie(id) => Some(id),
        }
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>> {
    headers
        .get(name)
        .map(|value| value.to_str().map(str::trim))
        .transpose()
        .map_err(|_| Error::new(Kind::Unauthenticated, format!("The header '{name}' must be plain ASCII text.")))
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
        .filter(|value| !value.is_empty())
}

/// Whether a request that changes something comes from a page of ours.
pub(super) fn is_same_origin(headers: &HeaderMap) -> bool {
    let get = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = get("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let origin = get("origin").and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    match (origin, get("host")) {
        (Some(origin), Some(host)) => origin.eq_ignore_ascii_case(host),
        _ => false,
    }
}

/// Who called, as handlers take it.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) actor: Actor,
    credential: Credential,
}

impl Caller {
    /// The caller anew, for long streams: a key revoked meanwhile is refused.
    pub(super) async fn again(&self, state: &HttpState) -> Result<()> {
        identify(state, &self.credential, Door::Rest).await.map(drop)
    }

    pub(super) fn session(&self) -> Option<&str> {
        self.credential.session()
    }
}

async fn identify(state: &HttpState, credential: &Credential, door: Door) -> Result<Actor> {
    match credential {
        Credential::Key(token) => state.service().actor_by_key(token, door).await,
        Credential::Session(id) | Credential::Cookie(id) => state.service().actor_by_session(id, door).await,
    }
}

/// The layer of one route: authenticates, checks the origin of cookie writes, reads the parameters.
pub(super) async fn pass(State((state, route)): State<(HttpState, Arc<Route>)>, mut request: Request, next: Next) -> Result<Response> {
    if route.endpoint.auth.is_login() {
        // Split, since a body may not be looked at from two threads and so may not be borrowed across an await.
        let (parts, body) = request.into_parts();
        let caller = match authenticate(&state, &parts, Door::Rest).await {
            Err(error) if route.endpoint.auth == Auth::Page && error.kind() == Kind::Unauthenticated => {
                return Ok(page::leads_there(parts.uri.path()));
            }
            caller => caller?,
        };
        request = Request::from_parts(parts, body);
        request.extensions_mut().insert(caller);
    }
    if route.endpoint.auth != Auth::Webhook {
        let params = Params::read(request.uri(), route.endpoint.params)?;
        request.extensions_mut().insert(params);
    }
    request.extensions_mut().insert(route);
    Ok(next.run(request).await)
}

/// The address that a request comes from.
pub(super) fn coming_from(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}

/// Who sent a request. Without a credential, or with one that no longer holds, the error's details say which.
pub(super) async fn authenticate(state: &HttpState, parts: &Parts, door: Door) -> Result<Caller> {
    let headers = &parts.headers;
    let Some(credential) = Credential::of(headers)? else {
        let message = "This needs a login: send an API key as 'authorization: Bearer cldm_...', or log in at /api/latest/auth/login.";
        return Err(Error::new(Kind::Unauthenticated, message).details(json!({"reason": "missing"})));
    };
    let mut actor = identify(state, &credential, door).await?;
    let is_read = matches!(parts.method, Method::GET | Method::HEAD);
    if matches!(credential, Credential::Cookie(_)) && !is_read && !is_same_origin(headers) {
        let message = "A change by session cookie must come from a page of this server (same 'origin'). Programs send an API key instead.";
        return Err(Error::new(Kind::Forbidden, message));
    }
    actor = actor.with_client(headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()));
    actor.address = coming_from(parts);
    actor.trace = headers.get("traceparent").and_then(|value| TraceContext::parse(value.to_str().ok()?));
    Ok(Caller { actor, credential })
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(|| Error::internal("a handler asks for the caller of an open route"))
    }
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.remove::<Params>().ok_or_else(|| Error::internal("a handler runs without its gate"))
    }
}

/// The record type of the route.
#[derive(Clone, Copy)]
pub(super) struct TypeOf(pub(super) &'static RecordType);

impl<S: Sync> FromRequestParts<S> for TypeOf {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let record_type = parts.extensions.get::<Arc<Route>>().and_then(|route| route.record_type);
        record_type.map(TypeOf).ok_or_else(|| Error::internal("a handler asks for the record type of a route that has none"))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())).collect()
    }

    fn of(pairs: &[(&str, &str)]) -> Option<Credential> {
        Credential::of(&headers(pairs)).unwrap()
    }

    #[test]
    fn a_key_comes_in_either_header_and_goes_before_a_session() {
        let key = Some(Credential::Key("cldm_a_b".into()));
        assert_eq!(of(&[("authorization", "bearer cldm_a_b")]), key);
        assert_eq!(of(&[("x-cloudomation-api-key", " cldm_a_b "), ("cookie", "flowstead_session=x")]), key);
        assert_eq!(of(&[("x-cloudomation-session-id", "s")]), Some(Credential::Session("s".into())));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn another_scheme_of_authorization_is_refused_and_not_ignored() {
        assert_eq!(Credential::of(&headers(&[("authorization", "Basic eA==")])).unwrap_err().kind(), Kind::Unauthenticated);
    }

    #[test]
    fn the_session_is_found_among_other_cookies() {
        let cookie = Some(Credential::Cookie("abc".into()));
        assert_eq!(of(&[("cookie", "theme=dark; flowstead_session=abc; x=1")]), cookie);
        assert_eq!(of(&[("cookie", "flowstead_session_old=1; xflowstead_session=2")]), None);
    }

    #[test]
    fn a_write_by_cookie_counts_as_ours_only_with_our_origin() {
        let same = |pairs: &[(&str, &str)]| is_same_origin(&headers(pairs));
        assert!(same(&[("sec-fetch-site", "same-origin")]));
        assert!(!same(&[("sec-fetch-site", "same-site"), ("origin", "http://a"), ("host", "a")]));
        assert!(!same(&[("sec-fetch-site", "cross-site")]));
        assert!(same(&[("origin", "http://127.0.0.1:7410"), ("host", "127.0.0.1:7410")]));
        assert!(!same(&[("origin", "http://evil"), ("host", "127.0.0.1:7410")]));
        assert!(!same(&[("origin", "null"), ("host", "a")]));
        assert!(!same(&[("host", "a")]));
    }
}
