//! Resources: guides, typings, executions.

use flowstead_wire::{Resource, ResourceContent, Template};

use super::Mcp;
use crate::error::{Error, Result};
use crate::service::Actor;

pub(super) async fn list(_mcp: &Mcp, _actor: &Actor) -> Result<Vec<Resource>> {
    Ok(Vec::new())
}

pub(super) async fn templates(_mcp: &Mcp, _actor: &Actor) -> Result<Vec<Template>> {
    Ok(Vec::new())
}

pub(super) async fn read(_mcp: &Mcp, _actor: &Actor, uri: &str) -> Result<Vec<ResourceContent>> {
    Err(Error::not_found(format!("There is no resource '{uri}'.")))
}
