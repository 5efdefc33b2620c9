//! What schedules and webhooks may do: the role that a new one gets, and who may change what stands behind it.
//!
//! The granting rule: what a trigger may do, whoever decides what it runs must hold too, or it would be a way to get it.

use serde_json::json;
use uuid::Uuid;

use super::access::Subject;
use super::grant::HeldRole;
use super::handle::Service;
use super::identity::{load_held, load_role, record_type};
use super::record_write::Call;
use super::rights::{Operation, Permission};
use super::row::{find, id_of, rows_where};
use super::shipment::shipped_role;
use super::shipped::TRIGGER;
use crate::error::{Error, Result};
use crate::records::RecordType;
use crate::store::{Row, Scope, Tx, Write};

/// What starts flows by itself.
const TRIGGERS: [&str; 2] = ["SCHEDULE", "WEBHOOK"];

/// Where the flow of a trigger is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FlowPlace {
    /// It is deleted for good.
    Gone,
    /// In this project, or in none.
    In(Option<Uuid>),
}

impl FlowPlace {
    fn project(self) -> Option<Uuid> {
        match self {
            FlowPlace::Gone => None,
            FlowPlace::In(project) => project,
        }
    }
}

fn is_trigger(of: &RecordType) -> bool {
    TRIGGERS.contains(&of.name)
}

impl Call {
    /// Gives a new trigger the role "Trigger" in the project of its flow.
    pub(super) async fn trigger_made(&self, tx: &mut Tx, row: &Row) -> Result<()> {
        if !is_trigger(self.record_type) {
            return Ok(());
        }
        let Some(role) = self.trigger_role(tx).await? else { return Ok(()) };
        let project = place_of_flow(tx, row).await?.project();
        self.require_trigger(&HeldRole { role, project }.narrow(load_role(tx, role).await?))?;
        let now = || json!(self.now);
        let by = || json!(self.actor.id().map(|id| id.to_string()));
        let held = Row::from([
            ("id", json!(Service::new_id().to_string())),
            ("version", json!(1)),
            ("created_at", now()),
            ("created_by", by()),
            ("modified_at", now()),
            ("modified_by", by()),
            ("identity_id", json!(id_of(row).to_string())),
            ("role_id", json!(role.to_string())),
            ("project_id", json!(project.map(|id| id.to_string()))),
            ("propagate", json!(true)),
            ("parent_type", json!(self.record_type.name)),
        ]);
        tx.apply(&[Write::Insert { table: "identity_role", key: &["id"], row: held }]).await
    }

    /// A change of a trigger, or of what stands behind one.
    pub(super) async fn trigger_changed(&self, tx: &mut Tx, (before, after): (&Row, &Row)) -> Result<()> {
        let differs = |columns: &[&str]| columns.iter().any(|column| before.json(column) != after.json(column));
        match self.record_type.name {
            "SCHEDULE" | "WEBHOOK" if differs(&["flow_id", "scheduler_id"]) => {
                let from = place_of_flow(tx, before).await?;
                let to = place_of_flow(tx, after).await?.project();
                self.follow(tx, after, (from, to)).await
            }
            "FLOW" if differs(&["script_hash", "script", "project_id"]) => {
                let (from, to) = (before.uuid("project_id"), after.uuid("project_id"));
                for trigger in triggers_of(tx, "flow_id", id_of(after)).await? {
                    self.follow(tx, &trigger, (FlowPlace::In(from), to)).await?;
                }
                Ok(())
            }
            "SCHEDULER" if differs(&["script"]) => {
                for schedule in rows_where(tx, record_type("SCHEDULE"), "scheduler_id", &id_of(after).to_string()).await? {
                    self.require_trigger(&load_held(tx, id_of(&schedule)).await?.permissions)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What an identity that comes back out of the trash bin may do is given to it again.
    pub(super) async fn identity_back(&self, tx: &mut Tx, row: &Row) -> Result<()> {
        if !self.record_type.is_identity {
            return Ok(());
        }
        let held = load_held(tx, id_of(row)).await?;
        self.require_held(&held.permissions)
    }

    /// The role "Trigger" of a trigger goes with its flow `from` one project `to` another, and everything that the trigger
    /// may do must be held. Where the flow was is not known of one that is deleted for good.
    async fn follow(&self, tx: &mut Tx, trigger: &Row, (from, to): (FlowPlace, Option<Uuid>)) -> Result<()> {
        let id = id_of(trigger);
        if let (Some(role), true) = (self.trigger_role(tx).await?, from != FlowPlace::In(to)) {
            for held in rows_where(tx, record_type("IDENTITY_ROLE"), "identity_id", &id.to_string()).await? {
                if held.uuid("role_id") != Some(role) || (from != FlowPlace::Gone && from != FlowPlace::In(held.uuid("project_id"))) {
                    continue;
                }
                let row = Row::from([
                    ("id", json!(id_of(&held).to_string())),
                    ("version", json!(held.version() + 1)),
                    ("project_id", json!(to.map(|id| id.to_string()))),
                    ("modified_at", json!(self.now)),
                    ("modified_by", json!(self.actor.id().map(|id| id.to_string()))),
                ]);
                tx.apply(&[Write::Update { table: "identity_role", key: &["id"], row }]).await?;
            }
        }
        self.require_trigger(&load_held(tx, id).await?.permissions)
    }

    /// The shipped role, unless it is gone.
    async fn trigger_role(&self, tx: &mut Tx) -> Result<Option<Uuid>> {
        let Some(id) = shipped_role(tx, TRIGGER).await? else { return Ok(None) };
        Ok(find(tx, record_type("ROLE"), id).await?.map(|_| id))
    }

    fn require_trigger(&self, permissions: &[Permission]) -> Result<()> {
        self.require_held(permissions).map_err(|error| {
            let text = format!("A schedule or webhook acts with rights of its own, and who decides what it runs must hold them. {error}");
            Error::new(error.kind(), text).details(error.detail_value().cloned().unwrap_or_default())
        })
    }

    /// As [`super::access::Access::require_all`], of what somebody else holds: who may not read roles learns only that something is missing.
    pub(super) fn require_held(&self, permissions: &[Permission]) -> Result<()> {
        if self.access.may(Operation::Read, &Subject::new_in("ROLE", None)) {
            self.access.require_all(permissions)
        } else {
            self.access.require_all_unnamed(permissions)
        }
    }
}

/// The place of the flow that a trigger starts, in the trash bin or not.
async fn place_of_flow(tx: &mut Tx, trigger: &Row) -> Result<FlowPlace> {
    let Some(id) = trigger.uuid("flow_id") else { return Ok(FlowPlace::Gone) };
    let flow = tx.row_get(record_type("FLOW"), id, &Scope::All).await?;
    Ok(flow.map_or(FlowPlace::Gone, |flow| FlowPlace::In(flow.uuid("project_id"))))
}

/// The live triggers whose `column` names this record.
async fn triggers_of(tx: &mut Tx, column: &'static str, id: Uuid) -> Result<Vec<Row>> {
    let mut all = Vec::new();
    for name in TRIGGERS {
        all.extend(rows_where(tx, record_type(name), column, &id.to_string()).await?);
    }
    Ok(all)
}
