//! How an execution ends: the handler's outcome, its children first, then one last row.

use serde_json::{Value, json};
use uuid::Uuid;

use super::core::Core;
use super::event::SlotId;
use super::live::{Ending, Results};
use super::row;
use super::state::Step;
use crate::protocol::{Difference, Done, Outcome};
use crate::records::Status;
use crate::service::Stat;

impl Core {
    pub(super) fn on_done(&mut self, slot: SlotId, done: Done) {
        let Some(id) = self.execution_in(slot) else {
            if self.pool.slot(slot).is_some_and(|state| state.execution.is_some()) {
                self.pool.give_back(slot, false);
            }
            return;
        };
        self.looks.remove(&slot);
        let signalled = self.live.get(&id).is_none_or(|l| l.stop.is_some() || l.cancel.as_ref().is_some_and(|c| c.signalled));
        self.unslot(id);
        let Some(live) = self.live.get_mut(&id) else { return };
        live.cpu_ms += done.cpu_ms;
        live.peak_memory_bytes = live.peak_memory_bytes.max(done.peak_memory_bytes);
        if let Some(why) = &done.unclean {
            tracing::debug!(execution = %id, why, "the slot is not used again");
        }
        // A late signal would hit the slot's next execution.
        let clean = done.unclean.is_none()
            && !live.is_fresh
            && live.escape.is_none()
            && !signalled
            && !matches!(done.outcome, Outcome::Error { .. } | Outcome::Diverged { .. });
        let stop = live.stop.take();
        let cancelled = live.cancel.is_some();
        self.pool.give_back(slot, clean);
        if let Some(message) = stop {
            self.end_with_error(id, message);
            return;
        }
        match done.outcome {
            Outcome::Success { message, output, reply } => {
                if let Some(live) = self.live.get_mut(&id) {
                    live.reply = reply.and_then(|raw| serde_json::from_str(raw.get()).ok());
                }
                self.on_success(id, message, output.map(|raw| raw.get().to_owned()));
            }
            // What fails after a cancel fails because of it.
            Outcome::Error { .. } if cancelled => self.end_cancelled(id),
            Outcome::Error { message, hint, data, after } => {
                if let Some(live) = self.live.get_mut(&id) {
                    live.failed_after = after;
                }
                let data = data.and_then(|raw| serde_json::from_str(raw.get()).ok());
                self.end(id, Ending { status: Status::EndedError, message: Some(message), hint, data });
            }
            Outcome::Cancelled { message } if cancelled => {
                let _ = message;
                self.end_cancelled(id);
            }
            Outcome::Cancelled { message } => {
                self.end(id, Ending { status: Status::EndedCancelled, message, hint: None, data: None });
            }
            Outcome::Restart { inputs } => self.on_restart(id, inputs.get().to_owned()),
            Outcome::Diverged { message, data } => {
                let difference = data.and_then(|raw| serde_json::from_str(raw.get()).ok());
                self.end_diverged(id, message, difference);
            }
        }
    }

    fn on_success(&mut self, id: Uuid, message: Option<String>, output: Option<String>) {
        if let Some(text) = output {
            let limit = self.config.limits.value_bytes;
            if text.len() as u64 > limit {
                self.end_with_error(
                    id,
                    format!(
                        "The handler returned {} bytes of output; the limit is {limit}. Keep large data in a file and return its name.",
                        text.len()
                    ),
                );
                return;
            }
            match serde_json::from_str::<Value>(&text) {
                Ok(value) => {
                    if let Some(live) = self.live.get_mut(&id) {
                        live.output = Some(value);
                    }
                }
                Err(error) => {
                    self.end_with_error(id, format!("The handler's output could not be read: {error}"));
                    return;
                }
            }
        }
        let breach = self.live.get(&id).and_then(|live| {
            let schema = live.output_schema.as_ref()?;
            self.service.output_check(schema, live.output.as_ref().unwrap_or(&Value::Null)).err()
        });
        match breach {
            Some(error) => self.end_with_error(id, format!("The output does not match the flow's output_schema: {error}")),
            None => self.end(id, Ending { status: Status::EndedSuccess, message, hint: None, data: None }),
        }
    }

    /// The replay went another way. A retry that did so has taken over more than its script repeats.
    fn end_diverged(&mut self, id: Uuid, message: String, difference: Option<Difference>) {
        let Some(live) = self.live.get(&id) else { return };
        let inherited = live.retried.zip(difference.as_ref()).filter(|((_, last), difference)| difference.seq <= *last);
        let (message, hint) = match inherited {
            Some(((from, last), Difference { seq, .. })) => (
                format!("{message} This is a retry of execution {from} and took over its calls up to {last}."),
                Some(format!(
                    "To go on from before the difference, retry execution {from} with from_seq {}: calls from {seq} on are then made anew.",
                    seq.saturating_sub(1)
                )),
            ),
            None => (message, None),
        };
        let data = difference.map(|difference| json!({ "difference": difference }));
        self.end(id, Ending { status: Status::EndedError, message: Some(message), hint, data });
    }

    pub(super) fn end_with_error(&mut self, id: Uuid, message: String) {
        self.end(id, Ending { status: Status::EndedError, message: Some(message), hint: None, data: None });
    }

    pub(super) fn end_cancelled(&mut self, id: Uuid) {
        let message = self.live.get(&id).and_then(|l| l.cancel.as_ref()).map(|c| c.message.clone());
        self.end(id, Ending { status: Status::EndedCancelled, message, hint: None, data: None });
    }

    /// Ends an execution: its children that are not orphans are cancelled, and its end waits for theirs.
    pub(super) fn end(&mut self, id: Uuid, ending: Ending) {
        self.ready.remove(id);
        self.flush_logs(id);
        let now = self.clock.now();
        let Some(live) = self.live.get_mut(&id) else { return };
        if live.ending.is_some() {
            return;
        }
        let children: Vec<Uuid> = live.open_children.iter().copied().collect();
        // What the handler decided is recorded before its children are stopped: after that, nothing is replayed.
        // With it what it did: its journal is not read again either.
        live.settle_effects();
        let effects = row::ExecutionUpdate::new(id).number("effects", live.effects.number());
        let outcome = (!children.is_empty()).then(|| (row::outcome(live, &ending, now), effects.write(now)));
        live.ending = Some(ending);
        if let Some((outcome, effects)) = outcome {
            self.submit(vec![outcome, effects]);
            for child in children {
                self.cancel(child, "cancelled because its parent ended".to_owned());
            }
        }
        self.finish_if_childless(id);
    }

    fn finish_if_childless(&mut self, id: Uuid) {
        let done = self.live.get(&id).is_some_and(|live| live.ending.is_some() && live.open_children.is_empty());
        if done {
            self.finish(id);
        }
    }

    fn finish(&mut self, id: Uuid) {
        let Some(mut live) = self.live.remove(&id) else { return };
        let Some(ending) = live.ending.take() else { return };
        if let Some(timer) = live.deadline.take() {
            self.timers.cancel(timer);
        }
        live.status = ending.status;
        let now = self.clock.now();
        self.drop_locks(id);
        let mut writes = vec![row::end(&live, &ending, now)];
        writes.extend(self.pass_on_effects(&live));
        // What has a parent is first of all the parent's news, which has it from here: on disk it is with what the parent does next.
        let has_parent = live.parent.is_some_and(|parent| self.live.contains_key(&parent));
        let commit = if has_parent { self.submit_lazy(writes) } else { self.submit(writes) };
        self.publish_after(commit, id);
        self.stats.add(
            match ending.status {
                Status::EndedSuccess => Stat::Succeeded,
                Status::EndedCancelled => Stat::Cancelled,
                _ => Stat::Failed,
            },
            1,
        );
        let mut state = live.state();
        if ending.status != Status::EndedSuccess {
            state.reason = ending.message.as_deref().and_then(|m| m.trim_end().lines().last()).map(str::to_owned);
        }
        if let Some(parent) = live.parent.and_then(|p| self.live.get_mut(&p)) {
            parent.children.insert(id, state.clone());
            parent.open_children.remove(&id);
        }
        self.on_ended(id, &state);
        if let Some(schedule) = live.schedule {
            self.on_iteration_ended(schedule, ending.status);
        }
        if let Some(parent) = live.parent {
            self.finish_if_childless(parent);
        }
    }

    /// Refuses further tries of an execution whose slot must go: the message becomes its end.
    pub(super) fn stop(&mut self, id: Uuid, message: String) {
        let Some(live) = self.live.get_mut(&id) else { return };
        match live.slot {
            Some(slot) => {
                live.stop.get_or_insert(message);
                self.pool.kill(slot);
            }
            None => self.end_with_error(id, message),
        }
    }

    /// The handler's outcome was recorded before a restart of the server: only its children are still to end.
    pub(super) fn resume_ending(&mut self, id: Uuid, (ending, results): (Ending, Results)) {
        if let Some(live) = self.live.get_mut(&id) {
            live.status = Status::Pending;
            live.output = results.output.or(live.output.take());
            live.reply = results.reply;
            // What it did was written with its outcome.
            live.is_unread = false;
        }
        self.step(id, Step::Dispatch);
        self.end(id, ending);
    }
}
