//! How many executions may run at once, as workspace, projects and flows say.

use std::sync::atomic::Ordering;

use serde_json::Value;
use sqlx::Row as _;
use uuid::Uuid;

use super::open::{Store, fault};
use crate::error::{Error, Result};

/// What a limit holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LimitOf {
    Workspace,
    Project(Uuid),
    Flow(Uuid),
}

/// At most so many executions at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunLimit {
    pub of: LimitOf,
    /// Of the flow or project, for messages.
    pub name: String,
    pub most: u64,
}

/// The key in the `limits` of a workspace or project, and the column of a flow.
pub const MAX_RUNNING: &str = "max_running";

impl Store {
    /// Every limit that is set.
    pub async fn run_limits(&self) -> Result<Vec<RunLimit>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let rows = sqlx::query(
            "select 'flow' as of, id, name, max_running, null as limits from flow where max_running is not null and deleted_at is null \
             union all select 'project', id, name, null, limits from project where limits is not null and deleted_at is null \
             union all select 'workspace', id, name, null, limits from workspace where limits is not null",
        )
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        let mut found = Vec::new();
        for row in &rows {
            let text = |column: &str| row.try_get::<String, _>(column).map_err(fault);
            let (of, id) = (text("of")?, text("id")?);
            let id: Uuid = id.parse().map_err(|_| Error::internal(format!("'{id}' is no id of a {of}")))?;
            let limits = row.try_get::<Option<String>, _>("limits").map_err(fault)?;
            let in_limits = limits.and_then(|text| serde_json::from_str::<Value>(&text).ok());
            let in_limits = in_limits.as_ref().and_then(|limits| limits.get(MAX_RUNNING)).and_then(Value::as_i64);
            let most = row.try_get::<Option<i64>, _>("max_running").map_err(fault)?.or(in_limits);
            let of = match of.as_str() {
                "flow" => LimitOf::Flow(id),
                "project" => LimitOf::Project(id),
                _ => LimitOf::Workspace,
            };
            if let Some(most) = most.and_then(|most| u64::try_from(most).ok()) {
                found.push(RunLimit { of, name: text("name")?, most });
            }
        }
        Ok(found)
    }
}
