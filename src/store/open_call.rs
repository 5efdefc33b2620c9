//! Calls that executions wait in: what a server that starts goes on waiting for.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use sqlx::Row as _;
use uuid::Uuid;

use super::open::{Store, fault};
use crate::error::Result;

/// A call without an answer, of an execution that waits.
#[derive(Clone, Debug)]
pub struct OpenCall {
    pub seq: u32,
    pub op: String,
    pub started_at: String,
    pub due_at: Option<String>,
    /// What it waits for, as JSON text.
    pub waits: Option<String>,
}

impl Store {
    /// The open calls of executions that wait for others, for a lock or for an answer, without those whose calls came from several threads.
    pub async fn open_calls(&self) -> Result<HashMap<Uuid, Vec<OpenCall>>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let rows = sqlx::query(
            "select s.execution_id, s.seq, s.op, s.started_at, s.due_at, s.waits from execution as e \
             join execution_step as s on s.execution_id = e.id and s.epoch = e.epoch \
             where e.status in ('WAITING_DEPENDENCY', 'WAITING_LOCK', 'WAITING_MESSAGE') and s.ok is null and not exists \
             (select 1 from execution_step as t where t.execution_id = e.id and t.epoch = e.epoch and t.off_main = 1) \
             order by s.execution_id, s.seq",
        )
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        let mut open: HashMap<Uuid, Vec<OpenCall>> = HashMap::new();
        for row in &rows {
            let get = |column: &str| row.try_get::<String, _>(column).map_err(fault);
            let optional = |column: &str| row.try_get::<Option<String>, _>(column).map_err(fault);
            let seq = row.try_get("seq").map_err(fault)?;
            let call =
                OpenCall { seq, op: get("op")?, started_at: get("started_at")?, due_at: optional("due_at")?, waits: optional("waits")? };
            open.entry(get("execution_id")?.parse().unwrap_or_default()).or_default().push(call);
        }
        Ok(open)
    }
}
