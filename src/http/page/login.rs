//! The login as a page, for people whom a link to a form led here. It leads back to the form, or to the list of them.

use std::net::SocketAddr;

use axum::Extension;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use uuid::Uuid;

use super::endpoint::{MESSAGES, read_form};
use super::response::Entered;
use super::{Shown, page};
use crate::error::{Error, Kind};
use crate::http::auth::{cookie, is_secure};
use crate::http::gate::is_same_origin;
use crate::http::param::Params;
use crate::http::state::HttpState;
use crate::service::LoginRequest;

/// Where the page is.
pub(super) const LOGIN: &str = "/login";
/// The message that one wants to see; never a whole address, which could lead elsewhere.
pub(super) const MESSAGE: &str = "message";

/// The answer to somebody who asks for a page without being logged in.
pub(in crate::http) fn leads_there(path: &str) -> Response {
    let message = path.strip_prefix(MESSAGES).and_then(|rest| Uuid::try_parse(rest.trim_start_matches('/')).ok());
    Redirect::to(&message.map_or_else(|| LOGIN.to_owned(), |id| format!("{LOGIN}?{MESSAGE}={id}"))).into_response()
}

fn wanted(text: Option<&str>) -> Option<Uuid> {
    text.and_then(|text| Uuid::try_parse(text).ok())
}

pub(super) async fn show(params: Params) -> Response {
    page(StatusCode::OK, "Log in", &form(wanted(params.text(MESSAGE)), "", None))
}

fn form(message: Option<Uuid>, user_name: &str, error: Option<&str>) -> Markup {
    let described = error.map(|_| "problem");
    html! {
        @if let Some(error) = error {
            div class="summary" role="alert" tabindex="-1" autofocus { p class="error" id="problem" { (error) } }
        }
        h1 { "Log in" }
        form method="post" action=(LOGIN) {
            @if let Some(id) = message { input type="hidden" name=(MESSAGE) value=(id); }
            div class="field" {
                label for="user_name" { "User name" }
                input id="user_name" name="user_name" type="text" autocomplete="username" autocapitalize="none" spellcheck="false" required
                    value=(user_name) aria-describedby=[described];
            }
            div class="field" {
                label for="password" { "Password" }
                input id="password" name="password" type="password" autocomplete="current-password" required aria-describedby=[described];
            }
            div class="field" {
                label for="twofa_code" { "Code of your second factor" }
                div class="hint" id="twofa-hint" { "Only if you have set one up: the code of your authenticator, or a recovery code." }
                input id="twofa_code" name="twofa_code" type="text" autocomplete="one-time-code" spellcheck="false" aria-describedby="twofa-hint";
            }
            div class="buttons" { button type="submit" { "Log in" } }
        }
    }
}

pub(super) async fn submit(
    State(state): State<HttpState>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    body: Body,
) -> Shown {
    // Another page must not log its readers in as somebody else.
    if !is_same_origin(&headers) {
        return Err(Error::new(Kind::Forbidden, "A login must come from the login page of this server.").into());
    }
    let entered = read_form(&state, &headers, body).await?;
    let address = peer.map(|Extension(ConnectInfo(address))| address.ip());
    let text = |name: &str| entered.get(name).map_or("", String::as_str);
    let request = LoginRequest {
        user_name: text("user_name"),
        password: text("password"),
        twofa_code: Some(text("twofa_code").trim()).filter(|code| !code.is_empty()),
        address,
        client: headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()),
    };
    match state.service().login(request).await {
        Ok(login) => {
            let to = wanted(Some(text(MESSAGE))).map_or_else(|| MESSAGES.to_owned(), |id| format!("{MESSAGES}/{id}"));
            let cookie = cookie(&login.session_id, is_secure(&headers));
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&to)).into_response())
        }
        Err(error) if error.kind() == Kind::Internal => Err(error.into()),
        Err(error) => Ok(refused(&error, &entered)),
    }
}

fn refused(error: &Error, entered: &Entered) -> Response {
    let text = |name: &str| entered.get(name).map_or("", String::as_str);
    let body = form(wanted(Some(text(MESSAGE))), text("user_name"), Some(error.message()));
    page(error.kind().status(), "Error: log in", &body)
}
