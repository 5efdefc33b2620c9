//! Scripts that are looked over in a slot without being executions.

use std::time::Duration;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::core::Core;
use super::event::SlotId;
use super::live::Domain;
use super::pool::SlotKey;
use super::timer::{Due, TimerKey};
use crate::error::{Error, Kind, Result};
use crate::protocol::{Check, Checked, FrameKind};

/// How long a script may take to be imported for its description.
const IMPORT_LIMIT: Duration = Duration::from_secs(10);

type Answer = oneshot::Sender<Result<Checked>>;

/// A check that waits for its domain's zygote.
pub(super) struct Waiting {
    domain: Domain,
    check: Check,
    reply: Answer,
}

/// A check in a slot.
pub(super) struct Checking {
    reply: Answer,
    /// Set when the script may be imported: whatever it did then, nobody else gets the slot.
    limit: Option<TimerKey>,
}

impl Core {
    /// Compiles a script in a slot of its domain, once that has a zygote.
    pub(super) fn check(&mut self, check: Check, domain: &Domain, reply: Answer) {
        self.waiting_checks.push(Waiting { domain: domain.clone(), check, reply });
        if self.pool.is_ready(domain, Uuid::nil()) {
            self.checks_begin(domain);
        }
    }

    fn waiting_of(&mut self, domain: &Domain) -> Vec<Waiting> {
        let (mine, others) = std::mem::take(&mut self.waiting_checks).into_iter().partition(|waiting| waiting.domain == *domain);
        self.waiting_checks = others;
        mine
    }

    pub(super) fn checks_begin(&mut self, domain: &Domain) {
        for Waiting { domain, check, reply } in self.waiting_of(domain) {
            let key = SlotKey { domain, script_hash: "check".to_owned() };
            match self.pool.take(&key, Uuid::nil(), false) {
                Ok((slot, _)) => {
                    let due = self.clock.instant().plus(IMPORT_LIMIT);
                    let limit = check.describe.then(|| self.timers.set(due, Due::CheckOver { slot }));
                    self.checks.insert(slot, Checking { reply, limit });
                    self.pool.send(slot, FrameKind::Check, 0, &serde_json::to_vec(&check).unwrap_or_default());
                }
                Err(error) => {
                    let _ = reply.send(Err(error));
                }
            }
        }
    }

    pub(super) fn checks_refused(&mut self, domain: &Domain, error: &Error) {
        for Waiting { reply, .. } in self.waiting_of(domain) {
            let _ =
                reply.send(Err(Error::new(Kind::Unavailable, format!("No Python process could be started to check the script: {error}"))));
        }
    }

    pub(super) fn on_checked(&mut self, slot: SlotId, checked: Checked) {
        if let Some(Checking { reply, limit }) = self.checks.remove(&slot) {
            let _ = reply.send(Ok(checked));
            if let Some(limit) = limit {
                self.timers.cancel(limit);
            }
            self.pool.give_back(slot, limit.is_none());
            self.retire_later();
        }
    }

    /// The import of a script takes too long.
    pub(super) fn on_check_over(&mut self, slot: SlotId) {
        if let Some(Checking { reply, .. }) = self.checks.remove(&slot) {
            let message = format!("Importing the script takes longer than {} seconds.", IMPORT_LIMIT.as_secs());
            let _ = reply.send(Err(Error::invalid(message)));
            self.pool.give_back(slot, false);
        }
    }

    /// The slot of a check is gone: the script brought the compiler down, or left while it was imported.
    pub(super) fn check_lost(&mut self, slot: SlotId) {
        let Some(Checking { reply, limit }) = self.checks.remove(&slot) else { return };
        let message = if let Some(limit) = limit {
            self.timers.cancel(limit);
            "The script cannot be imported: it ended the process, or used up its memory or CPU time."
        } else {
            "The script cannot be checked: compiling it ended the process, which deeply nested code can do."
        };
        let _ = reply.send(Err(Error::invalid(message)));
    }
}
