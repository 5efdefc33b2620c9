//! Requests from outside and from flows about an execution's life: start, run, cancel, pause, resume, check a script.

use serde_json::Value;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::call::{fault, ok};
use super::connection::Link;
use super::core::Core;
use super::event::{Answer, CallRef, Event, SlotId};
use super::fence::behind;
use super::live::{Cancel, Domain, Pending};
use super::row;
use super::state::Step;
use super::timer::Due;
use crate::error::{Error, Kind, Result};
use crate::protocol::{CANCEL_SIGNAL, Call, Check, Op, Reply};
use crate::records::Status;
use crate::service::Command;
use crate::store::{Commit, Write};

impl Core {
    pub(super) fn on_command(&mut self, command: Command) {
        match command {
            Command::Start { execution, lazy, reply } => {
                if self.draining {
                    let _ = reply.send(Err(Error::new(Kind::Unavailable, "The server is shutting down; try again in a moment.")));
                    return;
                }
                if self.fenced {
                    let _ = reply.send(Err(behind()));
                    return;
                }
                let mut execution = execution;
                let writes = std::mem::take(&mut execution.writes);
                let commit = if lazy { self.submit_lazy(writes) } else { self.submit(writes) };
                self.admit(*execution);
                let _ = reply.send(Ok(commit));
            }
            Command::Adopt { id } => self.adopt(id),
            Command::Run { id, entry, reply } => self.request((id, entry), reply, Core::release),
            Command::Cancel { id, by, entry, reply } => {
                self.request((id, entry), reply, |core, id| core.cancel(id, format!("Cancelled by {by}.")));
            }
            Command::Pause { id, entry, reply } => self.request((id, entry), reply, Core::pause),
            Command::Resume { id, entry, reply } => self.request((id, entry), reply, Core::resume),
            Command::Look { id, reply } => {
                let _ = reply.send(Ok(self.look_into(id)));
            }
            Command::LimitChanged { of, is_set } => self.on_limit_changed(of, is_set),
            Command::MessageChanged { id } => self.on_message_changed(id),
            Command::ScheduleChanged { id } => self.plan(id),
            Command::Check { script, script_name, describe, place, environment, reply } => {
                let domain = Domain { place: place.into(), environment: environment.map(Into::into) };
                self.check(Check { script, script_name, describe }, &domain, reply);
            }
        }
    }

    /// Carries a request out on a live execution; the reply's commit covers what it wrote. The audit entry lies in one unit with
    /// the first thing that it changes: there is neither a change without an entry nor an entry without its change.
    fn request(&mut self, (id, entry): (Uuid, Write), reply: oneshot::Sender<Result<Commit>>, act: impl FnOnce(&mut Core, Uuid)) {
        let answer = if self.fenced {
            Err(behind())
        } else if self.live.contains_key(&id) {
            self.tell_with(entry);
            act(self, id);
            // A request that changes nothing is told of all the same.
            let rest = self.untold();
            Ok(self.submit(rest.into_iter().collect()))
        } else {
            Err(Error::conflict(format!("Execution {id} has ended; there is nothing to do.")))
        };
        // A caller that went away does not undo its request.
        let _ = reply.send(answer);
    }

    /// Asks an execution and its children to end. A second request changes nothing.
    pub(super) fn cancel(&mut self, id: Uuid, message: String) {
        let now = self.clock.now();
        let Some(live) = self.live.get_mut(&id) else { return };
        if live.cancel.is_some() || live.ending.is_some() {
            return;
        }
        live.cancel = Some(Cancel { message, grace: None, signalled: false });
        let children: Vec<Uuid> = live.open_children.iter().copied().collect();
        let update = row::ExecutionUpdate::new(id).json("cancel_requested", Value::Bool(true)).write(now);
        let commit = self.submit_lazy(vec![update]);
        self.publish_after(commit, id);
        self.pursue_cancel(id);
        for child in children {
            self.cancel(child, "Cancelled because its parent was cancelled.".to_owned());
        }
    }

    /// Brings a requested cancel to where the handler is: a signal, a replay up to the wait, or a plain end.
    pub(super) fn pursue_cancel(&mut self, id: Uuid) {
        let Some(live) = self.live.get(&id) else { return };
        let (slot, status, never_ran) = (live.slot, live.status, live.is_new_epoch && live.attempt == 0);
        match slot {
            Some(slot) => self.signal_cancel(id, slot),
            None if never_ran => self.end_cancelled(id),
            None if status == Status::Paused => self.resume(id),
            None if status == Status::Pending => self.enqueue(id),
            None => self.requeue(id),
        }
    }

    fn signal_cancel(&mut self, id: Uuid, slot: SlotId) {
        self.pool.signal(slot, CANCEL_SIGNAL);
        // What it waited for is answered no more: its children end now, and that must not reach it as their failure.
        let waiting: Vec<u32> =
            self.live.get(&id).map(|l| l.pending.iter().filter(|(_, p)| p.waits()).map(|(seq, _)| seq).collect()).unwrap_or_default();
        for seq in waiting {
            self.drop_pending(id, seq);
        }
        let grace = self.config.grace;
        let timer = self.timers.set(self.clock.instant().plus(grace), Due::Grace { execution: id });
        if let Some(live) = self.live.get_mut(&id) {
            if let Some(cancel) = &mut live.cancel {
                cancel.signalled = true;
                cancel.grace = Some(timer);
            }
            live.paused = false;
            live.parking.go_on();
        }
        self.leave_line(id);
        let in_slot = true;
        self.step(id, Step::Resume { in_slot });
        self.step(id, Step::Wake);
    }

    pub(super) fn on_grace_over(&mut self, id: Uuid) {
        self.cut_connection(id);
        if let Some(slot) = self.live.get(&id).and_then(|l| l.slot) {
            tracing::info!(execution = %id, "its grace is over; its process is killed");
            self.pool.kill(slot);
        }
    }

    /// The wall-time limit: as a cancel, but it ends as an error that names the limit.
    pub(super) fn on_deadline(&mut self, id: Uuid) {
        let Some(live) = self.live.get_mut(&id) else { return };
        let minutes = live.max_runtime_minutes.unwrap_or_default();
        let message = format!("The execution ran longer than its max_runtime_minutes of {minutes} and was ended.");
        match live.slot {
            Some(slot) => {
                live.stop.get_or_insert(message);
                self.signal_cancel(id, slot);
            }
            None => self.end_with_error(id, message),
        }
    }

    pub(super) fn pause(&mut self, id: Uuid) {
        // What is on its way over the network cannot stand still.
        if self.live.get(&id).and_then(|live| live.link.as_ref()).is_some_and(Link::is_busy) {
            return;
        }
        if !self.step(id, Step::Pause) {
            return;
        }
        self.ready.remove(id);
        if let Some(live) = self.live.get_mut(&id) {
            live.queues = false;
            live.held_back = false;
            live.paused = true;
        }
        let update = row::ExecutionUpdate::new(id)
            .text("status", Status::Paused.name())
            .json("is_paused", Value::Bool(true))
            .text("blocked_on", "paused; resume it to go on");
        let commit = self.submit_lazy(vec![update.write(self.clock.now())]);
        self.publish_after(commit, id);
    }

    pub(super) fn resume(&mut self, id: Uuid) {
        let Some(in_slot) = self.live.get(&id).map(|l| l.slot.is_some()) else { return };
        if !in_slot {
            self.forget_waits(id);
        }
        if !self.step(id, Step::Resume { in_slot }) {
            return;
        }
        let Some(live) = self.live.get_mut(&id) else { return };
        live.paused = false;
        let held = std::mem::take(&mut live.held);
        let (attempt, status) = (live.attempt, live.status);
        let update = row::ExecutionUpdate::new(id)
            .text("status", status.name())
            .json("is_paused", Value::Bool(false))
            .json("blocked_on", Value::Null);
        let commit = self.submit_lazy(vec![update.write(self.clock.now())]);
        self.publish_after(commit, id);
        for (seq, reply) in held {
            self.reply(CallRef { execution: id, attempt, seq }, reply);
        }
        if in_slot {
            self.park_if_waiting(id);
        }
        self.enqueue(id);
    }

    pub(super) fn call_cancel(&mut self, at: CallRef, call: &Call) {
        self.control(at, call, |core, id| core.cancel(id, format!("Cancelled by execution {}.", at.execution)));
    }

    pub(super) fn call_pause(&mut self, at: CallRef, call: &Call) {
        self.control(at, call, Core::pause);
    }

    /// Acts on itself or a child at once; on others through the service, which decides.
    fn control(&mut self, at: CallRef, call: &Call, act: impl FnOnce(&mut Core, Uuid)) {
        let target = if call.target.is_empty() { Ok(at.execution) } else { call.target.parse::<Uuid>() };
        let Ok(target) = target else {
            let error = Error::invalid(format!("'{}' is not the id of an execution.", call.target));
            return self.answer_error(at, call, &error);
        };
        let related = target == at.execution || self.live.get(&at.execution).is_some_and(|l| l.children.contains_key(&target));
        if related {
            let write = self.journal(at, call, Some(&ok(&Value::Null)), None);
            self.submit_lazy(vec![write]);
            act(self, target);
            return self.reply(at, ok(&Value::Null));
        }
        let Some(live) = self.live_call(at) else { return };
        let call = call.clone();
        let (actor, is_cancel) = (live.actor.clone(), call.op == Op::Cancel);
        live.pending.insert(at.seq, Pending::Service { call: Box::new(call) });
        let (service, events) = (self.service.clone(), self.events.clone());
        tokio::task::spawn_local(async move {
            let done =
                if is_cancel { service.execution_cancel(&actor, target).await } else { service.execution_pause(&actor, target).await };
            let reply = match done {
                Ok(_) => ok(&Value::Null),
                Err(error) => Reply::Err(fault(&error)),
            };
            let _ = events.send(Event::Answered(at, Answer { reply, journaled: false, recorded: None }));
        });
    }
}
