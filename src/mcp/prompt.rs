//! Prompts: metadata of the workspace with keys `mcp_prompt:<slug>`.

use flowstead_wire::{Prompt, PromptText};
use serde_json::{Map, Value};

use super::Mcp;
use crate::error::{Error, Result};
use crate::service::Actor;

pub(super) async fn list(_mcp: &Mcp, _actor: &Actor) -> Result<Vec<Prompt>> {
    Ok(Vec::new())
}

pub(super) async fn get(_mcp: &Mcp, _actor: &Actor, name: &str, _arguments: &Map<String, Value>) -> Result<PromptText> {
    Err(Error::invalid(format!("There is no prompt '{name}'.")))
}
