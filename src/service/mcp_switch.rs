//! Whether agents are let in: the configuration's `mcp.enabled`, and a note on the workspace, RECORD_METADATA with the key
//! `mcp_enabled`, that switches the door while the server runs.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::handle::Service;
use crate::error::Result;
use crate::store::Row;

const KEY: &str = "mcp_enabled";

/// The note as it stands; on while there is none.
pub(super) struct McpSwitch(AtomicBool);

impl McpSwitch {
    pub(super) fn new() -> McpSwitch {
        McpSwitch(AtomicBool::new(true))
    }

    /// A row of RECORD_METADATA was written or deleted.
    pub(super) fn note(&self, row: &Row, is_gone: bool) {
        if is_switch(row) {
            self.0.store(is_gone || is_on(row), Ordering::Relaxed);
        }
    }
}

impl Service {
    /// Whether MCP requests are answered.
    pub fn mcp_is_enabled(&self) -> bool {
        self.config().mcp.enabled && self.mcp_switch().0.load(Ordering::Relaxed)
    }

    /// Reads the note of an earlier life of the server.
    pub(super) async fn mcp_switch_read(&self) -> Result<()> {
        if let Some(row) = self.workspace_note(KEY).await? {
            self.mcp_switch().note(&row, false);
        }
        Ok(())
    }
}

fn is_switch(row: &Row) -> bool {
    row.text("key") == Some(KEY) && row.text("parent_type") == Some("WORKSPACE")
}

fn is_on(row: &Row) -> bool {
    row.json("data").and_then(Value::as_bool).unwrap_or(true)
}

/// Why the note has no effect.
pub(super) fn problem(row: &Row) -> Option<String> {
    let has_effect = !is_switch(row) || row.json("data").is_some_and(Value::is_boolean);
    (!has_effect).then(|| "mcp_enabled is true or false; with anything else, MCP stays on.".to_owned())
}
