//! Savepoints: `this.save_dump` names a moment of an execution, `this.load_dump` goes back to it. A new epoch begins with the
//! calls up to there, and a replay leads through them; settings, files and whatever lies outside stay as they are.

use std::collections::HashSet;

use serde_json::json;
use uuid::Uuid;

use super::call::{derived_id, ok};
use super::core::Core;
use super::event::{CallRef, Event};
use super::live::{Live, OnLoss, Pending};
use super::row;
use crate::error::{Error, Result, did_you_mean};
use crate::protocol::{Call, ChildState, Fault, LogKey, Op, Reply};
use crate::store::{LogChunk, LogEntry, Savepoint, StepRow, Store, Write};

/// The savepoints of an execution, and the calls up to the one that it goes back to.
pub struct Read {
    points: Vec<Savepoint>,
    wanted: Option<(Savepoint, Vec<StepRow>)>,
}

/// Reads them, once everything submitted before is on disk. `wanted`: a name or an id.
async fn read(store: &Store, execution: Uuid, wanted: Option<(String, bool)>) -> Result<Read> {
    store.barrier().await?;
    let points = store.savepoints(execution).await?;
    let Some((text, by_id)) = wanted else { return Ok(Read { points, wanted: None }) };
    let is_it = |point: &&Savepoint| if by_id { point.id.to_string() == text } else { point.name == text };
    let Some(point) = points.iter().find(is_it).cloned() else {
        let near = did_you_mean(&text, points.iter().map(|point| point.name.as_str()));
        return Err(Error::not_found(format!("This execution has no savepoint '{text}'.{near} this.save_dump makes one.")));
    };
    let mut steps = store.steps(execution, point.epoch).await?;
    steps.retain(|step| step.seq <= point.seq);
    Ok(Read { points, wanted: Some((point, steps)) })
}

impl Core {
    pub(super) fn call_savepoint(&mut self, at: CallRef, call: Call) {
        let Some(live) = self.live_call(at) else { return };
        if let Some(refusal) = refusal(live, &call) {
            return self.answer_error(at, &call, &Error::invalid(refusal));
        }
        let by_id = serde_json::from_str::<serde_json::Value>(call.args.get()).is_ok_and(|args| args["by"] == "id");
        let wanted = (call.op == Op::LoadDump).then(|| (call.target.clone(), by_id));
        live.pending.insert(at.seq, Pending::Service { call: Box::new(call) });
        let (store, events) = (self.store.clone(), self.events.clone());
        tokio::task::spawn_local(async move {
            let read = read(&store, at.execution, wanted).await;
            // A closed channel means the engine is gone, and with it the need for an answer.
            let _ = events.send(Event::SavepointsRead(at, read));
        });
    }

    pub(super) fn on_savepoints_read(&mut self, at: CallRef, read: Result<Read>) {
        let Some(live) = self.live_call(at) else { return };
        let Some(Pending::Service { call }) = live.pending.remove(at.seq) else { return };
        match read {
            Err(error) => self.answer_error(at, &call, &error),
            Ok(Read { points, wanted: None }) => self.save_point(at, &call, &points),
            Ok(Read { wanted: Some((point, steps)), .. }) => match self.may_go_back(at, &point, &steps) {
                Ok(()) => self.go_back(at, &call, point, &steps),
                Err(reply) => self.answer(at, &call, reply, Vec::new()),
            },
        }
    }

    /// Makes a savepoint in place of an earlier one of its name; the oldest go when there are more than are to be kept.
    fn save_point(&mut self, at: CallRef, call: &Call, points: &[Savepoint]) {
        let now = self.clock.now();
        let locks = self.locks.held_by(at.execution);
        let Some(live) = self.live_call(at) else { return };
        let point = Savepoint {
            id: derived_id(at.execution, &format!("savepoint/{}", call.target)),
            execution: at.execution,
            name: call.target.clone(),
            epoch: live.epoch,
            seq: at.seq,
            returned: 0,
            raw_lines: live.log.raw_seen,
            has_escaped: live.escape.is_some(),
            locks,
            output: live.output.clone(),
        };
        let kept = live.savepoint_retention.unwrap_or(usize::MAX);
        let mut writes: Vec<Write> = if kept > 0 { point.writes(now).into() } else { Vec::new() };
        let others: Vec<&Savepoint> = points.iter().filter(|other| other.id != point.id).collect();
        let too_many = (others.len() + 1).saturating_sub(kept).min(others.len());
        writes.extend(others[..too_many].iter().flat_map(|other| other.deletes()));
        self.answer(at, call, ok(&json!(0)), writes);
    }

    /// Whether a replay up to `point` brings the execution there as it was; else what the flow is told.
    fn may_go_back(&self, at: CallRef, point: &Savepoint, steps: &[StepRow]) -> std::result::Result<(), Reply> {
        let Some(live) = self.live.get(&at.execution) else { return Ok(()) };
        let fault =
            |exception: &str, message: String| Reply::Err(Fault { exception: exception.to_owned(), message, field: None, data: None });
        let no =
            |why: String| Err(fault("InvalidInputError", format!("The execution cannot go back to the savepoint '{}': {why}", point.name)));
        if live.cancel.is_some() {
            return Err(fault("ExecutionCancel", "The execution was cancelled.".to_owned()));
        }
        if point.has_escaped && live.on_loss != OnLoss::Resume {
            return no(
                "it had reached outside flow_api before that, and a replay would repeat it. Put such acts into this.step, or vouch \
                       for them with the flow's on_loss = 'resume'."
                    .to_owned(),
            );
        }
        if let Some(open) = steps.iter().find(|step| step.ok.is_none() && step.op == Op::Child.name()) {
            return no(format!("its call {} started a child that nobody waited for to the end.", open.seq));
        }
        let held = self.locks.held_by(at.execution);
        if let Some((setting, _)) = point.locks.iter().find(|(setting, _)| !held.iter().any(|(has, _)| has == setting)) {
            return no(format!("it held the lock on setting {setting} then, and has released it since."));
        }
        Ok(())
    }

    /// Ends the epoch as a crash would, without running any code of the flow, and begins one with the calls up to `point`.
    fn go_back(&mut self, at: CallRef, call: &Call, mut point: Savepoint, steps: &[StepRow]) {
        let (id, now) = (at.execution, self.clock.now());
        point.returned += 1;
        let Some(epoch) = self.live.get(&id).map(|live| live.epoch + 1) else { return };
        let mut writes = vec![self.journal(at, call, Some(&ok(&json!({ "epoch": epoch }))), None)];
        self.flush_logs(id);
        let slot = self.live.get(&id).and_then(|live| live.slot);
        self.unslot(id);
        if let Some(slot) = slot {
            self.pool.abandon(slot);
        }
        let returned = json!(point.returned).to_string();
        writes.extend(steps.iter().map(|step| {
            let result = if step.seq == point.seq { Some(returned.as_str()) } else { step.result.as_deref() };
            row::copied(id, epoch, step, result)
        }));
        writes.extend(point.writes(now));
        let Some(live) = self.live.get_mut(&id) else { return };
        let made = children_of(steps);
        let later: Vec<Uuid> = live.open_children.iter().copied().filter(|child| !made.contains(child)).collect();
        live.epoch = epoch;
        live.is_new_epoch = false;
        live.started.clear();
        live.children.retain(|child, _| made.contains(child));
        live.escape = None;
        live.deaths = (0, 0);
        live.kills = (0, 0);
        live.output.clone_from(&point.output);
        writes.push(marker(live, &point, now).write());
        let update = row::ExecutionUpdate::new(id)
            .number("epoch", i64::from(epoch))
            .json("escaped", serde_json::Value::Null)
            .number("effects", live.effects.number())
            .json("output_value", point.output.clone().unwrap_or_default());
        writes.push(update.write(now));
        let commit = self.submit_lazy(writes);
        self.publish_after(commit, id);
        self.reset_locks(id, &point.locks);
        for child in later {
            self.cancel(child, format!("cancelled because its parent went back to the savepoint '{}'", point.name));
        }
        self.requeue(id);
    }
}

/// Why a savepoint can be neither made nor gone back to here.
fn refusal(live: &Live, call: &Call) -> Option<&'static str> {
    if call.target.trim().is_empty() {
        return Some("A savepoint has a name, which is not empty.");
    }
    if live.has_threads {
        return Some("Savepoints are for executions that can be replayed; Python threads of this one made flow_api calls.");
    }
    (call.op == Op::SaveDump && !live.pending.is_empty()).then_some(
        "A savepoint is made where nothing else of the flow is under way: not inside the function of a step, and not while other tasks await calls.",
    )
}

/// The children that these calls made.
fn children_of(steps: &[StepRow]) -> HashSet<Uuid> {
    let results =
        steps.iter().filter(|step| step.op == Op::Child.name() && step.ok == Some(true)).filter_map(|step| step.result.as_deref());
    results.filter_map(|text| serde_json::from_str::<Vec<ChildState>>(text).ok()).flatten().map(|state| state.id).collect()
}

/// The first log entry of the new epoch. What was logged before the savepoint is stored: its place keeps the replay from repeating it.
fn marker(live: &mut Live, point: &Savepoint, now: jiff::Timestamp) -> LogChunk {
    let message =
        format!("The execution went back to the savepoint '{}', after call {} ({} times so far).", point.name, point.seq, point.returned);
    let entry = LogEntry {
        at: crate::clock::format(now),
        level: "info".to_owned(),
        stream: Some("engine".to_owned()),
        message,
        step: Some(point.seq),
        data: None,
        raw: false,
    };
    live.log.count += 1;
    let key = LogKey { seq: point.seq, n: 0 };
    LogChunk {
        execution: live.id,
        epoch: live.epoch,
        first_number: live.log.count,
        first: key,
        last: key,
        raw_lines: point.raw_lines,
        // It is not the flow's.
        bytes: 0,
        delivered: Vec::new(),
        entries: vec![entry],
    }
}
