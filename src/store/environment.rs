//! Environments that nothing names any more.

use std::sync::atomic::Ordering;

use serde_json::json;
use sqlx::{AssertSqlSafe, Row as _};

use super::open::{Store, fault};
use super::tx::Tx;
use crate::error::Result;

/// Who needs an environment `e` where it is installed: what runs now, or may be started.
const NEEDED: &str = "select 1 from flow where json_extract(flow.environment, '$.key') = e.key \
    union all select 1 from project where json_extract(project.environment, '$.key') = e.key \
    union all select 1 from workspace where json_extract(workspace.environment, '$.key') = e.key \
    union all select 1 from execution where execution.environment_key = e.key and execution.ended_at is null";
/// Who may want to have it made again: an execution that is retried.
const REMEMBERED: &str = "select 1 from execution where execution.environment_key = e.key";

impl Store {
    /// The keys of environments that were last used before `before` and that nobody needs.
    pub async fn environments_unused(&self, before: &str) -> Result<Vec<String>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let sql = format!("select distinct e.key from environment as e where e.used_at < $1 and not exists ({NEEDED}) order by e.key");
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(before).fetch_all(self.readers()).await.map_err(fault)?;
        rows.iter().map(|row| row.try_get::<String, _>(0).map_err(fault)).collect()
    }
}

impl Tx {
    /// Deletes the locks of those of these environments that nobody needs now and no execution remembers. Gives the keys that nobody needs
    /// to have installed.
    pub async fn environments_forget(&mut self, keys: &[String], before: &str) -> Result<Vec<String>> {
        self.session.statements.fetch_add(2, Ordering::Relaxed);
        let listed = json!(keys).to_string();
        let sql = format!(
            "select distinct e.key from environment as e where e.key in (select value from json_each($1)) and e.used_at < $2 \
             and not exists ({NEEDED})"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(listed.clone()).bind(before.to_owned());
        let rows = query.fetch_all(&mut self.session.connection).await.map_err(fault)?;
        let unused: Vec<String> = rows.iter().map(|row| row.try_get::<String, _>(0).map_err(fault)).collect::<Result<_>>()?;
        let sql = format!("delete from environment as e where e.key in (select value from json_each($1)) and not exists ({REMEMBERED})");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(json!(unused).to_string());
        query.execute(&mut self.session.connection).await.map_err(fault)?;
        Ok(unused)
    }
}
