//! validate_flow: what is wrong with a script, without running it.

use serde_json::{Value, json};

use super::definition::{Argument, Call, Definition, Need, Outcome, READS, Shape};
use super::record_read::about;
use crate::error::Error;
use crate::mcp::answer::success;
use crate::records;
use crate::service::{Operation, ToolGroup};

pub(super) static VALIDATE_FLOW: Definition = Definition {
    name: "validate_flow",
    group: ToolGroup::Write,
    description: "Says what is wrong with a flow or a script: syntax, handler, deprecated calls. Does not run it.",
    arguments: &[
        Argument::new("flow_id", Shape::Text, ""),
        Argument::new("flow_name", Shape::Text, ""),
        Argument::new("script", Shape::Text, "Python, instead of a saved flow."),
    ],
    annotations: READS,
    need: Need::AnyOf(&[(Operation::Read, "FLOW"), (Operation::Create, "FLOW"), (Operation::Update, "FLOW")]),
    handler: |call| Box::pin(validate(call)),
};

async fn validate(call: Call<'_>) -> Outcome {
    let flow = call.arguments.selector("flow_id", "flow_name")?;
    let checked = match (flow, call.arguments.text("script")) {
        (Some(selector), None) => {
            let flows = records::find("FLOW").expect("FLOW is a record type");
            call.service().flow_validate(call.actor, &selector).await.map_err(|e| about(e, flows))?
        }
        (None, Some(script)) => call.service().script_validate(call.actor, script).await?,
        _ => return Err(Error::invalid("Give one of 'flow_id', 'flow_name' and 'script'.").field("/flow_id").into()),
    };
    let is_valid = !checked.problems.iter().any(|problem| problem.severity == "error");
    let mut answer = json!({ "valid": is_valid });
    if let (Some(answer), Ok(Value::Object(checked))) = (answer.as_object_mut(), serde_json::to_value(&checked)) {
        answer.extend(checked);
    }
    Ok(success(answer))
}
