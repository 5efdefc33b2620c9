//! After a backup was put back: nothing goes on by itself, since the server that it was taken from may have gone on too.

use jiff::Timestamp;
use serde_json::Value;

use super::row::ExecutionUpdate;
use super::state::{Step, next};
use crate::error::Result;
use crate::records::Status;
use crate::store::{Row, Store, Unit, Write};

/// Rows of one transaction.
const CHUNK: usize = 500;

/// Pauses every live execution, with `words` as what it waits for; gives how many. Those that were made and not told to run do
/// nothing by themselves and stay as they are. A cancel that was asked for and not carried out is to be asked for again: it
/// would run `finally` blocks.
pub async fn pause_all(store: &Store, now: Timestamp, words: &str) -> Result<usize> {
    // Whoever still writes to this database, though it was thought dead, is refused from here on.
    store.lease_raise("a restore").await?;
    let live = store.execution_live().await?;
    let paused: Vec<Write> = live.iter().filter_map(|row| paused(row, now, words)).collect();
    let count = paused.len();
    for writes in paused.chunks(CHUNK) {
        store.submit(Unit { writes: writes.to_vec(), lazy: false }).wait().await?;
    }
    Ok(count)
}

fn paused(row: &Row, now: Timestamp, words: &str) -> Option<Write> {
    let status = Status::from_name(row.text("status")?)?;
    if status == Status::Created && row.text("scheduled_for").is_none() {
        return None;
    }
    let to = next(status, Step::Pause).unwrap_or(status);
    let update = ExecutionUpdate::new(row.id()?)
        .text("status", to.name())
        .json("is_paused", Value::Bool(true))
        .json("cancel_requested", Value::Bool(false))
        .json("wait_until", Value::Null)
        .text("blocked_on", words);
    Some(update.write(now))
}
