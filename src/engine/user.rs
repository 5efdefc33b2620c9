//! The users that flows run as where the server is root: one for each trust domain.

use std::ops::RangeInclusive;

use crate::config::Config;
use crate::error::Result;
use crate::store::Store;

/// Where a domain's user is looked up.
#[derive(Clone)]
pub struct Users {
    store: Store,
    range: RangeInclusive<u32>,
    /// Two servers on one machine that were given the same range hardly begin at the same place in it.
    start: u32,
}

impl Users {
    /// `None` where flows run as the server's own user. `start` is any number that this database keeps.
    pub fn new(store: Store, range: Option<RangeInclusive<u32>>, start: u32) -> Option<Users> {
        let range = range.filter(|_| nix::unistd::geteuid().is_root())?;
        Some(Users { store, range, start })
    }

    /// The user of a domain, the same each time.
    pub async fn of(&self, domain: &str) -> Result<u32> {
        self.store.domain_user(domain, self.range.clone(), self.start).await
    }
}

/// A user to try things out with: the last of the range, which no domain has for a long time.
pub fn trial(config: &Config) -> Option<u32> {
    config.user_ids().filter(|_| nix::unistd::geteuid().is_root()).map(|range| *range.end())
}
