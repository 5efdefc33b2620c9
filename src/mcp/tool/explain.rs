//! explain_execution: why an execution stands where it stands.

use serde_json::{Value, json};

use super::definition::{Argument, Call, Definition, Need, Outcome, READS, Shape};
use super::execution::{about, id_of};
use super::size::{self, next_call};
use crate::error::Error;
use crate::mcp::answer::success;
use crate::service::{Operation, ToolGroup};

pub(super) static EXPLAIN_EXECUTION: Definition = Definition {
    name: "explain_execution",
    group: ToolGroup::Run,
    description: "Says why an execution waits or failed, where it stands, and what to call next. Changes nothing.",
    arguments: &[Argument::new("execution_id", Shape::Text, "").required()],
    annotations: READS,
    need: Need::All(&[(Operation::Read, "EXECUTION")]),
    handler: |call| Box::pin(explain(call)),
};

async fn explain(call: Call<'_>) -> Outcome {
    let id = id_of(&call)?;
    let explained = call.service().execution_explain(call.actor, id).await.map_err(|e| about(e, id))?;
    let whole = serde_json::to_value(&explained).map_err(|e| Error::internal("an explanation is no JSON").source_error(e))?;
    let mut cuts = Vec::new();
    let Value::Object(mut answer) = size::shrink(whole, size::RESULT - size::VALUE, "", &mut cuts) else {
        return Err(Error::internal("an object was cut to something else").into());
    };
    size::mark(&mut answer, &cuts, |_| next_call("get_execution", json!({ "execution_id": id })));
    Ok(success(answer.into()))
}
