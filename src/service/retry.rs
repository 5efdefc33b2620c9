//! A retry: a new execution that carries on the journal of one that has ended. Nothing ended ever runs again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use super::access::{Access, Subject};
use super::actor::{Actor, ExecutionIdentity};
use super::audit::Deed;
use super::environment;
use super::execution::Started;
use super::flow::{Flow, accepted};
use super::handle::Service;
use super::identity::record_type;
use super::prefix::{self, Past};
use super::retention::Kept;
use super::rights::Operation;
use super::row::{defaults, id_of};
use super::selector::Selector;
use super::trace_context::TraceContext;
use super::watch::{Watch, status_of};
use super::{NewExecution, grant::Grant};
use crate::clock;
use crate::error::{Error, Result};
use crate::protocol::Heir;
use crate::records::Status;
use crate::store::{Row, StepRow, Write, blob_hash};

/// What is to be done otherwise than before.
#[derive(Clone, Debug, Default)]
pub struct RetryRequest {
    /// The last call taken over; 0 takes none. Default: the last one before the failure.
    pub from_seq: Option<u32>,
    /// Another script. Needs CREATE on FLOW in its place. Default: the recorded one.
    pub script: Option<String>,
    /// The script that its flow has now, in place of the recorded one.
    pub current_script: bool,
    /// It may do again what it did outside flow_api among the calls taken over.
    pub repeat_escaped: bool,
    pub idempotency_key: Option<String>,
}

impl RetryRequest {
    fn fingerprint(&self, id: Uuid) -> String {
        let text = json!(["retry", id.to_string(), self.from_seq, self.script, self.current_script, self.repeat_escaped]);
        blake3::hash(text.to_string().as_bytes()).to_hex().to_string()
    }
}

/// Columns that a retry has of the execution it repeats.
const KEPT: &[&str] = &[
    "name",
    "description",
    "project_id",
    "bundle_id",
    "workspace_id",
    "organization_id",
    "type",
    "flow_id",
    "flow_name",
    "input_value",
    "input_schema",
    "output_schema",
    "priority",
    "max_runtime_minutes",
    "is_productive",
    "on_loss",
    "isolation",
    "savepoint_retention",
    "script_hash",
    "environment_key",
    // What it draws must be what the recorded calls followed from.
    "seed",
    // With which the calls taken over were hashed.
    "key_base",
    "limits",
];

/// The script it runs, and the flow whose it is.
struct Source {
    flow: Option<Arc<Flow>>,
    script: Arc<str>,
    /// Not kept under its hash yet.
    is_new: bool,
    /// Its packages, where they are others than before, and the row that keeps them.
    packages: Option<(Option<Arc<str>>, Option<Write>)>,
    /// The idempotency key it was asked for with.
    key: Option<String>,
}

impl Service {
    /// Makes an execution that goes on from a recorded call of one that has ended. Needs CREATE on EXECUTION, READ on the ended one and
    /// on its flow; a script, recorded or new, needs CREATE on FLOW in its place.
    pub async fn execution_retry(&self, actor: &Actor, id: Uuid, request: RetryRequest) -> Result<Started> {
        // Held until the new one is handed in, on purpose: from then on it pins what it needs.
        let _pinned = self.retained().gate().read().await;
        match request.idempotency_key.clone() {
            Some(key) => {
                self.execution_once(actor, (key, request.fingerprint(id)), Box::pin(self.retry_prepare(actor, id, &request))).await
            }
            None => self.execution_hand_over(self.retry_prepare(actor, id, &request).await?, false).await,
        }
    }

    /// As [`Service::execution_retry`], and waits for its end, at most `timeout`; answers its row as it then is.
    pub async fn execution_retry_run(&self, actor: &Actor, id: Uuid, request: RetryRequest, timeout: Duration) -> Result<Row> {
        let started = self.execution_retry(actor, id, request).await?;
        started.commit.wait().await?;
        self.execution_ended(started.id, timeout, true).await
    }

    /// As [`Service::execution_retry`], for a caller that follows it.
    pub async fn execution_retry_watched(&self, actor: &Actor, id: Uuid, request: RetryRequest) -> Result<Watch> {
        let started = self.execution_retry(actor, id, request).await?;
        Ok(self.watch(started.id, started.existed, started.commit))
    }

    async fn retry_prepare(&self, actor: &Actor, id: Uuid, request: &RetryRequest) -> Result<NewExecution> {
        // The calls of one that ended a moment ago are on their way to the disk, in order.
        self.store().barrier().await?;
        let old = self.record_row(actor, record_type("EXECUTION"), &Selector::Id(id)).await?;
        let access = self.access(actor).await?;
        access.require(Operation::Create, &Subject::new_in("EXECUTION", old.uuid("project_id")))?;
        if old.text("type") == Some("CONNECTION") {
            let parent =
                old.uuid("parent_execution_id").map(|id| format!(" Retry execution {id}, which asked for it.")).unwrap_or_default();
            return Err(Error::conflict(format!("A connection has no recorded calls to go on from.{parent}")));
        }
        let source = self.retry_source(&access, &old, request).await?;
        if !status_of(&old).is_some_and(Status::is_ended) {
            let text = "It has not ended, and only an ended execution can be retried; cancel it first, or wait for its end.";
            return Err(Error::conflict(text));
        }
        if is_purged(&old) && request.from_seq != Some(0) {
            let text = "Retention has taken its journal, so no call can be taken over; give 'from_seq' 0 to run it from the top.";
            return Err(Error::conflict(text).field("/from_seq"));
        }
        let epoch = old.integer("epoch").and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
        let past = Past {
            has_failed: status_of(&old) == Some(Status::EndedError),
            failed_after: old.integer("failed_after").and_then(|n| u32::try_from(n).ok()),
            now: self.clock().now(),
        };
        let calls = prefix::taken_over(self.store().steps(id, epoch).await?, request.from_seq, &past)?;
        check_repeatable(&old, &calls, epoch, request)?;
        self.retry_make(actor, (&old, source), calls).await
    }

    async fn retry_source(&self, access: &Access, old: &Row, request: &RetryRequest) -> Result<Source> {
        let flow = match old.uuid("flow_id") {
            Some(flow) => Some(self.flow_get(access, &Selector::Id(flow)).await?),
            None => None,
        };
        match (&request.script, request.current_script) {
            (Some(_), true) => {
                let text = "Give 'script' or 'current_script', not both: one is a text of your own, the other what the flow has now.";
                return Err(Error::invalid(text).field("/current_script"));
            }
            (None, true) => {
                let none = || Error::invalid("It ran no flow that could have another script now; give 'script'.").field("/current_script");
                let flow = flow.ok_or_else(none)?;
                let key = request.idempotency_key.clone();
                let packages = self.environment_for(&flow.packages, flow.row.uuid("project_id"), flow.wants_standard).await?;
                return Ok(Source { script: flow.script.clone(), flow: Some(flow), is_new: false, packages: Some((packages, None)), key });
            }
            _ => {}
        }
        if request.script.is_some() || flow.is_none() {
            access.require(Operation::Create, &Subject::new_in("FLOW", old.uuid("project_id")))?;
        }
        let key = request.idempotency_key.clone();
        if let Some(script) = &request.script {
            let (own, settled) = Box::pin(self.environment_of_script(script)).await?;
            let environment = self.environment_for(&own, old.uuid("project_id"), environment::wants_standard(script)).await?;
            let packages = Some((environment, settled.map(|(_, write)| write)));
            return Ok(Source { flow: None, script: script.as_str().into(), is_new: true, packages, key });
        }
        let hash = old.text("script_hash").ok_or_else(|| Error::internal("an execution has no script"))?;
        Ok(Source { flow, script: self.script(hash).await?, is_new: false, packages: None, key })
    }

    async fn retry_make(&self, actor: &Actor, (old, source): (&Row, Source), calls: Vec<StepRow>) -> Result<NewExecution> {
        let (id, from) = (Service::new_id(), id_of(old));
        let first = old.uuid("journal_of").unwrap_or(from);
        let grant = self.grant_of(actor, None).await?;
        let row = self.retry_row(actor, (old, &source), (id, first), (calls.last().map_or(0, |call| call.seq), &grant));
        let schema = row.json("input_schema").map(|schema| self.schemas().get(schema, "/input_schema")).transpose()?;
        let input = row.json("input_value").cloned().unwrap_or_default();
        // It was accepted when it was given; only the flow's schema of today may refuse it.
        let inputs = match accepted(schema.as_ref(), &input) {
            Err(error) if row.json("input_schema") != old.json("input_schema") => return Err(error),
            inputs => inputs.unwrap_or(input),
        };
        let mut writes = Vec::with_capacity(calls.len() + 3);
        if source.is_new {
            let content = Bytes::copy_from_slice(source.script.as_bytes());
            writes.push(Write::Blob { hash: blob_hash(&content), content });
        }
        writes.extend(source.packages.as_ref().and_then(|(_, write)| write.clone()));
        writes.push(self.grant_write(&grant));
        writes.push(Write::Insert { table: "execution", key: &["id"], row: row.clone() });
        writes.push(self.audit(actor, Deed::on("retry", record_type("EXECUTION"), &row)));
        // In an heir of an heir, calls that name the one before name the first.
        let heir = Heir::of(from, Some(first).filter(|first| *first != from));
        for mut call in calls {
            call.target = Heir::recorded(heir.as_ref(), &call.target).into_owned();
            writes.push(call.write(id, 1));
        }
        let identity = ExecutionIdentity {
            id,
            flow_id: source.flow.as_ref().map(|flow| flow.id),
            project_id: row.uuid("project_id"),
            bundle_id: row.uuid("bundle_id"),
            grant: Arc::new(grant),
        };
        let (script, inputs) = (source.script, inputs.to_string().into());
        let actor = Actor::execution(identity).within(Some(TraceContext::of(&row)));
        Ok(NewExecution { id, row, writes, script, inputs, actor, run: true })
    }

    fn retry_row(&self, actor: &Actor, (old, source): (&Row, &Source), (id, first): (Uuid, Uuid), (last, grant): (u32, &Grant)) -> Row {
        let mut row = defaults(record_type("EXECUTION"));
        for column in KEPT {
            if let Some(kept) = old.json(column) {
                row.set(*column, kept.clone());
            }
        }
        if source.is_new {
            // What somebody else wrote is not the flow: it has neither its name nor its identity.
            row.set("type", "SCRIPT");
            row.set("flow_id", Value::Null);
            row.set("flow_name", Value::Null);
            row.set("script_hash", blob_hash(source.script.as_bytes()));
        }
        let current = source.flow.as_ref().filter(|flow| flow.row.text("script_hash") != old.text("script_hash"));
        if let Some(flow) = current.filter(|flow| *flow.script == *source.script) {
            for column in ["script_hash", "input_schema", "output_schema", "on_loss"] {
                row.set(column, flow.row.json(column).cloned().unwrap_or_default());
            }
        }
        if let Some((key, _)) = &source.packages {
            row.set("environment_key", json!(key.as_deref()));
        }
        let (now, by) = (clock::format(self.clock().now()), json!(actor.id().map(|id| id.to_string())));
        for (column, value) in [
            ("id", json!(id.to_string())),
            ("version", json!(1)),
            ("created_at", json!(now)),
            ("created_by", by.clone()),
            ("modified_at", json!(now)),
            ("modified_by", by),
            ("status", json!(Status::Pending.name())),
            ("root_execution_id", json!(id.to_string())),
            ("retried_from", json!(id_of(old).to_string())),
            ("retried_seq", json!(last)),
            ("journal_of", json!(first.to_string())),
            ("idempotency_key", json!(source.key)),
            ("origin", actor.origin()),
            ("grant_id", json!(grant.id.to_string())),
        ] {
            row.set(column, value);
        }
        row
    }
}

/// Whether retention has taken its journal.
pub fn is_purged(execution: &Row) -> bool {
    let purged = execution.json("purged").and_then(Value::as_array);
    purged.is_some_and(|names| names.iter().any(|name| name == Kept::Journals.name()))
}

/// Refuses what would do again, without anybody knowing, what the taken over calls are there to keep from being done again.
fn check_repeatable(old: &Row, calls: &[StepRow], epoch: u32, request: &RetryRequest) -> Result<()> {
    let last = calls.last().map_or(0, |call| call.seq);
    if let Some(call) = calls.iter().find(|call| call.off_main).filter(|_| old.text("on_loss") != Some("resume")) {
        let text = format!(
            "Python threads of its own made call {} and maybe others; their order would not be the same again, so they cannot be taken over. \
             Give 'from_seq' {} or less: what was called after that is then called anew.",
            call.seq,
            call.seq - 1
        );
        return Err(Error::conflict(text).field("/from_seq"));
    }
    let escaped = old.json("escaped").filter(|escaped| escaped["epoch"].as_u64() == Some(epoch.into()));
    let after = escaped.and_then(|escaped| escaped["after"].as_u64()).and_then(|after| u32::try_from(after).ok());
    let is_vouched = request.repeat_escaped || matches!(old.text("on_loss"), Some("resume" | "restart"));
    match (escaped, after) {
        (Some(escaped), Some(after)) if after < last && !is_vouched => {
            let shown = |name: &str| escaped[name].as_str().unwrap_or_default().to_owned();
            let text = format!(
                "It reached outside flow_api after call {after}, at line {} of {} ({} {}), and a retry would do that again on its way to call \
                 {last}. Say 'repeat_escaped' if a repeat does no harm; or give 'from_seq' {after} or less, to go on from before it.",
                escaped["line"],
                shown("file"),
                shown("event"),
                shown("argument"),
            );
            Err(Error::conflict(text).details(json!({ "escaped": escaped })))
        }
        _ => Ok(()),
    }
}
