//! Parking: while a handler only waits, its slot takes no room. One that blocks in a call waits for that answer; an
//! async one says itself when all its tasks await, and any answer wakes it.

use jiff::Timestamp;
use serde_json::Value;

use super::core::Core;
use super::event::{CallRef, SlotId};
use super::live::Pending;
use super::numbered::Numbered;
use super::row;
use super::state::Step;
use crate::protocol::{Await, Call};
use crate::records::Status;

/// Waits that `blocked_on` names.
const NAMED: usize = 5;

/// What a handler waits for, call by call, and whether it does nothing else meanwhile. Of one attempt.
#[derive(Default)]
pub struct Parking {
    /// Open calls that wait, by number.
    waits: Numbered<Waits>,
    /// The call whose answer the whole handler stands still for.
    blocking: Option<u32>,
    /// Every task of an async handler awaits.
    awaits: bool,
    /// When a timer of its event loop is due.
    timer: Option<Timestamp>,
    /// Answers sent to the slot.
    replies: u32,
}

/// One wait: its state, words for people, when it ends at the latest.
pub(super) struct Waits {
    pub status: Status,
    pub words: String,
    pub until: Option<Timestamp>,
}

impl Parking {
    /// An answer goes to the slot. Returns whether the handler has something to do now.
    fn answered(&mut self, seq: u32) -> bool {
        self.replies = self.replies.wrapping_add(1);
        self.forget(seq);
        if self.blocking.is_some_and(|blocking| blocking != seq) {
            return false;
        }
        let waited = self.awaits || self.blocking.is_some();
        self.go_on();
        waited
    }

    /// Whether the handler would go on with this answer.
    pub(super) fn waits_for(&self, seq: u32) -> bool {
        self.blocking.map_or(self.awaits, |blocking| blocking == seq)
    }

    /// Nobody waits for this call any more.
    pub(super) fn forget(&mut self, seq: u32) {
        self.waits.remove(seq);
    }

    /// The handler computes, whatever it waited for.
    pub(super) fn go_on(&mut self) {
        self.blocking = None;
        self.awaits = false;
        self.timer = None;
    }

    /// Whether the process holds what no replay would wake it for: a timer of its event loop.
    pub(super) fn has_timer(&self) -> bool {
        self.timer.is_some()
    }

    /// State, words and end of the wait as a whole; `None` while the handler has something else to do.
    fn whole(&self) -> Option<Waits> {
        if let Some(seq) = self.blocking {
            let Waits { status, words, until } = self.waits.get(seq)?;
            return Some(Waits { status: *status, words: words.clone(), until: *until });
        }
        if !self.awaits {
            return None;
        }
        let status = self.waits.values().map(|w| w.status).min_by_key(|status| *status == Status::Sleeping)?;
        let mut words: Vec<String> = self.waits.values().take(NAMED).map(|w| w.words.clone()).collect();
        if self.waits.len() > NAMED {
            words.push(format!("and {} more", self.waits.len() - NAMED));
        }
        let until = self.waits.values().filter_map(|w| w.until).chain(self.timer).min();
        Some(Waits { status, words: words.join("; "), until })
    }
}

impl Core {
    /// An open call waits. A handler that blocks in it is parked; an async one goes on until it says that it only awaits.
    pub(super) fn park(&mut self, at: CallRef, call: &Call, waits: Waits) {
        let Some(live) = self.live_call(at) else { return };
        live.parking.waits.insert(at.seq, waits);
        if !call.awaited {
            live.parking.blocking = Some(at.seq);
        }
        self.park_if_waiting(at.execution);
    }

    /// Parks a running handler that has nothing to do but wait.
    pub(super) fn park_if_waiting(&mut self, id: uuid::Uuid) {
        let Some(live) = self.live.get(&id) else { return };
        // What the service still works on, such as a child that is made, says soon what it waits for.
        if live.parking.blocking.is_none() && !live.pending.values().all(Pending::waits) {
            return;
        }
        let Some(waits) = live.parking.whole() else { return };
        if !self.step(id, Step::Park(waits.status)) {
            return;
        }
        let mut update = row::ExecutionUpdate::new(id).text("status", waits.status.name()).text("blocked_on", &waits.words);
        if let Some(until) = waits.until {
            update = update.time("wait_until", until);
        }
        let commit = self.submit_lazy(vec![update.write(self.clock.now())]);
        self.publish_after(commit, id);
        self.flush_logs(id);
        self.keep_parked(id, waits.until.map(|at| self.steady.instant_of(at)));
        self.let_go_if_draining(id);
    }

    /// An answer is on its way to the slot: the handler goes on, unless it blocks in another call.
    pub(super) fn wake_for(&mut self, at: CallRef) {
        if self.live_call(at).is_some_and(|live| live.parking.answered(at.seq)) {
            self.wake(at.execution);
        }
    }

    /// A parked handler goes on.
    fn wake(&mut self, id: uuid::Uuid) {
        if self.step(id, Step::Wake) {
            let update = row::ExecutionUpdate::new(id)
                .text("status", Status::Running.name())
                .json("blocked_on", Value::Null)
                .json("wait_until", Value::Null);
            let commit = self.submit_lazy(vec![update.write(self.clock.now())]);
            self.publish_after(commit, id);
        }
    }

    /// An async handler only awaits, or goes on by itself.
    pub(super) fn on_await(&mut self, slot: SlotId, replies: u32, said: Await) {
        let Some(id) = self.execution_in(slot) else { return };
        let timer = said.timer.map(|seconds| self.steady.after(seconds));
        let Some(live) = self.live.get_mut(&id) else { return };
        if !said.only {
            live.parking.go_on();
            self.wake(id);
            // A timer of its own woke it: nothing is left to stand in line for.
            if self.leave_line(id) {
                self.deliver(id);
            }
        } else if replies == live.parking.replies {
            live.parking.awaits = true;
            live.parking.timer = timer;
            self.park_if_waiting(id);
        }
    }

    /// The task that awaited a call was cancelled: its timer and its place in queues go.
    pub(super) fn on_abandon(&mut self, slot: SlotId, seq: u32) {
        let Some(id) = self.execution_in(slot) else { return };
        if self.live.get(&id).and_then(|live| live.pending.get(seq)).is_some_and(Pending::waits) {
            self.drop_pending(id, seq);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(status: Status, words: &str, until: Option<i64>) -> Waits {
        Waits { status, words: words.to_owned(), until: until.and_then(|s| Timestamp::from_second(s).ok()) }
    }

    #[test]
    fn a_blocking_call_is_woken_by_its_own_answer_alone() {
        let mut parking = Parking { blocking: Some(2), ..Parking::default() };
        parking.waits.insert(1, waits(Status::WaitingDependency, "one", None));
        parking.waits.insert(2, waits(Status::Sleeping, "two", None));
        assert_eq!(parking.whole().unwrap().words, "two");
        assert!(!parking.answered(1));
        assert!(parking.answered(2));
        assert!(parking.whole().is_none());
    }

    #[test]
    fn an_awaiting_handler_is_due_with_the_first_of_its_waits() {
        let mut parking = Parking { awaits: true, ..Parking::default() };
        parking.waits.insert(1, waits(Status::Sleeping, "one", Some(20)));
        parking.waits.insert(2, waits(Status::Sleeping, "two", Some(10)));
        let whole = parking.whole().unwrap();
        assert_eq!((whole.status, whole.words.as_str(), whole.until), (Status::Sleeping, "one; two", Timestamp::from_second(10).ok()));
        parking.waits.insert(3, waits(Status::WaitingDependency, "three", None));
        assert_eq!(parking.whole().unwrap().status, Status::WaitingDependency);
        assert!(parking.answered(1), "any answer wakes it");
    }

    #[test]
    fn more_waits_than_can_be_read_are_counted() {
        let mut parking = Parking { awaits: true, ..Parking::default() };
        for seq in 1..=7 {
            parking.waits.insert(seq, waits(Status::Sleeping, "s", None));
        }
        assert_eq!(parking.whole().unwrap().words, "s; s; s; s; s; and 2 more");
    }
}
