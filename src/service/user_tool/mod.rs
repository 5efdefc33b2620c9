//! User tools: flows that agents see as tools. Which an actor may use, and why one is not listed.

mod check;
mod evidence;
mod set;
mod sight;
mod warning;

use std::time::Duration;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::access::{Access, Subject};
use super::actor::Actor;
use super::flow::Flow;
use super::handle::Service;
use super::identity::record_type;
use super::rights::Operation;
use super::selector::Selector;
use super::start::{StartRequest, Target};
use super::tool_schema::{self, ToolInput, ToolOutput, WRAPPER};
use crate::error::{Error, Kind, Result};
use crate::store::Row;

pub use check::{RESERVED, reserved};
pub(super) use check::{copy_name, payload};
pub(super) use evidence::confirmed_by_person;
pub(super) use set::Cached;
pub use sight::ToolSight;

/// What a tool does to the world, as its record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolHints {
    pub title: Option<String>,
    pub read_only: bool,
    pub destructive: bool,
    pub idempotent: bool,
    pub open_world: bool,
}

/// A user tool as agents may call it.
#[derive(Clone, Debug)]
pub struct UserTool {
    pub id: Uuid,
    pub name: String,
    pub description: String,
    pub hints: ToolHints,
    pub input: ToolInput,
    /// None when the flow declares no `output_schema`.
    pub output: Option<ToolOutput>,
    /// How long a call waits.
    pub timeout: Duration,
    /// What a call that takes long becomes.
    pub task_support: TaskSupport,
    pub flow_id: Uuid,
    pub flow_name: String,
    project: Option<Uuid>,
    flow_project: Option<Uuid>,
}

/// Whether calls of a tool may go on as tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskSupport {
    Optional,
    /// Clients without tasks are refused.
    Required,
    Forbidden,
}

impl TaskSupport {
    fn of(row: &Row) -> TaskSupport {
        match row.text("task_support") {
            Some("required") => TaskSupport::Required,
            Some("forbidden") => TaskSupport::Forbidden,
            _ => TaskSupport::Optional,
        }
    }
}

impl UserTool {
    /// From the row of a tool and the live row of its flow. The error is a sentence that says why it is not listed.
    fn new(row: &Row, flow: Option<&Row>) -> Result<UserTool, String> {
        let name = row.text("name").unwrap_or_default();
        if !row.flag("is_enabled") {
            return Err("It is switched off: `is_enabled` is false.".to_owned());
        }
        if let Some(built_in) = reserved(name) {
            return Err(format!("Its name is that of the built-in tool '{built_in}'; rename it."));
        }
        let Some(flow) = flow else { return Err(GONE.to_owned()) };
        let flow_name = flow.text("name").unwrap_or_default().to_owned();
        if flow.flag("has_syntax_error") {
            return Err(format!("The script of its flow '{flow_name}' cannot be compiled; validate the flow to see where."));
        }
        let (input, output) = tool_schema::of_flow(flow).map_err(|clause| format!("Of its flow '{flow_name}', {clause}."))?;
        let described = row.text("description").filter(|text| !text.trim().is_empty());
        let described = described.or_else(|| flow.text("description").filter(|text| !text.trim().is_empty()));
        Ok(UserTool {
            id: row.id().unwrap_or_default(),
            name: name.to_owned(),
            description: described.map_or_else(|| format!("Runs the flow '{flow_name}'."), str::to_owned),
            hints: check::hints(row.json("annotations").unwrap_or(&Value::Null)),
            input,
            output,
            timeout: Duration::from_secs(row.integer("timeout_sec").and_then(|n| u64::try_from(n).ok()).unwrap_or(300)),
            task_support: TaskSupport::of(row),
            flow_id: flow.id().unwrap_or_default(),
            project: row.uuid("project_id"),
            flow_project: flow.uuid("project_id"),
            flow_name,
        })
    }

    /// The execution that a call makes. An argument object of a flow that takes no object is taken apart.
    pub fn request(&self, mut arguments: Map<String, Value>) -> Result<StartRequest> {
        let input = if self.input.is_wrapped {
            let input = arguments.shift_remove(WRAPPER);
            if let Some(name) = arguments.keys().next() {
                let text = format!("The tool '{}' has no argument '{name}'; its input is the one argument '{WRAPPER}'.", self.name);
                return Err(Error::invalid(text).field(format!("/{name}")));
            }
            input.ok_or_else(|| {
                Error::invalid(format!("The tool '{}' needs the argument '{WRAPPER}'.", self.name)).field(format!("/{WRAPPER}"))
            })?
        } else {
            arguments.into()
        };
        let mut request = StartRequest::new(Target::Flow(Selector::Id(self.flow_id)), input);
        request.columns.insert("mcp_user_tool_id".into(), self.id.to_string().into());
        Ok(request)
    }

    /// READ on the tool and its flow, CREATE and READ on EXECUTION where the flow is.
    fn is_usable(&self, access: &Access) -> bool {
        let record = |record_type, id, place| Subject { record_type, id: Some(id), place, parent: None };
        let execution = Subject::new_in("EXECUTION", self.flow_project);
        access.may(Operation::Read, &record("MCP_USER_TOOL", self.id, self.project))
            && access.may(Operation::Read, &record("FLOW", self.flow_id, self.flow_project))
            && access.may(Operation::Create, &execution)
            && access.may(Operation::Read, &execution)
    }
}

const GONE: &str = "Its flow is not there: it was deleted, or you may not read it.";

impl Service {
    /// The user tools that the actor may call now, by name.
    pub async fn user_tools(&self, actor: &Actor) -> Result<Vec<std::sync::Arc<UserTool>>> {
        Ok(self.tool_sight(actor).await?.user_tools().cloned().collect())
    }

    /// The user tool of this name, if the actor may call it now.
    pub async fn user_tool(&self, actor: &Actor, name: &str) -> Result<Option<std::sync::Arc<UserTool>>> {
        Ok(self.tool_sight(actor).await?.user_tool(name).cloned())
    }

    /// The column `problem` of a tool's row, as this actor may know it.
    pub(super) async fn user_tool_problem(&self, access: &Access, row: &Row) -> Result<Value> {
        let flow = self.flow_of_tool(access, row).await?;
        Ok(UserTool::new(row, flow.as_ref().map(|flow| &flow.row)).err().into())
    }

    /// The flow of a tool's row, if it is there and the actor may read it.
    async fn flow_of_tool(&self, access: &Access, row: &Row) -> Result<Option<std::sync::Arc<Flow>>> {
        let Some(id) = row.uuid("flow_id") else { return Ok(None) };
        match self.flow_get(access, &Selector::Id(id)).await {
            Ok(flow) => Ok(Some(flow)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tools whose names a newer version gave to built-in ones, for a warning at the start.
    pub async fn user_tools_shadowed(&self) -> Result<Vec<String>> {
        let of = record_type("MCP_USER_TOOL");
        let page = self.store().row_list(of, &crate::store::ListQuery::default(), &crate::store::Scope::All).await?;
        let names = page.items.iter().filter_map(|row| row.text("name")).filter(|name| reserved(name).is_some());
        Ok(names.map(str::to_owned).collect())
    }
}
