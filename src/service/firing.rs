//! Schedules in operation: what one has to do at this moment, and the execution that it starts.
//!
//! A schedule remembers up to when its times are dealt with (`due_after`). It moves on in the unit of writes that makes the
//! execution, and the execution has the time it was started for: whenever the server ends, no time is missed and none is used twice.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::actor::{Actor, TriggerIdentity};
use super::command::NewExecution;
use super::handle::Service;
use super::identity::record_type;
use super::location::Place;
use super::row::{find, id_of, row_of};
use super::schedule::Plan;
use super::selector::Selector;
use super::start::{StartRequest, Target};
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::records::Status;
use crate::store::{Filter, ListQuery, Op, Row, Scope, Write};
use uuid::Uuid;

/// A time that the server gets to later than this was missed.
const LATE: SignedDuration = SignedDuration::from_secs(60);

/// The present on both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Present {
    /// What people call the time; it may jump.
    pub wall: Timestamp,
    /// Carried on by the boot clock: what intervals go by.
    pub steady: Timestamp,
}

/// What a schedule has to do.
pub enum Turn {
    /// It is disabled or gone.
    Off,
    /// Nothing before this time; of the steady clock where it says so.
    Wait { until: Option<Timestamp>, steady: bool },
    /// Its flow is to be started now. The writes move the schedule on.
    Start(Box<NewExecution>),
    /// Its flow could not be started. The writes move the schedule on and leave an execution that says why.
    Failed { id: Uuid, writes: Vec<Write> },
    /// A run of its scheduler's script is to be under way: this one, unless there is one like it.
    Iterate(Box<NewExecution>),
}

impl Service {
    /// Every schedule that is enabled.
    pub async fn schedules_enabled(&self) -> Result<Vec<Uuid>> {
        let enabled = Filter::Compare { column: "is_enabled", op: Op::Eq, value: json!(true) };
        let query = ListQuery { filter: Some(enabled), fields: Some(vec!["id".to_owned()]), ..ListQuery::default() };
        let rows = self.store().row_list(record_type("SCHEDULE"), &query, &Scope::All).await?.items;
        Ok(rows.iter().map(id_of).collect())
    }

    /// What a schedule has to do now. What it gives to be written is written by the caller, or not at all.
    pub async fn schedule_turn(&self, id: Uuid, present: Present) -> Result<Turn> {
        let of = record_type("SCHEDULE");
        let (row, _) = self.store().transact(move |tx| Box::pin(find(tx, of, id))).await?;
        let Some(row) = row.filter(|row| row.flag("is_enabled")) else { return Ok(Turn::Off) };
        if let Some(scheduler) = row.uuid("scheduler_id") {
            return self.iteration(&row, scheduler).await.map(|new| Turn::Iterate(Box::new(new)));
        }
        let configuration = row.json("configuration").cloned().unwrap_or_default();
        let plan = Plan::read(&configuration)?;
        let now = if plan.is_steady() { present.steady } else { present.wall };
        let begun = row.text("due_after").and_then(clock::parse);
        let after = begun.unwrap_or(now);
        let last = plan.last((after, now));
        let is_skipped = |due: Timestamp| configuration.get("missed") == Some(&json!("skip")) && now.duration_since(due) > LATE;
        match last.filter(|due| !is_skipped(*due)) {
            Some(due) => self.fire(&row, due, present, plan.is_steady()).await,
            None => {
                if begun.is_none() || last.is_some() {
                    self.schedule_moves(&row, last.unwrap_or(after)).await?;
                }
                let until = plan.next((last.unwrap_or(after), now));
                Ok(Turn::Wait { until, steady: plan.is_steady() })
            }
        }
    }

    async fn schedule_moves(&self, row: &Row, to: Timestamp) -> Result<()> {
        let write = moved(row, to, None);
        self.store().submit(crate::store::Unit { writes: vec![write], lazy: false }).wait().await
    }

    async fn fire(&self, row: &Row, due: Timestamp, present: Present, is_steady: bool) -> Result<Turn> {
        let flow = row.uuid("flow_id").ok_or_else(|| Error::internal("a schedule has no flow"))?;
        let input = row.json("input_value").cloned().unwrap_or_default();
        let request = StartRequest::new(Target::Flow(Selector::Id(flow)), input);
        let moved = moved(row, due, Some(present.wall));
        // A time of the steady clock means nothing to people once the wall clock has jumped.
        let shown = clock::format(if is_steady { present.wall } else { due });
        let marks = [("schedule_due", clock::format(due)), ("scheduled_for", shown)];
        match self.execution_prepare(&actor(row), request).await {
            Ok(mut new) => {
                for (column, value) in &marks {
                    new.row.set(column, value.as_str());
                }
                for write in &mut new.writes {
                    if let Write::Insert { table: "execution", row, .. } = write {
                        row.clone_from(&new.row);
                    }
                }
                new.writes.push(moved);
                Ok(Turn::Start(Box::new(new)))
            }
            // It may be otherwise in a moment.
            Err(error) if matches!(error.kind(), Kind::Internal | Kind::Unavailable) => Err(error),
            Err(error) => {
                tracing::warn!(schedule = row.text("name"), %error, "a schedule could not start its flow");
                let mut failed = self.failed(row, flow, &error).await?;
                for (column, value) in &marks {
                    failed.set(column, value.as_str());
                }
                let id = id_of(&failed);
                Ok(Turn::Failed { id, writes: vec![Write::Insert { table: "execution", key: &["id"], row: failed }, moved] })
            }
        }
    }

    /// An execution that ended before it began, so that it is seen.
    async fn failed(&self, schedule: &Row, flow: Uuid, error: &Error) -> Result<Row> {
        let flow = self.store().row_get(record_type("FLOW"), flow, &Scope::All).await?;
        let place = Place::of(flow.as_ref().unwrap_or(schedule));
        let (id, now) = (Service::new_id().to_string(), self.now_text());
        let mut row = Row::new();
        for field in record_type("EXECUTION").fields().filter(|f| f.has_column()) {
            row.set(field.name, field.default.map_or(Value::Null, |json| serde_json::from_str(json).expect("defaults are JSON")));
        }
        let by = schedule.json("id").cloned().unwrap_or_default();
        let text = |id: Option<Uuid>| json!(id.map(|id| id.to_string()));
        for (column, value) in [
            ("id", json!(id)),
            ("version", json!(1)),
            ("name", json!(flow.as_ref().and_then(|flow| flow.text("name")).or(schedule.text("name")))),
            ("project_id", text(place.project)),
            ("bundle_id", text(place.bundle)),
            ("created_at", json!(now)),
            ("created_by", by.clone()),
            ("modified_at", json!(now)),
            ("modified_by", by.clone()),
            ("workspace_id", text(self.workspace_id())),
            ("organization_id", text(self.organization_id())),
            ("type", json!("FLOW")),
            ("status", json!(Status::EndedError.name())),
            ("status_message", json!(format!("The schedule could not start its flow. {error}"))),
            ("flow_id", flow.as_ref().and_then(|flow| flow.json("id")).cloned().unwrap_or_default()),
            ("flow_name", json!(flow.as_ref().and_then(|flow| flow.text("name")))),
            ("input_value", schedule.json("input_value").cloned().unwrap_or_default()),
            ("root_execution_id", json!(id)),
            ("schedule_id", by),
            ("started_at", json!(now)),
            ("ended_at", json!(now)),
            ("origin", actor(schedule).origin()),
        ] {
            row.set(column, value);
        }
        Ok(row)
    }

    /// The run of a scheduler's script that is to be under way.
    async fn iteration(&self, row: &Row, scheduler: Uuid) -> Result<NewExecution> {
        let flow = match row.uuid("flow_id") {
            Some(flow) => self.store().row_get(record_type("FLOW"), flow, &Scope::All).await?,
            None => None,
        };
        let input = json!({
            "schedule_id": row.json("id"),
            "flow_id": row.json("flow_id"),
            "configuration": row.json("configuration"),
            "input_value": row.json("input_value"),
        });
        let place = flow.as_ref().map_or_else(|| Place::of(row), Place::of);
        let mut request = StartRequest::new(Target::Scheduler(scheduler, place), input);
        request.name = row.text("name").map(str::to_owned);
        self.execution_prepare(&actor(row), request).await
    }
}

/// The schedule as the one who starts its flow.
fn actor(row: &Row) -> Actor {
    Actor::trigger(TriggerIdentity {
        id: id_of(row),
        record_type: "SCHEDULE",
        name: row.text("name").unwrap_or_default().into(),
        project_id: row.uuid("project_id"),
        bundle_id: row.uuid("bundle_id"),
    })
}

/// All times up to `due` are dealt with; `run` if the flow was started.
fn moved(schedule: &Row, due: Timestamp, run: Option<Timestamp>) -> Write {
    let mut row = row_of([("id", schedule.json("id").cloned().unwrap_or_default()), ("due_after", json!(clock::format(due)))]);
    if let Some(at) = run {
        row.set("last_run_at", clock::format(at));
    }
    Write::Update { table: "schedule", key: &["id"], row }
}
