//! Which user of the operating system a trust domain's flows run as: chosen once, never shared.

use std::ops::RangeInclusive;

use super::open::Store;
use super::row::Row;
use super::tx::Tx;
use super::unit::Write;
use crate::error::{Error, Kind, Result};

impl Store {
    /// The number of the domain's user: the one it has, if that is in `users`, else the next free one from `start` on, counted from
    /// the range's beginning and going round. On disk when this returns.
    pub async fn domain_user(&self, domain: &str, users: RangeInclusive<u32>, start: u32) -> Result<u32> {
        // Nearly always it is there already, and a full disk does not matter.
        let known = self.aside("domain_user", &["uid"], ("domain", domain)).await?;
        if let Some(user) = known.as_ref().and_then(|row| user_of(row, &users)) {
            return Ok(user);
        }
        let domain = domain.to_owned();
        let (user, commit) = self.transact(move |tx| Box::pin(choose(tx, domain, users, start))).await?;
        commit.wait().await?;
        Ok(user)
    }
}

async fn choose(tx: &mut Tx, domain: String, users: RangeInclusive<u32>, start: u32) -> Result<u32> {
    let known = tx.aside("domain_user", &["uid"], ("domain", &domain)).await?;
    if let Some(user) = known.as_ref().and_then(|row| user_of(row, &users)) {
        return Ok(user);
    }
    let (first, size) = (u64::from(*users.start()), u64::from(*users.end()) - u64::from(*users.start()) + 1);
    for step in 0..size {
        let user = first + (u64::from(start) + step) % size;
        let user = u32::try_from(user).map_err(|_| Error::internal("a user's number is outside its range"))?;
        if tx.aside("domain_user", &["domain"], ("uid", &user.to_string())).await?.is_some() {
            continue;
        }
        let mut row = Row::new();
        row.set("domain", domain);
        row.set("uid", user.to_string());
        tx.apply(&[Write::Upsert { table: "domain_user", key: &["domain"], row }]).await?;
        return Ok(user);
    }
    let (first, last) = users.into_inner();
    Err(Error::new(
        Kind::Conflict,
        format!(
            "All users {first} to {last} belong to other projects; widen engine.user_ids, or leave it empty to run flows without users of their own."
        ),
    ))
}

/// One outside the range was given when the range was another.
fn user_of(row: &Row, users: &RangeInclusive<u32>) -> Option<u32> {
    row.text("uid")?.parse().ok().filter(|user| users.contains(user))
}
