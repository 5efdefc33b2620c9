//! cancel_execution and control_execution: executions under way, stopped, held and let go on.

use serde_json::{Map, json};
use uuid::Uuid;

use super::definition::{ADDS, Argument, Call, Definition, Need, Outcome, REPLACES, Shape};
use super::execution::{about, id_of, of};
use super::size::next_call;
use crate::error::{Error, did_you_mean};
use crate::mcp::answer::{Refusal, success};
use crate::service::{Control, Operation, Selector};

const ACTIONS: [&str; 2] = ["pause", "resume"];

pub(super) static CANCEL_EXECUTION: Definition = Definition {
    name: "cancel_execution",
    title: "Cancel an execution",
    description: "Stops an execution and its children. One that has ended stays as it is. Does not undo what it did.",
    arguments: &[Argument::new("execution_id", Shape::Text, "").required()],
    annotations: REPLACES,
    need: Need::All(&[(Operation::Update, "EXECUTION")]),
    handler: |call| Box::pin(cancel(call)),
};

pub(super) static CONTROL_EXECUTION: Definition = Definition {
    name: "control_execution",
    title: "Pause or resume an execution",
    description: "Holds an execution at its next call, or lets it go on. Does not cancel it.",
    arguments: &[
        Argument::new("execution_id", Shape::Text, "").required(),
        Argument::new("action", Shape::Text, "pause or resume.").required(),
    ],
    annotations: flowstead_wire::Annotations { idempotent: true, ..ADDS },
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
        "retry" => {
            let error = Error::invalid("An execution cannot be retried yet.").field("/action");
            return Err(Refusal::from(error).of(id).hint("Call run_flow with the same flow and input_value: that makes a new execution."));
        }
        other => {
            let text = format!("'action' must be {}, not '{other}'.{}", ACTIONS.join(" or "), did_you_mean(other, ACTIONS));
            return Err(Error::invalid(text).field("/action").into());
        }
    };
    answer(&call, id, done.map_err(|e| about(e, id))?).await
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
