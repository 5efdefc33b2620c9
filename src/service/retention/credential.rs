//! What let somebody in and does so no longer: API keys that are over, and the grants of executions that are gone.

use uuid::Uuid;

use super::super::handle::Service;
use super::{Kept, Of};
use crate::error::Result;

/// Rows of one transaction.
const PIECE: u32 = 200;

impl Service {
    /// Deletes API keys that were revoked or ran out before `before`. What they did still has their id in the audit log.
    pub(super) async fn purge_keys(&self, before: &str) -> Result<()> {
        loop {
            let (service, before) = (self.clone(), before.to_owned());
            let work = self.store().transact(move |tx| {
                Box::pin(async move {
                    let gone = tx.delete_keys_over(&before, PIECE).await?;
                    let mut writes: Vec<_> = gone.iter().map(|id| Of::Record.note(*id)).collect();
                    if !gone.is_empty() {
                        writes.push(service.purge_entry((Kept::Keys, gone.len()), &before));
                        tx.apply(&writes).await?;
                    }
                    Ok(gone.len())
                })
            });
            let (count, commit) = work.await?;
            commit.wait().await?;
            if count == 0 {
                return Ok(());
            }
            self.count_purged(Kept::Keys, count);
            self.purge_remains().await?;
        }
    }

    /// Deletes grants that no execution acts with any more. Whoever starts an execution writes its grant with it.
    pub(super) async fn purge_grants(&self) -> Result<()> {
        let mut from = Uuid::nil();
        loop {
            let (unused, last) = self.store().grants_unused(from, PIECE).await?;
            if !unused.is_empty() {
                let work = self.store().transact(move |tx| Box::pin(async move { tx.delete_grants_unused(&unused).await }));
                work.await?.1.wait().await?;
            }
            let Some(last) = last else { return Ok(()) };
            from = last;
        }
    }
}
