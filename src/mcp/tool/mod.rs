//! The built-in tools.

use flowstead_wire::{Tool, ToolCall, ToolResult};

use super::Mcp;
use crate::error::Result;
use crate::service::Actor;

/// Those the actor could ever use, in the order of the documentation.
pub(super) async fn list(_mcp: &Mcp, _actor: &Actor) -> Result<Vec<Tool>> {
    Ok(Vec::new())
}

/// Nothing when there is no such built-in tool for this actor.
pub(super) async fn call(_mcp: &Mcp, _actor: &Actor, _call: &ToolCall) -> Option<ToolResult> {
    None
}
