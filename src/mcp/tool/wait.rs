//! wait_for_executions: one call for many executions, woken by their ends.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::argument::uuid;
use super::definition::{Argument, Call, Definition, Need, Outcome, READS, Shape};
use super::execution::rest_of_output;
use super::message;
use super::size::{self, Cut, next_call};
use crate::error::{Error, Kind, Result};
use crate::mcp::answer::{Refusal, head, success};
use crate::mcp::run::{Reporter, SILENCE, has_ended, seconds_allowed};
use crate::service::{Operation, Row, ToolGroup, Watch};

/// Seconds of waiting when nothing is asked for.
const WAIT: f64 = 300.0;
/// Seconds of waiting at most.
const LONGEST: u64 = 3_600;
/// Executions of one call.
const MOST: usize = 100;
/// Characters of a status message in a list of many.
const MESSAGE: usize = 1_000;

pub(super) static WAIT_FOR_EXECUTIONS: Definition = Definition {
    name: "wait_for_executions",
    group: ToolGroup::Run,
    description: "Waits until executions have ended and gives their outputs, or says which still run. Does not stop them.",
    arguments: &[
        Argument::new("execution_ids", Shape::TextList, "1 to 100.").required(),
        Argument::new("timeout_sec", Shape::Seconds(LONGEST), "Default 300."),
        Argument::new("mode", Shape::Word(&["all", "any"]), "any: until the first ended. Default all."),
    ],
    annotations: READS,
    need: Need::All(&[(Operation::Read, "EXECUTION")]),
    handler: |call| Box::pin(wait(call)),
};

/// One of the executions, with what was last seen of it.
struct Waited {
    id: Uuid,
    row: Row,
}

/// What the answer may have of an execution that has ended, and of one that has not.
const ENDED: [&str; 5] = ["name", "status", "duration_ms", "status_message", "output_value"];
const OPEN: [&str; 5] = ["name", "status", "message", "progress", "blocked_on"];

impl Waited {
    /// Many calls wait for many executions at once: no more is held than what may be answered.
    fn new(id: Uuid, row: Row) -> Waited {
        let columns = if has_ended(&row) { ENDED } else { OPEN };
        Waited { id, row: row.keeping(|column| columns.contains(&column)) }
    }
}

async fn wait(call: Call<'_>) -> Outcome {
    let ids = ids(&call)?;
    let seconds = seconds_allowed(call.mcp, call.arguments.seconds("timeout_sec").unwrap_or(WAIT));
    let clock = call.service().clock().clone();
    let began = clock.instant();
    let watches = Box::pin(watches(&call, &ids)).await?;
    let any = call.arguments.text("mode") == Some("any");
    let seen = until_ended(&call, watches, (any, Duration::from_secs_f64(seconds))).await?;
    let waited = clock.instant().since(began).as_secs_f64();
    let mut answer = Map::new();
    let (ended, open): (Vec<&Waited>, Vec<&Waited>) = seen.iter().partition(|one| has_ended(&one.row));
    let mut cuts = Vec::new();
    let room = (size::RESULT / ended.len().max(1)).min(size::VALUE);
    let ended: Vec<Value> = ended.into_iter().map(|one| shown(one, room, &mut cuts)).collect();
    let ids_open: Vec<Uuid> = open.iter().map(|one| one.id).collect();
    let open: Vec<Value> = open.into_iter().map(still_going).collect();
    answer.insert("ended".into(), ended.into());
    answer.insert("not_ended".into(), open.into());
    answer.insert("timeout_applied_sec".into(), json!(seconds));
    answer.insert("waited_sec".into(), json!((waited * 1000.0).round() / 1000.0));
    if !ids_open.is_empty() {
        answer.insert("next".into(), next_call("wait_for_executions", json!({ "execution_ids": ids_open })));
    }
    if !cuts.is_empty() {
        answer.insert("truncated".into(), true.into());
        let notes: Vec<Value> = cuts.iter().take(10).map(|(id, cut)| of_execution(*id, cut)).collect();
        answer.insert("cuts".into(), notes.into());
    }
    Ok(success(Value::Object(answer)))
}

fn of_execution(id: Uuid, cut: &Cut) -> Value {
    let mut note = cut.note(&rest_of_output(id, cut));
    note["execution_id"] = json!(id);
    note
}

/// The ids asked for, each once.
fn ids(call: &Call<'_>) -> Result<Vec<Uuid>> {
    let mut ids = Vec::new();
    for (at, text) in call.arguments.list("execution_ids").unwrap_or_default().iter().enumerate() {
        let id = uuid(text, &format!("/execution_ids/{at}"))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    if (1..=MOST).contains(&ids.len()) {
        Ok(ids)
    } else {
        Err(Error::invalid(format!("Give 1 to {MOST} ids; these are {}.", ids.len())).field("/execution_ids"))
    }
}

/// A watch on each; those that are not there are all named.
async fn watches(call: &Call<'_>, ids: &[Uuid]) -> Result<Vec<Watch>, Refusal> {
    let (mut watches, mut missing) = (Vec::with_capacity(ids.len()), Vec::new());
    for id in ids {
        match call.service().execution_watch(call.actor, *id).await {
            Ok(watch) => watches.push(watch),
            Err(error) if error.kind() == Kind::NotFound => missing.push(id.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    if missing.is_empty() {
        return Ok(watches);
    }
    let text = format!("There is no execution {}.", missing.join(", "));
    let error = Error::not_found(text).field("/execution_ids").details(json!({ "missing": missing }));
    Err(Refusal::from(error).hint("Call again without those; list_executions lists those this key may read."))
}

/// Looks at all of them, then waits for news until enough have ended.
async fn until_ended(call: &Call<'_>, watches: Vec<Watch>, (any, limit): (bool, Duration)) -> Result<Vec<Waited>, Refusal> {
    let clock = call.service().clock();
    let due = clock.instant().plus(limit);
    let mut seen = Vec::with_capacity(watches.len());
    let mut news = FuturesUnordered::new();
    for (at, mut watch) in watches.into_iter().enumerate() {
        let row = watch.next().await.map_err(|e| Refusal::from(e).of(watch.id))?;
        let is_open = !has_ended(&row);
        seen.push(Waited::new(watch.id, row));
        if is_open {
            news.push(look(at, watch));
        }
    }
    let mut reporter = Reporter::new(call.wire);
    loop {
        let ended = seen.iter().filter(|one| has_ended(&one.row)).count();
        if ended == seen.len() || (any && ended > 0) {
            return Ok(seen);
        }
        let silence = clock.instant().plus(SILENCE);
        tokio::select! {
            biased;
            Some((at, watch, row)) = news.next() => {
                let row = row.map_err(|e| Refusal::from(e).of(watch.id))?;
                let is_last_news = has_ended(&row);
                if let Some(one) = seen.get_mut(at) {
                    *one = Waited::new(one.id, row);
                }
                if is_last_news {
                    reporter.count(ended + 1, seen.len());
                } else {
                    news.push(look(at, watch));
                }
            }
            () = call.wire.gone.cancelled() => return Ok(seen),
            () = clock.sleep_until(due) => return Ok(seen),
            () = clock.sleep_until(silence), if call.wire.progress.is_some() => reporter.count(ended, seen.len()),
        }
    }
}

async fn look(at: usize, mut watch: Watch) -> (usize, Watch, Result<Row>) {
    let row = watch.next().await;
    (at, watch, row)
}

/// One that has ended; its output within `room` characters.
fn shown(one: &Waited, room: usize, cuts: &mut Vec<(Uuid, Cut)>) -> Value {
    let mut line = Map::new();
    line.insert("execution_id".into(), json!(one.id));
    for column in ["name", "status", "duration_ms"] {
        if let Some(value) = one.row.json(column) {
            line.insert(column.into(), value.clone());
        }
    }
    if let Some(message) = one.row.text("status_message") {
        line.insert("status_message".into(), head(message, MESSAGE).into());
    }
    let mut inner = Vec::new();
    let output = one.row.json("output_value").cloned().unwrap_or_default();
    line.insert("output_value".into(), size::shrink(output, room, "", &mut inner));
    cuts.extend(inner.into_iter().map(|cut| (one.id, cut)));
    Value::Object(line)
}

fn still_going(one: &Waited) -> Value {
    let mut line = Map::new();
    line.insert("execution_id".into(), json!(one.id));
    for column in OPEN {
        if let Some(value) = one.row.json(column) {
            line.insert(column.into(), value.clone());
        }
    }
    if let Some(next) = message::asked(&one.row, one.id) {
        line.insert("next".into(), next);
    }
    Value::Object(line)
}
