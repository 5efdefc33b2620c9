//! The tools that create, change and delete records and subrecords of any type.

use serde_json::{Map, Value, json};

use super::definition::{ADDS, Argument, Call, Definition, Need, Outcome, REPLACES, Shape};
use super::record_list::usual_fields;
use super::record_read::{about, part_selector, selector};
use super::record_type::{record_type, subrecord_type};
use crate::error::{Error, Kind};
use crate::mcp::answer::{Refusal, success};
use crate::records::RecordType;
use crate::service::{IfExists, Operation, RecordWrite, Selector, ToolGroup, Written};

pub(super) const IF_EXISTS: &[&str] = &["error", "overwrite"];
/// Warnings that the answer to a write shows; the record has all of them.
const WARNINGS: usize = 10;
const VERSION: Argument = Argument::new("if_version", Shape::Integer(0, i64::MAX as u64), "Refused if changed since.");

pub(super) static CREATE_RECORD: Definition = Definition {
    name: "create_record",
    group: ToolGroup::Write,
    description: "Makes a record, such as a flow. A name that exists is an error unless if_exists says overwrite. Does not \
                  run flows.",
    arguments: &[
        Argument::new("record_type", Shape::Text, "").required(),
        Argument::new("name", Shape::Text, ""),
        Argument::new("payload", Shape::Object, "Columns, as describe_record_type shows them.").required(),
        Argument::new("if_exists", Shape::Word(IF_EXISTS), ""),
    ],
    annotations: ADDS,
    need: Need::Record(Operation::Create),
    handler: |call| Box::pin(create_record(call)),
};

pub(super) static UPDATE_RECORD: Definition = Definition {
    name: "update_record",
    group: ToolGroup::Write,
    description: "Changes the given columns of a record. Leaves the others as they are.",
    arguments: &[
        Argument::new("record_type", Shape::Text, "").required(),
        Argument::new("record_id", Shape::Text, ""),
        Argument::new("name", Shape::Text, "Instead of the id; a new name goes into payload."),
        Argument::new("payload", Shape::Object, "").required(),
        VERSION,
    ],
    annotations: REPLACES,
    need: Need::Record(Operation::Update),
    handler: |call| Box::pin(update_record(call)),
};

pub(super) static DELETE_RECORD: Definition = Definition {
    name: "delete_record",
    group: ToolGroup::Write,
    description: "Puts a record into the trash bin; executions, which have none, go for good. Does not empty the bin.",
    arguments: &[
        Argument::new("record_type", Shape::Text, "").required(),
        Argument::new("record_id", Shape::Text, ""),
        Argument::new("name", Shape::Text, ""),
    ],
    annotations: REPLACES,
    need: Need::Record(Operation::Delete),
    handler: |call| Box::pin(delete_record(call)),
};

pub(super) static CREATE_SUBRECORD: Definition = Definition {
    name: "create_subrecord",
    group: ToolGroup::Write,
    description: "Adds a part to a record, such as RECORD_METADATA with payload {record_id, key, data}. Does not create the record.",
    arguments: &[
        Argument::new("subrecord_type", Shape::Text, "").required(),
        Argument::new("parent_record_id", Shape::Text, ""),
        Argument::new("payload", Shape::Object, "").required(),
        Argument::new("if_exists", Shape::Word(IF_EXISTS), ""),
    ],
    annotations: ADDS,
    need: Need::Part(Operation::Create),
    handler: |call| Box::pin(create_subrecord(call)),
};

pub(super) static UPDATE_SUBRECORD: Definition = Definition {
    name: "update_subrecord",
    group: ToolGroup::Write,
    description: "Changes the given columns of a part of a record. Does not move it.",
    arguments: &[
        Argument::new("subrecord_type", Shape::Text, "").required(),
        Argument::new("id", Shape::Text, "").required(),
        Argument::new("payload", Shape::Object, "").required(),
        VERSION,
    ],
    annotations: REPLACES,
    need: Need::Part(Operation::Update),
    handler: |call| Box::pin(update_subrecord(call)),
};

pub(super) static DELETE_SUBRECORD: Definition = Definition {
    name: "delete_subrecord",
    group: ToolGroup::Write,
    description: "Removes a part of a record for good; an API key is revoked. Cannot be undone.",
    arguments: &[Argument::new("subrecord_type", Shape::Text, "").required(), Argument::new("id", Shape::Text, "").required()],
    annotations: REPLACES,
    need: Need::Part(Operation::Delete),
    handler: |call| Box::pin(delete_subrecord(call)),
};

async fn create_record(call: Call<'_>) -> Outcome {
    let of = record_type(&call, Operation::Create).await?;
    let mut payload = payload(&call);
    if let Some(name) = call.arguments.text("name") {
        match payload.get("name").and_then(Value::as_str) {
            Some(other) if other != name => {
                let text = format!("'name' is '{name}' and payload.name is '{other}'; give one of them.");
                return Err(Error::invalid(text).field("/payload/name").into());
            }
            _ => {
                payload.insert("name".into(), name.into());
            }
        }
    }
    create(&call, of, payload).await
}

async fn create_subrecord(call: Call<'_>) -> Outcome {
    let of = subrecord_type(&call, Operation::Create).await?;
    let mut payload = payload(&call);
    if let (Some(parent), Some(column)) = (call.arguments.text("parent_record_id"), of.parent_column()) {
        payload.entry(column).or_insert_with(|| parent.into());
    }
    create(&call, of, payload).await
}

async fn create(call: &Call<'_>, of: &'static RecordType, payload: Map<String, Value>) -> Outcome {
    let if_exists = match call.arguments.text("if_exists") {
        Some("overwrite") => IfExists::Overwrite,
        _ => IfExists::Error,
    };
    let write = RecordWrite { if_exists, ..RecordWrite::new(of, payload) };
    let written = call.service().record_create(call.actor, write).await.map_err(|e| not_written(e, of))?;
    shown(call, of, written).await
}

async fn update_record(call: Call<'_>) -> Outcome {
    let of = record_type(&call, Operation::Update).await?;
    let selector = selector(&call, of)?;
    update(&call, of, selector).await
}

async fn update_subrecord(call: Call<'_>) -> Outcome {
    let of = subrecord_type(&call, Operation::Update).await?;
    let selector = part_selector(&call)?;
    update(&call, of, selector).await
}

async fn update(call: &Call<'_>, of: &'static RecordType, selector: Selector) -> Outcome {
    let if_version = call.arguments.integer("if_version").and_then(|n| i64::try_from(n).ok());
    let write = RecordWrite { selector: Some(selector), if_version, ..RecordWrite::new(of, payload(call)) };
    let written = call.service().record_update(call.actor, write).await.map_err(|e| not_written(e, of))?;
    shown(call, of, written).await
}

async fn delete_record(call: Call<'_>) -> Outcome {
    let of = record_type(&call, Operation::Delete).await?;
    let selector = selector(&call, of)?;
    // Looked up first: the answer says by id how it is brought back.
    let fields = ["id".to_owned()];
    let found = call.service().record_get(call.actor, of, &selector, Some(&fields)).await.map_err(|e| about(e, of))?;
    delete(&call, of, &Selector::Id(found.id)).await?;
    let mut answer = json!({ "record_type": of.name, "record_id": found.id, "deleted": true });
    if of.has_trash() {
        answer["undo"] = format!("It is in the trash bin; POST /api/latest/{}/{}/restore brings it back.", of.singular, found.id).into();
    }
    Ok(success(answer))
}

async fn delete_subrecord(call: Call<'_>) -> Outcome {
    let of = subrecord_type(&call, Operation::Delete).await?;
    let selector = part_selector(&call)?;
    delete(&call, of, &selector).await?;
    Ok(success(json!({ "subrecord_type": of.name, "id": call.arguments.text("id"), "deleted": true })))
}

async fn delete(call: &Call<'_>, of: &'static RecordType, selector: &Selector) -> Result<(), Refusal> {
    let commit = call.service().record_delete(call.actor, of, selector, false).await.map_err(|e| about(e, of))?;
    commit.wait().await?;
    Ok(())
}

fn payload(call: &Call<'_>) -> Map<String, Value> {
    call.arguments.object("payload").unwrap_or_default()
}

/// What was written, once it is on disk: enough to go on with, not the whole of it.
async fn shown(call: &Call<'_>, of: &'static RecordType, written: Written) -> Outcome {
    written.commit.wait().await?;
    let created = written.created;
    let record = call.service().record_show(call.actor, of, written.row).await?;
    let mut brief = Map::new();
    for name in usual_fields(of).into_iter().chain(["version"]) {
        if let Some(value) = record.get(name).filter(|value| !value.is_null()) {
            brief.insert(name.into(), value.clone());
        }
    }
    let mut answer = json!({ "created": created, "record": brief });
    if record.get("has_syntax_error") == Some(&json!(true)) {
        answer["warning"] = "Its script has a syntax error: validate_flow says where.".into();
    }
    if let Some(problem) = record.get("problem").filter(|problem| !problem.is_null()) {
        answer["problem"] = problem.clone();
    }
    let warnings = ["warnings", "tool_warnings"].iter().filter_map(|name| record.get(*name)).find_map(Value::as_array);
    if let Some(warnings) = warnings.filter(|warnings| !warnings.is_empty()) {
        answer["warnings"] = warnings.iter().take(WARNINGS).cloned().collect();
    }
    Ok(success(answer))
}

/// The error of a write: its place lies in the payload, and a conflict says what to do about it.
fn not_written(error: Error, of: &RecordType) -> Refusal {
    let existing =
        error.detail_value().and_then(|d| d.get("existing")).and_then(|e| e.get("id")).and_then(Value::as_str).map(str::to_owned);
    let place = error.field_pointer().filter(|place| !place.starts_with("/payload")).map(|place| format!("/payload{place}"));
    let kind = error.kind();
    let error = match place {
        Some(place) => error.field(place),
        None => error,
    };
    let (update, id, describe) = if of.is_subrecord() {
        ("update_subrecord", "id", "describe_subrecord_type")
    } else {
        ("update_record", "record_id", "describe_record_type")
    };
    match (kind, existing) {
        (Kind::Conflict, Some(existing)) => {
            Refusal::from(error).hint(format!("Change it with {update} and {id} {existing}, or call again with if_exists \"overwrite\"."))
        }
        (Kind::Invalid, _) if error.detail_value().is_none() => {
            Refusal::from(error).hint(format!("{describe} lists the columns of {}.", of.name))
        }
        _ => about(error, of),
    }
}
