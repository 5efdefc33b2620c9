//! A user's own affairs: its sessions, its password, its second factor; and the unlocking of others.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::on;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::JsonBody;
use super::gate::Caller;
use super::param::{Param, ParamKind, Params};
use super::record;
use super::route::{Endpoint, Shape, Verb};
use super::state::HttpState;
use crate::error::{Error, Result};
use crate::records;
use crate::service::{RecordWrite, Selector};

static UNLOCK: &[Param] = &[record::BY];
static USER: &[Param] =
    &[Param { name: "user_id", kind: ParamKind::Text, doc: "Whose sessions; default: the caller's. Others need UPDATE on the user." }];

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "/auth/session", "auth_session_list", "Lists the open sessions of a user, the last used first.")
        .params(USER)
        .answer(200, Shape::Named("SessionList"))
        .once(|verb| on(verb, list)),
    Endpoint::new(Verb::Delete, "/auth/session/{id}", "auth_session_end", "Ends a session; the next request with it is refused.")
        .answer(204, Shape::Empty)
        .once(|verb| on(verb, end)),
    Endpoint::new(Verb::Delete, "/auth/session", "auth_session_end_all", "Ends all sessions of a user but the one of this request.")
        .params(USER)
        .answer(204, Shape::Empty)
        .once(|verb| on(verb, end_all)),
    Endpoint::new(Verb::Post, "/auth/password", "auth_password", "Changes the caller's password and ends its other sessions.")
        .body(Shape::Named("PasswordRequest"))
        .answer(204, Shape::Empty)
        .once(|verb| on(verb, password)),
    Endpoint::new(
        Verb::Post,
        "/auth/2fa/enrol",
        "auth_2fa_enrol",
        "Gives the caller a secret for its authenticator, this once. It counts when a code of it was confirmed.",
    )
    .answer(200, Shape::Named("Enrolment"))
    .once(|verb| on(verb, enrol)),
    Endpoint::new(
        Verb::Post,
        "/auth/2fa/confirm",
        "auth_2fa_confirm",
        "Switches the caller's second factor on. The recovery codes are in this answer and never again.",
    )
    .body(Shape::Named("ConfirmRequest"))
    .answer(200, Shape::Named("RecoveryCodes"))
    .once(|verb| on(verb, confirm)),
    Endpoint::new(Verb::Post, "/auth/2fa/disable", "auth_2fa_disable", "Switches the caller's second factor off.")
        .body(Shape::Named("DisableRequest"))
        .answer(204, Shape::Empty)
        .once(|verb| on(verb, disable)),
    Endpoint::new(Verb::Post, "/user/{id}/unlock", "user_unlock", "Lets a user log in again that was locked out after wrong logins.")
        .params(UNLOCK)
        .answer(204, Shape::Empty)
        .once(|verb| on(verb, unlock)),
];

fn user_of(params: &Params) -> Result<Option<Uuid>> {
    let wrong = |_| Error::invalid("'user_id' must be the id of a user, a UUID.").field("/user_id");
    params.text("user_id").map(Uuid::try_parse).transpose().map_err(wrong)
}

async fn list(State(state): State<HttpState>, caller: Caller, params: Params) -> Result<Json<Value>> {
    let sessions = state.service().session_list(&caller.actor, user_of(&params)?).await?;
    let shown = sessions.into_iter().map(|session| {
        let mut out = session.row.into_map();
        out.insert("is_current".into(), session.is_current.into());
        Value::Object(out)
    });
    Ok(Json(json!({ "items": shown.collect::<Vec<_>>() })))
}

async fn end(State(state): State<HttpState>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode> {
    let id = Uuid::try_parse(&id).map_err(|_| Error::not_found(format!("There is no session '{id}': an id is a UUID.")))?;
    state.service().session_end(&caller.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end_all(State(state): State<HttpState>, caller: Caller, params: Params) -> Result<StatusCode> {
    state.service().session_end_all(&caller.actor, user_of(&params)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn password(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<StatusCode> {
    let mut fields = body.object()?;
    let (old, new) = (fields.required_text("old_password")?, fields.required_text("new_password")?);
    fields.finish()?;
    let id = caller.actor.id().ok_or_else(|| Error::internal("a caller over HTTP is no user"))?;
    let of = records::find("USER").expect("USER is a record type");
    let columns = Map::from_iter([("old_password".to_owned(), old.into()), ("password".to_owned(), new.into())]);
    let write = RecordWrite { selector: Some(Selector::Id(id)), ..RecordWrite::new(of, columns) };
    let written = state.service().record_update(&caller.actor, write).await;
    // The column has another name than the field of this request.
    let written = written.map_err(|error| match error.field_pointer() {
        Some("/password") => error.field("/new_password"),
        _ => error,
    });
    written?.commit.wait().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn enrol(State(state): State<HttpState>, caller: Caller) -> Result<Json<Value>> {
    let enrolment = state.service().second_factor_enrol(&caller.actor).await?;
    Ok(Json(json!({ "otp_secret": enrolment.otp_secret, "provisioning_uri": enrolment.provisioning_uri })))
}

async fn confirm(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Json<Value>> {
    let mut fields = body.object()?;
    let code = fields.required_text("twofa_code")?;
    fields.finish()?;
    let codes = state.service().second_factor_confirm(&caller.actor, &code).await?;
    Ok(Json(json!({ "recovery_codes": codes })))
}

async fn disable(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<StatusCode> {
    let mut fields = body.object()?;
    let (password, code) = (fields.required_text("password")?, fields.required_text("twofa_code")?);
    fields.finish()?;
    state.service().second_factor_disable(&caller.actor, &password, &code).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn unlock(State(state): State<HttpState>, caller: Caller, params: Params, Path(id): Path<String>) -> Result<StatusCode> {
    let users = records::find("USER").expect("USER is a record type");
    let id = match record::selector(users, &params, &id)? {
        Selector::Id(id) => id,
        named @ Selector::Name(_) => {
            let row = state.service().record_row(&caller.actor, users, &named).await?;
            row.id().ok_or_else(|| Error::internal("a user has no id"))?
        }
    };
    state.service().user_unlock(&caller.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
