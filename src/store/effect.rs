//! What the executions of a flow's present script did, put together as they ended (by triggers; see the migration `effect`).

use std::sync::atomic::Ordering;

use sqlx::Row as _;
use uuid::Uuid;

use super::open::{Store, fault};
use crate::error::Result;

/// Executions that did the same kinds of things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectCount {
    /// The kinds, as a number.
    pub effects: i64,
    /// Those that ended, retries left out.
    pub executions: u64,
    /// Those of them that succeeded.
    pub succeeded: u64,
    /// When the first and the last of them ended.
    pub first_at: String,
    pub last_at: String,
}

impl Store {
    /// One entry for each set of kinds: few, however many executions there were.
    pub async fn flow_effects(&self, flow: Uuid) -> Result<Vec<EffectCount>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let rows = sqlx::query("select effects, executions, succeeded, first_at, last_at from flow_effect where flow_id = $1")
            .bind(flow.to_string())
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        let count = |row: &sqlx::sqlite::SqliteRow| -> std::result::Result<EffectCount, sqlx::Error> {
            let number = |column: &str| row.try_get::<i64, _>(column).map(|n| u64::try_from(n).unwrap_or_default());
            Ok(EffectCount {
                effects: row.try_get("effects")?,
                executions: number("executions")?,
                succeeded: number("succeeded")?,
                first_at: row.try_get("first_at")?,
                last_at: row.try_get("last_at")?,
            })
        };
        rows.iter().map(|row| count(row).map_err(fault)).collect()
    }
}
