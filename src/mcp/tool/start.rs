//! run_flow: starts a flow and waits for its end, as long as that is sensible.

use std::time::Duration;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::definition::{Argument, Call, Definition, Need, Outcome, RUNS, Shape};
use super::execution::{self, output_link};
use super::message;
use super::size;
use crate::error::{Error, Kind};
use crate::mcp::answer::{Refusal, success_with};
use crate::mcp::run::{self, failure, follow, has_ended, seconds_allowed};
use crate::records::Status;
use crate::service::{Operation, Row, Selector, StartRequest, Target, ToolGroup, Watch, status_of};

/// Seconds of waiting when nothing is asked for: clients give up at 60.
pub(super) const WAIT: f64 = 45.0;
/// Seconds of waiting at most.
pub(super) const LONGEST: u64 = 3_600;

pub(super) static RUN_FLOW: Definition = Definition {
    name: "run_flow",
    group: ToolGroup::Run,
    description: "Starts a flow and gives its output; after wait_sec it goes on and you get its execution_id. Does not change the flow.",
    arguments: &[
        Argument::new("flow_id", Shape::Text, ""),
        Argument::new("flow_name", Shape::Text, ""),
        Argument::new("input_value", Shape::Any, "As its input_schema asks."),
        Argument::new("wait_sec", Shape::Seconds(LONGEST), "Default 45; 0 only starts it."),
        Argument::new("idempotency_key", Shape::Text, "Same key within 24 h: same execution."),
        Argument::new("name", Shape::Text, "Of the execution."),
    ],
    annotations: RUNS,
    need: Need::All(&[(Operation::Create, "EXECUTION"), (Operation::Read, "FLOW")]),
    handler: |call| Box::pin(start(call)),
};

async fn start(call: Call<'_>) -> Outcome {
    let arguments = &call.arguments;
    let flow = arguments.required_selector("flow_id", "flow_name")?;
    let wait = seconds_allowed(call.mcp, arguments.seconds("wait_sec").unwrap_or(WAIT));
    let mut request = StartRequest::new(Target::Flow(flow.clone()), arguments.value("input_value").unwrap_or_default());
    request.name = arguments.text("name").map(str::to_owned);
    request.idempotency_key = arguments.text("idempotency_key").map(str::to_owned);
    match call.service().execution_start_watched(call.actor, request).await {
        Ok(watch) => outcome(&call, watch, wait).await,
        Err(error) => Err(not_started(error, &flow)),
    }
}

/// What came of an execution that was just started, after `wait` seconds at most.
pub(super) async fn outcome(call: &Call<'_>, watch: Watch, wait: f64) -> Outcome {
    run::note(watch.id);
    let (id, existed) = (watch.id, watch.existed);
    let row = follow(call.mcp, watch, call.wire, Duration::from_secs_f64(wait)).await.map_err(|error| Refusal::from(error).of(id))?;
    let mut answer = Map::new();
    answer.insert("execution_id".into(), json!(id));
    if existed {
        answer.insert("existed".into(), true.into());
    }
    if !has_ended(&row) {
        return Ok(success_with(going_on(answer, &row, (id, wait)), Vec::new()));
    }
    if status_of(&row) != Some(Status::EndedSuccess) {
        return Err(failure(&row, id));
    }
    answer.insert("status".into(), json!(row.text("status")));
    for column in ["status_message", "duration_ms"] {
        if let Some(value) = row.json(column) {
            answer.insert(column.into(), value.clone());
        }
    }
    let mut cuts = Vec::new();
    let output = row.json("output_value").cloned().unwrap_or_default();
    let whole = size::size(&output);
    answer.insert("output_value".into(), size::shrink(output, size::VALUE, "", &mut cuts));
    size::mark(&mut answer, &cuts, |cut| execution::rest_of_output(id, cut));
    let links = if cuts.is_empty() { Vec::new() } else { vec![output_link(id, whole)] };
    Ok(success_with(Value::Object(answer), links))
}

/// It runs on: what is known, and how to follow it.
fn going_on(mut answer: Map<String, Value>, row: &Row, (id, waited): (Uuid, f64)) -> Value {
    for column in ["status", "message", "progress", "blocked_on"] {
        if let Some(value) = row.json(column) {
            answer.insert(column.into(), value.clone());
        }
    }
    answer.insert("waited_sec".into(), json!(waited));
    let next = message::asked(row, id).unwrap_or_else(|| size::next_call("wait_for_executions", json!({ "execution_ids": [id] })));
    answer.insert("next".into(), next);
    Value::Object(answer)
}

/// Nothing was started. A name with a version in it gets a word on that.
fn not_started(error: Error, flow: &Selector) -> Refusal {
    let version = match flow {
        Selector::Name(name) if error.kind() == Kind::NotFound => name.rsplit_once('@'),
        _ => None,
    };
    if let Some((name, version)) = version {
        let text = format!("There is no flow named '{name}@{version}', and a version cannot be chosen: flows are run as they are now.");
        return Refusal::from(Error::not_found(text).field("/flow_name")).hint(format!("Call run_flow with flow_name '{name}'."));
    }
    match error.kind() {
        Kind::NotFound => {
            let has_near = error.detail_value().is_some();
            let refusal = Refusal::from(error);
            if has_near { refusal } else { refusal.hint("list_records with record_type FLOW lists the flows.") }
        }
        Kind::SchemaViolation => {
            let hint = "Correct every place listed in details.breaches; get_record with record_type FLOW and fields [\"input_schema\"] \
                        shows what the flow takes.";
            Refusal::from(error).hint(hint)
        }
        _ => error.into(),
    }
}
