//! Is it there, is it alive, does it take work, what has it done: for people, probes and Prometheus.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::on;
use serde_json::{Value, json};

use super::gate::Caller;
use super::metric;
use super::param::{Param, ParamKind, Params};
use super::route::{Endpoint, Shape, Verb};
use super::state::HttpState;
use crate::error::{Error, Kind, Result};
use crate::service::{Health, Metrics, MetricsRequest};

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "/alive", "alive", "Says that a Flowstead server is here, and its version.")
        .open()
        .answer(200, Shape::Named("Alive"))
        .once(|verb| on(verb, alive)),
    Endpoint::new(Verb::Get, "//health/live", "health_live", "Answers as long as the process can answer at all.")
        .open()
        .answer(200, Shape::Named("Health"))
        .once(|verb| on(verb, live)),
    Endpoint::new(Verb::Get, "//health/ready", "health_ready", "Answers 200 while the server takes work; 503 while it starts or drains.")
        .open()
        .answer(200, Shape::Named("Health"))
        .once(|verb| on(verb, ready)),
    Endpoint::new(Verb::Get, "//metrics", "metrics", "Counters and gauges in Prometheus's text format; numbers only, no names.")
        .open()
        .answer(200, Shape::Text("text/plain"))
        .once(|verb| on(verb, metrics)),
    Endpoint::new(Verb::Get, "/health", "health", "How the server is doing: its store, workers, backlog, sandbox.")
        .answer(200, Shape::Named("ServerHealth"))
        .once(|verb| on(verb, health)),
    Endpoint::new(
        Verb::Get,
        "/execution/metrics",
        "execution_metrics",
        "How executions went of late: live ones, success rate, durations, runs over time, by flow and by project.",
    )
    .params(METRICS)
    .answer(200, Shape::Named("Metrics"))
    .once(|verb| on(verb, execution_metrics)),
];

static METRICS: &[Param] = &[
    Param { name: "hours", kind: ParamKind::Integer(1, MetricsRequest::LONGEST_HOURS), doc: "From so long ago until now. Default 24." },
    Param { name: "flow", kind: ParamKind::Text, doc: "Only executions of this flow: its id or name." },
    Param { name: "project", kind: ParamKind::Text, doc: "Only executions in this project: its id or name." },
];

async fn alive() -> Json<Value> {
    Json(json!({"name": "flowstead", "version": env!("CARGO_PKG_VERSION")}))
}

async fn live() -> Json<Value> {
    Json(json!({"status": "live"}))
}

async fn ready(State(state): State<HttpState>) -> Result<Json<Value>> {
    if state.is_ready() {
        return Ok(Json(json!({"status": "ready"})));
    }
    Err(Error::new(Kind::Unavailable, "The server is starting or shutting down; it takes no work now."))
}

async fn health(State(state): State<HttpState>, caller: Caller) -> Result<Json<Health>> {
    Ok(Json(state.service().health(&caller.actor).await?))
}

async fn execution_metrics(State(state): State<HttpState>, caller: Caller, params: Params) -> Result<Json<Metrics>> {
    let text = |name: &str| params.text(name).map(str::to_owned);
    let request = MetricsRequest { hours: params.integer("hours"), flow: text("flow"), project: text("project") };
    Ok(Json(state.service().execution_metrics(&caller.actor, &request).await?))
}

async fn metrics(State(state): State<HttpState>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metric::text(&state))
}
