//! get_execution and list_executions: how executions stand and what came of them.

use flowstead_wire::{Content, Resource};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::definition::{Argument, Call, Definition, Need, Outcome, READS, Shape};
use super::path;
use super::record_list::{self, FIELDS_DOC, Page};
use super::size::{self, Cut, next_call};
use crate::error::{Error, Result, did_you_mean, near_names};
use crate::mcp::answer::{Refusal, success, success_with};
use crate::records::{self, RecordType, Status};
use crate::service::{Operation, Selector, StepQuery, ToolGroup, WRAPPER};

/// Columns shown when none are asked for; those that are null are left out.
const SHOWN: [&str; 15] = [
    "name",
    "status",
    "status_message",
    "status_hint",
    "status_data",
    "message",
    "progress",
    "blocked_on",
    "output_value",
    "flow_name",
    "parent_execution_id",
    "created_at",
    "started_at",
    "ended_at",
    "duration_ms",
];
/// Columns of a list.
const LISTED: [&str; 7] = ["id", "name", "flow_name", "status", "created_at", "duration_ms", "message"];
/// Steps shown with an execution: the first ones.
const STEPS: u32 = 50;

pub(super) static GET_EXECUTION: Definition = Definition {
    name: "get_execution",
    group: ToolGroup::Run,
    description: "Shows how an execution stands and what it gave. Large outputs are cut: read on with path and offset. Does not wait.",
    arguments: &[
        Argument::new("execution_id", Shape::Text, "").required(),
        Argument::new("fields", Shape::TextList, "Columns instead, such as input_value."),
        Argument::new("include", Shape::TextList, "steps: its recorded calls."),
        Argument::new("path", Shape::Text, "Part of output_value: rows[0].name."),
        Argument::new("offset", Shape::Integer(0, u32::MAX as u64), ""),
        Argument::new("max_chars", Shape::Integer(100, size::MOST), "Default 8000."),
    ],
    annotations: READS,
    need: Need::All(&[(Operation::Read, "EXECUTION")]),
    handler: |call| Box::pin(get(call)),
};

pub(super) static LIST_EXECUTIONS: Definition = Definition {
    name: "list_executions",
    group: ToolGroup::Run,
    description: "Finds executions, newest first. For outputs see get_execution.",
    arguments: &[
        Argument::new("flow_id", Shape::Text, ""),
        Argument::new("flow_name", Shape::Text, ""),
        Argument::new("project", Shape::Text, ""),
        Argument::new("status", Shape::TextList, "Such as RUNNING, ENDED_ERROR."),
        Argument::new("fields", Shape::TextList, FIELDS_DOC),
        Argument::new("order", Shape::TextList, ""),
        Argument::new("filter_", Shape::Object, "As in list_records."),
        Argument::new("limit", Shape::Integer(1, record_list::MOST), "Default 20."),
        Argument::new("offset", Shape::Integer(0, u32::MAX as u64), ""),
    ],
    annotations: READS,
    need: Need::All(&[(Operation::Read, "EXECUTION")]),
    handler: |call| Box::pin(list(call)),
};

/// The type of its records.
pub(super) fn of() -> &'static RecordType {
    records::find("EXECUTION").expect("EXECUTION is a record type")
}

/// The id in the argument that every tool here has.
pub(super) fn id_of(call: &Call<'_>) -> Result<Uuid> {
    call.arguments.id("execution_id")?.ok_or_else(|| Error::invalid("'execution_id' is required.").field("/execution_id"))
}

/// An error about an execution that is not there, with where to look.
pub(super) fn about(error: Error, id: Uuid) -> Refusal {
    match error.kind() {
        crate::error::Kind::NotFound => Refusal::from(error).hint("list_executions lists those this key may read."),
        _ => Refusal::from(error).of(id),
    }
}

/// A link to the whole output, for hosts that read resources. `size` is of its JSON text.
pub(in crate::mcp) fn output_link(id: Uuid, size: usize) -> Content {
    Content::Link(Resource {
        uri: format!("execution://{id}/output"),
        name: "output".into(),
        title: Some("The whole output".into()),
        mime_type: Some("application/json".into()),
        size: u64::try_from(size).ok(),
        ..Resource::default()
    })
}

/// The call that shows what comes after a cut in the output.
pub(super) fn rest_of_output(id: Uuid, cut: &Cut) -> Value {
    next_call("get_execution", json!({ "execution_id": id, "path": path_or_all(&cut.pointer), "offset": cut.shown }))
}

/// An output as an answer of its own, cut where it is too long for one; what is no object stands under [`WRAPPER`] then. Nothing
/// when it fits.
pub(in crate::mcp) fn cut_output(id: Uuid, output: &Value) -> Option<(Map<String, Value>, Content)> {
    let whole = size::size(output);
    if whole <= size::RESULT {
        return None;
    }
    let mut cuts = Vec::new();
    let mut answer = match size::shrink(output.clone(), size::RESULT - size::VALUE, "", &mut cuts) {
        Value::Object(map) => map,
        other => Map::from_iter([(WRAPPER.to_owned(), other)]),
    };
    size::mark(&mut answer, &cuts, |cut| rest_of_output(id, cut));
    Some((answer, output_link(id, whole)))
}

/// The whole value has an empty pointer, which reads as no path.
pub(super) fn path_or_all(pointer: &str) -> &str {
    if pointer.is_empty() { "$" } else { pointer }
}

async fn get(call: Call<'_>) -> Outcome {
    let id = id_of(&call)?;
    let arguments = &call.arguments;
    let steps = wants_steps(arguments.list("include"))?;
    let most = arguments.size("max_chars").unwrap_or(size::VALUE);
    if arguments.has("path") || arguments.has("offset") {
        return part(&call, id, most).await;
    }
    let given = arguments.list("fields");
    let fields: Vec<String> = given.clone().unwrap_or_else(|| SHOWN.map(str::to_owned).to_vec());
    let found = call.service().record_get(call.actor, of(), &Selector::Id(id), Some(&fields)).await.map_err(|e| about(e, id))?;
    let mut answer = Map::new();
    answer.insert("execution_id".into(), json!(id));
    let (mut cuts, mut links) = (Vec::new(), Vec::new());
    for field in &fields {
        let Some(value) = found.record.get(field).cloned() else { continue };
        if value.is_null() && given.is_none() && field != "output_value" {
            continue;
        }
        if field == "output_value" && size::size(&value) > most {
            links.push(output_link(id, size::size(&value)));
        }
        answer.insert(field.clone(), size::shrink(value, most, &format!("/{field}"), &mut cuts));
    }
    if steps {
        let (steps, next) = steps_of(&call, id).await?;
        answer.insert("steps".into(), size::shrink(steps, size::VALUE, "/steps", &mut cuts));
        if let Some(next) = next {
            answer.insert("more_steps".into(), next);
        }
    }
    let whole = size::RESULT.max(most + size::VALUE);
    let Value::Object(mut answer) = size::shrink(Value::Object(answer), whole, "", &mut cuts) else {
        return Err(Error::internal("an object was cut to something else").into());
    };
    size::mark(&mut answer, &cuts, |cut| rest(id, cut));
    Ok(success_with(Value::Object(answer), links))
}

/// The call for what comes after a cut, whichever column it is in.
fn rest(id: Uuid, cut: &Cut) -> Value {
    if cut.pointer.starts_with("/steps") {
        return next_call("get_execution_events", json!({ "execution_id": id }));
    }
    match cut.pointer.strip_prefix("/output_value") {
        Some(inside) => rest_of_output(id, &Cut { pointer: inside.to_owned(), ..cut.clone() }),
        None => next_call("get_record", json!({ "record_type": "EXECUTION", "record_id": id, "path": cut.pointer, "offset": cut.shown })),
    }
}

/// One part of the output.
async fn part(call: &Call<'_>, id: Uuid, most: usize) -> Outcome {
    let fields = ["status".to_owned(), "output_value".to_owned()];
    let found = call.service().record_get(call.actor, of(), &Selector::Id(id), Some(&fields)).await.map_err(|e| about(e, id))?;
    let output = found.record.get("output_value").cloned().unwrap_or_default();
    let mut parts = path::parts(call.arguments.text("path").unwrap_or_default());
    // The column itself is no part of what is in it, but it is natural to begin with it.
    let is_column = |part: &String| matches!(part.as_str(), "output_value" | "output") && output.get(part).is_none();
    if parts.first().is_some_and(is_column) {
        parts.remove(0);
    }
    let value = path::look(&output, &parts).map_err(|e| Refusal::from(e).of(id))?;
    let pointer = path::pointer(&parts);
    let mut answer = Map::new();
    answer.insert("execution_id".into(), json!(id));
    answer.insert("status".into(), found.record.get("status").cloned().unwrap_or_default());
    let window = Window { value, pointer: &pointer, offset: call.arguments.size("offset").unwrap_or(0), most };
    window.put(&mut answer, |cut| rest_of_output(id, cut));
    Ok(success(Value::Object(answer)))
}

/// A part of a value, from an offset on.
pub(super) struct Window<'a> {
    pub(super) value: Value,
    pub(super) pointer: &'a str,
    pub(super) offset: usize,
    /// Characters.
    pub(super) most: usize,
}

impl Window<'_> {
    /// Puts `path`, `length`, `offset` and `value` into an answer, and the calls that go on where something is cut.
    pub(super) fn put(self, answer: &mut Map<String, Value>, next: impl Fn(&Cut) -> Value) {
        answer.insert("path".into(), path_or_all(self.pointer).into());
        if let Some((length, unit)) = size::length(&self.value) {
            answer.insert("length".into(), json!(length));
            answer.insert("unit".into(), unit.into());
            answer.insert("offset".into(), json!(self.offset));
        }
        let is_list = self.value.is_array();
        let mut cuts = Vec::new();
        let shown = size::shrink(size::after(self.value, self.offset), self.most, self.pointer, &mut cuts);
        // Cuts count from the window's beginning; calls count from the value's.
        for cut in &mut cuts {
            if cut.pointer == self.pointer {
                cut.shown += self.offset;
                cut.length += self.offset;
            } else if let (true, Some(inside)) = (is_list, cut.pointer.strip_prefix(&format!("{}/0", self.pointer))) {
                cut.pointer = format!("{}/{}{inside}", self.pointer, self.offset);
            }
        }
        answer.insert("value".into(), shown);
        size::mark(answer, &cuts, next);
    }
}

fn wants_steps(include: Option<Vec<String>>) -> Result<bool> {
    let mut steps = false;
    for word in include.into_iter().flatten() {
        match word.as_str() {
            "steps" => steps = true,
            "messages" => {
                return Err(Error::invalid("'messages' cannot be included: executions have no messages to people yet.").field("/include"));
            }
            other => {
                let near = did_you_mean(other, ["steps"]);
                return Err(Error::invalid(format!("'{other}' cannot be included; there is 'steps'.{near}")).field("/include"));
            }
        }
    }
    Ok(steps)
}

/// The steps, and the call that shows what comes after them.
async fn steps_of(call: &Call<'_>, id: Uuid) -> Result<(Value, Option<Value>), Refusal> {
    let query = StepQuery { after: 0, limit: STEPS, open: true };
    let page = call.service().execution_events(call.actor, id, query).await.map_err(|e| about(e, id))?;
    let next = page.has_more.then(|| next_call("get_execution_events", json!({ "execution_id": id, "after": page.next })));
    Ok((page.entries.into_iter().map(|(_, entry)| Value::Object(brief(entry))).collect(), next))
}

/// A step without what is null and what its list says already.
pub(super) fn brief(mut step: Map<String, Value>) -> Map<String, Value> {
    step.retain(|name, value| !value.is_null() && !matches!(name.as_str(), "execution_id" | "next"));
    step
}

async fn list(call: Call<'_>) -> Outcome {
    let arguments = &call.arguments;
    let mut filters = Vec::new();
    if let Some(id) = arguments.id("flow_id")? {
        filters.push(json!({ "field": "flow_id", "op": "eq", "value": id }));
    }
    if let Some(name) = arguments.text("flow_name") {
        filters.push(json!({ "field": "flow_name", "op": "eq", "value": name.trim() }));
    }
    if let Some(project) = arguments.text("project") {
        let projects = records::find("PROJECT").expect("PROJECT is a record type");
        let found = call.service().record_get(call.actor, projects, &Selector::parse(project), None).await?;
        filters.push(json!({ "field": "project_id", "op": "eq", "value": found.id }));
    }
    if let Some(words) = arguments.list("status") {
        filters.push(json!({ "field": "status", "op": "in", "value": statuses(&words)? }));
    }
    let page = Page { of: of(), tool: "list_executions", fields: &LISTED, order: "-created_at", extra: filters };
    record_list::answer(&call, page).await
}

fn statuses(words: &[String]) -> Result<Vec<&'static str>> {
    let known = |word: &String| {
        let upper = word.trim().to_uppercase();
        Status::from_name(&upper).map(Status::name).ok_or_else(|| {
            let near = near_names(&upper, Status::NAMES);
            let text = format!("'{word}' is no status. There are {}.", Status::NAMES.join(", "));
            Error::invalid(text).field("/status").details(json!({ "near": near }))
        })
    };
    words.iter().map(known).collect()
}
