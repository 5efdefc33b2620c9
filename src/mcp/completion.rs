//! Completion of names while they are typed.

use flowstead_wire::{Completed, CompletionRequest};

use super::Mcp;
use crate::error::Result;
use crate::service::Actor;

pub(super) async fn complete(_mcp: &Mcp, _actor: &Actor, _request: &CompletionRequest) -> Result<Completed> {
    Ok(Completed::default())
}
