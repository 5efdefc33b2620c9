//! cancel_execution and control_execution: executions stopped, held and let go on, and ended ones tried again.

use serde_json::{Map, json};
use uuid::Uuid;

use super::definition::{ADDS, Argument, Call, Definition, Need, Outcome, REPLACES, Shape};
use super::execution::{about, id_of, of};
use super::size::next_call;
use crate::error::{Error, Kind, did_you_mean};
use crate::mcp::answer::{Refusal, success};
use crate::service::{Control, Operation, RetryRequest, Selector, ToolGroup};

/// Numbers of calls are 32 bits wide.
const MOST_CALLS: u64 = u32::MAX as u64;
const ACTIONS: [&str; 3] = ["pause", "resume", "retry"];

pub(super) static CANCEL_EXECUTION: Definition = Definition {
    name: "cancel_execution",
    group: ToolGroup::Run,
    description: "Stops an execution and its children. One that has ended stays as it is. Does not undo what it did.",
    arguments: &[Argument::new("execution_id", Shape::Text, "").required()],
    annotations: REPLACES,
    need: Need::All(&[(Operation::Update, "EXECUTION")]),
    handler: |call| Box::pin(cancel(call)),
};

pub(super) static CONTROL_EXECUTION: Definition = Definition {
    name: "control_execution",
    group: ToolGroup::Run,
    description: "Holds an execution at its next call, or lets it go on; retry runs an ended one anew from where it failed. Does not cancel it.",
    arguments: &[
        Argument::new("execution_id", Shape::Text, "").required(),
        Argument::new("action", Shape::Text, "pause, resume or retry.").required(),
        Argument::new("from_seq", Shape::Integer(0, MOST_CALLS), "Retry: last call kept. Default: before the failure."),
        Argument::new("script", Shape::Text, "Retry: a corrected script."),
        Argument::new("idempotency_key", Shape::Text, ""),
    ],
    // A retry makes another execution each time.
    annotations: ADDS,
    need: Need::All(&[(Operation::Update, "EXECUTION")]),
    handler: |call| Box::pin(control(call)),
};

async fn cancel(call: Call<'_>) -> Outcome {
    let id = id_of(&call)?;
    let done = call.service().execution_cancel(call.actor, id).await.map_err(|e| about(e, id))?;
    answer(&call, id, done).await
}

async fn control(call: Call<'_>) -> Outcome {
    let id = id_of(&call)?;
    let done = match call.arguments.text("action").unwrap_or_default() {
        "pause" => call.service().execution_pause(call.actor, id).await,
        "resume" => call.service().execution_resume(call.actor, id).await,
        "retry" => return retry(&call, id).await,
        other => {
            let text = format!("'action' must be {}, not '{other}'.{}", ACTIONS.join(", "), did_you_mean(other, ACTIONS));
            return Err(Error::invalid(text).field("/action").into());
        }
    };
    answer(&call, id, done.map_err(|e| about(e, id))?).await
}

async fn retry(call: &Call<'_>, id: Uuid) -> Outcome {
    let text = |name: &str| call.arguments.text(name).map(str::to_owned);
    let request = RetryRequest {
        from_seq: call.arguments.small("from_seq"),
        script: text("script"),
        idempotency_key: text("idempotency_key"),
        ..RetryRequest::default()
    };
    let started = call.service().execution_retry(call.actor, id, request).await.map_err(|e| not_retried(e, id))?;
    started.commit.wait().await?;
    let mut answer = Map::new();
    answer.insert("execution_id".into(), json!(started.id));
    for column in ["retried_from", "retried_seq", "status"] {
        answer.insert(column.into(), started.row.json(column).cloned().unwrap_or_default());
    }
    if started.existed {
        answer.insert("existed".into(), true.into());
    }
    answer.insert("next".into(), next_call("wait_for_executions", json!({ "execution_ids": [started.id] })));
    Ok(success(answer.into()))
}

fn not_retried(error: Error, id: Uuid) -> Refusal {
    let hint = match error.kind() {
        Kind::Conflict => "get_execution_events shows its calls with their numbers; run_flow runs the flow from the top.",
        _ => return about(error, id),
    };
    Refusal::from(error).of(id).hint(hint)
}

/// How it stands once the request is on disk; what the request leads to may still be ahead.
async fn answer(call: &Call<'_>, id: Uuid, done: Control) -> Outcome {
    done.commit.wait().await?;
    let fields = ["status", "is_paused", "blocked_on"].map(str::to_owned);
    let found = call.service().record_get(call.actor, of(), &Selector::Id(id), Some(&fields)).await.map_err(|e| about(e, id))?;
    let mut answer = Map::new();
    answer.insert("execution_id".into(), json!(id));
    answer.extend(found.record.into_iter().filter(|(_, value)| !value.is_null()));
    answer.insert("had_ended".into(), done.had_ended.into());
    if !done.had_ended {
        answer.insert("next".into(), next_call("wait_for_executions", json!({ "execution_ids": [id] })));
    }
    Ok(success(answer.into()))
}
