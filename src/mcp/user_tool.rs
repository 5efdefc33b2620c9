//! User tools: MCP_USER_TOOL records, each backed by a flow.

use flowstead_wire::{Era, Tool, ToolCall, ToolResult};

use super::Mcp;
use crate::error::Result;
use crate::service::Actor;

/// Those the actor may use, by name.
pub(super) async fn list(_mcp: &Mcp, _actor: &Actor, _era: Era) -> Result<Vec<Tool>> {
    Ok(Vec::new())
}

/// Nothing when there is no such user tool for this actor.
pub(super) async fn call(_mcp: &Mcp, _actor: &Actor, _call: &ToolCall) -> Option<ToolResult> {
    None
}
