//! Settings as locks: exclusive, re-entrant per execution, in the order asked, released when the holder ends.

use std::collections::{HashMap, VecDeque};

use serde_json::{Value, json};
use uuid::Uuid;

use super::call::ok;
use super::core::Core;
use super::event::{CallRef, Event};
use super::hold::WaitsFor;
use super::live::Pending;
use super::park::Waits;
use super::timer::Due;
use super::wait::timeout_of;
use crate::error::{Error, Result};
use crate::protocol::{Call, Fault, Op, Reply};
use crate::records::Status;
use crate::store::{Row, Write};

/// Every lock that is held or waited for, by setting.
#[derive(Default)]
pub struct Locks {
    map: HashMap<Uuid, Lock>,
}

struct Lock {
    holder: Uuid,
    count: u32,
    /// Waiting executions and the number of their call, first come first.
    queue: VecDeque<(Uuid, u32)>,
}

impl Locks {
    /// Takes the lock if it is free or held by `execution` already; else queues. Returns the count held.
    pub fn acquire(&mut self, setting: Uuid, execution: Uuid, seq: u32) -> Option<u32> {
        let lock = self.map.entry(setting).or_insert_with(|| Lock { holder: execution, count: 0, queue: VecDeque::new() });
        if lock.holder == execution {
            lock.count += 1;
            return Some(lock.count);
        }
        lock.queue.push_back((execution, seq));
        None
    }

    /// Gives one hold back. `None`: `execution` does not hold it. Else the count left.
    pub fn release(&mut self, setting: Uuid, execution: Uuid) -> Option<u32> {
        let lock = self.map.get_mut(&setting).filter(|l| l.holder == execution && l.count > 0)?;
        lock.count -= 1;
        Some(lock.count)
    }

    /// Hands a lock without holds to the next in line, who is returned; forgets it when nobody waits.
    pub fn pass_on(&mut self, setting: Uuid) -> Option<(Uuid, u32)> {
        let lock = self.map.get_mut(&setting).filter(|l| l.count == 0)?;
        let Some((execution, seq)) = lock.queue.pop_front() else {
            self.map.remove(&setting);
            return None;
        };
        lock.holder = execution;
        lock.count = 1;
        Some((execution, seq))
    }

    /// Leaves the queue of a lock.
    pub fn leave(&mut self, setting: Uuid, execution: Uuid) {
        if let Some(lock) = self.map.get_mut(&setting) {
            lock.queue.retain(|(waiting, _)| *waiting != execution);
        }
    }

    /// Drops every hold of `execution`; returns the settings it held.
    pub fn drop_holds(&mut self, execution: Uuid) -> Vec<Uuid> {
        let held: Vec<Uuid> = self.map.iter().filter(|(_, l)| l.holder == execution && l.count > 0).map(|(id, _)| *id).collect();
        for setting in &held {
            if let Some(lock) = self.map.get_mut(setting) {
                lock.count = 0;
            }
        }
        held
    }

    /// What an execution holds, and how often.
    pub fn held_by(&self, execution: Uuid) -> Vec<(Uuid, u32)> {
        let mut held: Vec<(Uuid, u32)> =
            self.map.iter().filter(|(_, l)| l.holder == execution && l.count > 0).map(|(id, l)| (*id, l.count)).collect();
        held.sort_unstable();
        held
    }

    /// Sets how often a held lock is held.
    pub fn recount(&mut self, setting: Uuid, count: u32) {
        if let Some(lock) = self.map.get_mut(&setting) {
            lock.count = count;
        }
    }

    /// Who holds it.
    pub fn holder(&self, setting: Uuid) -> Option<Uuid> {
        self.map.get(&setting).map(|l| l.holder)
    }

    /// A hold found in the store at the start.
    pub fn restore(&mut self, setting: Uuid, holder: Uuid, count: u32) {
        self.map.insert(setting, Lock { holder, count, queue: VecDeque::new() });
    }
}

fn held(setting: Uuid, execution: Uuid, count: u32, now: jiff::Timestamp) -> Write {
    let row = Row::from([
        ("setting_id", json!(setting)),
        ("execution_id", json!(execution)),
        ("count", json!(count)),
        ("acquired_at", json!(crate::clock::format(now))),
    ]);
    Write::Upsert { table: "setting_lock", key: &["setting_id"], row }
}

fn free(setting: Uuid) -> Write {
    Write::Delete { table: "setting_lock", key: &["setting_id"], row: Row::from([("setting_id", json!(setting))]) }
}

impl Core {
    /// The setting is looked up with the caller's rights before anything is locked.
    pub(super) fn call_lock(&mut self, at: CallRef, call: Call) {
        let Some(live) = self.live_call(at) else { return };
        let (actor, target) = (live.actor.clone(), call.target.clone());
        live.pending.insert(at.seq, Pending::Service { call: Box::new(call) });
        let (service, events) = (self.service.clone(), self.events.clone());
        tokio::task::spawn_local(async move {
            let setting = service.setting_lockable(&actor, &target).await;
            let _ = events.send(Event::LockReady(at, setting));
        });
    }

    pub(super) fn on_lock_ready(&mut self, at: CallRef, setting: Result<Uuid>) {
        let Some(live) = self.live_call(at) else { return };
        let Some(Pending::Service { call }) = live.pending.remove(at.seq) else { return };
        match setting {
            Err(error) => self.answer_error(at, &call, &error),
            Ok(setting) if call.op == Op::LockRelease => self.release_lock(at, &call, setting),
            Ok(setting) => self.acquire_lock(at, &call, setting),
        }
    }

    fn acquire_lock(&mut self, at: CallRef, call: &Call, setting: Uuid) {
        if let Some(count) = self.locks.acquire(setting, at.execution, at.seq) {
            return self.answer(at, call, ok(&Value::Null), vec![held(setting, at.execution, count, self.clock.now())]);
        }
        let due = self.begin_wait(at, call, timeout_of(call), || WaitsFor::Lock { setting });
        self.await_lock(at, setting, due);
        let holder = self.locks.holder(setting).map(|id| id.to_string()).unwrap_or_default();
        let words = format!("waiting for the lock on setting {setting}, held by execution {holder}");
        self.park(at, call, Waits { status: Status::WaitingLock, words, until: due });
    }

    fn await_lock(&mut self, at: CallRef, setting: Uuid, due: Option<jiff::Timestamp>) {
        let timer = due.map(|due| self.timers.set(self.steady.instant_of(due), Due::LockTimeout { execution: at.execution, seq: at.seq }));
        self.pend(at, Pending::Lock { setting, timer });
    }

    /// An execution without a process queues for a lock again; it is free if its holder gave it back just before the server ended.
    pub(super) fn stand_in_line(&mut self, at: CallRef, setting: Uuid, due: Option<jiff::Timestamp>) {
        match self.locks.acquire(setting, at.execution, at.seq) {
            None => self.await_lock(at, setting, due),
            Some(count) => {
                self.submit_lazy(vec![held(setting, at.execution, count, self.clock.now())]);
                self.answer_wait(at, ok(&Value::Null));
            }
        }
    }

    fn release_lock(&mut self, at: CallRef, call: &Call, setting: Uuid) {
        match self.locks.release(setting, at.execution) {
            None => {
                let error =
                    Error::invalid(format!("This execution does not hold the lock '{}'; release() follows an acquire().", call.target));
                self.answer_error(at, call, &error);
            }
            Some(0) => {
                self.answer(at, call, ok(&Value::Null), vec![free(setting)]);
                self.pass_lock_on(setting);
            }
            Some(count) => self.answer(at, call, ok(&Value::Null), vec![held(setting, at.execution, count, self.clock.now())]),
        }
    }

    fn pass_lock_on(&mut self, setting: Uuid) {
        let Some((execution, seq)) = self.locks.pass_on(setting) else { return };
        let Some(at) = self.call_at(execution, seq) else { return };
        if let Some(Pending::Lock { timer: Some(timer), .. }) = self.live_call(at).and_then(|l| l.pending.remove(seq)) {
            self.timers.cancel(timer);
        }
        // In one unit: a replay that finds the hold without the answer would ask, and hold it twice.
        let hold = held(setting, execution, 1, self.clock.now());
        self.answer_wait_with(at, ok(&Value::Null), vec![hold]);
    }

    pub(super) fn on_lock_timeout(&mut self, execution: Uuid, seq: u32) {
        let Some(at) = self.call_at(execution, seq) else { return };
        self.drop_pending(execution, seq);
        let message = "The lock was not free within the time limit.".to_owned();
        self.answer_wait(at, Reply::Err(Fault { exception: "LockTimeoutError".to_owned(), message, field: None, data: None }));
    }

    /// Takes an execution's locks back to what it held at a savepoint; what it took since is freed.
    pub(super) fn reset_locks(&mut self, execution: Uuid, wanted: &[(Uuid, u32)]) {
        let now = self.clock.now();
        for (setting, count) in self.locks.held_by(execution) {
            let kept = wanted.iter().find(|(id, _)| *id == setting).map_or(0, |(_, count)| *count);
            if kept == count {
                continue;
            }
            self.locks.recount(setting, kept);
            let write = if kept > 0 { held(setting, execution, kept, now) } else { free(setting) };
            self.submit_lazy(vec![write]);
            if kept == 0 {
                self.pass_lock_on(setting);
            }
        }
    }

    /// Frees the locks of an execution that ends or begins anew; whoever is next gets them.
    pub(super) fn drop_locks(&mut self, execution: Uuid) {
        let settings = self.locks.drop_holds(execution);
        if !settings.is_empty() {
            self.submit_lazy(settings.iter().map(|setting| free(*setting)).collect());
        }
        for setting in settings {
            self.pass_lock_on(setting);
        }
    }
}
