//! Environments that nobody uses: what is installed goes; a lock stays as long as an execution remembers it.

use super::super::handle::Service;
use super::Kept;
use crate::error::Result;

impl Service {
    /// Removes environments that were last used before `before` and that no flow, project or live execution names.
    pub(super) async fn purge_environments(&self, before: &str) -> Result<()> {
        let Ok(environments) = self.environments() else { return Ok(()) };
        let keys = self.store().environments_unused(before).await?;
        if keys.is_empty() {
            return Ok(());
        }
        let cut = before.to_owned();
        let work = self.store().transact(move |tx| Box::pin(async move { tx.environments_forget(&keys, &cut).await }));
        let (unused, commit) = work.await?;
        commit.wait().await?;
        let mut count = 0;
        for key in unused {
            count += usize::from(environments.remove(&key).await?);
        }
        if count > 0 {
            environments.forget_downloads().await?;
            self.purge_piece((Kept::Environments, count), before, Vec::new()).wait().await?;
        }
        Ok(())
    }
}
