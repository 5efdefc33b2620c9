//! get_execution_events: the recorded calls of an execution, in bounded pages.

use std::time::Duration;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::definition::{Argument, Call, Definition, Need, Outcome, READS, Shape};
use super::execution::{about, brief, id_of};
use super::size::{self, next_call};
use crate::mcp::answer::success;
use crate::mcp::run::{has_ended, seconds_allowed};
use crate::service::{Operation, StepPage, StepQuery, ToolGroup};

/// Steps of a page unless more are asked for.
const LIMIT: u32 = 50;
const MOST: u64 = 1_000;
/// Milliseconds of waiting at most.
const LONGEST: u64 = 60_000;

pub(super) static GET_EXECUTION_EVENTS: Definition = Definition {
    name: "get_execution_events",
    group: ToolGroup::Run,
    description: "Shows an execution's flow_api calls and what they gave, in order. Does not show logs.",
    arguments: &[
        Argument::new("execution_id", Shape::Text, "").required(),
        Argument::new("after", Shape::Integer(0, i64::MAX as u64), "The last next_after."),
        Argument::new("max_ms", Shape::Integer(0, LONGEST), "Waits so long for new ones. Default 0."),
        Argument::new("max_events", Shape::Integer(1, MOST), "Default 50."),
        Argument::new("max_bytes", Shape::Integer(1_000, size::MOST), "Default 30000."),
    ],
    annotations: READS,
    need: Need::All(&[(Operation::Read, "EXECUTION")]),
    handler: |call| Box::pin(events(call)),
};

async fn events(call: Call<'_>) -> Outcome {
    let id = id_of(&call)?;
    let arguments = &call.arguments;
    let after = arguments.integer("after").unwrap_or(0);
    let wait = Duration::from_millis(arguments.integer("max_ms").unwrap_or(0)).as_secs_f64();
    let wait = Duration::from_secs_f64(seconds_allowed(call.mcp, wait));
    // Answered calls only: one that is open would be passed over before its answer is there.
    let query = StepQuery { after, limit: arguments.small("max_events").unwrap_or(LIMIT), open: false };
    let clock = call.service().clock();
    let due = clock.instant().plus(wait);
    let mut watch = call.service().execution_watch(call.actor, id).await.map_err(|e| about(e, id))?;
    let found = loop {
        // The state before the steps: what is recorded up to the end is there once the end is.
        let row = tokio::select! {
            biased;
            row = watch.next() => row.map_err(|e| about(e, id))?,
            () = call.wire.gone.cancelled() => break None,
            () = clock.sleep_until(due) => break None,
        };
        let page = call.service().execution_events(call.actor, id, query).await.map_err(|e| about(e, id))?;
        if wait.is_zero() || !page.entries.is_empty() || has_ended(&row) {
            break Some((row, page));
        }
    };
    let (row, page) = match found {
        Some(found) => found,
        None => {
            let row = watch.now().await.map_err(|e| about(e, id))?;
            (row, call.service().execution_events(call.actor, id, query).await.map_err(|e| about(e, id))?)
        }
    };
    let mut answer = Map::new();
    answer.insert("execution_id".into(), json!(id));
    for column in ["status", "blocked_on"] {
        if let Some(value) = row.json(column) {
            answer.insert(column.into(), value.clone());
        }
    }
    put(&call, id, (page, has_ended(&row)), &mut answer);
    Ok(success(Value::Object(answer)))
}

/// As many steps as there is room for.
fn put(call: &Call<'_>, id: Uuid, (page, has_ended): (StepPage, bool), answer: &mut Map<String, Value>) {
    let mut room = call.arguments.size("max_bytes").unwrap_or(size::RESULT);
    let most = if call.arguments.has("max_bytes") { room } else { size::VALUE };
    let (there, mut next) = (page.entries.len(), page.next);
    let (mut shown, mut cuts) = (Vec::new(), Vec::new());
    let mut last = call.arguments.integer("after").unwrap_or(0);
    for (cursor, step) in page.entries {
        let mut inner = Vec::new();
        let before = last;
        let step = size::shrink(Value::Object(brief(step)), most.min(room.max(200)), "", &mut inner);
        let needed = size::size(&step) + 1;
        if needed > room && !shown.is_empty() {
            break;
        }
        room = room.saturating_sub(needed);
        cuts.extend(inner.into_iter().map(|cut| (shown.len(), before, cut)));
        shown.push(step);
        last = cursor;
    }
    let is_short = shown.len() < there;
    if is_short {
        next = last;
    }
    let has_more = page.has_more || is_short;
    if is_short || !cuts.is_empty() {
        answer.insert("truncated".into(), true.into());
    }
    answer.insert("events".into(), shown.into());
    answer.insert("next_after".into(), next.into());
    answer.insert("has_more".into(), has_more.into());
    answer.insert("has_ended".into(), (has_ended && !has_more).into());
    let notes: Vec<Value> = cuts
        .iter()
        .take(10)
        .map(|(at, before, cut)| {
            let arguments = json!({ "execution_id": id, "after": before, "max_events": 1, "max_bytes": size::MOST });
            let mut note = cut.note(&next_call("get_execution_events", arguments));
            note["path"] = format!("/events/{at}{}", cut.pointer).into();
            note
        })
        .collect();
    if !notes.is_empty() {
        answer.insert("cuts".into(), notes.into());
    }
}
