//! get_metrics and get_health: how flows and the server are doing.

use serde_json::Value;

use super::definition::{Argument, Call, Definition, Need, Outcome, READS, Shape};
use super::record_read::about;
use crate::error::Error;
use crate::mcp::answer::success;
use crate::records;
use crate::service::{MetricsRequest, Operation, ToolGroup};

pub(super) static GET_METRICS: Definition = Definition {
    name: "get_metrics",
    group: ToolGroup::Health,
    description: "How executions went of late: live ones, success rate, durations (p50, p95), runs over time, by flow and by project.",
    arguments: &[
        Argument::new("hours", Shape::Integer(1, MetricsRequest::LONGEST_HOURS), "Default 24."),
        Argument::new("flow_name", Shape::Text, ""),
        Argument::new("project", Shape::Text, ""),
    ],
    annotations: READS,
    need: Need::All(&[(Operation::Read, "EXECUTION")]),
    handler: |call| Box::pin(metrics(call)),
};

pub(super) static GET_HEALTH: Definition = Definition {
    name: "get_health",
    group: ToolGroup::Health,
    description: "How the server is doing: its store, workers, backlog, sandbox.",
    arguments: &[],
    annotations: READS,
    need: Need::All(&[(Operation::Read, "EXECUTION")]),
    handler: |call| Box::pin(health(call)),
};

async fn metrics(call: Call<'_>) -> Outcome {
    let request = MetricsRequest {
        hours: call.arguments.integer("hours"),
        flow: call.arguments.text("flow_name").map(str::to_owned),
        project: call.arguments.text("project").map(str::to_owned),
    };
    let flows = records::find("FLOW").expect("FLOW is a record type");
    let found = call.service().execution_metrics(call.actor, &request).await.map_err(|e| about(e, flows))?;
    Ok(success(shown(&found)?))
}

async fn health(call: Call<'_>) -> Outcome {
    Ok(success(shown(&call.service().health(call.actor).await?)?))
}

fn shown(found: &impl serde::Serialize) -> Result<Value, Error> {
    serde_json::to_value(found).map_err(|e| Error::internal("a report is no JSON").source_error(e))
}
