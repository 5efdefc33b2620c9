//! Turns under a limit of how many run at once: who is held back says so, and who waited in a slot stands in line again.

use serde_json::Value;
use uuid::Uuid;

use super::core::Core;
use super::event::{CallRef, Event};
use super::row;
use crate::error::Result;
use crate::protocol::Reply;
use crate::store::{LimitOf, RunLimit};

impl Core {
    /// Whether the answer of a call must be kept until it is its execution's turn.
    pub(super) fn must_queue(&self, at: CallRef) -> bool {
        let Some(live) = self.live.get(&at.execution) else { return false };
        let may_wait = live.slot.is_some() && !self.draining && live.cancel.is_none() && live.stop.is_none();
        may_wait
            && (live.queues
                || live.status.is_waiting() && live.parking.waits_for(at.seq) && self.ready.bounds().full(live.home()).is_some())
    }

    /// What it waited for is there, but a limit is reached: it stands in line like those that have not begun. Its process
    /// stays, since it soon goes on.
    pub(super) fn queue_in_slot(&mut self, at: CallRef, reply: Reply) {
        let Some(live) = self.live_call(at) else { return };
        live.held.push((at.seq, reply));
        if std::mem::replace(&mut live.queues, true) {
            return;
        }
        let (home, priority, order) = (live.home(), live.priority, live.order);
        // Nothing but its turn is left to bring it back.
        self.parked.remove(at.execution);
        self.ready.push(at.execution, home, priority, order);
    }

    /// It is its turn.
    pub(super) fn go_on(&mut self, id: Uuid) {
        if self.leave_line(id) {
            self.deliver(id);
        }
    }

    /// It stands in line no more. Returns whether it did, in its slot.
    pub(super) fn leave_line(&mut self, id: Uuid) -> bool {
        let Some(live) = self.live.get_mut(&id).filter(|live| live.queues) else { return false };
        live.queues = false;
        live.held_back = false;
        self.ready.remove(id);
        true
    }

    /// Sends the answers that were held back.
    pub(super) fn deliver(&mut self, id: Uuid) {
        let Some(live) = self.live.get_mut(&id) else { return };
        let (held, attempt) = (std::mem::take(&mut live.held), live.attempt);
        for (seq, reply) in held {
            self.send_reply(CallRef { execution: id, attempt, seq }, &reply);
        }
    }

    /// Executions that a limit holds back say which one, once.
    pub(super) fn tell_held_back(&mut self) {
        for (id, of) in self.ready.held_back() {
            let words = self.ready.bounds().words(of);
            self.say_held_back(id, Some(&words));
        }
    }

    fn say_held_back(&mut self, id: Uuid, words: Option<&str>) {
        let Some(live) = self.live.get_mut(&id) else { return };
        live.held_back = words.is_some();
        let update = row::ExecutionUpdate::new(id)
            .json("blocked_on", words.map_or(Value::Null, |words| Value::String(words.to_owned())))
            .json("wait_until", Value::Null);
        let commit = self.submit_lazy(vec![update.write(self.clock.now())]);
        self.publish_after(commit, id);
    }

    /// A workspace, project or flow was written. If it has to do with limits, they are read anew.
    pub(super) fn on_limit_changed(&mut self, of: LimitOf, is_set: bool) {
        if !is_set && !self.ready.bounds().is_set(of) {
            return;
        }
        let (store, events) = (self.store.clone(), self.events.clone());
        tokio::task::spawn_local(async move {
            let read = async {
                store.barrier().await?;
                store.run_limits().await
            };
            let _ = events.send(Event::LimitsRead(read.await));
        });
    }

    pub(super) fn on_limits_read(&mut self, limits: Result<Vec<RunLimit>>) {
        match limits {
            Ok(limits) => {
                self.ready.set_limits(limits);
                // Those that are still held back say so again.
                let told: Vec<Uuid> = self.ready.ids().filter(|id| self.live.get(id).is_some_and(|live| live.held_back)).collect();
                for id in told {
                    self.say_held_back(id, None);
                }
            }
            // A commit failed: they are read again with everything else.
            Err(error) => tracing::warn!(%error, "the limits of how many run at once could not be read"),
        }
    }
}
