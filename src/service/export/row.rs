//! Rows for export: all of a kind, page by page, and the parts of many at once.

use serde_json::json;
use uuid::Uuid;

use super::super::access::Access;
use super::super::handle::Service;
use super::super::scope::scope_of;
use crate::error::Result;
use crate::records::RecordType;
use crate::store::{Filter, ListQuery, Op, Order, Row};

/// Rows of one query.
const PAGE: u32 = 1000;
/// Ids of one query.
const IDS: usize = 500;

impl Service {
    /// Every live row of a type that matches, as far as the actor may read it, in the order of their ids.
    pub(in super::super) async fn rows_all(&self, access: &Access, of: &'static RecordType, filter: Option<Filter>) -> Result<Vec<Row>> {
        let scope = scope_of(access, of);
        let mut rows: Vec<Row> = Vec::new();
        let mut last: Option<String> = None;
        loop {
            // By the last id rather than an offset: what is written meanwhile moves no page.
            let after = last.take().map(|id| Filter::Compare { column: "id", op: Op::Gt, value: json!(id) });
            let filter = match (filter.clone(), after) {
                (Some(filter), Some(after)) => Some(filter.and(after)),
                (filter, after) => filter.or(after),
            };
            let order = vec![Order { column: "id", descending: false }];
            let page = self.store().row_list(of, &ListQuery { filter, order, limit: PAGE, ..ListQuery::default() }, &scope).await?;
            let is_last = page.items.len() < PAGE as usize;
            rows.extend(page.items);
            if is_last {
                return Ok(rows);
            }
            last = rows.last().and_then(Row::id).map(|id| id.to_string());
        }
    }

    /// The rows whose `column` is one of these ids.
    pub(in super::super) async fn rows_of(
        &self,
        access: &Access,
        of: &'static RecordType,
        (column, ids): (&'static str, &[Uuid]),
    ) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for ids in ids.chunks(IDS) {
            let list: Vec<String> = ids.iter().map(Uuid::to_string).collect();
            rows.extend(self.rows_all(access, of, Some(Filter::Compare { column, op: Op::In, value: json!(list) })).await?);
        }
        Ok(rows)
    }
}
