//! Executions as somebody follows them who waits: a look at once, then one after each news of it.

use uuid::Uuid;

use super::actor::Actor;
use super::command::Subscription;
use super::handle::Service;
use super::identity::record_type;
use super::selector::Selector;
use super::start::StartRequest;
use crate::error::{Error, Result};
use crate::records::Status;
use crate::store::{Commit, Row, Scope};

/// One execution under somebody's eyes. Dropping it ends the watch, never the execution.
pub struct Watch {
    pub id: Uuid,
    /// An earlier request with the same idempotency key had made it.
    pub existed: bool,
    service: Service,
    subscription: Subscription,
    commit: Commit,
    /// There may be news that nobody has looked at.
    is_stale: bool,
}

impl Service {
    /// Starts an execution that the caller waits for: its row may go to disk together with what follows. What the actor
    /// started it may watch, whatever it may read otherwise.
    pub async fn execution_start_watched(&self, actor: &Actor, request: StartRequest) -> Result<Watch> {
        if request.idempotency_key.is_some() || !request.run {
            let started = self.execution_start(actor, request).await?;
            return Ok(self.watch(started.id, started.existed, started.commit));
        }
        let new = self.execution_prepare(actor, request).await?;
        let id = new.id;
        let subscription = self.events().subscribe(id);
        let started = self.execution_hand_over(new, true).await?;
        Ok(Watch { id, existed: false, service: self.clone(), subscription, commit: started.commit, is_stale: false })
    }

    /// Follows an execution. Needs READ.
    pub async fn execution_watch(&self, actor: &Actor, id: Uuid) -> Result<Watch> {
        self.record_row(actor, record_type("EXECUTION"), &Selector::Id(id)).await?;
        Ok(self.watch(id, false, Commit::done()))
    }

    /// Follows an execution that the caller is known to have started.
    pub fn execution_watch_again(&self, id: Uuid) -> Watch {
        self.watch(id, true, Commit::done())
    }

    /// An execution for somebody who may read it, or who started it with the same key.
    pub async fn execution_of(&self, actor: &Actor, id: Uuid) -> Result<Row> {
        let executions = record_type("EXECUTION");
        let refused = match self.record_row(actor, executions, &Selector::Id(id)).await {
            Ok(row) => return Ok(row),
            Err(error) => error,
        };
        let row = self.store().row_get(executions, id, &Scope::All).await?;
        let own = actor.origin();
        let is_own = |row: &Row| {
            let origin = row.json("origin");
            actor.id().is_some() && ["identity_id", "api_key_id"].iter().all(|part| origin.and_then(|of| of.get(part)) == own.get(part))
        };
        row.filter(is_own).ok_or(refused)
    }

    pub(super) fn watch(&self, id: Uuid, existed: bool, commit: Commit) -> Watch {
        Watch { id, existed, service: self.clone(), subscription: self.events().subscribe(id), commit, is_stale: true }
    }
}

impl Watch {
    /// The row as it is, when there may be something new about it; else waits for news. May be dropped at any point:
    /// the next call looks again.
    pub async fn next(&mut self) -> Result<Row> {
        loop {
            if !self.is_stale {
                self.subscription.changed().await;
                self.is_stale = true;
            }
            // On the heap while it looks: many wait at once.
            let row = Box::pin(self.row()).await?;
            self.is_stale = false;
            // Not there: not on disk yet, and the commit that brings it is news.
            if let Some(row) = row {
                return Ok(row);
            }
        }
    }

    /// The row once the execution is on disk, whether or not there is news.
    pub async fn now(mut self) -> Result<Row> {
        std::mem::replace(&mut self.commit, Commit::done()).wait().await?;
        self.row().await?.ok_or_else(|| Error::not_found("The execution was deleted meanwhile."))
    }

    async fn row(&self) -> Result<Option<Row>> {
        self.service.store().row_get(record_type("EXECUTION"), self.id, &Scope::All).await
    }
}

/// The status in an EXECUTION row.
pub fn status_of(row: &Row) -> Option<Status> {
    row.text("status").and_then(Status::from_name)
}
