//! The rows the engine writes: what an update, a journal entry and an end look like in the store.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use super::event::CallRef;
use super::hold::WaitsFor;
use super::live::{Ending, Live, Results};
use crate::clock;
use crate::error::{Error, Result};
use crate::protocol::{Call, Fault, Op, Recorded, Reply, SHOWN, shown};
use crate::records::{self, Status};
use crate::service::connection;
use crate::store::{Column, Row, StepRow, Write};

/// The seq of the row that holds the handler's outcome.
pub const OUTCOME_SEQ: u32 = u32::MAX;
/// What a journal row takes beside its texts, bytes, about.
const ROW: usize = 200;

/// Columns of one execution to be set.
pub struct ExecutionUpdate {
    row: Row,
}

impl ExecutionUpdate {
    pub fn new(id: Uuid) -> ExecutionUpdate {
        ExecutionUpdate { row: Row::from([("id", Value::String(id.to_string()))]) }
    }

    #[must_use]
    pub fn json(mut self, column: impl Into<Column>, value: Value) -> ExecutionUpdate {
        self.row.set(column, value);
        self
    }

    #[must_use]
    pub fn text(self, column: &'static str, text: &str) -> ExecutionUpdate {
        self.json(column, Value::String(text.to_owned()))
    }

    #[must_use]
    pub fn number(self, column: &'static str, number: i64) -> ExecutionUpdate {
        self.json(column, Value::from(number))
    }

    #[must_use]
    pub fn time(self, column: &'static str, at: Timestamp) -> ExecutionUpdate {
        self.text(column, &clock::format(at))
    }

    #[must_use]
    pub fn time_if(self, set: bool, column: &'static str, at: Timestamp) -> ExecutionUpdate {
        if set { self.time(column, at) } else { self }
    }

    /// The write; `now` becomes `modified_at`.
    pub fn write(self, now: Timestamp) -> Write {
        Write::Update { table: "execution", key: &["id"], row: self.time("modified_at", now).row }
    }
}

/// The last row of an execution.
pub fn end(live: &Live, ending: &Ending, now: Timestamp) -> Write {
    let text = |value: &Option<String>| value.clone().map(Value::String);
    let duration = live.started_at.map_or(Value::Null, |at| json!(i64::try_from(now.duration_since(at).as_millis()).unwrap_or(i64::MAX)));
    let started = live.started_at.map_or(Value::Null, |at| Value::String(clock::format(at)));
    let mut update = ExecutionUpdate::new(live.id);
    // What the inputs of a connection hide is kept as long as it may be carried out.
    if live.link.is_some() {
        update = update.json("protected", Value::Null);
    }
    // Nothing is written to these before the end.
    let told = [
        ("status_message", text(&ending.message)),
        ("status_hint", text(&ending.hint)),
        ("status_data", ending.data.clone()),
        ("failed_after", live.failed_after.map(Value::from)),
        ("exit_status", text(&live.exit_status)),
        ("webhook_reply", live.reply.clone()),
    ];
    for (column, value) in told {
        if let Some(value) = value {
            update = update.json(column, value);
        }
    }
    update
        .text("status", ending.status.name())
        .json("output_value", live.output.clone().unwrap_or(Value::Null))
        .json("started_at", started)
        .time("ended_at", now)
        .json("duration_ms", duration)
        .number("attempt", i64::from(live.attempt.max(1)))
        .number("cpu_ms", i64::try_from(live.cpu_ms).unwrap_or(i64::MAX))
        .number("peak_memory_bytes", i64::try_from(live.peak_memory_bytes).unwrap_or(i64::MAX))
        .json("blocked_on", Value::Null)
        .json("wait_until", Value::Null)
        .number("effects", live.effects.number())
        .write(now)
}

/// Columns of a journal row.
const STEP_COLUMNS: usize = 13;

/// One journal row as it is first written.
pub struct Started<'a> {
    pub execution: Uuid,
    pub epoch: u32,
    pub seq: u32,
    pub call: &'a Call,
    pub hash: &'a str,
    pub due: Option<Timestamp>,
    pub waits: Option<&'a WaitsFor>,
    /// The answer, for calls that are answered at once.
    pub reply: Option<&'a Reply>,
    pub next: u32,
}

impl Started<'_> {
    /// The row: complete when there is a reply, else started only.
    pub fn write(&self, now: Timestamp) -> Write {
        let now = clock::format(now);
        let mut row = step_key(self.execution, self.epoch, self.seq);
        let mut put = |column: &'static str, value: Value| row.set(column, value);
        put("op", json!(self.call.op.name()));
        put("target", json!(self.call.target));
        put("args", Value::String(shown(&without_secrets(self.call))));
        put("args_hash", json!(self.hash));
        put("started_at", json!(now));
        put("due_at", self.due.map_or(Value::Null, |at| Value::String(clock::format(at))));
        put("done_at", if self.reply.is_some() { json!(now) } else { Value::Null });
        let (ok, result) = self.reply.map_or((Value::Null, Value::Null), reply_columns);
        put("ok", ok);
        put("result", result);
        put("next", json!(self.next));
        // Few calls have these; rows of one shape are written together.
        if !self.call.delivered.is_empty() {
            put("delivered", Value::String(json!(self.call.delivered).to_string()));
        }
        if let Some(waits) = self.waits {
            put("waits", Value::String(json!(waits).to_string()));
        }
        if self.call.off_main {
            put("off_main", json!(true));
        }
        Write::Upsert { table: "execution_step", key: STEP_KEY, row }
    }
}

/// What a call takes in the journal before it is answered, bytes.
pub fn call_bytes(call: &Call) -> u64 {
    (call.args.get().len().min(SHOWN) + call.target.len() + ROW) as u64
}

/// What its answer takes.
pub fn reply_bytes(reply: &Reply) -> u64 {
    match reply {
        Reply::Ok(value) => value.get().len() as u64,
        Reply::Err(fault) => (fault.message.len() + fault.data.as_ref().map_or(0, |data| data.get().len())) as u64,
    }
}

/// What a recorded call takes with its answer.
pub fn recorded_bytes(call: &Recorded) -> u64 {
    (call.shown.len().min(SHOWN) + call.target.len() + ROW) as u64 + call.reply.as_ref().map_or(0, reply_bytes)
}

const STEP_KEY: &[&str] = &["execution_id", "epoch", "seq"];

fn step_key(execution: Uuid, epoch: u32, seq: u32) -> Row {
    let mut row = Row::with_capacity(STEP_COLUMNS);
    row.set("execution_id", execution.to_string());
    row.set("epoch", epoch);
    row.set("seq", seq);
    row
}

/// A recorded call as the first of a new epoch has it again, with this result.
pub fn copied(execution: Uuid, epoch: u32, step: &StepRow, result: Option<&str>) -> Write {
    let mut row = step_key(execution, epoch, step.seq);
    for (column, value) in [
        ("op", json!(step.op)),
        ("target", json!(step.target)),
        ("args", json!(step.args)),
        ("args_hash", json!(step.args_hash)),
        ("started_at", json!(step.started_at)),
        ("due_at", json!(step.due_at)),
        ("done_at", json!(step.done_at)),
        ("ok", json!(step.ok)),
        ("result", json!(result)),
        ("next", json!(step.next)),
    ] {
        row.set(column, value);
    }
    if !step.delivered.is_empty() {
        row.set("delivered", Value::String(json!(step.delivered).to_string()));
    }
    Write::Upsert { table: "execution_step", key: STEP_KEY, row }
}

/// What a replay gave a call instead of its recorded arguments.
pub fn replayed(execution: Uuid, epoch: u32, seq: u32, args: &str) -> Write {
    let mut row = step_key(execution, epoch, seq);
    row.set("replayed_args", json!(shown(args)));
    Write::Update { table: "execution_step", key: STEP_KEY, row }
}

/// The answer to a call that stands in the journal as started.
pub fn done(at: CallRef, epoch: u32, reply: &Reply, next: u32, now: Timestamp) -> Write {
    let mut row = step_key(at.execution, epoch, at.seq);
    let (ok, result) = reply_columns(reply);
    row.set("done_at", Value::String(clock::format(now)));
    row.set("ok", ok);
    row.set("result", result);
    row.set("next", Value::from(next));
    Write::Update { table: "execution_step", key: STEP_KEY, row }
}

/// The handler's outcome, recorded before its children are stopped.
pub fn outcome(live: &Live, ending: &Ending, now: Timestamp) -> Write {
    let now = clock::format(now);
    let mut row = step_key(live.id, live.epoch, OUTCOME_SEQ);
    let text = json!({
        "status": ending.status.name(), "message": ending.message, "hint": ending.hint, "data": ending.data,
        "output": live.output, "reply": live.reply,
    });
    for (column, value) in [
        ("op", json!("outcome")),
        ("target", json!("")),
        ("args", json!("")),
        ("args_hash", json!("")),
        ("started_at", json!(now)),
        ("done_at", json!(now)),
        ("ok", json!(true)),
        ("result", Value::String(text.to_string())),
        ("next", json!(0)),
    ] {
        row.set(column, value);
    }
    Write::Upsert { table: "execution_step", key: STEP_KEY, row }
}

/// Reads an outcome row back.
pub fn ending_of(step: &StepRow) -> Option<(Ending, Results)> {
    let value: Value = serde_json::from_str(step.result.as_deref()?).ok()?;
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let json = |name: &str| value.get(name).filter(|v| !v.is_null()).cloned();
    let ending = Ending {
        status: Status::from_name(value.get("status")?.as_str()?)?,
        message: text("message"),
        hint: text("hint"),
        data: json("data"),
    };
    Some((ending, Results { output: json("output"), reply: json("reply") }))
}

fn reply_columns(reply: &Reply) -> (Value, Value) {
    match reply {
        Reply::Ok(raw) => (json!(true), Value::String(raw.get().to_owned())),
        Reply::Err(fault) => (json!(false), Value::String(serde_json::to_string(fault).unwrap_or_default())),
    }
}

/// A stored call as a replay reads it.
pub fn recorded(step: StepRow) -> Result<Recorded> {
    let broken = |what: &str| Error::internal(format!("journal row {} has a broken {what}", step.seq));
    let op: Op = serde_json::from_value(Value::String(step.op.clone())).map_err(|_| broken("operation"))?;
    let reply = match (step.ok, &step.result) {
        (None, _) => None,
        (Some(true), Some(text)) => Some(Reply::Ok(RawValue::from_string(text.clone()).map_err(|_| broken("result"))?)),
        (Some(false), Some(text)) => Some(Reply::Err(serde_json::from_str::<Fault>(text).map_err(|_| broken("error"))?)),
        (Some(_), None) => return Err(broken("result")),
    };
    Ok(Recorded {
        seq: step.seq,
        op,
        target: step.target,
        hash: step.args_hash,
        reply,
        shown: step.args,
        next: step.next,
        delivered: step.delivered,
        done: None,
    })
}

/// The arguments of a call without what it saves in sealed columns, or under names that are no columns: a mistyped one holds
/// the same secret.
fn without_secrets(call: &Call) -> Cow<'_, str> {
    let whole = call.args.get();
    let of = records::find(&call.target).filter(|of| call.op == Op::RecordSave && of.flags().next().is_some());
    if call.op == Op::Child && whole.contains("CONNECTION") {
        return Cow::Owned(without_inputs(whole));
    }
    let Some(of) = of else { return Cow::Borrowed(whole) };
    let Ok(Value::Object(mut args)) = serde_json::from_str(whole) else { return Cow::Borrowed("(sealed)") };
    for (name, value) in args.get_mut("fields").and_then(Value::as_object_mut).into_iter().flatten() {
        if !of.field(name).is_some_and(records::Field::is_readable) {
            *value = json!("(sealed)");
        }
    }
    Cow::Owned(Value::Object(args).to_string())
}

/// The arguments of a call for a connection without what may be secret in its inputs.
fn without_inputs(whole: &str) -> String {
    let Ok(mut args) = serde_json::from_str::<Value>(whole) else { return "(sealed)".to_owned() };
    if args["kind"] != "CONNECTION" {
        return whole.to_owned();
    }
    let names: Vec<String> = serde_json::from_value(args["extra"]["init"]["protect_inputs"].clone()).unwrap_or_default();
    if let Some(inputs) = args.get_mut("input_value").and_then(Value::as_object_mut) {
        connection::hide(inputs, &names);
    }
    args.to_string()
}
