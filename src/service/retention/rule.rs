//! For how many days what is kept, as the workspace says.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::super::handle::Service;
use super::super::identity::record_type;
use crate::clock;
use crate::error::{Error, Result, did_you_mean};
use crate::store::{ListQuery, Row, Scope};

/// What there are rules for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Executions that have ended, with all that belongs to them.
    Executions,
    /// Recorded calls and savepoints of executions that have ended.
    Journals,
    /// Logs of executions that have ended.
    Logs,
    /// Messages, unless a live execution asked.
    Messages,
    /// Records in the trash bin.
    Trash,
    /// Versions of records, but for the last of each.
    Versions,
    /// Entries of the audit log.
    Audit,
    /// Content that nothing names any more.
    Blobs,
    /// API keys that are revoked or over.
    Keys,
    /// Installed packages that nobody uses.
    Environments,
}

impl Kept {
    pub const COUNT: usize = 10;
    /// The name in `retention`, and the days where it says nothing.
    pub const ALL: [(Kept, &'static str, i64); Kept::COUNT] = [
        (Kept::Executions, "executions", 90),
        (Kept::Journals, "journals", 30),
        (Kept::Logs, "logs", 30),
        (Kept::Messages, "messages", 90),
        (Kept::Trash, "trash", 30),
        (Kept::Versions, "versions", 365),
        (Kept::Audit, "audit", 730),
        (Kept::Blobs, "blobs", 1),
        (Kept::Keys, "keys", 365),
        (Kept::Environments, "environments", 7),
    ];

    /// The name in `retention`.
    pub fn name(self) -> &'static str {
        Kept::ALL[self as usize].1
    }
}

/// The rules in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Rules {
    /// Days; `None` keeps for ever.
    days: [Option<i64>; Kept::COUNT],
}

impl Rules {
    fn of(workspace: Option<&Row>) -> Rules {
        let given = workspace.and_then(|row| row.json("retention"));
        let days = |name: &str, default: i64| match given.and_then(|given| given.get(name)) {
            None => Some(default),
            Some(days) => days.as_i64(),
        };
        Rules { days: Kept::ALL.map(|(_, name, default)| days(name, default)) }
    }

    /// What is older than this goes.
    pub(super) fn before(&self, kept: Kept, now: Timestamp) -> Option<String> {
        let days = self.days[kept as usize]?;
        now.checked_sub(SignedDuration::from_hours(24 * days)).ok().map(clock::format)
    }

    /// When an execution that ended then may go.
    fn expiry(&self, ended: Timestamp) -> Option<Timestamp> {
        let days = self.days[Kept::Executions as usize]?;
        ended.checked_add(SignedDuration::from_hours(24 * days)).ok()
    }
}

impl Service {
    /// The rules in force now.
    pub(in super::super) async fn retention(&self) -> Result<Rules> {
        let cache = self.retained().rules();
        if let Some(known) = cache.get(&()) {
            return Ok(known);
        }
        let ticket = cache.ticket();
        let query = ListQuery { limit: 1, ..ListQuery::default() };
        let found =
            self.store().transact(move |tx| Box::pin(async move { tx.row_list(record_type("WORKSPACE"), &query, &Scope::All).await }));
        let rules = Rules::of(found.await?.0.items.first());
        cache.put(ticket, (), rules);
        Ok(rules)
    }

    /// `expires_at` of an execution.
    pub(in super::super) async fn expires_at(&self, execution: &Row) -> Result<Value> {
        let Some(ended) = execution.text("ended_at").and_then(clock::parse) else { return Ok(Value::Null) };
        Ok(self.retention().await?.expiry(ended).map(clock::format).into())
    }
}

/// Checks `retention` of a workspace. A day is the least: an idempotency key names its execution for so long, and a request under way a
/// content.
pub(in super::super) fn check(columns: &Map<String, Value>) -> Result<()> {
    let Some(given) = columns.get("retention").and_then(Value::as_object) else { return Ok(()) };
    for (name, days) in given {
        let field = format!("/retention/{name}");
        if !Kept::ALL.iter().any(|(_, known, _)| known == name) {
            let names: Vec<&str> = Kept::ALL.iter().map(|(_, known, _)| *known).collect();
            let near = did_you_mean(name, names.iter().copied());
            return Err(Error::invalid(format!("'retention' knows no '{name}'.{near} It knows {}.", names.join(", "))).field(field));
        }
        if !days.is_null() && !days.as_i64().is_some_and(|days| (1..=36_500).contains(&days)) {
            let text = format!("'{name}' must be a whole number of days, 1 to 36500, or null, which keeps for ever.");
            return Err(Error::invalid(text).field(field));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn columns(retention: Value) -> Map<String, Value> {
        Map::from_iter([("retention".to_owned(), retention)])
    }

    #[test]
    fn a_rule_is_a_number_of_days_or_null_and_has_a_known_name() {
        check(&columns(json!({ "trash": 1, "audit": null }))).unwrap();
        check(&columns(Value::Null)).unwrap();
        for (wrong, says, at) in [
            (json!({ "journal": 3 }), "Did you mean 'journals'?", "/retention/journal"),
            (json!({ "trash": 0 }), "1 to 36500", "/retention/trash"),
            (json!({ "logs": 1.5 }), "whole number", "/retention/logs"),
            (json!({ "logs": "7" }), "whole number", "/retention/logs"),
        ] {
            let error = check(&columns(wrong)).unwrap_err();
            assert!(error.message().contains(says), "{error}");
            assert_eq!(error.field_pointer(), Some(at));
        }
    }

    #[test]
    fn what_the_workspace_does_not_say_has_a_default_and_null_keeps_for_ever() {
        let mut row = Row::new();
        row.set("retention", json!({ "trash": 2, "audit": null }));
        let rules = Rules::of(Some(&row));
        let now: Timestamp = "2026-03-31T00:00:00Z".parse().unwrap();
        let before = |kept| rules.before(kept, now);
        assert_eq!(before(Kept::Trash).as_deref(), Some("2026-03-29T00:00:00.000000+00:00"));
        assert_eq!(before(Kept::Audit), None);
        assert_eq!(before(Kept::Logs).as_deref(), Some("2026-03-01T00:00:00.000000+00:00"));
        assert_eq!(Kept::ALL.map(|(kept, ..)| kept as usize), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "the list is in the order of the enum");
    }
}
