//! get_execution_logs: what an execution wrote, the end of it and every error first.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::definition::{Argument, Call, Definition, Need, Outcome, READS, Shape};
use super::execution::{about, id_of, of};
use super::size::{self, next_call};
use crate::error::{Error, Result};
use crate::mcp::answer::{Refusal, success};
use crate::service::{LogEntry, LogQuery, Operation, Selector, ToolGroup};

/// Lines shown when nothing is asked for.
const TAIL: u32 = 50;
/// Errors shown beside them, at most.
const ERRORS: u32 = 200;
/// Entries of a page unless more are asked for.
const LIMIT: u32 = 100;
const MOST: u64 = 1_000;

pub(super) static GET_EXECUTION_LOGS: Definition = Definition {
    name: "get_execution_logs",
    group: ToolGroup::Run,
    description: "Shows an execution's log: by default the last 50 entries and all errors. Does not wait for more.",
    arguments: &[
        Argument::new("execution_id", Shape::Text, "").required(),
        Argument::new("after", Shape::Integer(0, i64::MAX as u64), "The last next_after."),
        Argument::new("limit", Shape::Integer(1, MOST), "Default 100."),
        Argument::new("tail", Shape::Integer(1, MOST), "The last so many."),
        Argument::new("level", Shape::Word(&["debug", "info", "warning", "error"]), ""),
        Argument::new("contains", Shape::Text, ""),
        Argument::new("step", Shape::Any, "Name or seq: only lines during it."),
        Argument::new("format", Shape::Word(&["entries", "text"]), ""),
        Argument::new("max_chars", Shape::Integer(100, size::MOST), "Of an entry."),
    ],
    annotations: READS,
    need: Need::All(&[(Operation::Read, "EXECUTION")]),
    handler: |call| Box::pin(logs(call)),
};

/// What was read, by number.
struct Entries {
    found: BTreeMap<u64, LogEntry>,
    /// Read from the end: where there is too much, the oldest goes.
    is_tail: bool,
    has_more: bool,
    next: u64,
}

async fn logs(call: Call<'_>) -> Outcome {
    let id = id_of(&call)?;
    let fields = ["status".to_owned()];
    // The status before the entries: what is written up to the end is there once the end is.
    let found = call.service().record_get(call.actor, of(), &Selector::Id(id), Some(&fields)).await.map_err(|e| about(e, id))?;
    let entries = read(&call, id).await?;
    let mut answer = Map::new();
    answer.insert("execution_id".into(), json!(id));
    answer.insert("status".into(), found.record.get("status").cloned().unwrap_or_default());
    put(&call, id, entries, &mut answer);
    Ok(success(Value::Object(answer)))
}

async fn read(call: &Call<'_>, id: Uuid) -> Result<Entries, Refusal> {
    let arguments = &call.arguments;
    let tail = arguments.small("tail");
    if let Some(other) = ["after", "limit"].into_iter().find(|name| tail.is_some() && arguments.has(name)) {
        let text = format!("'tail' and '{other}' cannot go together; 'tail' says how many and from where.");
        return Err(Error::invalid(text).field("/tail").into());
    }
    let words = |name: &str| arguments.text(name).map(str::to_owned);
    let is_plain = !["after", "limit", "tail", "level", "contains", "step"].into_iter().any(|name| arguments.has(name));
    let query = LogQuery {
        after: arguments.integer("after").unwrap_or(0),
        limit: tail.or(arguments.small("limit")).unwrap_or(if is_plain { TAIL } else { LIMIT }),
        tail: tail.is_some() || is_plain,
        level: words("level"),
        stream: None,
        contains: words("contains"),
        step: match arguments.value("step") {
            Some(step) => {
                let step = step.as_str().map_or_else(|| step.to_string(), str::to_owned);
                Some(call.service().execution_log_step(call.actor, id, &step).await.map_err(|e| Refusal::from(e).of(id))?)
            }
            None => None,
        },
    };
    let page = call.service().execution_logs(call.actor, id, &query).await.map_err(|e| about(e, id))?;
    let mut entries = Entries { found: page.entries.into_iter().collect(), is_tail: query.tail, has_more: page.has_more, next: page.next };
    if is_plain {
        let errors = LogQuery { limit: ERRORS, level: Some("error".into()), ..query };
        let errors = call.service().execution_logs(call.actor, id, &errors).await.map_err(|e| about(e, id))?;
        entries.found.extend(errors.entries);
    }
    Ok(entries)
}

/// As many entries as an answer has room for.
fn put(call: &Call<'_>, id: Uuid, entries: Entries, answer: &mut Map<String, Value>) {
    let most = call.arguments.size("max_chars").unwrap_or(size::VALUE);
    let is_text = call.arguments.text("format") == Some("text");
    let Entries { found, is_tail, mut has_more, mut next } = entries;
    let mut cuts = Vec::new();
    let mut room = size::RESULT.max(most + size::VALUE);
    let mut kept: Vec<(u64, Value)> = Vec::new();
    let in_order: Vec<(u64, LogEntry)> = if is_tail { found.into_iter().rev().collect() } else { found.into_iter().collect() };
    let there = in_order.len();
    for (number, entry) in in_order {
        let mut inner = Vec::new();
        let shown = size::shrink(line(number, &entry), most, "", &mut inner);
        let needed = size::size(&shown) + 1;
        if needed > room && !kept.is_empty() {
            break;
        }
        room = room.saturating_sub(needed);
        cuts.extend(inner.into_iter().map(|cut| (number, cut)));
        kept.push((number, shown));
    }
    let is_short = kept.len() < there;
    if is_tail {
        kept.reverse();
    } else if let (true, Some((last, _))) = (is_short, kept.last()) {
        (has_more, next) = (true, *last);
    }
    if is_text {
        answer.insert("text".into(), kept.iter().map(|(_, entry)| text(entry)).collect::<String>().into());
    } else {
        answer.insert("entries".into(), kept.iter().map(|(_, entry)| entry.clone()).collect());
    }
    answer.insert("next_after".into(), next.into());
    answer.insert("has_more".into(), has_more.into());
    let is_whole = kept.last().is_none_or(|(last, _)| usize::try_from(*last).is_ok_and(|last| last == kept.len()));
    if is_tail && !is_whole && !["level", "contains", "step"].into_iter().any(|name| call.arguments.has(name)) {
        answer.insert("from_the_beginning".into(), next_call("get_execution_logs", json!({ "execution_id": id, "after": 0 })));
    }
    if is_short || !cuts.is_empty() {
        answer.insert("truncated".into(), true.into());
    }
    let notes: Vec<Value> = cuts.iter().take(10).map(|(number, cut)| note(id, *number, cut)).collect();
    if !notes.is_empty() {
        answer.insert("cuts".into(), notes.into());
    }
}

/// A cut in an entry; the whole of it can be asked for, since nothing is longer than a stored entry.
fn note(id: Uuid, number: u64, cut: &size::Cut) -> Value {
    let arguments = json!({ "execution_id": id, "after": number - 1, "limit": 1, "max_chars": size::MOST });
    let mut note = cut.note(&next_call("get_execution_logs", arguments));
    note["seq"] = number.into();
    note
}

fn line(number: u64, entry: &LogEntry) -> Value {
    let mut line = Map::new();
    line.insert("seq".into(), number.into());
    if let Ok(Value::Object(rest)) = serde_json::to_value(entry) {
        line.extend(rest.into_iter().filter(|(name, value)| name != "raw" && !value.is_null()));
    }
    Value::Object(line)
}

/// An entry as a line people read.
fn text(entry: &Value) -> String {
    let part = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut text = format!("{} {:<7} {}", part("at"), part("level"), part("message"));
    if let Some(data) = entry.get("data") {
        // Writing to a String cannot fail.
        let _ = write!(text, " {data}");
    }
    text.push('\n');
    text
}
