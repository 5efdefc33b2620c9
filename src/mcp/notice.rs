//! News for those who listen: a list or a resource is not what it was.

use flowstead_wire::Change;
use tokio::sync::broadcast;

use super::Mcp;
use crate::service::Actor;

pub(super) fn changes(_mcp: &Mcp) -> broadcast::Receiver<Change> {
    broadcast::channel(1).1
}

pub(super) async fn sees(_mcp: &Mcp, _actor: &Actor, _change: &Change) -> bool {
    true
}
