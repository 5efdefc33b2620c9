//! flow_api calls: each has a number, a journal row and one answer. What the engine owns is answered here;
//! records, files and identities go through the service as that execution.

use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use super::core::Core;
use super::effect;
use super::event::{Answer, CallRef, SlotId};
use super::hold::WaitsFor;
use super::live::{Live, Pending};
use super::row::{self, Started};
use crate::clock;
use crate::config::Limits;
use crate::error::{Error, Kind};
use crate::protocol::{Call, Differs, Fault, FrameKind, Heir, Op, Reply, StepResult, call_hash};
use crate::service::Stat;
use crate::store::Write;

/// Columns of itself that a flow may save.
const OWN_COLUMNS: [&str; 5] = ["name", "message", "output_value", "description", "is_productive"];

impl Core {
    pub(super) fn on_call(&mut self, slot: SlotId, seq: u32, call: Call) {
        let Some(id) = self.execution_in(slot) else { return };
        let Some(live) = self.live.get_mut(&id) else { return };
        self.stats.add(Stat::Calls, 1);
        let repeated = live.pending.contains_key(seq) || (seq <= live.last_seq && !live.started.contains_key(&seq));
        if repeated && call.op != Op::StepEnd {
            self.stop(id, format!("The flow's process used call number {seq} twice; its connection to the server is broken."));
            return;
        }
        live.last_seq = live.last_seq.max(seq);
        live.effects = live.effects | effect::of_begun(live, &call);
        live.has_threads |= call.off_main;
        live.journal_calls += 1;
        live.journal_bytes += row::call_bytes(&call);
        if let Some(message) = over_journal(live, &self.config.limits) {
            self.stop(id, message);
            return;
        }
        let at = CallRef { execution: id, attempt: live.attempt, seq };
        self.route(at, call);
    }

    fn route(&mut self, at: CallRef, call: Call) {
        match call.op {
            Op::Save => self.call_save(at, &call),
            Op::Now => self.answer_value(at, &call, &json!(clock::format(self.clock.now()))),
            Op::Uuid => self.answer_value(at, &call, &json!(derived_id(at.execution, &format!("uuid/{}/{}", self.epoch(at), at.seq)))),
            Op::Random => self.answer_value(at, &call, &json!(random_float())),
            Op::Sleep => self.call_sleep(at, &call),
            Op::StepBegin => self.call_step_begin(at, &call),
            Op::StepEnd => self.call_step_end(at, &call),
            Op::Child => self.call_child(at, call),
            Op::ChildRun => self.call_child_run(at, &call),
            Op::Wait => self.call_wait(at, &call),
            Op::Cancel => self.call_cancel(at, &call),
            Op::Pause => self.call_pause(at, &call),
            Op::SaveDump | Op::LoadDump => self.call_savepoint(at, call),
            Op::LockAcquire | Op::LockRelease => self.call_lock(at, call),
            Op::MessageWait => self.call_message(at, call),
            Op::RecordGet
            | Op::RecordExists
            | Op::RecordSave
            | Op::RecordDelete
            | Op::RecordRestore
            | Op::RecordList
            | Op::RecordExport
            | Op::MessageLink
            | Op::FileRead
            | Op::FileWrite
            | Op::OwnUser
            | Op::OwnWorkspace
            | Op::EnvName => self.call_service(at, call),
        }
    }

    pub(super) fn epoch(&self, at: CallRef) -> u32 {
        self.live.get(&at.execution).map_or(0, |live| live.epoch)
    }

    /// What a replay compares of a call. The key is that of the execution whose journal this is.
    pub(super) fn call_hash(&self, at: CallRef, call: &Call) -> String {
        let (base, first) = self.live.get(&at.execution).map_or((1, None), |live| (live.key_base, live.first));
        let heir = Heir::of(at.execution, first);
        let recorded = |text| Heir::recorded(heir.as_ref(), text);
        call_hash(&self.service.hash_key(base, first.unwrap_or(at.execution)), call.op, &recorded(&call.target), &recorded(call.args.get()))
    }

    /// The journal row of a call; complete when `reply` is given.
    pub(super) fn journal(&self, at: CallRef, call: &Call, reply: Option<&Reply>, due: Option<jiff::Timestamp>) -> Write {
        let hash = self.call_hash(at, call);
        Started {
            execution: at.execution,
            epoch: self.epoch(at),
            seq: at.seq,
            call,
            hash: &hash,
            due,
            waits: None,
            reply,
            next: at.seq + 1,
        }
        .write(self.clock.now())
    }

    /// The journal row of a call that waits for more than a time, at most until `due`.
    pub(super) fn journal_wait(&self, at: CallRef, call: &Call, due: Option<jiff::Timestamp>, waits: &WaitsFor) -> Write {
        let hash = self.call_hash(at, call);
        let (epoch, seq) = (self.epoch(at), at.seq);
        Started { execution: at.execution, epoch, seq, call, hash: &hash, due, waits: Some(waits), reply: None, next: seq + 1 }
            .write(self.clock.now())
    }

    /// Records the answer with `effects` in one unit, then tells the flow without waiting for the disk.
    pub(super) fn answer(&mut self, at: CallRef, call: &Call, reply: Reply, effects: Vec<Write>) {
        let mut writes = effects;
        writes.push(self.journal(at, call, Some(&reply), None));
        self.submit_lazy(writes);
        self.reply(at, reply);
    }

    pub(super) fn answer_value(&mut self, at: CallRef, call: &Call, value: &Value) {
        self.answer(at, call, ok(value), Vec::new());
    }

    pub(super) fn answer_error(&mut self, at: CallRef, call: &Call, error: &Error) {
        self.answer(at, call, Reply::Err(fault(error)), Vec::new());
    }

    /// Sends the answer of a call to the slot; while paused, or while a limit keeps it from running, it is held back.
    pub(super) fn reply(&mut self, at: CallRef, reply: Reply) {
        let Some(live) = self.live_call(at) else { return };
        live.pending.remove(at.seq);
        live.started.remove(&at.seq);
        live.journal_bytes += row::reply_bytes(&reply);
        if live.paused {
            live.held.push((at.seq, reply));
            return;
        }
        if self.must_queue(at) {
            return self.queue_in_slot(at, reply);
        }
        self.send_reply(at, &reply);
    }

    /// Sends an answer as it is; a handler that waited for it goes on.
    pub(super) fn send_reply(&mut self, at: CallRef, reply: &Reply) {
        let Some(slot) = self.live_call(at).and_then(|live| live.slot) else { return };
        self.wake_for(at);
        self.pool.send(slot, FrameKind::Reply, at.seq, &serde_json::to_vec(reply).unwrap_or_default());
    }

    fn call_save(&mut self, at: CallRef, call: &Call) {
        let mut fields: serde_json::Map<String, Value> = match serde_json::from_str(call.args.get()) {
            Ok(fields) => fields,
            Err(error) => return self.answer_error(at, call, &unreadable(&error)),
        };
        if let Some(Value::Object(keys)) = fields.shift_remove("output_merge") {
            let current = self.live.get(&at.execution).and_then(|l| l.output.clone());
            let mut output = match current {
                Some(Value::Object(map)) => map,
                _ => serde_json::Map::new(),
            };
            output.extend(keys);
            fields.insert("output_value".to_owned(), Value::Object(output));
        }
        if let Some(unknown) = fields.keys().find(|k| !OWN_COLUMNS.contains(&k.as_str())) {
            let near = crate::error::did_you_mean(unknown, OWN_COLUMNS);
            let error = Error::invalid(format!(
                "An execution has no field '{unknown}' that it may save on itself.{near} It may save {}.",
                OWN_COLUMNS.join(", ")
            ))
            .field(format!("/{unknown}"));
            return self.answer_error(at, call, &error);
        }
        if fields.get("output_value").is_some_and(|v| v.to_string().len() as u64 > self.config.limits.value_bytes) {
            let error = Error::new(
                Kind::TooLarge,
                format!("output_value is over the limit of {} bytes; keep large data in a file.", self.config.limits.value_bytes),
            )
            .field("/output_value");
            return self.answer_error(at, call, &error);
        }
        let now = self.clock.now();
        let Some(live) = self.live.get_mut(&at.execution) else { return };
        let mut update = row::ExecutionUpdate::new(at.execution);
        for (name, value) in fields {
            match (name.as_str(), &value) {
                ("output_value", _) => live.output = Some(value.clone()),
                ("name", Value::String(text)) => live.name.clone_from(text),
                _ => {}
            }
            update = update.json(name, value);
        }
        let effects = vec![update.write(now)];
        self.answer(at, call, ok(&Value::Null), effects);
    }

    fn call_step_begin(&mut self, at: CallRef, call: &Call) {
        let key = derived_id(at.execution, &format!("step/{}/{}", self.epoch(at), at.seq)).to_string();
        let args: Value = serde_json::from_str(call.args.get()).unwrap_or(Value::Null);
        let Some(live) = self.live_call(at) else { return };
        let again = live.started.contains_key(&at.seq);
        if again && args.get("on_loss").and_then(Value::as_str) == Some("fail") {
            let message = format!(
                "The step '{}' was interrupted by the loss of its process, and it says on_loss='fail': whether its effect happened is not known.",
                call.target
            );
            // What was called inside it is over with it: the slot leaves these numbers out as well.
            let next = live.place().max(at.seq) + 1;
            let reply = Reply::Err(Fault { exception: "InternalError".to_owned(), message, field: None, data: None });
            self.submit_lazy(vec![row::done(at, self.epoch(at), &reply, next, self.clock.now())]);
            return self.reply(at, reply);
        }
        live.pending.insert(at.seq, Pending::Step);
        if !again {
            let write = self.journal(at, call, None, None);
            self.submit_lazy(vec![write]);
        }
        let reply = ok(&json!({ "idempotency_key": key }));
        self.send_reply(at, &reply);
    }

    fn call_step_end(&mut self, at: CallRef, call: &Call) {
        let result: StepResult = match serde_json::from_str(call.args.get()) {
            Ok(result) => result,
            Err(error) => return self.reply(at, Reply::Err(fault(&unreadable(&error)))),
        };
        let write = row::done(at, self.epoch(at), &result.reply, result.next, self.clock.now());
        self.submit_lazy(vec![write]);
        self.reply(at, ok(&Value::Null));
    }

    /// A replay gave a call other arguments, where that is no other way: the step shows both.
    pub(super) fn on_differs(&mut self, slot: SlotId, seq: u32, differs: &Differs) {
        let Some(id) = self.execution_in(slot) else { return };
        let Some(live) = self.live.get(&id) else { return };
        let write = row::replayed(id, live.epoch, seq, &differs.args);
        self.submit_lazy(vec![write]);
    }

    /// The service is done with a call.
    pub(super) fn on_answered(&mut self, at: CallRef, answer: Answer) {
        let Some(live) = self.live_call(at) else { return };
        let Some(Pending::Service { call }) = live.pending.remove(at.seq) else { return };
        live.effects = live.effects | effect::of_answered(call.op, &answer.reply);
        if answer.journaled {
            self.reply(at, answer.reply);
        } else {
            let recorded = answer.recorded.as_ref().unwrap_or(&answer.reply);
            let write = self.journal(at, &call, Some(recorded), None);
            self.submit_lazy(vec![write]);
            self.reply(at, answer.reply);
        }
    }

    /// Forgets a call without an answer: its slot is gone.
    pub(super) fn drop_pending(&mut self, id: Uuid, seq: u32) {
        let Some(live) = self.live.get_mut(&id) else { return };
        live.parking.forget(seq);
        let Some(pending) = live.pending.remove(seq) else { return };
        let timer = match pending {
            Pending::Sleep { timer } => Some(timer),
            Pending::Wait { ids, timer, .. } => {
                self.unwatch(id, &ids);
                timer
            }
            Pending::Lock { setting, timer } => {
                self.locks.leave(setting, id);
                timer
            }
            Pending::Message { message, timer } => {
                self.forget_message(id, message);
                timer
            }
            Pending::Service { .. } | Pending::Step => None,
        };
        if let Some(timer) = timer {
            self.timers.cancel(timer);
        }
    }
}

/// Why an epoch's journal may not grow any more.
fn over_journal(live: &Live, limits: &Limits) -> Option<String> {
    const WAY_OUT: &str = "Endless flows go on with this.restart(inputs), which starts a new journal";
    let (calls, bytes) = (limits.journal_calls, limits.journal_bytes);
    if live.journal_calls > u64::from(calls) {
        return Some(format!("The execution made more than {calls} recorded calls. {WAY_OUT}; limits.journal_calls raises the limit."));
    }
    (live.journal_bytes > bytes).then(|| {
        format!(
            "The execution's recorded calls and their answers are more than {bytes} bytes. {WAY_OUT}; large data belongs in a file; \
             limits.journal_bytes raises the limit."
        )
    })
}

/// An answer with a value.
pub fn ok(value: &Value) -> Reply {
    Reply::Ok(RawValue::from_string(value.to_string()).expect("a Value prints as JSON"))
}

/// An error as flow code gets it: the exception class by the kind.
pub fn fault(error: &Error) -> Fault {
    let exception = match error.kind() {
        // Inputs of connections have classes of their own.
        Kind::Invalid if error.detail_value().is_some_and(|details| details["exception"] == "MissingInputError") => "MissingInputError",
        Kind::Invalid if error.detail_value().is_some_and(|details| details["exception"] == "ExtraInputError") => "ExtraInputError",
        Kind::Malformed | Kind::Invalid | Kind::TooLarge | Kind::UnsupportedMedia | Kind::Conflict | Kind::PreconditionFailed => {
            "InvalidInputError"
        }
        Kind::SchemaViolation => "SchemaValidationError",
        Kind::Unauthenticated | Kind::Forbidden => "PermissionDenied",
        Kind::NotFound => "ResourceNotFoundError",
        Kind::Timeout => "TimeoutExceededError",
        Kind::Throttled | Kind::Unavailable | Kind::Internal => "InternalError",
    };
    if error.kind() == Kind::Internal {
        tracing::error!(%error, "a flow_api call met an internal fault");
    }
    let message = if error.kind() == Kind::Internal {
        "internal error; the server's log has the cause".to_owned()
    } else {
        error.message().to_owned()
    };
    let data = error.detail_value().and_then(|v| RawValue::from_string(v.to_string()).ok());
    Fault { exception: exception.to_owned(), message, field: error.field_pointer().map(str::to_owned), data }
}

/// The arguments of a call are not what its operation takes.
pub fn unreadable(error: &serde_json::Error) -> Error {
    Error::invalid(format!("The arguments of this call could not be read: {error}."))
}

/// An id that is the same on every replay.
pub fn derived_id(execution: Uuid, what: &str) -> Uuid {
    Uuid::new_v5(&execution, what.as_bytes())
}

fn random_float() -> f64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    (u64::from_le_bytes(bytes) >> 11) as f64 / (1_u64 << 53) as f64
}
