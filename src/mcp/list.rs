//! The list of tools of each caller, kept while what the caller sees is the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use flowstead_wire::{Era, ToolList};

use super::{Mcp, McpCaller, fixture, tool, user_tool};
use crate::error::Result;
use crate::service::{ToolSight, Toolset};

/// Callers whose lists are kept. With more, all begin anew: a list is cheap to make again.
const KEPT: usize = 64;

/// Who lists what: the key (or the login), the choice of tools, the era.
type Asker = (String, Toolset, Era);

#[derive(Default)]
pub(super) struct Lists(Mutex<HashMap<Asker, (ToolSight, Arc<ToolList>)>>);

/// What the caller is shown: its user tools by name, then the built-in ones.
pub(super) async fn tools(mcp: &Mcp, caller: &McpCaller, era: Era) -> Result<Arc<ToolList>> {
    let sight = mcp.service().tool_sight(&caller.actor).await?;
    let asker = (caller.key(), caller.tools, era);
    let lists = &mcp.0.lists.0;
    if let Some((seen, list)) = lists.lock().expect("no panic happens under this lock").get(&asker)
        && *seen == sight
    {
        return Ok(Arc::clone(list));
    }
    let mut tools = user_tool::list(&sight, caller, era);
    if tools.len() > mcp.service().config().mcp.listed_tools {
        tools = tool::search();
    }
    tools.extend(tool::list(mcp, caller, &sight.may()));
    if mcp.has_fixtures() {
        tools.extend(fixture::tools());
    }
    let list = Arc::new(ToolList::new(tools));
    let mut lists = lists.lock().expect("no panic happens under this lock");
    if lists.len() >= KEPT {
        lists.clear();
    }
    lists.insert(asker, (sight, Arc::clone(&list)));
    Ok(list)
}
