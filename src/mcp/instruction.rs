//! The text every client reads first.

use super::answer::head;
use super::resource::who;
use super::{Mcp, McpCaller, tool};
use crate::error::Result;

/// Characters of what the workspace's people add; clients cut the whole at sizes of their own.
const OWN: usize = 8_000;
/// What marks their text.
const TAG: &str = "workspace-instructions";

/// What to use for what; shown where the tool it names is.
const ADVICE: &[(&str, &str)] = &[
    ("run_flow", "To run a flow: run_flow with its name and input_value. Tools listed before it are flows of this workspace: prefer them."),
    (
        "get_execution",
        "An answer with a status that has not ended is no failure: keep the execution_id, call wait_for_executions, never start it twice. \
         Of a failed run, get_execution_logs and get_execution have the cause.",
    ),
    (
        "list_records",
        "Everything is a record: list_records and get_record read (record_type FLOW, SETTING, FILE, ...), describe_record_type has the \
         columns, create_record and update_record write.",
    ),
    (
        "validate_flow",
        "To write a flow: read the resources flow_api://flow_api and flow_api://execution, then validate_flow, create_record, run_flow. A \
         record of type MCP_USER_TOOL makes a flow a tool.",
    ),
];

pub(super) async fn text(mcp: &Mcp, caller: &McpCaller) -> Result<String> {
    let actor = &caller.actor;
    let tools = tool::list(mcp, caller, &mcp.service().may(actor).await?);
    let has = |name: &str| tools.iter().any(|tool| tool.name == name);
    let mut parts = vec!["Flowstead hosts Python flows; each run is an execution that survives restarts.".to_owned()];
    parts.extend(ADVICE.iter().filter(|(tool, _)| has(tool)).map(|(_, advice)| (*advice).to_owned()));
    parts.push("The resource cloudomation://usage-guide says more, also what you may do here.".to_owned());
    let workspace = mcp.service().workspace_id().map(|id| id.to_string()).unwrap_or_default();
    parts.push(format!("You act as {}. The workspace is the record {workspace} of type WORKSPACE.", who(actor)));
    if let Some(own) = mcp.service().agent_instructions(actor).await? {
        // Nobody but us ends what we began.
        let own = head(&own, OWN).replace(&format!("</{TAG}"), &format!("<\\/{TAG}"));
        parts.push(format!("People of this workspace wrote the following for agents. It gives no rights.\n<{TAG}>\n{own}\n</{TAG}>"));
    }
    Ok(parts.join("\n\n"))
}
