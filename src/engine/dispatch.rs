//! From PENDING to a slot: choosing, reading the journal of a replay, sending RUN.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use super::call::ok;
use super::core::Core;
use super::effect;
use super::event::Event;
use super::live::{OnLoss, instant_of};
use super::pool::SlotKey;
use super::row;
use super::state::Step;
use super::timer::Due;
use crate::config::Overflow;
use crate::error::{Kind, Result};
use crate::protocol::{FrameKind, Limits, LogKey, Op, Recorded, Reply, Run};
use crate::records::Status;
use crate::service::{Service, Stat};
use crate::store::Store;

impl Core {
    /// Gives slots to whoever is next, as long as there is room.
    pub(super) fn dispatch(&mut self) {
        while !self.draining && self.has_room() {
            let next = if self.is_crowded() {
                self.ready.pop_where(|id| self.live.get(&id).is_some_and(|l| l.parent.is_some() || l.queues))
            } else {
                self.ready.pop()
            };
            let Some(id) = next else { return };
            self.begin(id);
        }
    }

    /// Makes an execution PENDING and queues it, or sets the timer it waits for.
    pub(super) fn enqueue(&mut self, id: Uuid) {
        if let Some(live) = self.live.get(&id)
            && live.status == Status::Pending
        {
            if live.link.is_some() {
                return self.connect(id);
            }
            self.ready.push(id, live.home(), live.priority, live.order);
            if live.parent.is_none() && self.is_crowded() {
                self.note_crowded(id);
            }
        }
    }

    fn begin(&mut self, id: Uuid) {
        if self.live.get(&id).is_some_and(|live| live.queues) {
            return self.go_on(id);
        }
        if self.end_if_lost(id, "it was gone when the execution was to go on") {
            return;
        }
        let Some(live) = self.live.get(&id) else { return };
        let domain = live.domain.clone();
        if !self.pool.is_ready(&domain, id) {
            return;
        }
        let Some(live) = self.live.get(&id) else { return };
        if live.attempt == 0 && live.first.is_none() {
            self.launch(id, Journal::default());
            return;
        }
        let is_replay = !live.is_new_epoch;
        let (attempt, epoch, home) = (live.attempt, live.epoch, live.home());
        // What is still buffered counts as stored: the replay must not send it again.
        self.flush_logs(id);
        let (service, events) = (self.service.clone(), self.events.clone());
        self.stats.add(Stat::Replays, u64::from(is_replay));
        self.reading.insert(id, home);
        // From here on no attempt before it writes anything: what its journal has is all there will be.
        let update = row::ExecutionUpdate::new(id).number("attempt", i64::from(attempt) + 1);
        self.submit_lazy(vec![update.write(self.clock.now())]);
        // It takes its turn from now on: others must not be let in meanwhile.
        self.ready.count_running(home, true);
        tokio::task::spawn_local(async move {
            let read = read_journal(service.store(), id, epoch).await.map(|mut journal| {
                journal.calls.iter_mut().for_each(|call| restore_link(&service, call));
                journal
            });
            // A closed channel means the engine is gone, and with it the need for an answer.
            let _ = events.send(Event::JournalRead(id, attempt, read));
        });
    }

    pub(super) fn on_journal_read(&mut self, id: Uuid, attempt: u32, journal: Result<Journal>) {
        if let Some(home) = self.reading.remove(&id) {
            self.ready.count_running(home, false);
        }
        let Some(live) = self.live.get(&id).filter(|l| l.attempt == attempt && l.status == Status::Pending) else { return };
        // A server that leaves begins nothing more: the row says PENDING, and the next one takes it up.
        if self.draining {
            return;
        }
        let domain = live.domain.clone();
        match journal {
            // The zygote was lost meanwhile: the next one's first executions are those that wait for it.
            Ok(_) if !self.pool.is_ready(&domain, id) => {}
            // What could not be read, since a commit has failed, is read again with everything else.
            Err(error) if error.kind() == Kind::Unavailable => {
                tracing::warn!(execution = %id, %error, "the journal of an execution is read again later");
                self.enqueue(id);
            }
            Ok(journal) if journal.has_threads && self.cannot_replay(id) => {}
            Ok(journal) => self.launch(id, journal),
            Err(error) => {
                tracing::error!(execution = %id, %error, "the journal of an execution could not be read");
                self.end_with_error(id, format!("The recorded steps of this execution could not be read: {error}"));
            }
        }
    }

    /// Threads beside the main one made recorded calls: their order cannot be repeated, unless the author vouches for it.
    /// Ends the execution and returns true.
    fn cannot_replay(&mut self, id: Uuid) -> bool {
        let Some(live) = self.live.get(&id) else { return false };
        if live.cancel.is_some() {
            self.end_cancelled(id);
            return true;
        }
        if live.on_loss == OnLoss::Resume {
            return false;
        }
        let message = "The execution's process was lost, and it cannot be replayed: Python threads of its own made flow_api calls, \
            and their order would not be the same again. Make the calls from the main thread (`async def` runs several at a time there), \
            or say with on_loss = 'resume' or 'restart' that it may be run again.";
        self.end_with_error(id, message.to_owned());
        true
    }

    fn launch(&mut self, id: Uuid, journal: Journal) {
        // Its slot and its zygote are to leave one day, even if none was there a moment ago.
        self.retire_later();
        let Some(live) = self.live.get_mut(&id) else { return };
        live.attempt += 1;
        live.is_new_epoch = false;
        live.last_seq = 0;
        live.journal_end = journal.calls.last().map_or(0, |call| call.seq);
        live.journal_calls = journal.calls.len() as u64;
        live.journal_bytes = journal.calls.iter().map(row::recorded_bytes).sum();
        live.has_threads = journal.has_threads;
        live.is_unread = false;
        live.effects = journal.calls.iter().fold(live.effects, |all, call| all | effect::of_recorded(live, call));
        live.parking = super::park::Parking::default();
        live.log.raw_stored = journal.raw_lines;
        live.started = journal.started;
        live.log.raw_seen = 0;
        live.log.count = live.log.count.max(journal.log_count);
        live.log.last_key = journal.logs_after;
        live.log.delivered.clone_from(&journal.logs_delivered);
        live.log.bytes = live.log.bytes.max(journal.log_bytes);
        // Its log said so in an earlier life of the server.
        let limits = &self.config.limits;
        live.log.is_cut |= limits.log_overflow == Overflow::Truncate && live.log.bytes > limits.log_bytes;
        self.tell_loss(id);
        let Some(live) = self.live.get_mut(&id) else { return };
        let key = SlotKey { domain: live.domain.clone(), script_hash: live.script_hash.clone() };
        let fresh = live.is_fresh;
        let slot = match self.pool.take(&key, id, fresh) {
            Ok((slot, forked)) => {
                self.stats.add(Stat::Forks, u64::from(forked));
                slot
            }
            Err(error) => {
                tracing::error!(execution = %id, %error, "no slot could be forked");
                self.end_with_error(id, format!("No worker process could be started for this execution: {error}"));
                return;
            }
        };
        let run = self.run_frame(id, journal.calls, (journal.logs_after, journal.logs_delivered));
        if let Some(live) = self.live.get_mut(&id) {
            live.slot = Some(slot);
        }
        self.step(id, Step::Dispatch);
        match run.and_then(|run| serde_json::to_vec(&run).ok()) {
            Some(payload) => self.pool.send(slot, FrameKind::Run, 0, &payload),
            None => self.pool.kill(slot),
        }
        self.record_start(id);
    }

    fn run_frame(&mut self, id: Uuid, journal: Vec<Recorded>, (logs_after, logs_delivered): (LogKey, Vec<i64>)) -> Option<Run> {
        let live = self.live.get(&id)?;
        let code = self.codes.get(&(live.domain.clone(), live.script_hash.clone())).map(ToString::to_string);
        let limits = &self.config.limits;
        Some(Run {
            execution_id: id,
            name: live.name.clone(),
            script_name: live.script_name.clone(),
            script: live.script.to_string(),
            code,
            epoch: live.epoch,
            attempt: live.attempt,
            inputs: RawValue::from_string(live.inputs.to_string()).ok()?,
            hash_key: blake3::Hash::from(self.service.hash_key(live.key_base, live.first.unwrap_or(id))).to_hex().to_string(),
            first: live.first,
            journal,
            logs_after,
            logs_delivered,
            seed: live.seed,
            escaped: live.escape.is_some(),
            cancelled: live.cancel.is_some(),
            limits: Limits {
                memory_bytes: limits.memory_bytes,
                cpu_seconds: limits.cpu_seconds,
                file_bytes: limits.file_bytes,
                value_bytes: limits.value_bytes,
                work_bytes: limits.work_bytes,
                work_files: limits.work_files,
            },
            travel: None,
        })
    }

    pub(super) fn record_start(&mut self, id: Uuid) {
        let now = self.clock.now();
        let Some(live) = self.live.get_mut(&id) else { return };
        live.held_back = false;
        let first = live.started_at.is_none();
        let started = *live.started_at.get_or_insert(now);
        if let Some(minutes) = live.max_runtime_minutes.filter(|m| *m > 0.0)
            && live.deadline.is_none()
        {
            let limit = Duration::try_from_secs_f64(minutes * 60.0).unwrap_or(Duration::MAX);
            let at = instant_of(&self.clock, started).plus(limit);
            live.deadline = Some(self.timers.set(at, Due::Deadline { execution: id }));
        }
        if let Some(cancel) = &mut live.cancel {
            cancel.signalled = true;
            let grace = self.config.grace;
            cancel.grace = Some(self.timers.set(self.clock.instant().plus(grace), Due::Grace { execution: id }));
        }
        let awaits = live.link.as_ref().map_or(Value::Null, |link| link.words().into());
        let update = row::ExecutionUpdate::new(id)
            .text("status", live.status.name())
            .json("blocked_on", awaits)
            .number("attempt", i64::from(live.attempt))
            .time_if(first, "started_at", started);
        let commit = self.submit_lazy(vec![update.write(now)]);
        self.publish_after(commit, id);
    }

    /// Its slot is lost through no fault of its own, or what it waited for without a slot is there: run it again.
    pub(super) fn requeue(&mut self, id: Uuid) {
        self.forget_waits(id);
        self.flush_logs(id);
        let now = self.clock.now();
        if !self.step(id, Step::Requeue) {
            return;
        }
        let Some(live) = self.live.get(&id) else { return };
        let update = row::ExecutionUpdate::new(id).text("status", live.status.name());
        let commit = self.submit_lazy(vec![update.write(now)]);
        self.publish_after(commit, id);
        self.enqueue(id);
    }
}

/// What an attempt needs of the ones before it.
#[derive(Default)]
pub struct Journal {
    /// Recorded calls by ascending seq.
    pub calls: Vec<Recorded>,
    /// Calls without an answer, with the due time of a wait.
    pub started: HashMap<u32, Option<Timestamp>>,
    pub logs_after: LogKey,
    /// What an async handler had been told after its last call when it logged the last of these.
    pub logs_delivered: Vec<i64>,
    /// Raw descriptor lines stored already.
    pub raw_lines: u64,
    /// Log entries stored over all epochs, and what they count towards the limit.
    pub log_count: u64,
    pub log_bytes: u64,
    /// Threads beside the main one made some of the calls.
    pub has_threads: bool,
}

/// A link to a message stands in the journal without what makes it one. Other calls are left as they are.
pub(super) fn restore_link(service: &Service, call: &mut Recorded) {
    if call.op == Op::MessageLink
        && let Some(Reply::Ok(recorded)) = &call.reply
        && let Ok(text) = serde_json::from_str::<String>(recorded.get())
        && let Some(url) = service.message_link_again(&text)
    {
        call.reply = Some(ok(&json!(url)));
    }
}

/// The journal of an epoch, once everything submitted before is on disk.
pub(super) async fn read_journal(store: &Store, id: Uuid, epoch: u32) -> Result<Journal> {
    store.barrier().await?;
    let position = store.log_position(id, epoch).await?;
    let mut journal = Journal {
        logs_after: position.key,
        logs_delivered: position.delivered,
        raw_lines: position.raw_lines,
        log_count: position.count,
        log_bytes: position.bytes,
        ..Journal::default()
    };
    let mut begun: Option<Timestamp> = None;
    for step in store.steps(id, epoch).await?.into_iter().filter(|step| step.seq != row::OUTCOME_SEQ) {
        if step.ok.is_none() {
            journal.started.insert(step.seq, step.due_at.as_deref().and_then(crate::clock::parse));
        }
        journal.has_threads |= step.off_main;
        let first = *begun.get_or_insert_with(|| crate::clock::parse(&step.started_at).unwrap_or_default());
        let done = step.done_at.as_deref().and_then(crate::clock::parse);
        let mut recorded = row::recorded(step)?;
        if recorded.op.can_be_awaited() {
            recorded.done = done.map(|at| u64::try_from(at.duration_since(first).as_micros()).unwrap_or_default());
        }
        journal.calls.push(recorded);
    }
    Ok(journal)
}
