//! The shape of every tool's answer: the same data as compact text and as structured content; errors as text only.

use flowstead_wire::{Content, ToolResult};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::Error;

/// A success: each of text and structured content alone is enough.
pub(super) fn success(value: Value) -> ToolResult {
    ToolResult { content: vec![Content::Text(value.to_string())], structured: Some(value), is_error: false }
}

/// An error an agent can act on: one sentence, then one line of JSON.
pub(super) fn refusal(error: &Error, execution: Option<Uuid>) -> ToolResult {
    let line = json!({ "code": error.kind().code(), "error_message": error.message(), "execution_id": execution });
    ToolResult { content: vec![Content::Text(format!("{}\n{line}", error.message()))], structured: None, is_error: true }
}
