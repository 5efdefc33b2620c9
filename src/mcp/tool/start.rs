//! run_flow: starts a flow and waits for its end, as long as that is sensible.

use std::time::Duration;

use flowstead_wire::{Answer, ToolResult};
use serde_json::{Map, Value, json};

use super::definition::{Argument, Call, Definition, Need, Outcome, RUNS, Shape};
use super::execution::{self, output_link};
use super::message;
use super::size;
use crate::error::{Error, Kind};
use crate::mcp::answer::{Refusal, result_with, success_with};
use crate::mcp::run::{self, failure, seconds_allowed};
use crate::mcp::wait::{self, Patience, Unanswered, Waited};
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
    let watch = match resumed(&call)? {
        Some(watch) => watch,
        None => Box::pin(begin(&call, &flow)).await?,
    };
    outcome(&call, watch, wait).await
}

/// What the call goes on with, if it brought answers to questions along.
pub(super) fn resumed(call: &Call<'_>) -> Result<Option<Watch>, Refusal> {
    wait::resumed(call.mcp, call.actor, call.wire).map_err(wait::refused)
}

async fn begin(call: &Call<'_>, flow: &Selector) -> Result<Watch, Refusal> {
    let arguments = &call.arguments;
    let mut request = StartRequest::new(Target::Flow(flow.clone()), arguments.value("input_value").unwrap_or_default());
    request.name = arguments.text("name").map(str::to_owned);
    request.idempotency_key = arguments.text("idempotency_key").map(str::to_owned).or_else(|| call.wire.idempotency_key.clone());
    call.service().execution_start_watched(call.actor, request).await.map_err(|error| not_started(error, flow))
}

/// What came of an execution that was started by this call, after `wait` seconds at most.
pub(super) async fn outcome(call: &Call<'_>, watch: Watch, wait: f64) -> Outcome {
    run::note(watch.id);
    let (id, existed) = (watch.id, watch.existed && call.wire.state.is_none());
    let limit = Duration::from_secs_f64(wait);
    let patience = Patience { mcp: call.mcp, actor: call.actor, call: call.wire, limit, as_task: true };
    match Box::pin(wait::wait(&patience, watch)).await.map_err(|error| Refusal::from(error).of(id))? {
        Waited::Ended(row) if status_of(&row) == Some(Status::EndedSuccess) => Ok(Answer::Done(result(&row, existed))),
        Waited::Ended(row) => Err(failure(&row, id)),
        Waited::Open(row, unanswered) => Ok(success_with(going_on(call, (&row, existed), (wait, unanswered)), Vec::new())),
        Waited::Asks(asks) => Ok(Answer::Asks(asks)),
        Waited::Task(task) => Ok(Answer::Task(task)),
    }
}

/// What the run gave, for whoever looks when it has ended.
pub(in crate::mcp) fn ended(row: &Row) -> ToolResult {
    result(row, false)
}

fn begun(row: &Row, existed: bool) -> Map<String, Value> {
    let mut answer = Map::new();
    answer.insert("execution_id".into(), json!(row.id()));
    if existed {
        answer.insert("existed".into(), true.into());
    }
    answer
}

fn result(row: &Row, existed: bool) -> ToolResult {
    let id = row.id().unwrap_or_default();
    let mut answer = begun(row, existed);
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
    result_with(Value::Object(answer), links)
}

/// It runs on: what is known, and how to follow it.
fn going_on(call: &Call<'_>, (row, existed): (&Row, bool), (waited, unanswered): (f64, Option<Unanswered>)) -> Value {
    let id = row.id().unwrap_or_default();
    let mut answer = begun(row, existed);
    for column in ["status", "message", "progress", "blocked_on"] {
        if let Some(value) = row.json(column) {
            answer.insert(column.into(), value.clone());
        }
    }
    answer.insert("waited_sec".into(), json!(waited));
    if let Some(Unanswered { question, because }) = unanswered {
        let mut shown = question.shown(call.mcp);
        if let Some(because) = because {
            shown["answer"] = because.into();
        }
        answer.insert("question".into(), shown);
    }
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
