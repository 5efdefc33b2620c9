//! The journal row of a call of flow code, written in one transaction with the call's effect on records.

use uuid::Uuid;

use crate::error::{Error, Result};
use crate::store::{Row, Tx, Write};

/// The journal row of a call that writes a record, for the same transaction.
pub struct Journal {
    pub execution: Uuid,
    /// That makes the call. Once a later one has begun, the record is not written: that one makes the call itself.
    pub attempt: u32,
    /// Made out of the row that was written.
    pub rows: Rows,
}

type Rows = Box<dyn FnOnce(&Row) -> Vec<Write> + Send>;

impl Journal {
    /// Writes the journal row, or undoes the whole unit.
    pub(super) async fn enter(self, tx: &mut Tx, row: &Row) -> Result<()> {
        if tx.attempt(self.execution).await?.is_some_and(|newest| newest > self.attempt) {
            return Err(Error::conflict("A later attempt of this execution has begun; what this one still does is not written."));
        }
        tx.apply(&(self.rows)(row)).await
    }
}
