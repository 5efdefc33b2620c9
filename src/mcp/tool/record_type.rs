//! The tools about record types themselves, and how a call names one.

use serde_json::{Map, Value, json};

use super::definition::{Argument, Call, Definition, Need, Outcome, READS, Shape, serves};
use super::size;
use crate::error::{Error, Kind, Result, did_you_mean, near_names};
use crate::mcp::answer::success;
use crate::records::{self, RecordType, TYPES, schema};
use crate::service::{May, Operation, ToolGroup};

const MODES: &[&str] = &["create", "update", "read"];

pub(super) static LIST_RECORD_TYPES: Definition = Definition {
    name: "list_record_types",
    group: ToolGroup::Read,
    description: "Shows the kinds of records and what this key may do with them. Does not show columns.",
    arguments: &[],
    annotations: READS,
    need: Need::Record(Operation::Read),
    handler: |call| Box::pin(list(call, false)),
};

pub(super) static LIST_SUBRECORD_TYPES: Definition = Definition {
    name: "list_subrecord_types",
    group: ToolGroup::Read,
    description: "Shows which kinds of parts records have, and of what. Does not show columns.",
    arguments: &[],
    annotations: READS,
    need: Need::Part(Operation::Read),
    handler: |call| Box::pin(list(call, true)),
};

pub(super) static DESCRIBE_RECORD_TYPE: Definition = Definition {
    name: "describe_record_type",
    group: ToolGroup::Read,
    description: "Gives the JSON Schemas of a type's columns: look before the first write. Does not read records.",
    arguments: &[Argument::new("record_type", Shape::Text, "").required(), Argument::new("mode", Shape::Word(MODES), "Only this schema.")],
    annotations: READS,
    need: Need::Record(Operation::Read),
    handler: |call| Box::pin(describe(call, false)),
};

pub(super) static DESCRIBE_SUBRECORD_TYPE: Definition = Definition {
    name: "describe_subrecord_type",
    group: ToolGroup::Read,
    description: "Gives the JSON Schemas of a subrecord type's columns. Does not read subrecords.",
    arguments: &[Argument::new("subrecord_type", Shape::Text, "").required(), Argument::new("mode", Shape::Word(MODES), "")],
    annotations: READS,
    need: Need::Part(Operation::Read),
    handler: |call| Box::pin(describe(call, true)),
};

/// The record type that a call names, for this operation.
pub(super) async fn record_type(call: &Call<'_>, operation: Operation) -> Result<&'static RecordType> {
    named(call, ("record_type", false), operation).await
}

/// The subrecord type that a call names, for this operation.
pub(super) async fn subrecord_type(call: &Call<'_>, operation: Operation) -> Result<&'static RecordType> {
    named(call, ("subrecord_type", true), operation).await
}

async fn named(call: &Call<'_>, (argument, is_part): (&str, bool), operation: Operation) -> Result<&'static RecordType> {
    let text = call.arguments.text(argument).unwrap_or_default().trim();
    let place = format!("/{argument}");
    let upper = text.to_uppercase().replace([' ', '-'], "_");
    match records::find(&upper) {
        Some(of) if of.is_subrecord() != is_part => {
            let (kind, other) = if is_part { ("record", "records") } else { ("subrecord", "subrecords") };
            Err(Error::invalid(format!("{} is a {kind} type: the tools whose names end in {kind} or {other} serve it.", of.name))
                .field(place))
        }
        Some(of) if serves(operation, of) => Ok(of),
        Some(of) => Err(Error::invalid(unserved(operation, of)).field(place)),
        None => {
            let may = call.service().may(call.actor).await?;
            let names = || TYPES.iter().filter(|of| of.is_subrecord() == is_part && may.ever(Operation::Read, of)).map(|of| of.name);
            let near = near_names(&upper, names());
            let known = did_you_mean(&upper, names());
            let kind = if is_part { "subrecord" } else { "record" };
            let text = format!("There is no {kind} type '{text}'.{known} There are {}.", names().collect::<Vec<_>>().join(", "));
            let error = Error::new(Kind::NotFound, text).field(place);
            Err(if near.is_empty() { error } else { error.details(json!({ "near": near })) })
        }
    }
}

/// What to do instead.
fn unserved(operation: Operation, of: &RecordType) -> String {
    match (of.name, operation) {
        ("EXECUTION", Operation::Create) => "An execution is made by starting a flow: use run_flow.".into(),
        ("API_KEY", Operation::Create) => {
            "An API key is made by its owner over REST or the command line, which show its token once.".into()
        }
        _ if of.is_single() => format!("There is one {}; it is neither made nor deleted.", of.singular),
        _ => format!("{} is kept by the server and cannot be written.", of.name),
    }
}

/// What the actor may do with records of a type, by the names of the operations.
fn operations(may: &May, of: &RecordType) -> Vec<&'static str> {
    Operation::ALL.into_iter().filter(|op| serves(*op, of) && may.ever(*op, of)).map(Operation::name).collect()
}

async fn list(call: Call<'_>, is_part: bool) -> Outcome {
    let may = call.service().may(call.actor).await?;
    let shown = TYPES.iter().filter(|of| of.is_subrecord() == is_part && may.ever(Operation::Read, of)).map(|of| {
        let mut line = Map::new();
        line.insert(if is_part { "subrecord_type" } else { "record_type" }.into(), of.name.into());
        if let records::Family::Subrecord { parent, column } = of.family {
            line.insert("parent".into(), if parent == "*" { "any record" } else { parent }.into());
            line.insert("parent_column".into(), column.into());
        }
        line.insert("description".into(), of.doc.into());
        line.insert("operations".into(), json!(operations(&may, of)));
        Value::Object(line)
    });
    Ok(success(json!({ "items": shown.collect::<Vec<_>>() })))
}

async fn describe(call: Call<'_>, is_part: bool) -> Outcome {
    let of = if is_part { subrecord_type(&call, Operation::Read).await? } else { record_type(&call, Operation::Read).await? };
    let mut answer = Map::new();
    answer.insert(if is_part { "subrecord_type" } else { "record_type" }.into(), of.name.into());
    answer.insert("description".into(), of.doc.into());
    let mode = call.arguments.text("mode");
    let schemas = [
        ("create", serves(Operation::Create, of).then(|| schema::create(of))),
        ("update", serves(Operation::Update, of).then(|| schema::update(of))),
        ("read", Some(schema::read(of))),
    ];
    for (name, schema) in schemas {
        if mode.is_none_or(|mode| mode == name) {
            answer.insert(name.into(), schema.map_or(Value::Null, lean));
        }
    }
    if size::size(&Value::Object(answer.clone())) > size::RESULT {
        answer.insert("read".into(), Value::Null);
        answer.insert("truncated".into(), true.into());
        let mut arguments = call.wire.arguments.clone();
        arguments.insert("mode".into(), "read".into());
        answer.insert(
            "next".into(),
            size::next_call(if is_part { "describe_subrecord_type" } else { "describe_record_type" }, Value::Object(arguments)),
        );
    }
    Ok(success(Value::Object(answer)))
}

/// A schema without what stands beside it already.
fn lean(mut schema: Value) -> Value {
    if let Some(map) = schema.as_object_mut() {
        map.shift_remove("title");
        map.shift_remove("description");
    }
    schema
}
