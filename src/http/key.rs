//! API keys: made with the token shown once, revoked at once. Reading them is the generic record routes.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use serde_json::{Value, json};
use uuid::Uuid;

use super::body::JsonBody;
use super::gate::Caller;
use super::route::{Endpoint, Shape, Verb};
use super::state::HttpState;
use crate::error::{Error, Result};
use crate::records;
use crate::service::{Expiry, KeyRequest, KeyRotation, NewKey, OVERLAP_HOURS};

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new(Verb::Post, "/api_key", "api_key_create", "Makes an API key. The token is in this answer and never again.")
        .body(Shape::Named("NewKeyRequest"))
        .answer(201, Shape::Named("NewKey"))
        .once(|verb| on(verb, create)),
    Endpoint::new(
        Verb::Post,
        "/api_key/{id}/rotate",
        "api_key_rotate",
        "Makes a key in the place of this one, which is good for some hours more. The token is in this answer and never again.",
    )
    .optional_body(Shape::Named("RotateKeyRequest"))
    .answer(201, Shape::Named("NewKey"))
    .once(|verb| on(verb, rotate)),
    Endpoint::new(Verb::Delete, "/api_key/{id}", "api_key_delete", "Revokes an API key; the next request with it is refused.")
        .answer(204, Shape::Empty)
        .once(|verb| on(verb, revoke)),
];

async fn create(State(state): State<HttpState>, caller: Caller, body: JsonBody) -> Result<Response> {
    let mut fields = body.object()?;
    let name = fields.required_text("name")?;
    let user_id = fields.text("user_id")?.map(|text| Uuid::try_parse(&text)).transpose();
    let user_id = user_id.map_err(|_| Error::invalid("'user_id' must be the id of a user, a UUID.").field("/user_id"))?;
    let request = KeyRequest {
        name,
        user_id: user_id.or(caller.actor.user_id()).ok_or_else(|| Error::internal("a caller over HTTP is no user"))?,
        kind: fields.text("kind")?,
        expires_at: Expiry::parse(fields.value("expires_at").as_ref())?,
        scopes: fields.value("scopes").unwrap_or(Value::Null),
        tools: fields.text("tools")?,
    };
    fields.finish()?;
    let key = state.service().key_create(&caller.actor, request).await?;
    shown(&state, &caller, key).await
}

async fn rotate(State(state): State<HttpState>, caller: Caller, Path(id): Path<String>, body: JsonBody) -> Result<Response> {
    let mut fields = body.optional_object()?;
    let hours = fields.read("overlap_hours", "a whole number of hours", Value::as_u64)?;
    let rotation = KeyRotation {
        overlap_hours: hours.map_or(OVERLAP_HOURS, |hours| u32::try_from(hours).unwrap_or(u32::MAX)),
        expires_at: Expiry::parse(fields.value("expires_at").as_ref())?,
    };
    fields.finish()?;
    let key = state.service().key_rotate(&caller.actor, key_id(&id)?, rotation).await?;
    shown(&state, &caller, key).await
}

async fn shown(state: &HttpState, caller: &Caller, key: NewKey) -> Result<Response> {
    let of = records::find("API_KEY").expect("API_KEY is a record type");
    let record = state.service().record_show(&caller.actor, of, key.row).await?;
    Ok((StatusCode::CREATED, Json(json!({"api_key": record, "token": key.token}))).into_response())
}

async fn revoke(State(state): State<HttpState>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode> {
    state.service().key_revoke(&caller.actor, key_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn key_id(text: &str) -> Result<Uuid> {
    Uuid::try_parse(text).map_err(|_| Error::not_found(format!("There is no API key '{text}': an id is a UUID.")))
}
