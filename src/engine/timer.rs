//! Timers on the boot clock: a sorted set the loop sleeps towards. Nothing polls.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::event::SlotId;
use crate::clock::Instant;

/// Names a timer; ordered by when it is due, then by when it was set.
pub type TimerKey = (Instant, u64);

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// A sleep of an execution's call is over.
    Sleep {
        execution: Uuid,
        seq: u32,
    },
    /// A wait with a time limit is over.
    WaitTimeout {
        execution: Uuid,
        seq: u32,
    },
    LockTimeout {
        execution: Uuid,
        seq: u32,
    },
    /// Nobody answered a message in time.
    MessageTimeout {
        execution: Uuid,
        seq: u32,
    },
    /// The grace after a cancel is over: kill.
    Grace {
        execution: Uuid,
    },
    /// The wall-time limit of an execution.
    Deadline {
        execution: Uuid,
    },
    /// `scheduled_for` has come, or a sleeping execution without a slot is due.
    Release {
        execution: Uuid,
    },
    /// A schedule has something to do.
    Schedule {
        schedule: Uuid,
    },
    /// A slot closed its socket but its process did not end.
    Hung {
        slot: SlotId,
    },
    /// A script that is looked over has had its time.
    CheckOver {
        slot: SlotId,
    },
    /// Buffered log entries go to the writer.
    FlushLogs,
    /// What runs is looked at: memory, threads, work directories.
    Sample,
    /// Idle slots and zygotes past their time leave.
    Retire,
}

/// The set of timers.
#[derive(Default)]
pub struct Timers {
    set: BTreeMap<TimerKey, Due>,
    count: u64,
}

impl Timers {
    /// Sets a timer; the key cancels it.
    pub fn set(&mut self, at: Instant, due: Due) -> TimerKey {
        self.count += 1;
        let key = (at, self.count);
        self.set.insert(key, due);
        key
    }

    /// Takes a timer back; nothing happens if it went off already.
    pub fn cancel(&mut self, key: TimerKey) {
        self.set.remove(&key);
    }

    /// When the earliest timer is due.
    pub fn next(&self) -> Option<Instant> {
        self.set.first_key_value().map(|((at, _), _)| *at)
    }

    /// The earliest timer if it is due at `now`.
    pub fn pop(&mut self, now: Instant) -> Option<Due> {
        let entry = self.set.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }
}
