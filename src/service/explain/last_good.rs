//! The last run of the same flow that succeeded, and what was different about it.

use serde_json::{Value, json};

use super::difference;
use super::shape::{Elapsed, LastGood, StepChange};
use super::{Reader, epoch};
use crate::clock;
use crate::error::Result;
use crate::records::Status;
use crate::service::identity::record_type;
use crate::service::is_purged;
use crate::service::row::id_of;
use crate::service::watch::status_of;
use crate::store::{Filter, ListQuery, Op, Order, Row};

/// Calls of each run that are compared.
const CALLS: u32 = 1_000;

impl Reader<'_> {
    /// Nothing for a success, and where there is none. Runs of scripts that are no flow's are not compared.
    pub(super) async fn last_good(&self, row: &Row) -> Result<Option<LastGood>> {
        let (Some(flow), Some(created)) = (row.text("flow_id"), row.text("created_at")) else { return Ok(None) };
        if status_of(row) == Some(Status::EndedSuccess) {
            return Ok(None);
        }
        let before = Filter::Compare { column: "created_at", op: Op::Lt, value: json!(created) };
        let filter = Filter::eq("flow_id", flow).and(Filter::eq("status", Status::EndedSuccess.name())).and(before);
        let order = vec![Order { column: "created_at", descending: true }];
        let query = ListQuery { filter: Some(filter), order, limit: 1, ..ListQuery::default() };
        let found = self.service.store().row_list(record_type("EXECUTION"), &query, &self.scope).await?.items.pop();
        let Some(good) = found else { return Ok(None) };
        let script = difference::scripts(&self.script(&good).await?, &self.script(row).await?);
        let nothing = Value::Null;
        let (inputs, more_inputs) =
            difference::inputs(good.json("input_value").unwrap_or(&nothing), row.json("input_value").unwrap_or(&nothing));
        Ok(Some(LastGood {
            execution_id: id_of(&good),
            ended_at: good.text("ended_at").unwrap_or_default().to_owned(),
            script,
            inputs,
            more_inputs,
            steps: self.step_change(&good, row).await?,
            duration: Elapsed { then_ms: good.integer("duration_ms"), now_ms: self.elapsed(row) },
        }))
    }

    async fn step_change(&self, good: &Row, row: &Row) -> Result<StepChange> {
        let store = self.service.store();
        if is_purged(good) || is_purged(row) {
            return Ok(difference::steps(&[], &[], false));
        }
        let then = store.step_names(id_of(good), epoch(good), CALLS).await?;
        let now = store.step_names(id_of(row), epoch(row), CALLS).await?;
        let is_cut = then.len().max(now.len()) >= CALLS as usize;
        Ok(difference::steps(&then, &now, is_cut))
    }

    /// Milliseconds from its start to its end, or to now.
    fn elapsed(&self, row: &Row) -> Option<i64> {
        row.integer("duration_ms").or_else(|| {
            let started = row.text("started_at").and_then(clock::parse)?;
            i64::try_from(self.service.clock().now().duration_since(started).as_millis()).ok()
        })
    }
}
