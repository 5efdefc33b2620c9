//! Backups, as far as the service has a part in them: copies with their keys, schedules that stand still, and audit entries.

use std::path::Path;

use serde_json::{Value, json};

use super::actor::{Actor, Identity};
use super::audit::Deed;
use super::handle::Service;
use super::identity::record_type;
use crate::error::{Error, Kind, Result};
use crate::store::{Filter, Follow, ListQuery, Op, Row, Scope, Unit, Write};

impl Service {
    /// Copies the database as it is now into a new file. With `with_key`, gives the text of the key file that opens the
    /// secrets in it. For the server itself alone.
    pub async fn snapshot(&self, actor: &Actor, to: &Path, (with_key, follow): (bool, Follow)) -> Result<Option<String>> {
        if !matches!(actor.identity, Identity::System) {
            return Err(Error::new(Kind::Forbidden, "Backups are made from the command line, with `flowstead backup`."));
        }
        let seals = self.seals();
        // Or another key would have sealed a part of it.
        let _turn = seals.rotation.lock().await;
        self.store().barrier().await?;
        self.store().snapshot(to, follow).await?;
        with_key.then(|| seals.file().text()).transpose()
    }

    /// Says in the audit log that a backup was made, or put back here. On disk when this returns.
    pub async fn backup_note(&self, actor: &Actor, operation: &str, details: &Value) -> Result<()> {
        let entry = self.audit(actor, Deed { operation, details: Some(details), ..Deed::default() });
        self.store().submit(Unit { writes: vec![entry], lazy: false }).wait().await
    }

    /// Says in the audit log that a backup could not be made.
    pub fn backup_failed(&self, actor: &Actor, operation: &str, details: &Value) {
        self.audit_alone(actor, Deed { operation, details: Some(details), ..Deed::default() }, "failed");
    }

    /// Disables every schedule that is enabled, with an audit entry each; gives their names. For a database that was put back.
    pub async fn schedules_disable(&self, actor: &Actor) -> Result<Vec<String>> {
        let of = record_type("SCHEDULE");
        let enabled = Filter::Compare { column: "is_enabled", op: Op::Eq, value: json!(true) };
        let query = ListQuery { filter: Some(enabled), ..ListQuery::default() };
        let rows = self.store().row_list(of, &query, &Scope::All).await?.items;
        let details = json!({ "columns": ["is_enabled"], "because": "restore" });
        let mut names = Vec::with_capacity(rows.len());
        for row in &rows {
            let change = Row::from([
                ("id", row.json("id").cloned().unwrap_or_default()),
                ("version", json!(row.version() + 1)),
                ("is_enabled", json!(false)),
                ("modified_at", json!(self.now_text())),
            ]);
            let entry = self.audit(actor, Deed { details: Some(&details), ..Deed::on("update", of, row) });
            let writes = vec![Write::Update { table: of.singular, key: &["id"], row: change }, entry];
            self.store().submit(Unit { writes, lazy: false }).wait().await?;
            names.push(row.text("name").unwrap_or_default().to_owned());
        }
        Ok(names)
    }
}
