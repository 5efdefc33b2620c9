//! The engine's own tables: recorded calls, log chunks, what is live, held locks.

use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sqlx::Row as _;
use uuid::Uuid;

use super::filter::ListQuery;
use super::open::{Store, fault};
use super::read::{Page, Scope};
use super::row::Row;
use super::unit::Write;
use crate::error::{Error, Result};
use crate::protocol::{LogKey, Op};
use crate::records;

/// A recorded call.
#[derive(Clone, Debug)]
pub struct StepRow {
    pub seq: u32,
    pub op: String,
    pub target: String,
    pub args: String,
    pub args_hash: String,
    pub started_at: String,
    pub due_at: Option<String>,
    pub done_at: Option<String>,
    /// `None` while it is not answered.
    pub ok: Option<bool>,
    /// JSON text of the result or the error.
    pub result: Option<String>,
    pub next: u32,
    /// What an async handler was told just before this call; see the protocol.
    pub delivered: Vec<i64>,
    /// Made by a Python thread that is not the main one.
    pub off_main: bool,
    /// The arguments that a replay gave instead, where they may differ.
    pub replayed_args: Option<String>,
}

impl StepRow {
    /// This call as the first row under its number in another execution.
    pub fn write(&self, execution: Uuid, epoch: u32) -> Write {
        let delivered = if self.delivered.is_empty() { Value::Null } else { Value::String(json!(self.delivered).to_string()) };
        let row = Row::from([
            ("execution_id", json!(execution.to_string())),
            ("epoch", json!(epoch)),
            ("seq", json!(self.seq)),
            ("op", json!(self.op)),
            ("target", json!(self.target)),
            ("args", json!(self.args)),
            ("args_hash", json!(self.args_hash)),
            ("started_at", json!(self.started_at)),
            ("due_at", json!(self.due_at)),
            ("done_at", json!(self.done_at)),
            ("ok", json!(self.ok)),
            ("result", json!(self.result)),
            ("next", json!(self.next)),
            ("delivered", delivered),
            ("off_main", json!(self.off_main)),
        ]);
        Write::Insert { table: "execution_step", key: &["execution_id", "epoch", "seq"], row }
    }
}

/// What a recorded call was, without what it was given and what it gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepName {
    pub op: String,
    pub target: String,
}

/// One log entry, as it stands in a chunk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogEntry {
    pub at: String,
    pub level: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
    /// The number of the call before it in its epoch, 0 before the first; none for what has no place among the calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// Written to a raw descriptor: it has no place among the calls.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub raw: bool,
}

/// Entries of one execution, in order.
#[derive(Clone, Debug)]
pub struct LogChunk {
    pub execution: Uuid,
    pub epoch: u32,
    /// Number of the first entry, from 1, over all epochs.
    pub first_number: u64,
    pub first: LogKey,
    pub last: LogKey,
    /// How many of them came from raw descriptors; of a chunk that begins in the middle of a journal, all before it.
    pub raw_lines: u64,
    /// What its entries count towards the limit of the log.
    pub bytes: u64,
    /// What an async handler was told after the last recorded call and before the last entry.
    pub delivered: Vec<i64>,
    pub entries: Vec<LogEntry>,
}

impl LogChunk {
    /// The chunk as a write.
    pub fn write(&self) -> Write {
        let entries = serde_json::to_string(&self.entries).expect("log entries are JSON");
        let mut row = Row::from([
            ("execution_id", json!(self.execution.to_string())),
            ("first_number", json!(self.first_number)),
            ("count", json!(self.entries.len())),
            ("epoch", json!(self.epoch)),
            ("first_seq", json!(self.first.seq)),
            ("first_n", json!(self.first.n)),
            ("last_seq", json!(self.last.seq)),
            ("last_n", json!(self.last.n)),
            ("at", json!(self.entries.first().map(|e| e.at.clone()).unwrap_or_default())),
            ("raw_lines", json!(self.raw_lines)),
            ("bytes", json!(self.bytes)),
            ("entries", Value::String(entries)),
        ]);
        // Few have these; rows of one shape are written together.
        if !self.delivered.is_empty() {
            row.set("delivered", json!(self.delivered).to_string());
        }
        Write::Insert { table: "execution_log", key: &["execution_id", "first_number"], row }
    }
}

/// What of an execution's log is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPosition {
    /// Key of the last entry of the epoch.
    pub key: LogKey,
    /// Entries over all epochs.
    pub count: u64,
    /// What an async handler had been told between the last recorded call and that entry.
    pub delivered: Vec<i64>,
    /// Raw descriptor lines of the epoch.
    pub raw_lines: u64,
    /// What the entries of all epochs count towards the limit of the log.
    pub bytes: u64,
}

/// Which log entries are asked for.
#[derive(Clone, Debug, Default)]
pub struct LogQuery {
    /// Entries with a greater number.
    pub after: u64,
    /// At most so many; 0 means 1,000.
    pub limit: u32,
    /// The last ones instead of the first.
    pub tail: bool,
    pub level: Option<String>,
    pub stream: Option<String>,
    pub contains: Option<String>,
    pub step: Option<StepRange>,
}

/// Entries by the number of the call before them, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepRange {
    pub epoch: u32,
    pub first: u32,
    pub last: u32,
}

impl Store {
    /// The journal of an epoch by ascending seq.
    pub async fn steps(&self, execution: Uuid, epoch: u32) -> Result<Vec<StepRow>> {
        self.steps_after(execution, epoch, None, u32::MAX).await
    }

    /// Recorded calls after `seq`, at most `limit`.
    pub async fn steps_after(&self, execution: Uuid, epoch: u32, seq: Option<u32>, limit: u32) -> Result<Vec<StepRow>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let rows = sqlx::query(
            "select seq, op, target, args, args_hash, started_at, due_at, done_at, ok, result, next, delivered, off_main, replayed_args from execution_step \
             where execution_id = $1 and epoch = $2 and seq > $3 order by seq limit $4",
        )
        .bind(execution.to_string())
        .bind(epoch)
        .bind(seq.map_or(-1, i64::from))
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.iter().map(step).collect::<Result<_, sqlx::Error>>().map_err(fault)
    }

    /// The last recorded calls of an epoch, the last one first; the outcome is none.
    pub async fn steps_last(&self, execution: Uuid, epoch: u32, limit: u32) -> Result<Vec<StepRow>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let rows = sqlx::query(
            "select seq, op, target, args, args_hash, started_at, due_at, done_at, ok, result, next, delivered, off_main, replayed_args from execution_step \
             where execution_id = $1 and epoch = $2 and seq < $3 order by seq desc limit $4",
        )
        .bind(execution.to_string())
        .bind(epoch)
        .bind(u32::MAX)
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.iter().map(step).collect::<Result<_, sqlx::Error>>().map_err(fault)
    }

    /// The last step of an epoch that has this name.
    pub async fn step_named(&self, execution: Uuid, epoch: u32, name: &str) -> Result<Option<StepRow>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let row = sqlx::query(
            "select seq, op, target, args, args_hash, started_at, due_at, done_at, ok, result, next, delivered, off_main, replayed_args from execution_step \
             where execution_id = $1 and epoch = $2 and op = $3 and target = $4 order by seq desc limit 1",
        )
        .bind(execution.to_string())
        .bind(epoch)
        .bind(Op::StepBegin.name())
        .bind(name)
        .fetch_optional(self.readers())
        .await
        .map_err(fault)?;
        row.as_ref().map(step).transpose().map_err(fault)
    }

    /// What the first recorded calls of an epoch were, in order.
    pub async fn step_names(&self, execution: Uuid, epoch: u32, limit: u32) -> Result<Vec<StepName>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let rows = sqlx::query(
            "select op, coalesce(target, '') as target from execution_step where execution_id = $1 and epoch = $2 and seq < $3 \
             order by seq limit $4",
        )
        .bind(execution.to_string())
        .bind(epoch)
        .bind(u32::MAX)
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        let one = |row: &sqlx::sqlite::SqliteRow| -> Result<StepName, sqlx::Error> {
            Ok(StepName { op: row.try_get("op")?, target: row.try_get("target")? })
        };
        rows.iter().map(one).collect::<Result<_, sqlx::Error>>().map_err(fault)
    }

    /// Every execution that has not ended, oldest first.
    pub async fn execution_live(&self) -> Result<Vec<Row>> {
        let ty = records::find("EXECUTION").ok_or_else(|| Error::internal("the registry has no EXECUTION"))?;
        // Named one by one, so that the index finds them among any number that have ended.
        let live: Vec<&str> = records::Status::ALL.iter().filter(|s| !s.is_ended()).map(|s| s.name()).collect();
        let filter = super::filter::Filter::Compare { column: "status", op: super::filter::Op::In, value: json!(live) };
        let query = ListQuery { filter: Some(filter), ..ListQuery::default() };
        let page: Page = self.row_list(ty, &query, &Scope::All).await?;
        Ok(page.items)
    }

    /// How far the log of an execution is stored.
    pub async fn log_position(&self, execution: Uuid, epoch: u32) -> Result<LogPosition> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let row = sqlx::query(
            "select coalesce(sum(count), 0) as count, coalesce(sum(iif(epoch = $2, raw_lines, 0)), 0) as raw_lines, coalesce(sum(bytes), 0) as bytes, \
             (select max(last_seq) from execution_log where execution_id = $1 and epoch = $2) as seq, \
             (select max(last_n) from execution_log as l where execution_id = $1 and epoch = $2 and last_seq = \
             (select max(last_seq) from execution_log where execution_id = $1 and epoch = $2)) as n, \
             (select delivered from execution_log where execution_id = $1 and epoch = $2 \
             order by last_seq desc, last_n desc, first_number desc limit 1) as delivered \
             from execution_log where execution_id = $1",
        )
        .bind(execution.to_string())
        .bind(epoch)
        .fetch_one(self.readers())
        .await
        .map_err(fault)?;
        let number = |column: &str| row.try_get::<i64, _>(column).map(|n| u64::try_from(n).unwrap_or(0)).map_err(fault);
        let part = |column: &str| row.try_get::<Option<u32>, _>(column).map(Option::unwrap_or_default).map_err(fault);
        let key = LogKey { seq: part("seq")?, n: part("n")? };
        let delivered = row.try_get::<Option<String>, _>("delivered").map_err(fault)?;
        let delivered = delivered.and_then(|list| serde_json::from_str(&list).ok()).unwrap_or_default();
        let position = LogPosition { key, delivered, count: number("count")?, raw_lines: number("raw_lines")?, bytes: number("bytes")? };
        Ok(position)
    }

    /// Log entries with their numbers, ascending.
    pub async fn log_page(&self, execution: Uuid, query: &LogQuery) -> Result<Vec<(u64, LogEntry)>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let limit = if query.limit == 0 { 1_000 } else { query.limit as usize };
        let matches = |entry: &LogEntry| {
            query.level.as_ref().is_none_or(|l| entry.level == *l)
                && query.stream.as_ref().is_none_or(|s| entry.stream.as_deref().unwrap_or("log") == s)
                && query.contains.as_ref().is_none_or(|c| entry.message.contains(c.as_str()))
                && query.step.is_none_or(|range| entry.step.is_some_and(|step| (range.first..=range.last).contains(&step)))
        };
        let sql = if query.tail {
            "select first_number, entries from execution_log where execution_id = $1 and first_number + count > $2 and ($3 is null or epoch = $3) \
             order by first_number desc"
        } else {
            "select first_number, entries from execution_log where execution_id = $1 and first_number + count > $2 and ($3 is null or epoch = $3) \
             order by first_number"
        };
        let mut found = Vec::new();
        let mut rows = sqlx::query(sql)
            .bind(execution.to_string())
            .bind(i64::try_from(query.after.saturating_add(1)).unwrap_or(i64::MAX))
            .bind(query.step.map(|range| range.epoch))
            .fetch(self.readers());
        while let Some(row) = futures_util::TryStreamExt::try_next(&mut rows).await.map_err(fault)? {
            let first = u64::try_from(row.try_get::<i64, _>("first_number").map_err(fault)?).unwrap_or(0);
            let mut chunk: Vec<(u64, LogEntry)> =
                (first..).zip(entries_of(&row)?).filter(|(n, e)| *n > query.after && matches(e)).collect();
            if query.tail {
                chunk.reverse();
            }
            found.extend(chunk);
            if found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        if query.tail {
            found.reverse();
        }
        Ok(found)
    }

    /// Held locks: setting, holder, count.
    pub async fn locks(&self) -> Result<Vec<(Uuid, Uuid, u32)>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let rows =
            sqlx::query("select setting_id, execution_id, count from setting_lock").fetch_all(self.readers()).await.map_err(fault)?;
        let one = |row: &sqlx::sqlite::SqliteRow| -> Result<(Uuid, Uuid, u32), sqlx::Error> {
            let id = |column: &str| row.try_get::<String, _>(column).map(|text| text.parse().unwrap_or_default());
            Ok((id("setting_id")?, id("execution_id")?, row.try_get("count")?))
        };
        rows.iter().map(one).collect::<Result<_, sqlx::Error>>().map_err(fault)
    }
}

fn entries_of(row: &sqlx::sqlite::SqliteRow) -> Result<Vec<LogEntry>> {
    let text: String = row.try_get("entries").map_err(fault)?;
    serde_json::from_str(&text).map_err(|e| Error::internal("a log chunk is not JSON").source_error(e))
}

fn step(row: &sqlx::sqlite::SqliteRow) -> Result<StepRow, sqlx::Error> {
    let text = |column: &str| row.try_get::<Option<String>, _>(column).map(Option::unwrap_or_default);
    let delivered: Option<String> = row.try_get("delivered")?;
    Ok(StepRow {
        seq: row.try_get("seq")?,
        op: row.try_get("op")?,
        target: text("target")?,
        args: text("args")?,
        args_hash: row.try_get("args_hash")?,
        started_at: row.try_get("started_at")?,
        due_at: row.try_get("due_at")?,
        done_at: row.try_get("done_at")?,
        ok: row.try_get::<Option<i64>, _>("ok")?.map(|n| n != 0),
        result: row.try_get("result")?,
        next: row.try_get::<Option<u32>, _>("next")?.unwrap_or(0),
        delivered: delivered.as_deref().and_then(|list| serde_json::from_str(list).ok()).unwrap_or_default(),
        off_main: row.try_get::<Option<i64>, _>("off_main")?.is_some_and(|n| n != 0),
        replayed_args: row.try_get("replayed_args")?,
    })
}
