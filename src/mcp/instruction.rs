//! The text every client reads first.

use super::Mcp;
use crate::error::Result;
use crate::service::Actor;

pub(super) async fn text(_mcp: &Mcp, _actor: &Actor) -> Result<String> {
    Ok("Flowstead hosts Python flows.".into())
}
