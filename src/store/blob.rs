//! Content by its hash: scripts, files, large values. Written once, never changed.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use sqlx::{Row as _, SqliteConnection};

use super::open::{Store, fault};
use crate::error::Result;

/// The name of content: its BLAKE3 hash as 64 hex digits.
pub fn hash(content: &[u8]) -> String {
    blake3::hash(content).to_hex().to_string()
}

impl Store {
    /// The content with this hash.
    pub async fn blob(&self, hash: &str) -> Result<Option<Bytes>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let found =
            sqlx::query("select content from blob where hash = $1").bind(hash).fetch_optional(self.readers()).await.map_err(fault)?;
        found.map(|row| row.try_get::<Vec<u8>, _>(0).map(Bytes::from).map_err(fault)).transpose()
    }
}

pub(super) async fn put(connection: &mut SqliteConnection, statements: &AtomicU64, hash: &str, content: &Bytes) -> Result<()> {
    statements.fetch_add(1, Ordering::Relaxed);
    sqlx::query("insert into blob (hash, content, size) values ($1, $2, $3) on conflict (hash) do nothing")
        .bind(hash)
        .bind(content.to_vec())
        .bind(i64::try_from(content.len()).unwrap_or(i64::MAX))
        .execute(connection)
        .await
        .map_err(fault)?;
    Ok(())
}
