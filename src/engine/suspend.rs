//! Waiting costs nothing: executions that wait in a process are parked within a budget; beyond it, those that a replay
//! brings back lose their process, and only what they wait for remains. Once that is there, they are queued again.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use uuid::Uuid;

use super::core::Core;
use super::escape::is_replayable;
use super::live::{Live, Pending};
use super::row;
use crate::clock::Instant;
use crate::records::Status;
use crate::service::Stat;

/// Waits that end sooner are not worth a fork and a replay.
const SOON: Duration = Duration::from_secs(1);
/// How far off the end of a wait is taken to be when nothing says so: a child, a lock.
const UNKNOWN: Duration = Duration::from_secs(60);

/// Executions that wait in a process of their own.
#[derive(Default)]
pub struct Parked {
    places: HashMap<Uuid, Place>,
    /// Those that may be suspended, by when they go on.
    by_due: BTreeSet<(Instant, Uuid)>,
    bytes: u64,
}

struct Place {
    due: Instant,
    /// Memory that its process shares with no other, about.
    bytes: u64,
}

impl Parked {
    fn add(&mut self, id: Uuid, place: Place, may_go: bool) {
        self.remove(id);
        if may_go {
            self.by_due.insert((place.due, id));
        }
        self.bytes += place.bytes;
        self.places.insert(id, place);
    }

    /// It computes again, or has lost its process.
    pub fn remove(&mut self, id: Uuid) {
        if let Some(place) = self.places.remove(&id) {
            self.by_due.remove(&(place.due, id));
            self.bytes -= place.bytes;
        }
    }

    /// It must keep its process from now on.
    pub fn pin(&mut self, id: Uuid) {
        if let Some(place) = self.places.get(&id) {
            self.by_due.remove(&(place.due, id));
        }
    }

    /// The one that goes on last, if that is not soon.
    fn last(&self, now: Instant) -> Option<Uuid> {
        self.by_due.last().filter(|(due, _)| *due > now.plus(SOON)).map(|(_, id)| *id)
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    fn fixed(&self) -> usize {
        self.places.len() - self.by_due.len()
    }
}

impl Core {
    /// A slot waits now, at least until `due` as far as is known; whatever is over the budget is suspended.
    pub(super) fn keep_parked(&mut self, id: Uuid, due: Option<Instant>) {
        let now = self.clock.instant();
        let Some(live) = self.live.get(&id) else { return };
        let Some(slot) = live.slot else { return };
        let may_go = may_be_suspended(live);
        let due = due.unwrap_or_else(|| now.plus(UNKNOWN));
        let bytes = if due > now.plus(SOON) { self.pool.own_memory(slot) } else { 0 };
        self.parked.add(id, Place { due, bytes }, may_go);
        while self.is_over_budget()
            && let Some(last) = self.parked.last(now)
        {
            self.suspend(last);
        }
    }

    fn is_over_budget(&self) -> bool {
        self.parked.len() > self.config.max_parked || self.parked.bytes > self.config.max_parked_bytes
    }

    /// Whether those that must keep their processes have used the budget up. New root executions wait then; what
    /// descends from a parked one is let in, or parents and children would wait for each other forever.
    pub(super) fn is_crowded(&self) -> bool {
        self.parked.fixed() >= self.config.max_parked.max(1)
    }

    /// Takes the process of a waiting execution as a crash would: no code of the flow runs. Its wait stays.
    fn suspend(&mut self, id: Uuid) {
        self.parked.remove(id);
        self.flush_logs(id);
        let Some(live) = self.live.get_mut(&id) else { return };
        let Some(slot) = live.slot.take() else { return };
        // Held answers are in the journal.
        live.held.clear();
        self.pool.abandon(slot);
        self.stats.add(Stat::Suspended, 1);
        tracing::debug!(execution = %id, "suspended: it waits without a process");
    }

    /// What a suspended execution waited for is in the journal: it is replayed up to there.
    pub(super) fn bring_back(&mut self, id: Uuid) {
        self.forget_waits(id);
        if self.live.get(&id).is_some_and(|live| !live.paused) {
            self.requeue(id);
        }
    }

    /// Drops the waits of an execution without a process: its replay asks for them again.
    pub(super) fn forget_waits(&mut self, id: Uuid) {
        let Some(live) = self.live.get(&id) else { return };
        let pending: Vec<u32> = live.pending.keys().collect();
        for seq in pending {
            self.drop_pending(id, seq);
        }
    }

    /// A root execution that must wait for others to leave says so, once.
    pub(super) fn note_crowded(&mut self, id: Uuid) {
        let words = format!(
            "waiting to start: {} waiting executions must keep their processes (on_loss, acts outside flow_api, steps under way), which is the limit (engine.max_parked)",
            self.parked.fixed()
        );
        let update = row::ExecutionUpdate::new(id).text("blocked_on", &words);
        let commit = self.submit_lazy(vec![update.write(self.clock.now())]);
        self.publish_after(commit, id);
    }
}

/// Whether a replay brings it back to where it is, without running anything of it twice.
fn may_be_suspended(live: &Live) -> bool {
    stands_still(live) && !live.parking.has_timer()
}

/// As [`may_be_suspended`], for a server that ends: the next one knows from the row when a timer of an event loop is due.
pub(super) fn stands_still(live: &Live) -> bool {
    let only_waits = live.pending.values().all(Pending::waits);
    live.status != Status::Running
        && is_replayable(live)
        && only_waits
        && live.cancel.is_none()
        && live.stop.is_none()
        && live.ending.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::default().plus(Duration::from_secs(seconds))
    }

    #[test]
    fn the_one_that_waits_longest_goes_first_and_short_waits_stay() {
        let mut parked = Parked::default();
        for (n, seconds) in [(1, 5), (2, 900), (3, 30)] {
            parked.add(Uuid::from_u128(n), Place { due: at(seconds), bytes: 10 }, true);
        }
        parked.add(Uuid::from_u128(4), Place { due: at(9000), bytes: 10 }, false);
        assert_eq!((parked.len(), parked.fixed(), parked.bytes), (4, 1, 40));
        let mut gone = Vec::new();
        while let Some(id) = parked.last(at(4)) {
            parked.remove(id);
            gone.push(id.as_u128());
        }
        assert_eq!(gone, [2, 3]);
        assert_eq!((parked.len(), parked.bytes), (2, 20));
    }

    #[test]
    fn what_parks_again_keeps_one_place() {
        let mut parked = Parked::default();
        parked.add(Uuid::from_u128(1), Place { due: at(5), bytes: 10 }, true);
        parked.add(Uuid::from_u128(1), Place { due: at(50), bytes: 20 }, true);
        assert_eq!((parked.len(), parked.bytes, parked.by_due.len()), (1, 20, 1));
    }
}
