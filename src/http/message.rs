//! Messages: answered, and given a link with which whoever has it answers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::on;
use serde_json::{Value, json};

use super::body::JsonBody;
use super::gate::Caller;
use super::param::{Param, Params};
use super::record::{self, PLAIN};
use super::route::{Endpoint, Shape, Verb};
use super::state::HttpState;
use crate::clock;
use crate::error::Result;
use crate::records::{self, RecordType};
use crate::service::{Selector, Via};

static ONE: &[Param] = &[PLAIN];

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new(
        Verb::Post,
        "/message/{id}/answer",
        "message_answer",
        "Answers a message; the response must keep its form. The first answer counts: later ones are answered 409, with who was first.",
    )
    .params(ONE)
    .body(Shape::Named("AnswerRequest"))
    .answer(200, Shape::Record(Some("MESSAGE")))
    .once(|verb| on(verb, answer)),
    Endpoint::new(
        Verb::Post,
        "/message/{id}/link",
        "message_link",
        "Makes a link to a page on which whoever has it can answer the message, once, without a login.",
    )
    .optional_body(Shape::Named("LinkRequest"))
    .answer(200, Shape::Named("MessageLink"))
    .once(|verb| on(verb, link)),
];

/// The type of its records.
pub(super) fn of() -> &'static RecordType {
    records::find("MESSAGE").expect("MESSAGE is a record type")
}

async fn answer(
    State(state): State<HttpState>,
    caller: Caller,
    Path(id): Path<String>,
    params: Params,
    body: JsonBody,
) -> Result<Response> {
    let mut fields = body.object()?;
    let response = fields.given("response").unwrap_or(Value::Null);
    fields.finish()?;
    let (service, actor) = (state.service(), &caller.actor);
    let written = service.message_answer(actor, &Selector::id(of(), &id)?, response, Via::Rest).await?;
    let found = record::on_disk(service, actor, of(), written).await?;
    Ok(record::answer(of(), found, &params, StatusCode::OK))
}

async fn link(State(state): State<HttpState>, caller: Caller, Path(id): Path<String>, body: JsonBody) -> Result<Json<Value>> {
    let mut fields = body.optional_object()?;
    let seconds = fields.read("valid_seconds", "a number of seconds", Value::as_f64)?;
    fields.finish()?;
    let link = state.service().message_link(&caller.actor, &Selector::id(of(), &id)?, seconds).await?;
    Ok(Json(json!({ "url": link.url, "expires_at": clock::format(link.expires_at) })))
}
