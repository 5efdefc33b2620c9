//! User tools: MCP_USER_TOOL records, each backed by a flow.

use std::sync::Arc;

use flowstead_wire::{Annotations, Answer, Content, Era, Tool, ToolCall, ToolResult};
use serde_json::{Map, Value, json};

use super::answer::{Refusal, result_with};
use super::rich;
use super::tool::cut_output;
use super::wait::{self, Patience, Unanswered, Waited};
use super::{Mcp, McpCaller, run, task};
use crate::error::{Error, Kind, Result};
use crate::records::Status;
use crate::service::{Actor, Row, TaskSupport, ToolGroup, ToolSight, UserTool, WRAPPER, Watch, status_of};

/// Those the caller chose and may use, by name.
pub(super) fn list(sight: &ToolSight, caller: &McpCaller, era: Era) -> Vec<Tool> {
    sight.user_tools().filter(|tool| is_chosen(tool, caller)).map(|tool| listed(tool, era)).collect()
}

/// The same, as the service has them.
pub(super) async fn chosen(mcp: &Mcp, caller: &McpCaller) -> Result<Vec<Arc<UserTool>>> {
    let tools = mcp.service().user_tools(&caller.actor).await?;
    Ok(tools.into_iter().filter(|tool| is_chosen(tool, caller)).collect())
}

fn is_chosen(tool: &UserTool, caller: &McpCaller) -> bool {
    caller.tools.has(ToolGroup::User, tool.hints.read_only)
}

pub(super) fn listed(tool: &UserTool, era: Era) -> Tool {
    let output = tool.output.as_ref().map(|output| match (era, &output.wrapped) {
        (Era::Legacy, Some(wrapped)) => wrapped.clone(),
        _ => output.bare.clone(),
    });
    let hints = &tool.hints;
    Tool {
        name: tool.name.clone(),
        title: hints.title.clone(),
        description: tool.description.clone(),
        input_schema: tool.input.listed.clone(),
        output_schema: output,
        annotations: Annotations {
            read_only: hints.read_only,
            destructive: hints.destructive,
            idempotent: hints.idempotent,
            open_world: hints.open_world,
        },
    }
}

/// Nothing when there is no such user tool for this caller.
pub(super) async fn call(mcp: &Mcp, caller: &McpCaller, call: &ToolCall) -> Option<Result<Answer, Refusal>> {
    match mcp.service().user_tool(&caller.actor, &call.name).await {
        Ok(Some(tool)) if !is_chosen(&tool, caller) => None,
        Ok(None) => None,
        Ok(Some(tool)) => Some(Box::pin(run_tool(mcp, &caller.actor, (&tool, call))).await),
        Err(error) => Some(Err(error.into())),
    }
}

async fn run_tool(mcp: &Mcp, actor: &Actor, (tool, call): (&Arc<UserTool>, &ToolCall)) -> Result<Answer, Refusal> {
    if tool.task_support == TaskSupport::Required && !call.capabilities.tasks {
        return Err(task::required());
    }
    let watch = match wait::resumed(mcp, actor, call).map_err(wait::refused)? {
        Some(watch) => watch,
        None => Box::pin(start(mcp, actor, (tool, call))).await?,
    };
    let id = watch.id;
    run::note(id);
    let allowed = run::seconds_allowed(mcp, tool.timeout.as_secs_f64());
    let limit = tool.timeout.min(std::time::Duration::from_secs_f64(allowed));
    let patience = Patience { mcp, actor, call, limit, as_task: tool.task_support != TaskSupport::Forbidden };
    match Box::pin(wait::wait(&patience, watch)).await.map_err(|error| Refusal::from(error).of(id))? {
        Waited::Ended(row) if status_of(&row) == Some(Status::EndedSuccess) => answered(tool, &row, call.era).map(Answer::Done),
        Waited::Ended(row) => Err(run::failure(&row, id)),
        Waited::Open(_, Some(unanswered)) => Err(unanswered_by(mcp, tool, &unanswered).of(id)),
        Waited::Open(row, None) => Err(late(tool, &row, limit.as_secs()).of(id)),
        Waited::Asks(asks) => Ok(Answer::Asks(asks)),
        Waited::Task(task) => Ok(Answer::Task(task)),
    }
}

async fn start(mcp: &Mcp, actor: &Actor, (tool, call): (&Arc<UserTool>, &ToolCall)) -> Result<Watch, Refusal> {
    let mut request = tool.request(call.arguments.clone())?;
    request.idempotency_key.clone_from(&call.idempotency_key);
    mcp.service().execution_start_watched(actor, request).await.map_err(|error| of_arguments(tool, error))
}

/// The time of the tool is over.
fn late(tool: &UserTool, row: &Row, waited: u64) -> Refusal {
    let stands = status_of(row).map_or("", Status::name);
    let text = format!("The tool '{}' has not ended within {waited} seconds; its execution goes on ({stands}).", tool.name);
    let error = Error::new(Kind::Timeout, text).details(json!({ "status": stands, "waited_sec": waited }));
    let id = row.id().unwrap_or_default();
    let next = format!("Call wait_for_executions with execution_ids [\"{id}\"]; do not call the tool again, or it runs twice.");
    Refusal::from(error).hint(next).not_again()
}

/// It waits for a person, and nobody at this client answers.
fn unanswered_by(mcp: &Mcp, tool: &UserTool, Unanswered { question, because }: &Unanswered) -> Refusal {
    let why = because.map(|because| format!(", which was {because} here")).unwrap_or_default();
    let text = format!(
        "The tool '{}' waits for an answer to '{}'{why}; its execution goes on once somebody answers at {}",
        tool.name,
        question.subject,
        question.url(mcp)
    );
    let error =
        Error::new(Kind::Timeout, text).details(json!({ "status": Status::WaitingMessage.name(), "question": question.shown(mcp) }));
    let next = "Ask the user to open that page and answer, then call wait_for_executions with the execution_id; do not call the tool again, \
                or it runs twice.";
    Refusal::from(error).code("needs_answer").hint(next).not_again()
}

/// The result for whoever looks when the execution has ended, which only clients of the newest era do.
pub(super) fn ended(tool: &UserTool, row: &Row) -> ToolResult {
    answered(tool, row, Era::Modern).unwrap_or_else(Refusal::result)
}

/// The answer of a flow that has succeeded: the blocks that it gave, or its output.
fn answered(tool: &UserTool, row: &Row, era: Era) -> Result<ToolResult, Refusal> {
    let id = row.id().unwrap_or_default();
    let blocks = row.json("output_value").and_then(|output| rich::result(id, output, tool.output.is_some()));
    blocks.unwrap_or_else(|| Ok(done(tool, row, era)))
}

/// Breaches of the input's schema, told as places in the arguments.
fn of_arguments(tool: &UserTool, error: Error) -> Refusal {
    if error.kind() != Kind::SchemaViolation {
        return error.into();
    }
    let root = if tool.input.is_wrapped { format!("/{WRAPPER}") } else { String::new() };
    let moved = |text: &str| text.replace("/input_value", &root);
    let mut details = error.detail_value().cloned().unwrap_or_default();
    for breach in details.get_mut("breaches").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(Value::String(pointer)) = breach.get_mut("pointer") {
            *pointer = moved(pointer);
        }
    }
    let message = error.message().replace("The value breaks its schema", &format!("The arguments do not fit the tool '{}'", tool.name));
    let place = moved(error.field_pointer().unwrap_or_default());
    Error::new(Kind::SchemaViolation, moved(&message)).field(place).details(details).into()
}

/// The flow's output, which the engine has checked against its schema. One without a schema is cut where it is too long.
fn done(tool: &UserTool, row: &Row, era: Era) -> ToolResult {
    let output = row.json("output_value").cloned().unwrap_or_default();
    if tool.output.is_none()
        && let Some((answer, link)) = row.id().and_then(|id| cut_output(id, &output))
    {
        return result_with(answer.into(), vec![link]);
    }
    let text = match &output {
        Value::String(text) => text.clone(),
        Value::Null if tool.output.is_none() => row.text("status_message").unwrap_or("null").to_owned(),
        other => other.to_string(),
    };
    let is_wrapped = match (&tool.output, era) {
        (_, Era::Modern) => false,
        (Some(output), Era::Legacy) => output.wrapped.is_some(),
        (None, Era::Legacy) => !output.is_object(),
    };
    let structured = if is_wrapped { Value::Object(Map::from_iter([(WRAPPER.to_owned(), output)])) } else { output };
    ToolResult { content: vec![Content::Text(text)], structured: Some(structured), is_error: false }
}
