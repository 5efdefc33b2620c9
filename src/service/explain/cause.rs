//! The first cause of a failed execution: from child to child, as long as one explains the failure of the one above it.

use std::collections::HashSet;

use serde::Deserialize;
use uuid::Uuid;

use super::shape::{Cause, Step};
use super::waiting::ids_in;
use super::{Reader, epoch};
use crate::error::Result;
use crate::protocol::{ChildState, Fault};
use crate::records::Status;
use crate::service::row::id_of;
use crate::service::watch::status_of;
use crate::store::Row;

/// Levels at most.
const DEEPEST: usize = 32;
/// Failed executions looked at of one level.
const LOOKED_AT: usize = 100;
/// A failed call explains the end only when it is among the last so many.
const LAST_CALLS: u32 = 3;

const BY_MESSAGE: &str = "named in the message";
const BY_CALL: &str = "the last call that failed";

/// Failed executions that one names, and where.
struct Named {
    ids: Vec<Uuid>,
    known_by: &'static str,
}

impl Reader<'_> {
    /// Nothing when it did not fail, or failed by itself.
    pub(super) async fn cause(&self, row: &Row) -> Result<Option<Cause>> {
        let (mut path, mut hidden) = (Vec::new(), 0);
        let mut seen = HashSet::from([id_of(row)]);
        let mut current = row.clone();
        while path.len() < DEEPEST && status_of(&current) == Some(Status::EndedError) {
            let Some(Named { mut ids, known_by }) = self.named(&current).await? else { break };
            ids.retain(|id| !seen.contains(id));
            ids.truncate(LOOKED_AT);
            let found = self.executions(&ids, LOOKED_AT).await?;
            hidden += ids.len() - found.len();
            let Some(next) = first_failed(found) else { break };
            seen.insert(id_of(&next));
            path.push(Step {
                execution_id: id_of(&next),
                name: next.text("name").unwrap_or_default().to_owned(),
                status: next.text("status").unwrap_or_default().to_owned(),
                known_by,
            });
            current = next;
        }
        if path.is_empty() {
            return Ok(None);
        }
        Ok(Some(Cause {
            execution_id: id_of(&current),
            name: current.text("name").unwrap_or_default().to_owned(),
            flow_name: current.text("flow_name").map(str::to_owned),
            status: current.text("status").unwrap_or_default().to_owned(),
            failure: self.failure(&current).await?,
            path,
            hidden,
        }))
    }

    async fn named(&self, row: &Row) -> Result<Option<Named>> {
        let ids = failed_in(row.text("status_message").unwrap_or_default());
        if !ids.is_empty() {
            return Ok(Some(Named { ids, known_by: BY_MESSAGE }));
        }
        let steps = self.service.store().steps_last(id_of(row), epoch(row), LAST_CALLS).await?;
        let failed = steps.iter().find(|step| step.ok == Some(false) && matches!(step.op.as_str(), "child" | "child_run" | "wait"));
        let fault = failed.and_then(|step| serde_json::from_str::<Fault>(step.result.as_deref()?).ok());
        let states = fault.and_then(|fault| Failed::read(&fault));
        Ok(states.filter(|ids| !ids.is_empty()).map(|ids| Named { ids, known_by: BY_CALL }))
    }
}

/// What DependencyFailedError has with it.
#[derive(Deserialize)]
struct Failed {
    executions: Vec<ChildState>,
}

impl Failed {
    fn read(fault: &Fault) -> Option<Vec<Uuid>> {
        let failed = serde_json::from_str::<Failed>(fault.data.as_ref()?.get()).ok()?;
        Some(failed.executions.into_iter().map(|state| state.id).collect())
    }
}

/// Executions that a message says failed: `Execution 'x' (ID) ended ENDED_ERROR`. Other ids in it are of anything.
fn failed_in(message: &str) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for (at, _) in message.match_indices(") ended ENDED_") {
        // In front of the bracket; the text may have been cut anywhere.
        let id = message.get(at.saturating_sub(36)..at).map(ids_in).and_then(|found| found.first().copied());
        if let Some(id) = id
            && !ids.contains(&id)
        {
            ids.push(id);
        }
    }
    ids
}

/// Errors before cancels, then the first that ended. A message also names those below the ones it is about: they come in their turn.
fn first_failed(found: Vec<Row>) -> Option<Row> {
    let ids: HashSet<Uuid> = found.iter().map(id_of).collect();
    let failed = found.into_iter().filter(|row| {
        let is_below = row.uuid("parent_execution_id").is_some_and(|parent| ids.contains(&parent));
        !is_below && matches!(status_of(row), Some(Status::EndedError | Status::EndedCancelled))
    });
    failed.min_by_key(|row| (status_of(row) != Some(Status::EndedError), row.text("ended_at").unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_to_have_failed_is_a_failed_execution() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let text = format!("record {b}: Execution 'x' ({a}) ended ENDED_ERROR: no; Execution 'y ({b})' ({a}) ended ENDED_CANCELLED");
        assert_eq!(failed_in(&text), [a]);
        assert!(failed_in(") ended ENDED_ERROR").is_empty());
    }
}
