//! Room for zygotes and slots: which of those that nobody uses leave, and when.

use std::collections::HashSet;
use std::time::Duration;

use super::{Nest, Pool, SlotState};
use crate::clock::Instant;
use crate::engine::event::SlotId;
use crate::engine::live::Domain;

impl Pool {
    /// Lets idle slots older than `age` go, and all zygotes without slots but one. Returns whether there is more to look at later.
    pub fn retire_idle(&mut self, now: Instant, age: Duration) -> bool {
        let old: Vec<SlotId> = self.idle.values().flatten().copied().filter(|id| now.since(self.slots[id].idle_since) >= age).collect();
        for id in old {
            self.unlist(id);
            self.kill(id);
        }
        let used: HashSet<Domain> = self.slots.values().map(|s| s.key.domain.clone()).collect();
        let mut staying = self.staying();
        while staying > 1
            && let Some(domain) = self.idle_longest(&used)
        {
            self.retire(&domain);
            staying -= 1;
        }
        !self.slots.is_empty() || staying > 1
    }

    /// Zygotes that are there to stay.
    fn staying(&self) -> usize {
        self.nests.values().filter(|nest| !matches!(nest, Nest::Leaving(_))).count()
    }

    /// The domain outside of `used` whose zygote nobody has asked for longest.
    fn idle_longest(&self, used: &HashSet<Domain>) -> Option<Domain> {
        let ready = self.nests.iter().filter_map(|(domain, nest)| match nest {
            Nest::Ready(_, at) if !used.contains(domain) => Some((*at, domain)),
            _ => None,
        });
        ready.min_by_key(|(at, _)| *at).map(|(_, domain)| domain.clone())
    }

    /// Before another zygote is started: one that no execution is in leaves, where there are as many as there may be.
    pub(super) fn make_room(&mut self) {
        let busy = |slot: &&SlotState| slot.execution.is_some() || slot.abandoned_by.is_some();
        let used: HashSet<Domain> = self.slots.values().filter(busy).map(|s| s.key.domain.clone()).collect();
        while self.staying() >= self.limits.zygotes.max(1)
            && let Some(domain) = self.idle_longest(&used)
        {
            let warm: Vec<SlotId> = self.idle.values().flatten().copied().filter(|id| self.slots[id].key.domain == domain).collect();
            for id in warm {
                self.unlist(id);
                self.kill(id);
            }
            self.retire(&domain);
        }
    }

    fn retire(&mut self, domain: &Domain) {
        if let Some(Nest::Ready(zygote, _)) = self.nests.insert(domain.clone(), Nest::Leaving(Vec::new())) {
            zygote.stop();
        }
    }
}
