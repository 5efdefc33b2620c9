//! What can be asked of a flow beyond its record: is its script sound. Starting it is with the executions.

use axum::Json;
use axum::extract::{Path, State};
use axum::routing::on;
use serde_json::{Value, json};

use super::gate::Caller;
use super::param::{Param, Params};
use super::record;
use super::route::{Endpoint, Shape, Verb};
use super::state::HttpState;
use crate::error::Result;
use crate::records;

static ONE: &[Param] = &[record::BY];

pub(super) static ENDPOINTS: &[Endpoint] = &[Endpoint::new(
    Verb::Post,
    "/flow/{id}/validate",
    "flow_validate",
    "Compiles the flow's script without running it, and lists what is wrong with it.",
)
.params(ONE)
.answer(200, Shape::Named("Validation"))
.once(|verb| on(verb, validate))];

async fn validate(State(state): State<HttpState>, caller: Caller, params: Params, Path(id): Path<String>) -> Result<Json<Value>> {
    let flow = records::find("FLOW").expect("FLOW is a record type");
    let selector = record::selector(flow, &params, &id)?;
    let checked = state.service().flow_validate(&caller.actor, &selector).await?;
    Ok(Json(json!(checked)))
}
