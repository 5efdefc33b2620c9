//! Executions that ended long ago: their logs, their journals, themselves.

use serde_json::json;

use super::super::handle::Service;
use super::{Kept, Of};
use crate::error::Result;
use crate::store::{Ended, Row, Write};

/// Executions of one piece: a transaction of a few milliseconds.
const PIECE: u32 = 200;

impl Service {
    /// Of the executions that ended before `before`, takes what `kept` says. What a live one pins stays whole.
    pub(super) async fn purge_ended(&self, kept: Kept, before: &str) -> Result<()> {
        let mut from = self.retained().cleared(kept);
        let mut all_clear = true;
        loop {
            // Held over the look and the deed on purpose; see the gate.
            let gate = self.retained().gate().write().await;
            self.store().barrier().await?;
            let found = self.store().executions_ended((&from.0, from.1), before, PIECE).await?;
            let Some(last) = found.last() else { return Ok(()) };
            from = (last.ended_at.clone(), last.id);
            let goes = |ended: &&Ended| !ended.is_pinned && !ended.purged.iter().any(|name| name == kept.name());
            let going: Vec<&Ended> = found.iter().filter(goes).collect();
            all_clear &= !found.iter().any(|ended| ended.is_pinned);
            if !going.is_empty() {
                let writes = going.iter().flat_map(|ended| taken(kept, ended)).collect();
                let commit = self.purge_piece((kept, going.len()), before, writes);
                drop(gate);
                commit.wait().await?;
                self.purge_remains().await?;
            }
            if all_clear {
                self.retained().clear_up_to(kept, &from);
            }
        }
    }
}

/// What makes it gone for everybody, and the note of what is left to delete.
fn taken(kept: Kept, ended: &Ended) -> [Write; 2] {
    let id = json!(ended.id.to_string());
    let (of, write) = if kept == Kept::Executions {
        (Of::Execution, Write::Delete { table: "execution", key: &["id"], row: Row::from([("id", id)]) })
    } else {
        let purged: Vec<&str> = ended.purged.iter().map(String::as_str).chain([kept.name()]).collect();
        let row = Row::from([("id", id), ("purged", json!(purged))]);
        let of = if kept == Kept::Journals { Of::Journal } else { Of::Log };
        (of, Write::Update { table: "execution", key: &["id"], row })
    };
    [write, of.note(ended.id)]
}
