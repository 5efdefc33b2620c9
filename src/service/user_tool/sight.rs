//! What decides which tools an actor sees: its rights, and the tools there are.

use std::sync::Arc;

use super::UserTool;
use super::set::ToolSet;
use crate::error::Result;
use crate::service::access::Access;
use crate::service::actor::Actor;
use crate::service::handle::Service;
use crate::service::may::May;

/// An actor's look at the tools at one moment. Looks that are equal see the same.
#[derive(Clone)]
pub struct ToolSight {
    access: Access,
    set: Arc<ToolSet>,
}

impl PartialEq for ToolSight {
    fn eq(&self, other: &ToolSight) -> bool {
        Arc::ptr_eq(&self.set, &other.set) && self.access == other.access
    }
}

impl ToolSight {
    /// The user tools that the actor may call, by name.
    pub fn user_tools(&self) -> impl Iterator<Item = &Arc<UserTool>> {
        self.set.tools().filter(|tool| tool.is_usable(&self.access))
    }

    /// The user tool of this name, if the actor may call it.
    pub fn user_tool(&self, name: &str) -> Option<&Arc<UserTool>> {
        self.set.tool(name).filter(|tool| tool.is_usable(&self.access))
    }

    /// The actor's rights, for tools that are built in.
    pub fn may(&self) -> May {
        May::of(self.access.clone())
    }
}

impl Service {
    /// What the actor sees now.
    pub async fn tool_sight(&self, actor: &Actor) -> Result<ToolSight> {
        Ok(ToolSight { access: self.access(actor).await?, set: self.user_tool_set().await? })
    }
}
