//! What an execution waits for, followed from one to the next until one waits for nothing else.

use std::collections::HashSet;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Reader;
use super::shape::{Asked, TEXT, Waiting, Waits, head};
use crate::error::Result;
use crate::records::Status;
use crate::service::AWAITS_ANSWER;
use crate::service::identity::record_type;
use crate::service::rights::Operation;
use crate::service::row::{id_of, subject};
use crate::service::scope::scope_of;
use crate::service::watch::status_of;
use crate::store::Row;

/// Executions of a line at most.
const LONGEST: usize = 32;
/// Executions looked at that one waits for.
const LOOKED_AT: usize = 200;
/// Words before the only id in the name of a lock that is an execution's.
const HOLDER: &str = "held by execution ";

impl Reader<'_> {
    /// Nothing when it has ended, or waits for nothing.
    pub(super) async fn waits(&self, row: &Row) -> Result<Option<Waits>> {
        let Some(words) = words_of(row) else { return Ok(None) };
        let mut waits = Waits { words, until: until_of(row), path: Vec::new(), message: None, hidden: 0, circle: false };
        let mut seen = HashSet::from([id_of(row)]);
        let mut current = row.clone();
        while waits.path.len() < LONGEST {
            let (awaited, hidden) = self.awaited(&current).await?;
            waits.hidden += hidden;
            let Some((next, others)) = foremost(awaited) else { break };
            if !seen.insert(id_of(&next)) {
                waits.circle = true;
                break;
            }
            waits.path.push(Waiting {
                execution_id: id_of(&next),
                name: next.text("name").unwrap_or_default().to_owned(),
                status: next.text("status").unwrap_or_default().to_owned(),
                words: words_of(&next),
                until: until_of(&next),
                others,
            });
            current = next;
        }
        waits.message = self.asked(&current).await?;
        Ok(Some(waits))
    }

    /// The first question that this execution waits for, if the caller may read it.
    async fn asked(&self, row: &Row) -> Result<Option<Asked>> {
        let messages = record_type("MESSAGE");
        let scope = scope_of(&self.access, messages);
        for id in messages_in(row.text("blocked_on").unwrap_or_default()) {
            if let Some(message) = self.service.store().row_get(messages, id, &scope).await?.filter(|row| !row.flag("is_submitted")) {
                let may_answer = self.access.may(Operation::Update, &subject(messages, &message));
                return Ok(Some(Asked { message_id: id, subject: message.text("subject").map(|text| head(text, TEXT)), may_answer }));
            }
        }
        Ok(None)
    }

    /// Executions that this one waits for and that have not ended, and how many more there are that may not be read.
    async fn awaited(&self, row: &Row) -> Result<(Vec<Row>, usize)> {
        let words = row.text("blocked_on").unwrap_or_default();
        let messages: Vec<Uuid> = messages_in(words).collect();
        let mut named: Vec<Uuid> = match words.split_once(HOLDER) {
            Some((_, holder)) => ids_in(holder),
            None => ids_in(words),
        };
        named.retain(|id| !messages.contains(id));
        if named.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let mut found = self.executions(&named, LOOKED_AT).await?;
        let hidden = named.len() - found.len();
        // More than the words name: those that it made itself are found by that.
        if words.contains(" more") {
            let known: HashSet<Uuid> = named.into_iter().collect();
            let children = self.live_children(id_of(row), LOOKED_AT).await?;
            found.extend(children.into_iter().filter(|child| !known.contains(&id_of(child))));
        }
        found.retain(|other| status_of(other).is_some_and(|status| !status.is_ended()));
        Ok((found, hidden))
    }
}

/// The one that holds up the others the most, and the others by status.
fn foremost(mut awaited: Vec<Row>) -> Option<(Row, Map<String, Value>)> {
    let at = awaited.iter().enumerate().min_by_key(|(_, row)| rank(row))?.0;
    let foremost = awaited.swap_remove(at);
    let mut others: Map<String, Value> = Map::new();
    for row in &awaited {
        let count = others.entry(row.text("status").unwrap_or_default()).or_insert(json!(0));
        *count = json!(count.as_u64().unwrap_or(0) + 1);
    }
    Some((foremost, others))
}

/// What goes on by itself comes last; among those that sleep, the one that sleeps longest comes first.
fn rank(row: &Row) -> (u8, std::cmp::Reverse<String>) {
    let rank = match status_of(row) {
        Some(Status::Paused) => 0,
        Some(Status::WaitingMessage) => 1,
        Some(Status::Created) => 2,
        Some(Status::WaitingLock) => 3,
        Some(Status::WaitingDependency) => 4,
        Some(Status::WaitingConnection) => 5,
        Some(Status::Sleeping) => 6,
        Some(Status::Pending) => 7,
        _ => 8,
    };
    (rank, std::cmp::Reverse(until_of(row).unwrap_or_default()))
}

/// What it waits for, in words; nothing while it computes, or once it has ended.
pub(super) fn words_of(row: &Row) -> Option<String> {
    let status = status_of(row)?;
    if status.is_ended() {
        return None;
    }
    if let Some(words) = row.text("blocked_on") {
        return Some(head(words, TEXT));
    }
    match status {
        Status::Created => Some(match row.text("scheduled_for") {
            Some(due) => format!("not to be started before {due}"),
            None => "made without being started".to_owned(),
        }),
        Status::Pending => Some("waiting for a free slot".to_owned()),
        Status::Running => None,
        other => Some(other.name().to_lowercase().replace('_', " ")),
    }
}

fn until_of(row: &Row) -> Option<String> {
    let waits = status_of(row).is_some_and(Status::is_waiting);
    row.text("wait_until").filter(|_| waits).map(str::to_owned)
}

/// The messages in what an execution waits for.
fn messages_in(words: &str) -> impl Iterator<Item = Uuid> {
    words.split(AWAITS_ANSWER).skip(1).filter_map(|rest| ids_in(rest).first().copied())
}

/// Every id in a text, in order, once.
pub(super) fn ids_in(text: &str) -> Vec<Uuid> {
    let mut found = Vec::new();
    for word in text.split(|c: char| !(c.is_ascii_hexdigit() || c == '-')).filter(|word| word.len() == 36) {
        if let Ok(id) = Uuid::try_parse(word)
            && !found.contains(&id)
        {
            found.push(id);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(status: &str, wait_until: &str) -> Row {
        let mut row = Row::new();
        row.set("status", status);
        row.set("wait_until", wait_until);
        row
    }

    #[test]
    fn who_needs_somebody_comes_before_who_goes_on_alone() {
        let rows = vec![row("RUNNING", ""), row("SLEEPING", "2026-01-01"), row("SLEEPING", "2027-01-01"), row("RUNNING", "")];
        let (first, others) = foremost(rows.clone()).unwrap();
        assert_eq!((first.text("wait_until"), json!(others)), (Some("2027-01-01"), json!({"RUNNING": 2, "SLEEPING": 1})));
        let (first, _) = foremost(rows.into_iter().chain([row("PAUSED", "")]).collect()).unwrap();
        assert_eq!(first.text("status"), Some("PAUSED"));
    }

    #[test]
    fn messages_are_told_from_executions() {
        let (asked, child) = (Uuid::from_u128(7), Uuid::from_u128(8));
        let words = format!("waiting for the end of {child}; {AWAITS_ANSWER} {asked}");
        assert_eq!(messages_in(&words).collect::<Vec<_>>(), [asked]);
        assert_eq!(messages_in(&format!("waiting for the end of {child}")).count(), 0);
    }

    #[test]
    fn ids_are_found_in_words() {
        let id = Uuid::from_u128(7);
        assert_eq!(ids_in(&format!("waiting for the end of {id}, {id} and 3 more; cafe-babe")), [id]);
    }
}
