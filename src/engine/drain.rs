//! The end of a server's life: what waits and can be replayed is let go at once, the rest gets its grace.

use uuid::Uuid;

use super::connection::Link;
use super::core::Core;
use super::suspend::stands_still;
use super::timer::Due;

impl Core {
    /// Stop taking work.
    pub(super) fn on_drain(&mut self) {
        if self.draining {
            return;
        }
        self.draining = true;
        let in_slots: Vec<Uuid> = self.live.values().filter(|live| live.slot.is_some()).map(|live| live.id).collect();
        let until = self.clock.instant().plus(self.config.drain);
        self.let_connections_go(until);
        for id in in_slots {
            if !self.let_go_if_draining(id) {
                if self.leave_line(id) {
                    self.deliver(id);
                }
                self.timers.set(until, Due::Grace { execution: id });
            }
        }
    }

    /// Takes the process of an execution that waits, as a crash would: it costs the server that leaves no time, and the next one
    /// knows what it waits for. Returns whether it is so.
    pub(super) fn let_go_if_draining(&mut self, id: Uuid) -> bool {
        let Some(live) = self.live.get(&id).filter(|live| self.draining && stands_still(live)) else { return false };
        let Some(slot) = live.slot else { return false };
        self.flush_logs(id);
        self.pool.kill(slot);
        true
    }

    /// No execution has a process or is being carried out.
    pub(super) fn is_drained(&self) -> bool {
        self.live.values().all(|live| live.slot.is_none() && !live.link.as_ref().is_some_and(Link::is_busy))
    }

    /// Everything buffered is on disk, every process gone.
    pub(super) async fn shut_down(mut self) {
        let ids: Vec<Uuid> = self.live.keys().copied().collect();
        for id in ids {
            self.flush_logs(id);
        }
        self.pool.close();
        if let Err(error) = self.store.barrier().await {
            tracing::error!(%error, "the last writes could not be committed");
        }
    }
}
