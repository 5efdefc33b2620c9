//! Executions under way: waited for without polling, cancelled, paused, resumed; their logs and steps by pages.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::access::Access;
use super::actor::Actor;
use super::audit::Deed;
use super::command::Command;
use super::handle::Service;
use super::identity::record_type;
use super::rights::Operation;
use super::row::{id_of, subject};
use super::scope::scope_of;
use super::selector::Selector;
use super::start::StartRequest;
use crate::error::{Error, Kind, Result};
use crate::protocol::ChildState;
use crate::records::Status;
use crate::store::{Commit, Filter, ListQuery, LogEntry, LogQuery, Op, Row, Scope, StepRow, Write};

/// The answer to a cancel, a pause or a resume.
pub struct Control {
    /// It had ended already, so that there was nothing to do.
    pub had_ended: bool,
    /// Of the request, not of what it leads to.
    pub commit: Commit,
}

/// One page of a log.
pub struct LogPage {
    /// Number, from 1 over all epochs, and entry.
    pub entries: Vec<(u64, LogEntry)>,
    /// Where the next page begins: `after` of its query.
    pub next: u64,
    pub has_more: bool,
}

/// Which steps are asked for.
#[derive(Clone, Copy, Debug)]
pub struct StepQuery {
    /// `next` of the page before; 0 for the first.
    pub after: u64,
    /// At most so many, 1 to 1,000.
    pub limit: u32,
    /// Calls without an answer too. A stream leaves them out: it shows each step once, when it is done.
    pub open: bool,
}

/// One page of steps.
pub struct StepPage {
    /// Cursor and EXECUTION_STEP record.
    pub entries: Vec<(u64, Map<String, Value>)>,
    pub next: u64,
    pub has_more: bool,
}

impl Service {
    /// Starts an execution and waits for its end, at most `timeout`; answers its row as it then is. What the actor
    /// started it may see here, whatever it may read otherwise.
    pub async fn execution_run(&self, actor: &Actor, request: StartRequest, timeout: Duration) -> Result<Row> {
        if request.idempotency_key.is_some() || !request.run {
            let started = self.execution_start(actor, request).await?;
            started.commit.wait().await?;
            return self.execution_ended(started.id, timeout, true).await;
        }
        let new = self.execution_prepare(actor, request).await?;
        let id = new.id;
        let mut subscription = self.events().subscribe(id);
        let started = self.execution_hand_over(new, true).await?;
        let ended = async {
            loop {
                subscription.changed().await;
                let row = self.execution_row_now(id).await?;
                if row.as_ref().is_some_and(is_ended) {
                    return Ok(row);
                }
            }
        };
        if let Some(row) = self.within(timeout, ended).await {
            return row?.ok_or_else(gone);
        }
        started.commit.wait().await?;
        self.execution_row_now(id).await?.ok_or_else(gone)
    }

    /// Waits until an execution has ended, at most `timeout`; answers its row as it then is. Needs READ.
    pub async fn execution_wait(&self, actor: &Actor, id: Uuid, timeout: Duration) -> Result<Row> {
        self.record_row(actor, record_type("EXECUTION"), &Selector::Id(id)).await?;
        self.execution_ended(id, timeout, true).await
    }

    /// Subscribes first, looks second, waits third: nothing is missed, and nothing is polled.
    pub(super) async fn execution_ended(&self, id: Uuid, timeout: Duration, look_first: bool) -> Result<Row> {
        let mut subscription = self.events().subscribe(id);
        let mut look = look_first;
        let ended = async {
            loop {
                if look {
                    let row = self.execution_row_now(id).await?.ok_or_else(gone)?;
                    if is_ended(&row) {
                        return Ok(row);
                    }
                }
                look = true;
                subscription.changed().await;
            }
        };
        match self.within(timeout, ended).await {
            Some(row) => row,
            None => self.execution_row_now(id).await?.ok_or_else(gone),
        }
    }

    async fn execution_row_now(&self, id: Uuid) -> Result<Option<Row>> {
        self.store().row_get(record_type("EXECUTION"), id, &Scope::All).await
    }

    /// Cancels an execution and its children. Needs UPDATE. One that has ended stays as it is.
    pub async fn execution_cancel(&self, actor: &Actor, id: Uuid) -> Result<Control> {
        let by = actor.shown();
        self.control(actor, (id, "cancel"), |entry, reply| Command::Cancel { id, by, entry, reply }).await
    }

    /// Holds an execution at its next call. Needs UPDATE.
    pub async fn execution_pause(&self, actor: &Actor, id: Uuid) -> Result<Control> {
        self.control(actor, (id, "pause"), |entry, reply| Command::Pause { id, entry, reply }).await
    }

    /// Lets a paused execution go on. Needs UPDATE.
    pub async fn execution_resume(&self, actor: &Actor, id: Uuid) -> Result<Control> {
        self.control(actor, (id, "resume"), |entry, reply| Command::Resume { id, entry, reply }).await
    }

    /// Starts one that was made without being run. Needs UPDATE.
    pub async fn execution_release(&self, actor: &Actor, id: Uuid) -> Result<Control> {
        self.control(actor, (id, "run"), |entry, reply| Command::Run { id, entry, reply }).await
    }

    async fn control(
        &self,
        actor: &Actor,
        (id, operation): (Uuid, &str),
        make: impl FnOnce(Write, oneshot::Sender<Result<Commit>>) -> Command,
    ) -> Result<Control> {
        let executions = record_type("EXECUTION");
        let access = self.access(actor).await?;
        // The writer's view: one that was made a moment ago can be cancelled.
        let (row, _) = self.store().transact(move |tx| Box::pin(async move { tx.row_get(executions, id, &Scope::All).await })).await?;
        let Some(row) = row.filter(|row| access.may(Operation::Read, &subject(executions, row))) else {
            return Err(self.missing(&access, executions, &Selector::Id(id)).await);
        };
        let may = access.require(Operation::Update, &subject(executions, &row));
        may.inspect_err(|error| self.audit_refusal(actor, error, (operation, executions), Some(&Selector::Id(id))))?;
        if is_ended(&row) {
            return Ok(Control { had_ended: true, commit: Commit::done() });
        }
        let entry = self.audit(actor, Deed::on(operation, executions, &row));
        match self.commands().ask(|reply| make(entry, reply)).await {
            Ok(commit) => Ok(Control { had_ended: false, commit }),
            // It ended between the look and the request.
            Err(e) if e.kind() == Kind::Conflict => Ok(Control { had_ended: true, commit: Commit::done() }),
            Err(e) => Err(e),
        }
    }

    /// How these executions stand, for a wait in flow code. One that the actor may not read is not found.
    pub async fn execution_states(&self, actor: &Actor, ids: &[Uuid]) -> Result<HashMap<Uuid, ChildState>> {
        let executions = record_type("EXECUTION");
        let access = self.access(actor).await?;
        let wanted: Vec<String> = ids.iter().map(Uuid::to_string).collect();
        let filter = Filter::Compare { column: "id", op: Op::In, value: json!(wanted) };
        // What a state is made of, and what a right is decided by.
        let fields = ["name", "status", "status_message", "project_id", "parent_execution_id"].map(str::to_owned).to_vec();
        let query = ListQuery { filter: Some(filter), fields: Some(fields), ..ListQuery::default() };
        let (page, _) =
            self.store().transact(move |tx| Box::pin(async move { tx.row_list(executions, &query, &Scope::All).await })).await?;
        let mut states = HashMap::with_capacity(ids.len());
        for row in page.items.iter().filter(|row| access.may(Operation::Read, &subject(executions, row))) {
            let id = id_of(row);
            states.insert(id, state_of(id, row));
        }
        match ids.iter().find(|id| !states.contains_key(id)) {
            Some(id) => Err(Error::not_found(format!("There is no execution {id}."))),
            None => Ok(states),
        }
    }

    /// A page of the log. Needs READ on the execution.
    pub async fn execution_logs(&self, actor: &Actor, id: Uuid, query: &LogQuery) -> Result<LogPage> {
        let access = self.access(actor).await?;
        self.require_execution(&access, id).await?;
        let limit = if query.limit == 0 { 1000 } else { query.limit.min(1000) };
        let mut entries = self.store().log_page(id, &LogQuery { limit: limit + 1, ..query.clone() }).await?;
        let has_more = entries.len() > limit as usize;
        if has_more && query.tail {
            entries.remove(0);
        } else {
            entries.truncate(limit as usize);
        }
        let next = entries.last().map_or(query.after, |(number, _)| *number);
        Ok(LogPage { entries, next, has_more: has_more && !query.tail })
    }

    /// A page of the journal, over all epochs. Needs READ on the execution.
    pub async fn execution_events(&self, actor: &Actor, id: Uuid, query: StepQuery) -> Result<StepPage> {
        let access = self.access(actor).await?;
        let row = self.require_execution(&access, id).await?;
        let last = row.integer("epoch").and_then(|n| u64::try_from(n).ok()).unwrap_or(1);
        let limit = query.limit.clamp(1, 1000) as usize;
        let (mut epoch, mut seq) = ((query.after >> 32).max(1), query.after & u64::from(u32::MAX));
        let mut page = StepPage { entries: Vec::new(), next: query.after, has_more: false };
        while epoch <= last {
            let (of, after) = (narrow(epoch), narrow(seq));
            let wanted = u32::try_from(limit + 1 - page.entries.len()).unwrap_or(1);
            let steps = self.store().steps_after(id, of, Some(after).filter(|n| *n > 0), wanted).await?;
            let is_whole = steps.len() < wanted as usize;
            for step in steps {
                if page.entries.len() == limit {
                    page.has_more = true;
                    return Ok(page);
                }
                if step.ok.is_none() && !query.open && !is_ended(&row) {
                    return Ok(page);
                }
                let cursor = (epoch << 32) | u64::from(step.seq);
                page.entries.push((cursor, show_step(id, of, step)));
                page.next = cursor;
            }
            if is_whole {
                (epoch, seq) = (epoch + 1, 0);
            } else {
                seq = page.next & u64::from(u32::MAX);
            }
        }
        Ok(page)
    }

    async fn require_execution(&self, access: &Access, id: Uuid) -> Result<Row> {
        let executions = record_type("EXECUTION");
        match self.store().row_get(executions, id, &scope_of(access, executions)).await? {
            Some(row) => Ok(row),
            None => Err(self.missing(access, executions, &Selector::Id(id)).await),
        }
    }

    /// The setting that flow code wants to lock. Holding up others is a change of it: needs UPDATE.
    pub async fn setting_lockable(&self, actor: &Actor, target: &str) -> Result<Uuid> {
        let settings = record_type("SETTING");
        let row = self.record_row(actor, settings, &Selector::parse(target)).await?;
        self.access(actor).await?.require(Operation::Update, &subject(settings, &row))?;
        row.id().ok_or_else(|| Error::internal("a setting has no id"))
    }
}

fn gone() -> Error {
    Error::not_found("This execution was deleted.")
}

fn is_ended(row: &Row) -> bool {
    row.text("status").and_then(Status::from_name).is_some_and(Status::is_ended)
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn state_of(id: Uuid, row: &Row) -> ChildState {
    let status = row.text("status").unwrap_or_default();
    let failed = is_ended(row) && status != Status::EndedSuccess.name();
    let reason = row.text("status_message").filter(|_| failed).and_then(|text| text.trim_end().lines().last()).map(str::to_owned);
    ChildState { id, name: row.text("name").unwrap_or_default().to_owned(), status: status.to_owned(), reason }
}

fn show_step(execution: Uuid, epoch: u32, step: StepRow) -> Map<String, Value> {
    let result = step.result.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
    let columns = [
        ("execution_id", json!(execution.to_string())),
        ("epoch", json!(epoch)),
        ("seq", json!(step.seq)),
        ("op", json!(step.op)),
        ("target", json!(step.target)),
        ("args", json!(step.args)),
        ("started_at", json!(step.started_at)),
        ("due_at", json!(step.due_at)),
        ("done_at", json!(step.done_at)),
        ("ok", json!(step.ok)),
        ("result", result.unwrap_or_default()),
        ("next", json!(step.next)),
        ("replayed_args", json!(step.replayed_args)),
    ];
    columns.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
