//! What is handed to the writer: rows to be written, in units that succeed or fail together, and the promise of a commit.

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::oneshot;

use super::row::Row;
use crate::error::{Error, Kind, Result};

/// One row to be written. `key` names the columns that identify it.
#[derive(Clone, Debug)]
pub enum Write {
    /// A new row; an existing key is an error of its unit.
    Insert { table: &'static str, key: &'static [&'static str], row: Row },
    /// A new row, or these columns of the existing one.
    Upsert { table: &'static str, key: &'static [&'static str], row: Row },
    /// These columns of an existing row; `version` rises by one. A missing row is no error.
    Update { table: &'static str, key: &'static [&'static str], row: Row },
    /// The rows with this key; other columns of `row` are not looked at.
    Delete { table: &'static str, key: &'static [&'static str], row: Row },
    /// An entry of the audit log; the writer gives it its number and its hash.
    Audit { row: Row },
    /// Content under its hash; content that is there already stays. For more than a megabyte see [`super::Store::blob_put`].
    Blob { hash: String, content: Bytes },
    /// One piece of content; [`super::Store::blob_put`] makes these.
    BlobPiece { hash: String, number: u32, content: Bytes },
    /// All pieces are there.
    BlobSeal { hash: String, size: u64 },
}

/// Writes that succeed or fail together.
#[derive(Debug, Default)]
pub struct Unit {
    pub writes: Vec<Write>,
    /// Starts no commit by itself: goes along with the next unit, or after a few milliseconds.
    pub lazy: bool,
}

impl Write {
    /// About how many bytes it brings to its transaction.
    pub(super) fn weight(&self) -> usize {
        match self {
            Write::Insert { row, .. }
            | Write::Upsert { row, .. }
            | Write::Update { row, .. }
            | Write::Delete { row, .. }
            | Write::Audit { row } => row.columns().map(|(_, value)| weight(value)).sum::<usize>() + 64,
            Write::Blob { content, .. } | Write::BlobPiece { content, .. } => content.len(),
            Write::BlobSeal { .. } => 64,
        }
    }
}

fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(weight).sum::<usize>() + 2,
        Value::Object(map) => map.iter().map(|(name, value)| name.len() + weight(value)).sum::<usize>() + 2,
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

/// The promise of a commit.
pub struct Commit(State);

enum State {
    Done,
    Refused(Error),
    Pending(oneshot::Receiver<Result<()>>),
}

impl Commit {
    /// A commit with nothing to wait for.
    pub fn done() -> Commit {
        Commit(State::Done)
    }

    pub(super) fn refused(error: Error) -> Commit {
        Commit(State::Refused(error))
    }

    pub(super) fn pending(receiver: oneshot::Receiver<Result<()>>) -> Commit {
        Commit(State::Pending(receiver))
    }

    /// Resolves when the writes, and everything submitted before them, are on disk.
    pub async fn wait(self) -> Result<()> {
        match self.0 {
            State::Done => Ok(()),
            State::Refused(error) => Err(error),
            State::Pending(receiver) => receiver.await.map_err(|_| closed())?,
        }
    }
}

pub(super) fn closed() -> Error {
    Error::new(Kind::Unavailable, "The store is closed.")
}
