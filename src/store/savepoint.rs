//! Savepoints of an execution, as the engine goes back to them.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use sqlx::Row as _;
use uuid::Uuid;

use super::open::{Store, fault};
use super::row::Row;
use super::unit::Write;
use crate::clock;
use crate::error::{Error, Result};

/// A named moment of an execution.
#[derive(Clone, Debug)]
pub struct Savepoint {
    pub id: Uuid,
    pub execution: Uuid,
    pub name: String,
    pub epoch: u32,
    /// The number of the call that made it.
    pub seq: u32,
    /// How often the execution went back to it.
    pub returned: u32,
    pub raw_lines: u64,
    pub has_escaped: bool,
    /// Settings it held as locks, and how often.
    pub locks: Vec<(Uuid, u32)>,
    pub output: Option<Value>,
}

impl Savepoint {
    /// It, in place of an earlier one of its name.
    pub fn writes(&self, now: jiff::Timestamp) -> [Write; 2] {
        let now = clock::format(now);
        let record = Row::from([
            ("id", json!(self.id)),
            ("execution_id", json!(self.execution)),
            ("name", json!(self.name)),
            ("epoch", json!(self.epoch)),
            ("seq", json!(self.seq)),
            ("created_at", json!(now)),
            ("modified_at", json!(now)),
        ]);
        let output = self.output.as_ref().map_or(Value::Null, |output| Value::String(output.to_string()));
        let content = Row::from([
            ("savepoint_id", json!(self.id)),
            ("returned", json!(self.returned)),
            ("raw_lines", json!(self.raw_lines)),
            ("has_escaped", json!(self.has_escaped)),
            ("locks", Value::String(json!(self.locks).to_string())),
            ("output_value", output),
        ]);
        [
            Write::Upsert { table: "savepoint", key: &["id"], row: record },
            Write::Upsert { table: "savepoint_content", key: &["savepoint_id"], row: content },
        ]
    }

    /// Its end.
    pub fn deletes(&self) -> [Write; 2] {
        [
            Write::Delete { table: "savepoint", key: &["id"], row: Row::from([("id", json!(self.id))]) },
            Write::Delete { table: "savepoint_content", key: &["savepoint_id"], row: Row::from([("savepoint_id", json!(self.id))]) },
        ]
    }
}

impl Store {
    /// The savepoints of an execution, oldest first.
    pub async fn savepoints(&self, execution: Uuid) -> Result<Vec<Savepoint>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let rows = sqlx::query(
            "select s.id, s.name, s.epoch, s.seq, c.returned, c.raw_lines, c.has_escaped, c.locks, c.output_value from savepoint as s \
             join savepoint_content as c on c.savepoint_id = s.id where s.execution_id = $1 order by s.created_at, s.seq",
        )
        .bind(execution.to_string())
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        let broken = |what: &str| Error::internal(format!("a savepoint of execution {execution} has a broken {what}"));
        let one = |row: &sqlx::sqlite::SqliteRow| -> Result<Savepoint> {
            let output: Option<String> = row.try_get("output_value").map_err(fault)?;
            let locks: String = row.try_get("locks").map_err(fault)?;
            let id: String = row.try_get("id").map_err(fault)?;
            let raw_lines: i64 = row.try_get("raw_lines").map_err(fault)?;
            Ok(Savepoint {
                id: id.parse().map_err(|_| broken("id"))?,
                execution,
                name: row.try_get("name").map_err(fault)?,
                epoch: row.try_get("epoch").map_err(fault)?,
                seq: row.try_get("seq").map_err(fault)?,
                returned: row.try_get("returned").map_err(fault)?,
                raw_lines: u64::try_from(raw_lines).unwrap_or_default(),
                has_escaped: row.try_get::<i64, _>("has_escaped").map_err(fault)? != 0,
                locks: serde_json::from_str(&locks).map_err(|_| broken("list of locks"))?,
                output: output.map(|text| serde_json::from_str(&text)).transpose().map_err(|_| broken("output"))?,
            })
        };
        rows.iter().map(one).collect()
    }
}
