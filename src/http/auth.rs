//! Logging in, logging out, and who the caller is.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::body::JsonBody;
use super::gate::{COOKIE, Caller};
use super::route::{Endpoint, Shape, Verb};
use super::state::HttpState;
use crate::clock;
use crate::error::{Error, Result};
use crate::service::{Identity, LoginRequest};

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new(
        Verb::Post,
        "/auth/login",
        "auth_login",
        "Logs a user in: answers a session id and sets it as an HttpOnly cookie. Too many wrong tries are answered 429.",
    )
    .open()
    .body(Shape::Named("LoginRequest"))
    .answer(200, Shape::Named("Login"))
    .once(|verb| on(verb, login)),
    Endpoint::new(Verb::Post, "/auth/logout", "auth_logout", "Ends the session that the request came with.")
        .answer(204, Shape::Empty)
        .once(|verb| on(verb, logout)),
    Endpoint::new(Verb::Get, "/auth/me", "auth_me", "Says who the caller is.").answer(200, Shape::Named("Me")).once(|verb| on(verb, me)),
];

async fn login(
    State(state): State<HttpState>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response> {
    let mut fields = body.object()?;
    let (user_name, password) = (fields.required_text("user_name")?, fields.required_text("password")?);
    let (method, second_factor) = (fields.text("authentication_method")?, fields.text("twofa_code")?);
    fields.finish()?;
    if let Some(method) = method.filter(|method| method != "cloudomation") {
        let message = format!("There is no authentication method '{method}'; local users log in with 'cloudomation'.");
        return Err(Error::invalid(message).field("/authentication_method"));
    }
    let request = LoginRequest {
        user_name: &user_name,
        password: &password,
        twofa_code: second_factor.as_deref(),
        address: peer.map(|Extension(ConnectInfo(address))| address.ip()),
        client: headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()),
    };
    let login = state.service().login(request).await?;
    let cookie = cookie(&login.session_id, is_secure(&headers));
    let answer = json!({
        "identity_id": login.identity_id,
        "name": login.name,
        "session_id": login.session_id,
        "expires_at": clock::format(login.expires_at),
        "must_change_password": login.must_change_password,
    });
    Ok(([(header::SET_COOKIE, cookie)], Json(answer)).into_response())
}

async fn logout(State(state): State<HttpState>, caller: Caller, headers: HeaderMap) -> Result<Response> {
    let Some(session) = caller.session() else {
        let message = "This request came with an API key, not with a session. A key is revoked with DELETE /api/latest/api_key/{id}.";
        return Err(Error::invalid(message));
    };
    state.service().logout(session).await?;
    let mut gone = cookie("", is_secure(&headers));
    gone.push_str("; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}

async fn me(caller: Caller) -> Result<Json<Value>> {
    let Identity::User { id, name } = &caller.actor.identity else {
        return Err(Error::internal("a caller over HTTP is no user"));
    };
    let key = caller.actor.key.as_ref().map(|key| key.id);
    Ok(Json(json!({"identity_id": id, "name": name.as_ref(), "record_type": "USER", "api_key_id": key})))
}

/// Behind a proxy that ends TLS, browsers must send the cookie over TLS only.
pub(super) fn is_secure(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https")
}

/// Without an age it is the browser's session cookie; the server ends the session by its own clock.
pub(super) fn cookie(session: &str, secure: bool) -> String {
    format!("{COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax{}", if secure { "; Secure" } else { "" })
}
