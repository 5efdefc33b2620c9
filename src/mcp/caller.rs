//! Who calls, as the front of the door puts it into a request.

use crate::service::Actor;

#[derive(Clone)]
pub struct McpCaller {
    pub actor: Actor,
}
