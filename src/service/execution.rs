//! New executions: prepared, handed to the engine, or loaded from the store after a restart.

use std::sync::Arc;

use uuid::Uuid;

use super::actor::{Actor, ExecutionIdentity};
use super::command::{Command, NewExecution};
use super::flow::accepted;
use super::grant::Grant;
use super::handle::Service;
use super::identity::record_type;
use super::location::Place;
use super::row::find;
use super::start::StartRequest;
use super::trace_context::TraceContext;
use crate::error::{Error, Result};
use crate::records::Status;
use crate::store::{Commit, Row};

/// An execution, handed to the engine but maybe not on disk yet.
pub struct Started {
    pub id: Uuid,
    /// The EXECUTION row as it was made.
    pub row: Row,
    /// An earlier request with the same idempotency key had made it.
    pub existed: bool,
    pub commit: Commit,
}

impl Service {
    /// Settles everything about a new execution; nothing is written. The caller submits `writes` before it runs it.
    pub async fn execution_prepare(&self, actor: &Actor, request: StartRequest) -> Result<NewExecution> {
        self.check_size(&request.input_value)?;
        Box::pin(self.execution_draft(actor, request)).await?.made(self)
    }

    /// An execution whose row another transaction wrote; `None` if that was undone, or if it was begun meanwhile.
    pub async fn execution_written(&self, id: Uuid) -> Result<Option<NewExecution>> {
        let (row, commit) = self.store().transact(move |tx| Box::pin(find(tx, record_type("EXECUTION"), id))).await?;
        // What belongs to the row is read past the writer, which shows what is on disk.
        commit.wait().await?;
        let is_new = |row: &Row| matches!(row.text("status").and_then(Status::from_name), Some(Status::Pending | Status::Created));
        match row.filter(is_new) {
            Some(row) => Ok(Some(self.execution_load(row).await?)),
            None => Ok(None),
        }
    }

    /// An execution found in the store after a restart.
    pub async fn execution_load(&self, row: Row) -> Result<NewExecution> {
        let id = row.id().ok_or_else(|| Error::internal("an execution has no id"))?;
        let is_connection = row.text("type") == Some("CONNECTION");
        let script = match row.text("script_hash") {
            Some(hash) => self.script(hash).await?,
            None if is_connection => "".into(),
            None => return Err(Error::internal(format!("execution {id} has no script"))),
        };
        let schema = row.json("input_schema").map(|schema| self.schemas().get(schema, "/input_schema")).transpose()?;
        let input = if is_connection { self.connection_inputs(&row)? } else { row.json("input_value").cloned().unwrap_or_default() };
        // It was accepted when it was made; what a newer validator thinks of it is no reason to lose it.
        let inputs = accepted(schema.as_ref(), &input).unwrap_or(input);
        let grant = match row.uuid("grant_id") {
            Some(grant) => self.grant_load(grant).await?,
            None => Arc::new(Grant::new(Some(Vec::new()), None, None)),
        };
        let (flow_id, Place { project, bundle }) = (row.uuid("flow_id"), Place::of(&row));
        let identity = ExecutionIdentity { id, flow_id, project_id: project, bundle_id: bundle, grant };
        let run = row.text("status") != Some(Status::Created.name()) || row.text("scheduled_for").is_some();
        let actor = Actor::execution(identity).within(Some(TraceContext::of(&row)));
        Ok(NewExecution { id, row, writes: Vec::new(), script, inputs: inputs.to_string().into(), actor, run })
    }

    /// Makes an execution and hands it to the engine.
    pub async fn execution_start(&self, actor: &Actor, request: StartRequest) -> Result<Started> {
        if request.idempotency_key.is_some() {
            return self.execution_start_once(actor, request).await;
        }
        let new = self.execution_prepare(actor, request).await?;
        self.execution_hand_over(new, false).await
    }

    /// `lazy`: its row may go to disk together with what follows, since nobody is answered before.
    pub(super) async fn execution_hand_over(&self, new: NewExecution, lazy: bool) -> Result<Started> {
        let (id, row) = (new.id, new.row.clone());
        let execution = Box::new(new);
        let commit = self.commands().ask(|reply| Command::Start { execution, lazy, reply }).await?;
        Ok(Started { id, row, existed: false, commit })
    }
}
