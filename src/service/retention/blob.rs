//! Content that nothing names: marked first, and deleted when a day later still nothing does.
//!
//! Whoever writes content takes the mark away, also where it is there already; so a request that first writes its content and then names
//! it has a day for that.

use serde_json::json;

use super::super::handle::Service;
use super::Kept;
use crate::error::Result;
use crate::store::{Row, Unit, Write};

const MARKS: &str = "blob_unused";
/// Contents looked at together by a reader.
const PAGE: u32 = 500;
/// Contents of one transaction, where the writer itself looks who names them.
const CONTENTS: u32 = 20;
/// Pieces of one transaction, of a megabyte each.
const PIECES: u32 = 4;

impl Service {
    /// Deletes content that is marked since before `before`, and marks what has come to be unused.
    pub(super) async fn purge_blobs(&self, before: &str) -> Result<()> {
        self.delete_marked(before).await?;
        self.mark_unused().await
    }

    async fn mark_unused(&self) -> Result<()> {
        let mut from = String::new();
        loop {
            let found = self.store().blobs_after(&from, PAGE).await?;
            let Some(last) = found.last() else { return Ok(()) };
            from.clone_from(&last.hash);
            let unused = found.iter().filter(|blob| !blob.is_named && !blob.is_marked);
            let writes: Vec<Write> = unused.map(|blob| mark(&blob.hash, &self.now_text())).collect();
            if !writes.is_empty() {
                self.store().submit(Unit { writes, lazy: false }).wait().await?;
            }
        }
    }

    async fn delete_marked(&self, before: &str) -> Result<()> {
        loop {
            let found = self.store().aside_before(MARKS, &["hash"], ("since", before), CONTENTS).await?;
            if found.is_empty() {
                return Ok(());
            }
            let hashes: Vec<String> = found.iter().filter_map(|row| row.text("hash").map(str::to_owned)).collect();
            let (unused, count) = self.unseal_unused(hashes, before.to_owned()).await?;
            if count > 0 {
                self.purge_piece((Kept::Blobs, count), before, Vec::new()).wait().await?;
            }
            for hash in unused {
                self.delete_pieces(&hash).await?;
            }
        }
    }

    /// From here on nobody finds the content; its pieces are still there, under the mark. Gives what is to be deleted, and how many of it
    /// were whole. A mark on what is named again is taken away.
    async fn unseal_unused(&self, hashes: Vec<String>, before: String) -> Result<(Vec<String>, usize)> {
        let work = self.store().transact(move |tx| {
            Box::pin(async move {
                let (mut writes, mut unused, mut count) = (Vec::new(), Vec::new(), 0);
                for blob in tx.blobs_marked(&hashes, &before).await? {
                    if blob.is_named {
                        writes.push(unmark(&blob.hash));
                        continue;
                    }
                    count += usize::from(blob.is_whole);
                    writes.push(Write::Delete { table: "blob", key: &["hash"], row: Row::from([("hash", json!(blob.hash))]) });
                    unused.push(blob.hash);
                }
                if !writes.is_empty() {
                    tx.apply(&writes).await?;
                }
                Ok((unused, count))
            })
        });
        let (found, commit) = work.await?;
        commit.wait().await?;
        Ok(found)
    }

    /// Deletes the pieces and then the mark, as long as the mark is there: who writes the content anew takes it away.
    async fn delete_pieces(&self, hash: &str) -> Result<()> {
        loop {
            let key: &'static [&'static str] = &["hash", "number"];
            let pieces = self.store().keys_of(("blob_piece", key), Some(("hash", hash)), PIECES).await?;
            let is_last = pieces.is_empty();
            let marked = hash.to_owned();
            let work = self.store().transact(move |tx| {
                Box::pin(async move {
                    if tx.aside(MARKS, &["hash"], ("hash", &marked)).await?.is_none() {
                        return Ok(false);
                    }
                    let delete = |row| Write::Delete { table: "blob_piece", key, row };
                    let mut writes: Vec<Write> = pieces.into_iter().map(delete).collect();
                    if is_last {
                        writes.push(unmark(&marked));
                    }
                    tx.apply(&writes).await?;
                    Ok(!is_last)
                })
            });
            let (goes_on, commit) = work.await?;
            commit.wait().await?;
            if !goes_on {
                return Ok(());
            }
        }
    }
}

fn mark(hash: &str, now: &str) -> Write {
    Write::Upsert { table: MARKS, key: &["hash"], row: Row::from([("hash", json!(hash)), ("since", json!(now))]) }
}

fn unmark(hash: &str) -> Write {
    let row = Row::from([("hash", json!(hash))]);
    Write::Delete { table: MARKS, key: &["hash"], row }
}
