//! Records past their time: in the trash bin, messages, and the versions of records.

use serde_json::json;
use uuid::Uuid;

use super::super::actor::{Actor, Door};
use super::super::handle::Service;
use super::super::row::id_of;
use super::super::selector::Selector;
use super::super::trash::RecordDelete;
use super::{Kept, Of};
use crate::error::{Kind, Result};
use crate::records::{RecordType, TYPES};
use crate::store::{Filter, ListQuery, Op, Order, Row, Scope, Write};

/// Records looked at together.
const PAGE: u32 = 100;
/// Rows of one transaction.
const PIECE: u32 = 200;

impl Service {
    /// Empties the trash bin of what was put there before `before`, one record a transaction: its rules of deletion hold here too. What may
    /// not go, such as a project that still holds something, is tried again the next time.
    pub(super) async fn purge_trash(&self, before: &str) -> Result<()> {
        // Projects and bundles come last, when what they held is gone.
        let (places, others): (Vec<_>, Vec<_>) =
            TYPES.iter().copied().filter(|of| of.has_trash()).partition(|of| matches!(of.name, "PROJECT" | "BUNDLE" | "OBJECT_TEMPLATE"));
        for of in others.into_iter().chain(places) {
            self.purge_trash_of(of, before).await?;
        }
        Ok(())
    }

    async fn purge_trash_of(&self, of: &'static RecordType, before: &str) -> Result<()> {
        let mut from = Uuid::nil();
        loop {
            let filter = Filter::Compare { column: "deleted_at", op: Op::Lt, value: before.into() };
            let filter = filter.and(Filter::Compare { column: "id", op: Op::Gt, value: from.to_string().into() });
            let order = vec![Order { column: "id", descending: false }];
            let query = ListQuery { filter: Some(filter), order, trash: true, limit: PAGE, ..ListQuery::default() };
            let found = self.store().row_list(of, &query, &Scope::All).await?.items;
            let Some(last) = found.last() else { return Ok(()) };
            from = id_of(last);
            // What is in the trash bin can be named by nothing new.
            let pinned = self.store().pinned_by_live().await?;
            for id in found.iter().map(id_of).filter(|id| !pinned.contains(id)) {
                self.purge_record(of, id, before).await?;
            }
        }
    }

    async fn purge_record(&self, of: &'static RecordType, id: Uuid, before: &str) -> Result<()> {
        let delete = RecordDelete { trashed_before: Some(before.to_owned()), ..RecordDelete::new(of, Selector::Id(id), true) };
        match self.record_remove(&Actor::system(Door::Server), delete).await {
            Ok(commit) => {
                commit.wait().await?;
                self.count_purged(Kept::Trash, 1);
                self.purge_remains().await
            }
            Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Conflict | Kind::Forbidden | Kind::Invalid) => {
                tracing::debug!(record_type = of.name, %id, %error, "a record stays in the trash bin");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes messages from before `before` that no live execution asked or waits for.
    pub(super) async fn purge_messages(&self, before: &str) -> Result<()> {
        let mut from = (String::new(), Uuid::nil());
        loop {
            let found = self.store().messages_old((&from.0, from.1), before, PIECE).await?;
            let Some(last) = found.last() else { return Ok(()) };
            from.clone_from(last);
            let awaited = self.store().messages_awaited().await?;
            let going: Vec<Uuid> = found.iter().map(|(_, id)| *id).filter(|id| !awaited.contains(id)).collect();
            if !going.is_empty() {
                let writes = going.iter().flat_map(|id| [delete("message", *id), Of::Record.note(*id)]).collect();
                self.purge_piece((Kept::Messages, going.len()), before, writes).wait().await?;
                self.purge_remains().await?;
            }
        }
    }

    /// Deletes versions from before `before`, but for the last one of each record.
    pub(super) async fn purge_versions(&self, before: &str) -> Result<()> {
        let mut from = (String::new(), Uuid::nil());
        loop {
            let found = self.store().versions_old((&from.0, from.1), before, PIECE).await?;
            let Some(last) = found.last() else { return Ok(()) };
            from.clone_from(last);
            let writes = found.iter().map(|(_, id)| delete("record_version", *id)).collect();
            self.purge_piece((Kept::Versions, found.len()), before, writes).wait().await?;
        }
    }
}

fn delete(table: &'static str, id: Uuid) -> Write {
    Write::Delete { table, key: &["id"], row: Row::from([("id", json!(id.to_string()))]) }
}
