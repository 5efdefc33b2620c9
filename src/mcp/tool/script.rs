//! run_script: a few lines of Python over records, so that joins and filters happen here and only the answer costs context.

use super::definition::{Argument, Call, Definition, Need, Outcome, RUNS, Shape};
use super::start::{self, LONGEST, WAIT};
use crate::mcp::run::seconds_allowed;
use crate::service::{Operation, StartRequest, Target, ToolGroup};

pub(super) static RUN_SCRIPT: Definition = Definition {
    name: "run_script",
    group: ToolGroup::Script,
    description: "Runs Python with handler(system, this, inputs) over flow_api and gives what it returns: to join and filter many records \
                  in one call. It can read records, not change them.",
    arguments: &[
        Argument::new("script", Shape::Text, "").required(),
        Argument::new("input_value", Shape::Any, ""),
        Argument::new("wait_sec", Shape::Seconds(LONGEST), "Default 45."),
    ],
    // Records stay as they are; what the script does beyond them nobody knows.
    annotations: RUNS,
    need: Need::All(&[(Operation::Create, "EXECUTION"), (Operation::Create, "FLOW")]),
    handler: |call| Box::pin(run(call)),
};

async fn run(call: Call<'_>) -> Outcome {
    let arguments = &call.arguments;
    let wait = seconds_allowed(call.mcp, arguments.seconds("wait_sec").unwrap_or(WAIT));
    if let Some(watch) = start::resumed(&call)? {
        return start::outcome(&call, watch, wait).await;
    }
    let script = arguments.text("script").unwrap_or_default().to_owned();
    let mut request = StartRequest::new(Target::Script(script), arguments.value("input_value").unwrap_or_default());
    request.is_reading = true;
    request.idempotency_key.clone_from(&call.wire.idempotency_key);
    let watch = call.service().execution_start_watched(call.actor, request).await?;
    start::outcome(&call, watch, wait).await
}
