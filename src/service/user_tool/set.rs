//! Every tool that can be listed, kept until a tool or a flow behind one changes. Rights are applied by who asks for it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use uuid::Uuid;

use super::UserTool;
use crate::error::Result;
use crate::service::cache::Cache;
use crate::service::handle::Service;
use crate::service::identity::record_type;
use crate::service::row::find;
use crate::service::tool_schema::Warning;
use crate::store::{ListQuery, Row, Scope};

/// The tools by name, and how the flows behind all tool records looked.
pub(in crate::service) struct ToolSet {
    tools: BTreeMap<String, Arc<UserTool>>,
    faces: HashMap<Uuid, Option<blake3::Hash>>,
}

/// The last set, if nothing changed since.
pub(in crate::service) struct Cached {
    set: Cache<(), Arc<ToolSet>>,
    /// What was found in schemas, by their text: that never goes stale.
    pub(super) lints: Cache<String, Arc<Vec<Warning>>>,
}

impl Cached {
    pub(in crate::service) fn new() -> Self {
        Cached { set: Cache::new(1), lints: Cache::new(500) }
    }

    pub(in crate::service) fn clear(&self) {
        self.set.clear();
    }

    /// Whether a change of this flow, now like this or gone, changes what agents see. Unknown is yes.
    pub(in crate::service) fn shows(&self, flow: Uuid, now: Option<&Row>) -> bool {
        self.set.get(&()).is_none_or(|set| set.faces.get(&flow).is_some_and(|before| *before != now.map(face)))
    }
}

impl ToolSet {
    pub(super) fn tools(&self) -> impl Iterator<Item = &Arc<UserTool>> {
        self.tools.values()
    }

    /// Whether a tool record names this flow, listed or not.
    pub(super) fn is_shown(&self, flow: Uuid) -> bool {
        self.faces.contains_key(&flow)
    }

    pub(super) fn tool(&self, name: &str) -> Option<&Arc<UserTool>> {
        self.tools.get(name)
    }
}

/// What of a flow shows in the tools that it backs.
fn face(flow: &Row) -> blake3::Hash {
    let shown = ["name", "description", "project_id", "has_syntax_error", "input_schema", "output_schema"];
    let shown = shown.map(|column| flow.json(column).cloned().unwrap_or_default());
    blake3::hash(serde_json::Value::from(shown.to_vec()).to_string().as_bytes())
}

impl Service {
    /// Read on the writer's connection: what was saved a moment ago is listed, and nothing older is kept after a change.
    pub(super) async fn user_tool_set(&self) -> Result<Arc<ToolSet>> {
        let cache = &self.user_tool_cache().set;
        if let Some(set) = cache.get(&()) {
            return Ok(set);
        }
        let ticket = cache.ticket();
        let look = self.store().transact(|tx| {
            Box::pin(async move {
                let tools = tx.row_list(record_type("MCP_USER_TOOL"), &ListQuery::default(), &Scope::All).await?.items;
                let mut flows: HashMap<Uuid, Option<Row>> = HashMap::new();
                for id in tools.iter().filter_map(|row| row.uuid("flow_id")) {
                    if let std::collections::hash_map::Entry::Vacant(place) = flows.entry(id) {
                        place.insert(find(tx, record_type("FLOW"), id).await?);
                    }
                }
                Ok((tools, flows))
            })
        });
        let ((rows, mut flows), _) = look.await?;
        let faces = flows.iter().map(|(id, row)| (*id, row.as_ref().map(face))).collect();
        for row in flows.values_mut().flatten() {
            // What cannot be looked up is told by the first call.
            let _ = self.with_whole_schemas(row).await;
        }
        let flow_of = |row: &Row| row.uuid("flow_id").and_then(|id| flows.get(&id)).and_then(Option::as_ref);
        let tools = rows.iter().filter_map(|row| UserTool::new(row, flow_of(row)).ok());
        let tools = tools.map(|tool| (tool.name.clone(), Arc::new(tool))).collect();
        let set = Arc::new(ToolSet { tools, faces });
        cache.put(ticket, (), set.clone());
        Ok(set)
    }
}
