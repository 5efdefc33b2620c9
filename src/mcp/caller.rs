//! Who calls, as the front of the door puts it into a request.

use crate::error::Result;
use crate::service::{Actor, Toolset};

#[derive(Clone)]
pub struct McpCaller {
    pub actor: Actor,
    /// The tools it is shown.
    pub tools: Toolset,
}

impl McpCaller {
    /// `wanted` is the choice of tools in the address, which shows no more than the key does.
    pub fn new(actor: Actor, wanted: Option<&str>) -> Result<McpCaller> {
        let held = actor.key.as_ref().map(|key| key.tools).unwrap_or_default();
        let wanted = wanted.map(|text| Toolset::parse(text, "/tools")).transpose()?;
        Ok(McpCaller { actor, tools: wanted.map_or(held, |wanted| held.and(wanted)) })
    }

    /// The id of the user; nothing for who is none.
    pub(super) fn user(&self) -> String {
        self.actor.user_id().map(|id| id.to_string()).unwrap_or_default()
    }

    /// The id of the key. Logins have none of their own: all of a user's count together.
    pub(super) fn key(&self) -> String {
        self.actor.key.as_ref().map_or_else(|| self.user(), |key| key.id.to_string())
    }
}
