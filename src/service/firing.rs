//! Schedules in operation: what one has to do at this moment, and the execution that it starts.
//!
//! A schedule remembers up to when its times are dealt with (`due_after`). It moves on in the transaction that makes the
//! execution, and the execution has the time it was started for: whenever the server ends, no time is missed and none is used twice.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::actor::{Actor, TriggerIdentity};
use super::command::NewExecution;
use super::handle::Service;
use super::identity::record_type;
use super::location::Place;
use super::row::{defaults, find, id_of};
use super::schedule::Plan;
use super::selector::Selector;
use super::start::{StartRequest, Target};
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::records::Status;
use crate::store::{Commit, Filter, ListQuery, Op, Row, Scope, Write};
use uuid::Uuid;

/// A time that the server gets to later than this was missed.
const LATE: SignedDuration = SignedDuration::from_secs(60);

/// What makes the times of a schedule, and what is started at them.
const DECISIVE: [&str; 6] = ["is_enabled", "configuration", "scheduler_id", "flow_id", "input_value", "due_after"];

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
    /// An execution of its flow was made, which is to be taken in.
    Start(Box<NewExecution>, Commit),
    /// Its flow could not be started. An execution was left that says why.
    Failed(Uuid, Commit),
    /// It was changed meanwhile.
    Again,
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

    /// What a schedule has to do now.
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
                if (begun.is_none() || last.is_some()) && self.move_on(&row, Vec::new(), (last.unwrap_or(after), None)).await?.is_none() {
                    return Ok(Turn::Again);
                }
                let until = plan.next((last.unwrap_or(after), now));
                Ok(Turn::Wait { until, steady: plan.is_steady() })
            }
        }
    }

    /// All times of a schedule up to `due` are dealt with, by these writes; `run` if its flow was started. Nothing is written where it is not as it
    /// was `seen`.
    async fn move_on(&self, seen: &Row, mut writes: Vec<Write>, (due, run): (Timestamp, Option<Timestamp>)) -> Result<Option<Commit>> {
        let (of, seen) = (record_type("SCHEDULE"), seen.clone());
        let work = self.store().transact(move |tx| {
            Box::pin(async move {
                let Some(row) = find(tx, of, id_of(&seen)).await? else { return Ok(false) };
                if DECISIVE.iter().any(|column| row.json(column) != seen.json(column)) {
                    return Ok(false);
                }
                // With its version: for those who read and write it, nothing has changed.
                let mut moved = Row::from([
                    ("id", json!(id_of(&row).to_string())),
                    ("version", json!(row.version())),
                    ("due_after", json!(clock::format(due))),
                ]);
                if let Some(at) = run {
                    moved.set("last_run_at", clock::format(at));
                }
                writes.push(Write::Update { table: of.singular, key: &["id"], row: moved });
                tx.apply(&writes).await?;
                Ok(true)
            })
        });
        let (is_done, commit) = work.await?;
        Ok(is_done.then_some(commit))
    }

    async fn fire(&self, row: &Row, due: Timestamp, present: Present, is_steady: bool) -> Result<Turn> {
        let flow = row.uuid("flow_id").ok_or_else(|| Error::internal("a schedule has no flow"))?;
        let input = row.json("input_value").cloned().unwrap_or_default();
        let request = StartRequest::new(Target::Flow(Selector::Id(flow)), input);
        let moved = (due, Some(present.wall));
        // A time of the steady clock means nothing to people once the wall clock has jumped. What is less than a second between the
        // clocks is how far apart they were read: the times of an interval stay as far apart as it is long.
        let jumped = present.wall.duration_since(present.steady).round(jiff::Unit::Second).unwrap_or_default();
        let shown = if is_steady { due.saturating_add(jumped).unwrap_or(due) } else { due };
        let shown = clock::format(shown);
        let marks = [("schedule_due", clock::format(due)), ("scheduled_for", shown)];
        match self.execution_prepare(&actor(row), request).await {
            Ok(mut new) => {
                for (column, value) in &marks {
                    new.row.set(*column, value.as_str());
                }
                for write in &mut new.writes {
                    if let Write::Insert { table: "execution", row, .. } = write {
                        row.clone_from(&new.row);
                    }
                }
                let commit = self.move_on(row, std::mem::take(&mut new.writes), moved).await?;
                Ok(commit.map_or(Turn::Again, |commit| Turn::Start(Box::new(new), commit)))
            }
            // It may be otherwise in a moment.
            Err(error) if matches!(error.kind(), Kind::Internal | Kind::Unavailable) => Err(error),
            Err(error) => {
                tracing::warn!(schedule = row.text("name"), %error, "a schedule could not start its flow");
                let mut failed = self.failed(row, flow, &error).await?;
                for (column, value) in &marks {
                    failed.set(*column, value.as_str());
                }
                let id = id_of(&failed);
                let write = Write::Insert { table: "execution", key: &["id"], row: failed };
                Ok(self.move_on(row, vec![write], moved).await?.map_or(Turn::Again, |commit| Turn::Failed(id, commit)))
            }
        }
    }

    /// An execution that ended before it began, so that it is seen.
    async fn failed(&self, schedule: &Row, flow: Uuid, error: &Error) -> Result<Row> {
        let flow = self.store().row_get(record_type("FLOW"), flow, &Scope::All).await?;
        let place = Place::of(flow.as_ref().unwrap_or(schedule));
        let (id, now) = (Service::new_id().to_string(), self.now_text());
        let mut row = defaults(record_type("EXECUTION"));
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
            ("status_message", json!(format!("The schedule could not start its flow. {}", error.message()))),
            ("flow_id", flow.as_ref().and_then(|flow| flow.json("id")).cloned().unwrap_or_default()),
            ("flow_name", json!(flow.as_ref().and_then(|flow| flow.text("name")))),
            ("priority", json!(0)),
            ("on_loss", json!("auto")),
            ("isolation", json!("reuse")),
            ("orphan", json!(false)),
            ("depth", json!(0)),
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
        let target = Target::Scheduler { id: scheduler, project: place.project, bundle: place.bundle };
        let mut request = StartRequest::new(target, input);
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
