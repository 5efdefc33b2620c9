//! Retention: what was kept long enough goes, in small pieces between the writes of others. What something live needs stays, however old.
//!
//! Each piece is one transaction with its entry in the audit log. Of what has many parts the record goes first, in the same transaction as a
//! note of what is left of it; the parts follow. So a server that is killed at any moment leaves nothing half there, and the next purge
//! goes on.

mod audit;
mod blob;
mod credential;
mod environment;
mod execution;
mod remains;
mod rule;
mod trash;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use tokio::sync::RwLock;
use uuid::Uuid;

use super::actor::{Actor, Door};
use super::audit::Deed;
use super::cache::Cache;
use super::handle::Service;
use crate::error::Result;
use crate::store::{Commit, Unit, Write};

pub(super) use remains::Of;
pub use rule::Kept;
pub(super) use rule::{Rules, check};

/// What the service holds of retention.
pub struct Retained {
    rules: Cache<(), Rules>,
    /// A retry reads an old execution and then writes what needs it; a purge looks for what nothing needs and then deletes it. Neither may
    /// come between the halves of the other.
    gate: RwLock<()>,
    counts: [AtomicU64; Kept::COUNT],
    /// Up to which execution, by the time of its end and its id, all are without what a kind says: the next purge begins there. Where the
    /// clock was put back, those before it wait for a restart.
    cleared: Mutex<[(String, Uuid); Kept::COUNT]>,
    purges: AtomicU64,
}

impl Default for Retained {
    fn default() -> Retained {
        Retained {
            rules: Cache::new(1),
            gate: RwLock::new(()),
            counts: Default::default(),
            cleared: Mutex::default(),
            purges: AtomicU64::new(0),
        }
    }
}

impl Retained {
    /// How many of a kind went since the start.
    pub fn count(&self, kept: Kept) -> u64 {
        self.counts[kept as usize].load(Ordering::Relaxed)
    }

    /// How often everything was looked through since the start.
    pub fn purges(&self) -> u64 {
        self.purges.load(Ordering::Relaxed)
    }

    pub(super) fn rules(&self) -> &Cache<(), Rules> {
        &self.rules
    }

    fn cleared(&self, kept: Kept) -> (String, Uuid) {
        self.cleared.lock().expect("no panic happens under this lock")[kept as usize].clone()
    }

    fn clear_up_to(&self, kept: Kept, last: &(String, Uuid)) {
        self.cleared.lock().expect("no panic happens under this lock")[kept as usize].clone_from(last);
    }

    pub(super) fn gate(&self) -> &RwLock<()> {
        &self.gate
    }
}

impl Service {
    /// Deletes what the rules keep no longer. What goes wrong with one kind does not keep the others; the first error is given.
    pub async fn purge(&self) -> Result<()> {
        let rules = self.retention().await?;
        let now = self.clock().now();
        let mut outcome = self.purge_remains().await;
        for (kept, name, _) in Kept::ALL {
            let Some(before) = rules.before(kept, now) else { continue };
            let done = match kept {
                Kept::Executions | Kept::Journals | Kept::Logs => self.purge_ended(kept, &before).await,
                Kept::Messages => self.purge_messages(&before).await,
                Kept::Trash => self.purge_trash(&before).await,
                Kept::Versions => self.purge_versions(&before).await,
                Kept::Audit => self.purge_audit(&before).await,
                Kept::Blobs => self.purge_blobs(&before).await,
                Kept::Keys => self.purge_keys(&before).await,
                Kept::Environments => self.purge_environments(&before).await,
            };
            outcome = outcome.and(done.inspect_err(|error| tracing::warn!(kind = name, %error, "a purge was cut short")));
        }
        outcome = outcome.and(self.purge_grants().await);
        self.retained().purges.fetch_add(1, Ordering::Relaxed);
        outcome
    }

    /// Hands over one piece: `count` of a kind from before `before`, with the entry of the audit log.
    fn purge_piece(&self, (kept, count): (Kept, usize), before: &str, mut writes: Vec<Write>) -> Commit {
        writes.push(self.purge_entry((kept, count), before));
        self.count_purged(kept, count);
        self.store().submit(Unit { writes, lazy: false })
    }

    fn purge_entry(&self, (kept, count): (Kept, usize), before: &str) -> Write {
        let details = json!({ "kind": kept.name(), "count": count, "before": before });
        let deed = Deed { operation: "purge", details: Some(&details), ..Deed::default() };
        self.audit(&Actor::system(Door::Server), deed)
    }

    fn count_purged(&self, kept: Kept, count: usize) {
        self.retained().counts[kept as usize].fetch_add(count as u64, Ordering::Relaxed);
    }
}
