//! What time has made worthless goes: idempotency keys after their day, sessions and promised uploads after their end, and what
//! retention keeps no longer.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::handle::Service;
use super::{idempotency, session, upload};
use crate::clock;
use crate::error::Result;
use crate::store::{Unit, Write};

/// Time from one sweep to the next.
const EVERY: Duration = Duration::from_secs(3600);
/// Rows of one transaction, so that nobody's write waits long behind it.
const CHUNK: u32 = 500;

/// A table whose rows have their day.
struct Expiring {
    table: &'static str,
    /// Identifies a row together with `stamp`: one that was written anew meanwhile is another.
    key: &'static [&'static str],
    /// The indexed column with the time that counts.
    stamp: &'static str,
    /// How long after that time it goes.
    kept: SignedDuration,
}

/// `idle` is how long a session may lie unused.
fn tables(idle: SignedDuration) -> [Expiring; 4] {
    let ended = SignedDuration::ZERO;
    [
        Expiring { table: idempotency::TABLE, key: &["user_id", "key", "created_at"], stamp: "created_at", kept: idempotency::KEPT },
        Expiring { table: session::TABLE, key: &["id_hash", "expires_at"], stamp: "expires_at", kept: ended },
        Expiring { table: session::TABLE, key: &["id_hash", "last_seen_at"], stamp: "last_seen_at", kept: idle },
        Expiring { table: upload::TABLE, key: &["id", "expires_at"], stamp: "expires_at", kept: ended },
    ]
}

impl Service {
    /// Sweeps now and then once an hour, for as long as it is polled.
    pub async fn expire(self) {
        loop {
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "what has expired could not be deleted; the next try is in an hour");
            }
            if let Err(error) = self.purge().await {
                tracing::warn!(%error, "what was kept long enough is not all deleted; the next try is in an hour");
            }
            let due = self.clock().instant().plus(EVERY);
            self.clock().sleep_until(due).await;
        }
    }

    /// Deletes what has expired, in small pieces; gives how many rows.
    pub async fn sweep(&self) -> Result<usize> {
        let now = self.clock().now();
        let mut swept = 0;
        for expiring in &tables(self.session_idle()) {
            let before = clock::format(now.saturating_sub(expiring.kept).unwrap_or(Timestamp::MIN));
            loop {
                let rows = self.store().aside_before(expiring.table, expiring.key, (expiring.stamp, &before), CHUNK).await?;
                let count = rows.len();
                let delete = |row| Write::Delete { table: expiring.table, key: expiring.key, row };
                let writes = rows.into_iter().map(delete).collect();
                if count > 0 {
                    self.store().submit(Unit { writes, lazy: false }).wait().await?;
                }
                swept += count;
                if count < CHUNK as usize {
                    break;
                }
            }
        }
        Ok(swept)
    }
}
