//! list_records and list_subrecords, and how every list of records answers: few columns, a total, where it goes on.

use serde_json::{Map, Value, json};

use super::definition::{Argument, Call, Definition, Need, Outcome, READS, Shape};
use super::record_type::{record_type, subrecord_type};
use super::size::{self, next_call};
use crate::error::{Error, Kind};
use crate::mcp::answer::{Refusal, success};
use crate::records::{Field, Kind as FieldKind, RecordType, Storage};
use crate::service::{ListRequest, Operation, RecordPage, ToolGroup};

/// Records of one page unless more are asked for.
const LIMIT: u32 = 20;
/// Records of one page at the most.
pub(super) const MOST: u64 = 1_000;
pub(super) const FIELDS_DOC: &str = "Columns; [\"*\"] for all.";
const FILTER_DOC: &str = "{field, op, value} or {and: [...]} or {or: [...]}. Ops: eq neq like notlike lt gt lte gte set unset in notin.";

pub(super) static LIST_RECORDS: Definition = Definition {
    name: "list_records",
    group: ToolGroup::Read,
    description: "Finds records of one type: flows, settings, files and so on. Shows a few columns; get_record shows all.",
    arguments: &[
        Argument::new("record_type", Shape::Text, "Such as FLOW.").required(),
        Argument::new("fields", Shape::TextList, FIELDS_DOC),
        Argument::new("order", Shape::TextList, "Default -modified_at."),
        Argument::new("filter_", Shape::Object, FILTER_DOC),
        Argument::new("limit", Shape::Integer(1, MOST), "Default 20."),
        Argument::new("offset", Shape::Integer(0, u32::MAX as u64), ""),
    ],
    annotations: READS,
    need: Need::Record(Operation::Read),
    handler: |call| Box::pin(records(call)),
};

pub(super) static LIST_SUBRECORDS: Definition = Definition {
    name: "list_subrecords",
    group: ToolGroup::Read,
    description: "Finds parts of records, such as RECORD_METADATA. Does not list logs: see get_execution_logs.",
    arguments: &[
        Argument::new("subrecord_type", Shape::Text, "").required(),
        Argument::new("parent_record_id", Shape::Text, ""),
        Argument::new("fields", Shape::TextList, ""),
        Argument::new("order", Shape::TextList, ""),
        Argument::new("filter_", Shape::Object, "As in list_records."),
        Argument::new("limit", Shape::Integer(1, MOST), ""),
        Argument::new("offset", Shape::Integer(0, u32::MAX as u64), ""),
    ],
    annotations: READS,
    need: Need::Part(Operation::Read),
    handler: |call| Box::pin(subrecords(call)),
};

/// A list as one tool gives it.
pub(super) struct Page<'a> {
    pub(super) of: &'static RecordType,
    /// Which tool goes on with it.
    pub(super) tool: &'static str,
    /// Shown when none are asked for.
    pub(super) fields: &'a [&'a str],
    /// Used when none is asked for.
    pub(super) order: &'a str,
    /// Filters besides the caller's.
    pub(super) extra: Vec<Value>,
}

async fn records(call: Call<'_>) -> Outcome {
    let of = record_type(&call, Operation::Read).await?;
    answer(&call, Page { of, tool: "list_records", fields: &usual_fields(of), order: newest_first(of), extra: Vec::new() }).await
}

/// Entries of the audit log are never modified.
fn newest_first(of: &RecordType) -> &'static str {
    if of.field("modified_at").is_some() { "-modified_at" } else { "-id" }
}

async fn subrecords(call: Call<'_>) -> Outcome {
    let of = subrecord_type(&call, Operation::Read).await?;
    let parent = call.arguments.id("parent_record_id")?;
    if !of.is_listed() {
        let tool = if of.name == "EXECUTION_LOG" { "get_execution_logs" } else { "get_execution_events" };
        let error = Error::invalid(format!("{} is read with its execution, by {tool}.", of.name)).field("/subrecord_type");
        return Err(Refusal::from(error).hint(format!("Call {tool} with the execution_id.")));
    }
    let extra = parent.zip(of.parent_column()).map(|(id, column)| json!({ "field": column, "op": "eq", "value": id }));
    answer(
        &call,
        Page { of, tool: "list_subrecords", fields: &usual_fields(of), order: "-modified_at", extra: extra.into_iter().collect() },
    )
    .await
}

/// The columns that tell records of a type apart, and that are never long.
pub(super) fn usual_fields(of: &'static RecordType) -> Vec<&'static str> {
    const FAMILY: [&str; 4] = ["id", "name", "project_id", "modified_at"];
    let is_short = |field: &&Field| {
        field.storage == Storage::Column
            && !matches!(field.kind, FieldKind::Json | FieldKind::JsonSchema | FieldKind::Bytes | FieldKind::Text)
    };
    let mut fields: Vec<&str> = FAMILY.into_iter().filter(|name| of.field(name).is_some()).collect();
    match of.name {
        "EXECUTION" => fields.extend(["status", "flow_name", "created_at", "duration_ms"]),
        "FLOW" => fields.extend(["description", "has_syntax_error", "can_execute"]),
        _ if of.is_subrecord() => fields.extend(of.own.iter().filter(is_short).map(|field| field.name)),
        _ => {
            fields.push("description");
            fields.extend(of.own.iter().filter(is_short).map(|field| field.name));
        }
    }
    let mut seen = Vec::new();
    for name in fields {
        if !seen.contains(&name) && of.field(name).is_some_and(Field::is_readable) {
            seen.push(name);
        }
    }
    seen
}

/// A page that is no larger than an answer should be: what does not fit is on the next one.
pub(super) async fn answer(call: &Call<'_>, page: Page<'_>) -> Outcome {
    let (of, tool) = (page.of, page.tool);
    let (request, extra) = (request(call, &page), page.extra.len());
    let found = call.service().record_list(call.actor, of, &request).await.map_err(|e| misplaced(e, of, extra))?;
    Ok(success(shown(call, (of, tool), found)))
}

fn request(call: &Call<'_>, page: &Page<'_>) -> ListRequest {
    let arguments = &call.arguments;
    let mut filters = page.extra.clone();
    filters.extend(arguments.value("filter_"));
    let filter = match filters.len() {
        0 => None,
        1 => filters.pop(),
        _ => Some(json!({ "and": filters })),
    };
    let order = arguments.list("order").unwrap_or_else(|| vec![page.order.to_owned()]);
    let fields = match arguments.list("fields") {
        None => Some(page.fields.iter().map(|f| (*f).to_owned()).collect()),
        Some(all) if all.iter().any(|f| f == "*") => None,
        Some(some) => Some(some),
    };
    let (limit, offset) = (arguments.small("limit").unwrap_or(LIMIT), arguments.small("offset").unwrap_or(0));
    ListRequest { filter, order, fields, limit: Some(limit), offset, trash: false }
}

fn shown(call: &Call<'_>, (of, tool): (&RecordType, &str), page: RecordPage) -> Value {
    let mut cuts = Vec::new();
    let mut room = size::RESULT;
    let mut items = Vec::new();
    let there = page.items.len();
    for (at, item) in page.items.into_iter().enumerate() {
        let mut inner = Vec::new();
        let id = item.get("id").cloned();
        let small: Map<String, Value> = item
            .into_iter()
            .map(|(name, value)| {
                let value = size::shrink(value, size::VALUE, &format!("/{name}"), &mut inner);
                (name, value)
            })
            .collect();
        let needed = size::size(&Value::Object(small.clone())) + 1;
        if at > 0 && needed > room {
            break;
        }
        room = room.saturating_sub(needed);
        cuts.extend(inner.into_iter().map(|cut| (at, id.clone(), cut)));
        items.push(Value::Object(small));
    }
    let end = u64::from(page.offset) + items.len() as u64;
    let is_short = items.len() < there;
    let mut answer = Map::new();
    answer.insert("items".into(), items.into());
    answer.insert("total".into(), page.total.into());
    if page.total_is_lower_bound {
        answer.insert("total_is_lower_bound".into(), true.into());
    }
    if end < page.total {
        answer.insert("next_offset".into(), end.into());
    }
    if !cuts.is_empty() || is_short {
        answer.insert("truncated".into(), true.into());
    }
    if is_short {
        let mut arguments = call.wire.arguments.clone();
        arguments.insert("offset".into(), end.into());
        answer.insert("next".into(), next_call(tool, Value::Object(arguments)));
    }
    let notes: Vec<Value> = cuts
        .iter()
        .take(10)
        .map(|(at, id, cut)| {
            let mut note = cut.note(&rest(of, id.as_ref(), cut));
            note["path"] = format!("/items/{at}{}", cut.pointer).into();
            note
        })
        .collect();
    if !notes.is_empty() {
        answer.insert("cuts".into(), notes.into());
    }
    Value::Object(answer)
}

/// The call that shows what comes after a cut in a record.
pub(super) fn rest(of: &RecordType, id: Option<&Value>, cut: &size::Cut) -> Value {
    let (path, offset) = (&cut.pointer, cut.shown);
    if of.is_subrecord() {
        next_call("get_subrecord", json!({ "subrecord_type": of.name, "id": id, "path": path, "offset": offset }))
    } else {
        next_call("get_record", json!({ "record_type": of.name, "record_id": id, "path": path, "offset": offset }))
    }
}

/// The error with its place under the name that this door's argument has.
fn misplaced(error: Error, of: &RecordType, extra: usize) -> Refusal {
    let hint = match error.kind() {
        Kind::Invalid => {
            let tool = if of.is_subrecord() { "describe_subrecord_type" } else { "describe_record_type" };
            Some(format!("{tool} lists the columns of {}.", of.name))
        }
        _ => None,
    };
    // A filter's own places begin at the filter, or below the group that was put around it.
    let place = match error.field_pointer() {
        Some("/order" | "/fields" | "/limit") | None => None,
        Some(place) if extra > 0 => Some(format!("/filter_{}", place.strip_prefix(&format!("/and/{extra}")).unwrap_or(place))),
        Some(place) => Some(format!("/filter_{place}")),
    };
    let has_near = error.detail_value().and_then(|d| d.get("near")).and_then(Value::as_array).is_some_and(|near| !near.is_empty());
    let refusal = Refusal::from(match place {
        Some(place) => error.field(place),
        None => error,
    });
    match hint {
        Some(hint) if !has_near => refusal.hint(hint),
        _ => refusal,
    }
}
