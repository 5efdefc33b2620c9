//! How many executions may run at once: what a workspace, a project or a flow may say of it, and that the engine hears of it.

use serde_json::{Map, Value};

use super::command::Command;
use super::handle::Service;
use super::row::id_of;
use crate::error::{Error, Result};
use crate::store::{LimitOf, MAX_RUNNING, Row};

/// Checks the `limits` of a workspace or project.
pub(super) fn check(columns: &Map<String, Value>) -> Result<()> {
    let Some(most) = columns.get("limits").and_then(|limits| limits.get(MAX_RUNNING)).filter(|most| !most.is_null()) else { return Ok(()) };
    if most.as_i64().is_some_and(|most| most > 0) {
        return Ok(());
    }
    let message = format!("'{MAX_RUNNING}' must be a whole number above 0; leave it out for no limit.");
    Err(Error::invalid(message).field(format!("/limits/{MAX_RUNNING}")))
}

/// A record was written or deleted.
pub(super) fn announce(service: &Service, record_type: &str, row: &Row, is_gone: bool) {
    let id = id_of(row);
    let (of, limit) = match record_type {
        "WORKSPACE" => (LimitOf::Workspace, row.json("limits").and_then(|limits| limits.get(MAX_RUNNING))),
        "PROJECT" => (LimitOf::Project(id), row.json("limits").and_then(|limits| limits.get(MAX_RUNNING))),
        "FLOW" => (LimitOf::Flow(id), row.json(MAX_RUNNING)),
        _ => return,
    };
    let is_set = !is_gone && limit.is_some_and(|limit| !limit.is_null());
    service.commands().tell(Command::LimitChanged { of, is_set });
}
