//! Executions that waited when the server ended: their waits go on from the journal, without a process, until they are due.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::core::Core;
use super::event::CallRef;
use super::live::{Live, Pending};
use super::timer::Due;
use crate::clock;
use crate::protocol::{Op, ReturnWhen};
use crate::records::Status;
use crate::store::OpenCall;

/// What an open call waits for, as its journal row has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitsFor {
    Executions { ids: Vec<Uuid>, return_when: ReturnWhen },
    Lock { setting: Uuid },
    Message { message: Uuid },
}

/// An open call that can be waited for without its flow.
struct Held {
    seq: u32,
    due: Option<Timestamp>,
    /// Nothing: for its time alone.
    waits: Option<WaitsFor>,
    started_at: String,
}

fn held(call: OpenCall) -> Option<Held> {
    let due = call.due_at.as_deref().and_then(clock::parse);
    let waits = match call.waits {
        Some(text) => Some(serde_json::from_str(&text).ok()?),
        None if call.op == Op::Sleep.name() && due.is_some() => None,
        None => return None,
    };
    Some(Held { seq: call.seq, due, waits, started_at: call.started_at })
}

impl Core {
    /// Takes up the waits of executions that a replay brings back; returns which of them wait. `until` has the time at which
    /// each goes on at the latest.
    pub(super) fn hold(&mut self, open: HashMap<Uuid, Vec<OpenCall>>, until: &HashMap<Uuid, Timestamp>) -> Vec<CallRef> {
        let mut waits = Vec::new();
        for (id, calls) in open {
            let Some(live) = self.live.get(&id).filter(|live| may_be_held(live)) else { continue };
            let attempt = live.attempt;
            let calls: Option<Vec<Held>> = calls.into_iter().map(held).collect();
            let Some(calls) = calls.filter(|calls| !calls.is_empty()) else { continue };
            // A timer of its event loop is due before any of its calls.
            let wakes = until.get(&id).filter(|at| calls.iter().filter_map(|call| call.due).all(|due| due > **at));
            if let Some(at) = wakes {
                self.release_when(id, self.steady.instant_of(*at));
            }
            waits.extend(calls.into_iter().map(|call| (CallRef { execution: id, attempt, seq: call.seq }, call)));
        }
        // Who stood in line for a lock first is first again.
        waits.sort_by(|(at, a), (bt, b)| (&a.started_at, at.execution, at.seq).cmp(&(&b.started_at, bt.execution, bt.seq)));
        let refs = waits.iter().map(|(at, _)| *at).collect();
        for (at, call) in waits {
            self.hold_call(at, call);
        }
        refs
    }

    fn hold_call(&mut self, at: CallRef, call: Held) {
        // Another call of it may have been answered already, and it was queued.
        if !self.live_call(at).is_some_and(|live| live.status.is_waiting()) {
            return;
        }
        match call.waits {
            None => {
                let Some(due) = call.due else { return };
                let timer = self.timers.set(self.steady.instant_of(due), Due::Sleep { execution: at.execution, seq: at.seq });
                self.pend(at, Pending::Sleep { timer });
            }
            Some(WaitsFor::Executions { ids, return_when }) => self.watch(at, ids, return_when, call.due),
            Some(WaitsFor::Lock { setting }) => self.stand_in_line(at, setting, call.due),
            Some(WaitsFor::Message { message }) => self.await_message(at, message, call.due),
        }
    }

    /// Looks at what held executions wait for: it may have come while there was no server.
    pub(super) fn look_at_held(&mut self, waits: Vec<CallRef>) {
        for at in waits {
            self.look_or_read(at);
            self.look_at_message(at);
        }
    }

    pub(super) fn pend(&mut self, at: CallRef, pending: Pending) {
        if let Some(live) = self.live_call(at) {
            live.pending.insert(at.seq, pending);
        }
    }
}

/// Whether it stood at nothing but waits, and a replay brings it back.
fn may_be_held(live: &Live) -> bool {
    live.status.is_waiting() && live.status != Status::Sleeping && super::escape::is_replayable(live) && live.cancel.is_none()
}
