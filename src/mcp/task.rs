//! Executions as tasks: the id is the same, and what is known of a task is what the execution's row and its messages say.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use flowstead_wire::{Capabilities, Fault, InputRequests, Stand, Task, ToolResult};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::answer::Refusal;
use super::notice::EXECUTION;
use super::question::{self, Given, Question};
use super::run::{failure, has_ended};
use super::{Mcp, fault, tool, user_tool};
use crate::error::{Error, Kind, Result};
use crate::records::Status;
use crate::service::{Actor, Row, status_of};

/// Refused questions that are remembered.
const KEPT: usize = 1_000;

/// Questions that somebody was asked in a task and did not want to answer: that person's tasks do not ask them again while the
/// server runs. They stay open, and whoever answers them elsewhere lets the task go on.
#[derive(Default)]
pub(super) struct Refused(Mutex<VecDeque<(Uuid, Option<Uuid>)>>);

impl Refused {
    fn note(&self, question: Uuid, by: Option<Uuid>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back((question, by));
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }

    fn has(&self, question: Uuid, by: Option<Uuid>) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&(question, by))
    }
}

/// The resource whose changes are those of a task.
pub(super) fn resource(id: &str) -> String {
    format!("{EXECUTION}{id}")
}

/// The task with this id, for somebody who may read the execution or who started it.
pub(super) async fn get(mcp: &Mcp, actor: &Actor, (id, capabilities): (&str, Capabilities)) -> Result<Task, Fault> {
    let row = row(mcp, actor, id).await?;
    of_row(mcp, actor, (&row, capabilities)).await.map_err(fault)
}

async fn row(mcp: &Mcp, actor: &Actor, id: &str) -> Result<Row, Fault> {
    let unknown = || Fault::InvalidParams(format!("There is no task '{id}', or it is not yours; a task's id is that of its execution."));
    let parsed = Uuid::parse_str(id).map_err(|_| unknown())?;
    match mcp.service().execution_of(actor, parsed).await {
        Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Forbidden) => Err(unknown()),
        found => found.map_err(fault),
    }
}

/// An execution as a task.
pub(super) async fn of_row(mcp: &Mcp, actor: &Actor, (row, capabilities): (&Row, Capabilities)) -> Result<Task> {
    let text = |name: &str| row.text(name).unwrap_or_default().to_owned();
    let (stand, message) = match status_of(row) {
        _ if !has_ended(row) => Box::pin(open(mcp, actor, (row, capabilities))).await?,
        Some(Status::EndedCancelled) => (Stand::Cancelled, row.text("status_message").map(str::to_owned)),
        // Nothing came back from it: its process is gone.
        Some(Status::EndedError) if row.text("exit_status").is_some() => (Stand::Failed(text("status_message")), None),
        _ => (Stand::Completed(Box::pin(result(mcp, actor, row)).await?), None),
    };
    Ok(Task { id: text("id"), message, created_at: text("created_at"), updated_at: text("modified_at"), stand })
}

/// How one stands that has not ended: what it asks, as far as this client can be asked, or what it does.
async fn open(mcp: &Mcp, actor: &Actor, (row, capabilities): (&Row, Capabilities)) -> Result<(Stand, Option<String>)> {
    let by = actor.user_id();
    let questions = Box::pin(question::list(mcp, actor, row)).await?;
    let asked = |question: &&Question| !mcp.refused().has(question.id, by);
    let requests: InputRequests = questions
        .iter()
        .filter(asked)
        .filter_map(|question| Some((question.key.clone(), question.request(mcp, capabilities, None)?)))
        .collect();
    let waits = status_of(row) == Some(Status::WaitingMessage);
    let message = match questions.first() {
        Some(question) if waits || !requests.is_empty() => {
            Some(format!("Waits for an answer to '{}': {}", question.subject, question.url(mcp)))
        }
        _ => {
            let of_progress = row.json("progress").and_then(|progress| progress.get("message")).and_then(Value::as_str);
            row.text("message").or(of_progress).or(row.text("blocked_on")).map(str::to_owned)
        }
    };
    Ok((if requests.is_empty() { Stand::Working } else { Stand::Asks(requests) }, message))
}

/// What the call would have been answered.
async fn result(mcp: &Mcp, actor: &Actor, row: &Row) -> Result<ToolResult> {
    let id = row.id().unwrap_or_default();
    if status_of(row) != Some(Status::EndedSuccess) {
        return Ok(failure(row, id).result());
    }
    if let Some(of) = row.uuid("mcp_user_tool_id") {
        // One that was deleted meanwhile has left the output.
        let tools = mcp.service().user_tools(actor).await?;
        if let Some(tool) = tools.iter().find(|tool| tool.id == of) {
            return Ok(user_tool::ended(tool, row));
        }
    }
    Ok(tool::ended(row))
}

/// Answers questions of a task. A key that is none of its open questions means nothing.
pub(super) async fn answer(mcp: &Mcp, actor: &Actor, (id, responses): (&str, Map<String, Value>)) -> Result<(), Fault> {
    let row = row(mcp, actor, id).await?;
    if has_ended(&row) {
        return Ok(());
    }
    let questions = question::list(mcp, actor, &row).await.map_err(fault)?;
    for question in questions {
        let Some(reply) = responses.get(&question.key) else { continue };
        match question.answer(mcp, actor, reply).await.map_err(fault)? {
            Given::Taken => {}
            // The answer comes from the page, or from somebody else: this client has done its part.
            Given::Opened | Given::Refused(_) => mcp.refused().note(question.id, actor.user_id()),
            Given::Bad(problem) => {
                return Err(Fault::InvalidParams(format!("The answer to '{}' does not fit: {problem}", question.key)));
            }
        }
    }
    Ok(())
}

/// Asks for the end of a task. Needs UPDATE on the execution.
pub(super) async fn cancel(mcp: &Mcp, actor: &Actor, id: &str) -> Result<(), Fault> {
    let row = row(mcp, actor, id).await?;
    let execution = row.id().unwrap_or_default();
    match mcp.service().execution_cancel(actor, execution).await {
        Ok(control) => control.commit.wait().await.map_err(fault),
        Err(error) => Err(fault(error)),
    }
}

/// The error of a tool that goes on as a task and cannot do so for this client.
pub(super) fn required() -> Refusal {
    Refusal::from(Error::invalid("This tool needs a client that knows tasks."))
        .fault(Fault::MissingCapability(flowstead_wire::Capability::Tasks))
}
