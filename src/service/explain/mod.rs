//! Why an execution stands where it stands: what it waits for, why it failed, what was different when it last went well.
//!
//! Everything is looked up with the caller's rights: what the caller may not read is left out or counted.

mod cause;
mod difference;
mod frame;
mod last_good;
mod next;
mod schema;
mod shape;
mod stand;
mod waiting;

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::access::Access;
use super::actor::Actor;
use super::handle::Service;
use super::identity::record_type;
use super::row::id_of;
use super::scope::scope_of;
use super::selector::Selector;
use super::watch::status_of;
use crate::error::Result;
use crate::protocol;
use crate::records::Status;
use crate::store::{Filter, ListQuery, LogQuery, Op, Order, Row, Scope};
use frame::Source;
pub use schema::explanation_schema;
pub use shape::Explanation;
use shape::{Attempts, Escape, Failure, Loss, TEXT, head};

/// Lost processes told of.
const LOSSES: u32 = 5;
/// What the engine's entries in a log begin with.
const LOSS: &str = "The process of this execution was lost";

/// Columns of other executions that are looked at: not their inputs and outputs, which can be long.
const COLUMNS: [&str; 15] = [
    "name",
    "status",
    "status_message",
    "status_hint",
    "flow_id",
    "flow_name",
    "project_id",
    "parent_execution_id",
    "blocked_on",
    "wait_until",
    "scheduled_for",
    "created_at",
    "ended_at",
    "epoch",
    "script_hash",
];

/// Reads as one actor.
struct Reader<'a> {
    service: &'a Service,
    access: Access,
    /// Executions it may read.
    scope: Scope,
}

impl Service {
    /// Explains an execution. Needs READ on it.
    pub async fn execution_explain(&self, actor: &Actor, id: Uuid) -> Result<Explanation> {
        let executions = record_type("EXECUTION");
        let row = self.record_row(actor, executions, &Selector::Id(id)).await?;
        let access = self.access(actor).await?;
        let scope = scope_of(&access, executions);
        Reader { service: self, access, scope }.explain(row).await
    }
}

impl Reader<'_> {
    async fn explain(&self, row: Row) -> Result<Explanation> {
        let stands = self.stands(&row).await?;
        let failed = status_of(&row) == Some(Status::EndedError);
        let mut explained = Explanation {
            execution_id: id_of(&row),
            name: row.text("name").unwrap_or_default().to_owned(),
            flow_name: row.text("flow_name").map(str::to_owned),
            status: row.text("status").unwrap_or_default().to_owned(),
            summary: String::new(),
            waits: self.waits(&row).await?,
            stands,
            error: if failed { Some(self.failure(&row).await?) } else { None },
            first_cause: if failed { self.cause(&row).await? } else { None },
            escaped: self.escaped(&row).await?,
            attempts: self.attempts(&row).await?,
            last_good: self.last_good(&row).await?,
            next: Vec::new(),
        };
        explained.summary = head(&summary(&row, &explained), TEXT);
        explained.next = self.next(&row, &explained);
        Ok(explained)
    }

    /// Those of these executions that the actor may read, at most `limit`.
    async fn executions(&self, ids: &[Uuid], limit: usize) -> Result<Vec<Row>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: Vec<String> = ids.iter().map(Uuid::to_string).collect();
        self.list(Filter::Compare { column: "id", op: Op::In, value: json!(wanted) }, limit).await
    }

    /// Children that have not ended, the oldest first.
    async fn live_children(&self, id: Uuid, limit: usize) -> Result<Vec<Row>> {
        let live: Vec<&str> = Status::ALL.iter().filter(|status| !status.is_ended()).map(|status| status.name()).collect();
        let status = Filter::Compare { column: "status", op: Op::In, value: json!(live) };
        self.list(Filter::eq("parent_execution_id", id.to_string()).and(status), limit).await
    }

    async fn list(&self, filter: Filter, limit: usize) -> Result<Vec<Row>> {
        let fields = COLUMNS.map(str::to_owned).to_vec();
        let order = vec![Order { column: "created_at", descending: false }];
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let query = ListQuery { filter: Some(filter), fields: Some(fields), order, limit, ..ListQuery::default() };
        Ok(self.service.store().row_list(record_type("EXECUTION"), &query, &self.scope).await?.items)
    }

    async fn script(&self, row: &Row) -> Result<Arc<str>> {
        match row.text("script_hash") {
            Some(hash) => self.service.script(hash).await,
            None => Ok("".into()),
        }
    }

    async fn failure(&self, row: &Row) -> Result<Failure> {
        let script = self.script(row).await?;
        let mut failure = frame::failure(row.text("status_message").unwrap_or_default(), &Source::new(&script));
        failure.hint = row.text("status_hint").map(|hint| head(hint, TEXT));
        Ok(failure)
    }

    async fn escaped(&self, row: &Row) -> Result<Option<Escape>> {
        let Some(column) = row.json("escaped").filter(|column| !column.is_null()) else { return Ok(None) };
        let Ok(act) = serde_json::from_value::<protocol::Escape>(column.clone()) else { return Ok(None) };
        let text = |name: &str| column.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let is_own = row.text("flow_name").unwrap_or("script") == act.file;
        let script = self.script(row).await?;
        let frame = Source::new(if is_own { &script } else { "" }).frame(act.line, &act.function);
        let after = column.get("after").and_then(Value::as_u64).and_then(|seq| u32::try_from(seq).ok()).unwrap_or(0);
        Ok(Some(Escape { words: act.to_string(), event: act.event, argument: act.argument, frame, at: text("at"), after }))
    }

    async fn attempts(&self, row: &Row) -> Result<Attempts> {
        let count = row.integer("attempt").unwrap_or(1);
        let mut losses = Vec::new();
        if count > 1 {
            let query = LogQuery {
                limit: LOSSES,
                tail: true,
                stream: Some("engine".to_owned()),
                contains: Some(LOSS.to_owned()),
                ..LogQuery::default()
            };
            let found = self.service.store().log_page(id_of(row), &query).await?;
            losses.extend(found.into_iter().map(|(_, entry)| Loss { at: entry.at, message: head(&entry.message, TEXT) }));
        }
        Ok(Attempts { count, on_loss: row.text("on_loss").unwrap_or("auto").to_owned(), losses })
    }
}

/// The journal in use.
fn epoch(row: &Row) -> u32 {
    row.integer("epoch").and_then(|epoch| u32::try_from(epoch).ok()).unwrap_or(1)
}

/// All of it in a sentence or two.
fn summary(row: &Row, explained: &Explanation) -> String {
    let last_line = |message: &str| message.trim_end().lines().last().unwrap_or_default().to_owned();
    match status_of(row) {
        Some(Status::EndedSuccess) => "It succeeded.".to_owned(),
        Some(Status::EndedCancelled) => {
            format!("It was cancelled. {}", last_line(row.text("status_message").unwrap_or_default())).trim_end().to_owned()
        }
        Some(Status::EndedError) => match (&explained.first_cause, &explained.error) {
            (Some(cause), _) => {
                let depth = if cause.path.len() == 1 { "its child".to_owned() } else { format!("{} levels below", cause.path.len()) };
                let place = cause.failure.frames.last().map(|at| format!(" at line {}: {}", at.line, at.source)).unwrap_or_default();
                let message = last_line(&cause.failure.message);
                format!("It failed because '{}' ({}, {depth}) failed{place}: {message}", cause.name, cause.execution_id)
            }
            (None, Some(error)) => match error.frames.last() {
                Some(at) => format!("It failed at line {} (in {}): {}: {}", at.line, at.function, at.source, last_line(&error.message)),
                None => format!("It failed: {}", error.message),
            },
            (None, None) => "It failed.".to_owned(),
        },
        _ => match (&explained.waits, &explained.stands) {
            (Some(waits), _) if waits.circle => {
                format!("It is {} and will not go on: those it waits for wait for each other.", waits.words)
            }
            (Some(waits), _) => match waits.path.last() {
                Some(last) => {
                    let words = last.words.as_deref().unwrap_or("computing");
                    format!(
                        "It is {}. Last in that line is '{}' ({}), {}: {words}.",
                        waits.words, last.name, last.execution_id, last.status
                    )
                }
                None => format!("It is {}.", waits.words),
            },
            (None, Some(stands)) => format!("It computes. {}", stands.words),
            (None, None) => "It computes.".to_owned(),
        },
    }
}
