//! get_record and get_subrecord: one record, or one part of one.

use serde_json::{Map, Value};

use super::definition::{Argument, Call, Definition, Need, Outcome, READS, Shape};
use super::execution::Window;
use super::record_list::rest;
use super::record_type::{record_type, subrecord_type};
use super::size;
use super::{argument, path};
use crate::error::{Error, Kind};
use crate::mcp::answer::{Refusal, success};
use crate::records::RecordType;
use crate::service::{Operation, Selector, ToolGroup};

const PATH: Argument = Argument::new("path", Shape::Text, "Part of it: /script.");
const OFFSET: Argument = Argument::new("offset", Shape::Integer(0, u32::MAX as u64), "");
const MAX_CHARS: Argument = Argument::new("max_chars", Shape::Integer(100, size::MOST), "");

pub(super) static GET_RECORD: Definition = Definition {
    name: "get_record",
    group: ToolGroup::Read,
    description: "Shows one record by id or name. Long values are cut: read on with path and offset. Does not show a file's content.",
    arguments: &[
        Argument::new("record_type", Shape::Text, "").required(),
        Argument::new("record_id", Shape::Text, ""),
        Argument::new("name", Shape::Text, ""),
        Argument::new("fields", Shape::TextList, ""),
        PATH,
        OFFSET,
        MAX_CHARS,
    ],
    annotations: READS,
    need: Need::Record(Operation::Read),
    handler: |call| Box::pin(record(call)),
};

pub(super) static GET_SUBRECORD: Definition = Definition {
    name: "get_subrecord",
    group: ToolGroup::Read,
    description: "Shows a part of a record by id. Does not show its parent.",
    arguments: &[
        Argument::new("subrecord_type", Shape::Text, "").required(),
        Argument::new("id", Shape::Text, "").required(),
        Argument::new("fields", Shape::TextList, ""),
        Argument::new("path", Shape::Text, ""),
        Argument::new("offset", Shape::Integer(0, u32::MAX as u64), ""),
    ],
    annotations: READS,
    need: Need::Part(Operation::Read),
    handler: |call| Box::pin(subrecord(call)),
};

/// Which record a call means. Types without unique names go by id alone.
pub(super) fn selector(call: &Call<'_>, of: &RecordType) -> Result<Selector, Refusal> {
    let selector = call.arguments.required_selector("record_id", "name")?;
    match selector {
        Selector::Name(name) if !of.is_named() => {
            let text = format!("{} records have no unique names: '{name}' is no id. Give 'record_id', a UUID.", of.name);
            Err(Error::invalid(text).field("/record_id").into())
        }
        selector => Ok(selector),
    }
}

/// The id in `id`, which every subrecord tool that names one has.
pub(super) fn part_selector(call: &Call<'_>) -> Result<Selector, Refusal> {
    Ok(Selector::Id(argument::uuid(call.arguments.text("id").unwrap_or_default(), "/id")?))
}

/// An error about a record, with where to look when there is none.
pub(super) fn about(error: Error, of: &RecordType) -> Refusal {
    let has_near = error.detail_value().is_some_and(|details| details.get("near").is_some());
    if error.kind() != Kind::NotFound || has_near {
        return error.into();
    }
    let hint = if of.is_subrecord() {
        format!("list_subrecords with subrecord_type {} lists those this key may read.", of.name)
    } else {
        format!("list_records with record_type {} lists those this key may read.", of.name)
    };
    Refusal::from(error).hint(hint)
}

async fn record(call: Call<'_>) -> Outcome {
    let of = record_type(&call, Operation::Read).await?;
    let selector = selector(&call, of)?;
    show(&call, of, &selector).await
}

async fn subrecord(call: Call<'_>) -> Outcome {
    let of = subrecord_type(&call, Operation::Read).await?;
    let selector = part_selector(&call)?;
    show(&call, of, &selector).await
}

async fn show(call: &Call<'_>, of: &'static RecordType, selector: &Selector) -> Outcome {
    let arguments = &call.arguments;
    let most = arguments.size("max_chars").unwrap_or(size::VALUE);
    let fields = arguments.list("fields").filter(|fields| !fields.iter().any(|f| f == "*"));
    let found = call.service().record_get(call.actor, of, selector, fields.as_deref()).await.map_err(|e| about(e, of))?;
    let id = Value::from(found.id.to_string());
    if arguments.has("path") || arguments.has("offset") {
        let parts = path::parts(arguments.text("path").unwrap_or_default());
        let value = path::look(&Value::Object(found.record), &parts)?;
        let mut answer = Map::new();
        answer.insert("id".into(), id.clone());
        answer.insert("version".into(), found.version.into());
        let pointer = path::pointer(&parts);
        let window = Window { value, pointer: &pointer, offset: arguments.size("offset").unwrap_or(0), most };
        window.put(&mut answer, |cut| rest(of, Some(&id), cut));
        return Ok(success(Value::Object(answer)));
    }
    let mut cuts = Vec::new();
    let mut record = Map::new();
    for (name, value) in found.record {
        // What was asked for by name is shown even when there is nothing in it.
        if !value.is_null() || fields.is_some() {
            let pointer = format!("/{name}");
            record.insert(name, size::shrink(value, most, &pointer, &mut cuts));
        }
    }
    let whole = size::RESULT.max(most + size::VALUE);
    let record = size::shrink(Value::Object(record), whole, "", &mut cuts);
    let mut answer = Map::new();
    answer.insert("record".into(), record);
    size::mark(&mut answer, &cuts, |cut| rest(of, Some(&id), cut));
    Ok(success(Value::Object(answer)))
}
