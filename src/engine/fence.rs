//! After a COMMIT that failed (a full disk, a broken one): flows and callers were told what is not on disk. Everything
//! live is dropped and read from the store again, as after a crash, before anything is written again.

use std::time::Duration;

use tokio::sync::mpsc;

use super::core::Core;
use super::event::Event;
use super::lock::Locks;
use super::ready::Ready;
use super::recover;
use super::sample::Look;
use super::schedule::Schedules;
use super::suspend::Parked;
use super::timer::Timers;
use crate::clock::Instant;
use crate::error::{Error, Kind};
use crate::service::Service;
use crate::store::{Fence, Store};

/// Between a failure and the next try; doubled while tries fail soon again.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A commit that fails so long after the last try has nothing to do with it.
const APART: Duration = Duration::from_secs(60);

/// Waits for failures and leads the way back from each; ends with the engine.
pub(super) async fn watch(mut fence: Fence, store: Store, service: Service, events: mpsc::UnboundedSender<Event>) {
    let clock = service.clock().clone();
    let mut pause = FIRST_PAUSE;
    let mut tried: Option<Instant> = None;
    loop {
        fence.failed().await;
        if store.is_deposed() {
            let _ = events.send(Event::Deposed);
            return;
        }
        if events.send(Event::CommitFailed).is_err() {
            return;
        }
        if tried.is_some_and(|at| clock.instant().since(at) < APART) {
            pause = (pause * 2).min(LONGEST_PAUSE);
        } else {
            pause = FIRST_PAUSE;
        }
        loop {
            clock.sleep_until(clock.instant().plus(pause)).await;
            match recover::find(&store, &service, "its last steps could not be written to disk").await {
                Ok(found) => {
                    tried = Some(clock.instant());
                    fence.lift();
                    if events.send(Event::Recovered(found)).is_err() {
                        return;
                    }
                    break;
                }
                Err(error) => {
                    tracing::error!(%error, "what is on disk cannot be read");
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}

/// What requests are told meanwhile.
pub(super) fn behind() -> Error {
    Error::new(
        Kind::Unavailable,
        "The last changes could not be written to disk (is it full?). Executions are being set back to what is on disk; try again in a moment.",
    )
}

impl Core {
    /// Another process has the database, and its executions with it: every slot goes, and the loop ends.
    pub(super) fn on_deposed(&mut self) {
        self.on_commit_failed();
        self.draining = true;
    }

    /// Every slot goes, and with them all that is known of live executions: the store decides.
    pub(super) fn on_commit_failed(&mut self) {
        tracing::error!(executions = self.live.len(), "a commit failed; live executions are taken back to what is on disk");
        self.fenced = true;
        self.life += 1;
        for (_, live) in self.live.drain() {
            if let Some(slot) = live.slot {
                self.pool.abandon(slot);
            }
        }
        self.ready = Ready::default();
        self.timers = Timers::default();
        self.locks = Locks::default();
        self.schedules = Schedules::default();
        self.parked = Parked::default();
        self.watchers.clear();
        self.dirty_logs.clear();
        self.log_timer = false;
        self.retire_timer = false;
        self.look = Look::default();
        self.forget_counts();
        self.retire_later();
    }
}
