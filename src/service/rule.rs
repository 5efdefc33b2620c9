//! What must hold for records of one type beyond the kinds of their columns, and what follows from them.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::access::Access;
use super::actor::{Actor, Identity};
use super::connection::secret_names;
use super::environment::may_write;
use super::form;
use super::handle::Service;
use super::identity::record_type;
use super::limit;
use super::object;
use super::payload::Payload;
use super::record_write::Call;
use super::retention;
use super::row::find;
use super::schedule;
use super::schema_check::violation;
use super::user_tool;
use crate::error::{Error, Result, did_you_mean};
use crate::records::{Family, Kind, RecordType, connector};
use crate::store::{Row, Tx};

/// Characters of a name.
const NAME: usize = 128;

impl Service {
    /// What follows from a payload by itself: nothing is looked up.
    pub(super) async fn payload_rules(
        &self,
        of: &'static RecordType,
        payload: &mut Payload,
        (access, schemas): (&Access, &HashMap<String, Value>),
    ) -> Result<()> {
        let name = payload.columns.get("name").and_then(Value::as_str);
        for field in of.fields().filter(|field| field.kind == Kind::JsonSchema) {
            if let Some(schema) = payload.columns.get(field.name).filter(|v| !v.is_null()) {
                let place = format!("/{}", field.name);
                let own = name.filter(|_| of.name == "SCHEMA");
                let known = |wanted: &str| if own == Some(wanted) { Some(schema.clone()) } else { schemas.get(wanted).cloned() };
                let whole = self.schema_whole(schema, (Some(access), &known), &place).await?;
                self.schemas().get(&whole, &place)?;
            }
        }
        match of.name {
            "FLOW" => {
                self.flow_payload(payload).await?;
                if may_write(access, of.name) {
                    Box::pin(self.script_packages(payload, true)).await?;
                }
            }
            "WORKSPACE" => {
                limit::check(&payload.columns)?;
                retention::check(&payload.columns)?;
                if may_write(access, of.name) {
                    Box::pin(self.default_packages(payload)).await?;
                }
            }
            "PROJECT" => {
                limit::check(&payload.columns)?;
                if may_write(access, of.name) {
                    Box::pin(self.default_packages(payload)).await?;
                }
            }
            "SCHEDULER" => {
                self.script_flags(payload).await;
                if may_write(access, of.name) {
                    Box::pin(self.script_packages(payload, false)).await?;
                }
            }
            "MCP_USER_TOOL" => user_tool::payload(&payload.columns)?,
            "CONNECTOR" => {
                if let Some(value) = payload.columns.get("value") {
                    payload.derived.insert("secrets".into(), json!(secret_names(value)));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Fills in what a new record has when nothing is given.
pub(super) fn complete(actor: &Actor, of: &RecordType, columns: &mut Map<String, Value>) {
    // Flow code that asks is the one that asks.
    if let ("MESSAGE", Identity::Execution(asks)) = (of.name, &actor.identity)
        && columns.get("execution_id").is_none_or(Value::is_null)
    {
        columns.insert("execution_id".into(), asks.id.to_string().into());
    }
    let is_nameless = columns.get("name").is_some_and(Value::is_null);
    if matches!(of.family, Family::Activity) && is_nameless {
        let subject = columns.get("subject").and_then(Value::as_str).unwrap_or_default();
        let line: String = subject.lines().next().unwrap_or_default().trim().chars().filter(|c| !c.is_control()).take(NAME).collect();
        let name = if line.is_empty() { of.singular.to_owned() } else { line };
        columns.insert("name".into(), name.into());
    }
}

/// What must hold between the columns of the record as it will be. `changed` are those of an update.
pub(super) async fn check(
    tx: &mut Tx,
    call: &Call,
    (before, row): (Option<&Row>, &Row),
    changed: Option<&Map<String, Value>>,
) -> Result<()> {
    let touches = |columns: &[&str]| changed.is_none_or(|changed| columns.iter().any(|column| changed.contains_key(*column)));
    match call.record_type.name {
        "CONNECTOR" if touches(&["connector_type", "value"]) => connector_rule(call, row),
        "MCP_USER_TOOL" if touches(&["annotations"]) => user_tool::confirmed_by_person(&call.actor, before, row),
        "MESSAGE" if touches(&["body", "request", "subject", "message"]) => message_rule(before, row),
        "SCHEDULE" if touches(&["configuration", "scheduler_id"]) => schedule_rule(tx, call, row).await,
        "OBJECT_TEMPLATE_ATTRIBUTE" => {
            attribute_rule(row)?;
            object::check_attribute(tx, call, (before, row)).await
        }
        _ => Ok(()),
    }
}

/// A question stays as it is once it was answered.
fn message_rule(before: Option<&Row>, row: &Row) -> Result<()> {
    if before.is_some_and(|before| before.flag("is_submitted")) {
        return Err(Error::conflict("This message was answered; what it asked cannot be changed any more."));
    }
    form::check(row)
}

async fn schedule_rule(tx: &mut Tx, call: &Call, row: &Row) -> Result<()> {
    let configuration = row.json("configuration").unwrap_or(&Value::Null);
    let Some(id) = row.uuid("scheduler_id") else { return schedule::check(configuration) };
    let Some(scheduler) = find(tx, record_type("SCHEDULER"), id).await? else { return Ok(()) };
    match scheduler.json("configuration_schema") {
        Some(schema) => call.service.schemas().get(schema, "/configuration_schema")?.accept(configuration, "/configuration").map(|_| ()),
        None => Ok(()),
    }
}

/// What is stored of a connection's input is what its type takes; a call may give the rest.
fn connector_rule(call: &Call, row: &Row) -> Result<()> {
    let of = row.text("connector_type").and_then(connector::find);
    let (Some(of), Some(value)) = (of, row.json("value")) else { return Ok(()) };
    let mut breaches = call.service.schemas().get(&connector::schema::stored(of), "/value")?.breaches(value);
    if breaches.is_empty() {
        return Ok(());
    }
    for breach in breaches.iter_mut().filter(|breach| breach.rule == "additionalProperties") {
        let name = breach.pointer.trim_start_matches('/').to_owned();
        breach.message = format!("there is no such input.{}", did_you_mean(&name, of.every_input().map(|input| input.name)));
    }
    Err(violation(&breaches, "/value"))
}

/// What an attribute refers to goes with its datatype.
fn attribute_rule(row: &Row) -> Result<()> {
    let datatype = row.text("datatype").unwrap_or_default();
    for (column, owner) in [("reference_record_type", "RECORD_REFERENCE"), ("reference_object_template_id", "OBJECT_TEMPLATE_REFERENCE")] {
        if row.json(column).is_some() && datatype != owner {
            let text = format!("'{column}' goes with the datatype {owner} only, and this attribute has {datatype}.");
            return Err(Error::invalid(text).field(format!("/{column}")));
        }
    }
    if datatype == "OBJECT_TEMPLATE_REFERENCE" && row.json("reference_object_template_id").is_none() {
        let text = "An attribute of datatype OBJECT_TEMPLATE_REFERENCE needs 'reference_object_template_id'.";
        return Err(Error::invalid(text).field("/reference_object_template_id"));
    }
    Ok(())
}
