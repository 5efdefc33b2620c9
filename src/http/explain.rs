//! Why an execution stands where it stands.

use axum::Json;
use axum::extract::{Path, State};
use axum::routing::on;

use super::execution;
use super::gate::Caller;
use super::route::{Endpoint, Shape, Verb};
use super::state::HttpState;
use crate::error::Result;
use crate::service::Explanation;

pub(super) static ENDPOINTS: &[Endpoint] = &[Endpoint::new(
    Verb::Get,
    "/execution/{id}/explain",
    "execution_explain",
    "Explains it: what it waits for, why it failed, where it stands, what was different when its flow last went well, what to do next.",
)
.answer(200, Shape::Named("Explanation"))
.once(|verb| on(verb, explain))];

async fn explain(State(state): State<HttpState>, caller: Caller, Path(id): Path<String>) -> Result<Json<Explanation>> {
    Ok(Json(state.service().execution_explain(&caller.actor, execution::id_of(&id)?).await?))
}
