//! The audit log's oldest entries. A sealed fact of the database says up to which entry they were taken out, so that what is left can
//! still be checked.

use serde_json::json;

use super::super::audit::{BREAK, Bounds};
use super::super::handle::Service;
use super::super::identity::record_type;
use super::Kept;
use crate::error::Result;
use crate::store::{Filter, Head, ListQuery, Op, Order, Row, Scope, Segment, Write};

/// Entries of one transaction.
const PIECE: u32 = 200;

impl Service {
    /// Takes out entries from before `before`, from the first on. Each is checked before: what is not as it was written stays, with all that
    /// comes after it, as evidence.
    pub(super) async fn purge_audit(&self, before: &str) -> Result<()> {
        let Bounds { start, segments, .. } = self.audit_bounds().await?;
        let Some(mut start) = start else {
            tracing::error!("nothing is purged from the audit log: what says where it begins is not this server's own");
            return Ok(());
        };
        loop {
            // The entry of this purge comes after all that is there, so the log never becomes empty.
            let filter = Filter::Compare { column: "seq", op: Op::Gt, value: start.seq.into() };
            let order = vec![Order { column: "seq", descending: false }];
            let query = ListQuery { filter: Some(filter), order, limit: PIECE, ..ListQuery::default() };
            let rows = self.store().row_list(record_type("AUDIT"), &query, &Scope::All).await?.items;
            let (next, count) = self.last_of(start, &segments, &rows, before);
            if count == 0 {
                return Ok(());
            }
            let gone = |row: &Row| Write::Delete { table: "audit", key: &["seq"], row: Row::from([("seq", json!(row.integer("seq")))]) };
            let mut writes: Vec<Write> = rows[..count].iter().map(gone).collect();
            writes.push(self.purge_entry((Kept::Audit, count), before));
            let work = self.store().transact(move |tx| {
                Box::pin(async move {
                    tx.audit_begin_after(next).await?;
                    tx.apply(&writes).await
                })
            });
            let ((), commit) = work.await?;
            commit.wait().await?;
            self.count_purged(Kept::Audit, count);
            if count < rows.len() {
                return Ok(());
            }
            start = next;
        }
    }

    /// The last entry that may go and how many go with it.
    fn last_of(&self, start: Head, segments: &[Segment], rows: &[Row], before: &str) -> (Head, usize) {
        let mut head = start;
        for (count, row) in rows.iter().enumerate() {
            if row.text("at").is_none_or(|at| at >= before) || row.text("operation") == Some(BREAK) {
                return (head, count);
            }
            let next = self.audit_key(Segment::base_of(segments, head.seq + 1)).map(|key| head.next(&key, row));
            let said = (row.integer("seq"), format!("{}:{}", head.seq + 1, row.text("hash").unwrap_or_default()));
            let Some(next) = next.filter(|next| said == (Some(next.seq), next.text())) else {
                tracing::error!(seq = head.seq + 1, "nothing more is purged from the audit log: see `flowstead audit verify`");
                return (head, count);
            };
            head = next;
        }
        (head, rows.len())
    }
}
