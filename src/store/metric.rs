//! Sums over executions of flows and scripts, inside a scope of rights: how many went how, and how long they took.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _};

use super::filter::Filter;
use super::open::{Store, fault};
use super::read::{Scope, arguments, condition};
use crate::error::Result;
use crate::records::{RecordType, Status};

/// What executions are put together by.
#[derive(Clone, Copy, Debug)]
pub enum TallyBy {
    /// All of them.
    All,
    /// The column of this name; at most so many groups, the largest first.
    Column(&'static str, u32),
    /// Stretches of so many seconds from the beginning on, in their order.
    Stretch(u64),
}

/// Executions that ended within a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The value of the column, or the number of the stretch; `None` also where the column has no value.
    pub key: Option<String>,
    pub ended: u64,
    pub succeeded: u64,
    pub failed: u64,
    pub cancelled: u64,
    /// Milliseconds; the nearest rank. `None` where none of them began.
    pub p50_ms: Option<u64>,
    pub p95_ms: Option<u64>,
}

/// Which executions are looked at.
pub struct TallyQuery<'a> {
    /// EXECUTION.
    pub of: &'static RecordType,
    /// Time stamps: those that ended from the first on and before the second.
    pub within: (&'a str, &'a str),
    pub filter: Option<&'a Filter>,
    pub scope: &'a Scope,
}

impl TallyQuery<'_> {
    fn condition(&self, sql: &mut String, binds: &mut Vec<Value>) {
        sql.push_str("t.type in ('FLOW', 'SCRIPT') and ");
        condition(self.scope, ("t", self.of), sql, binds);
        if let Some(filter) = self.filter {
            sql.push_str(" and ");
            filter.sql("t", sql, binds);
        }
    }
}

impl Store {
    /// Executions that ended within a time, put together.
    pub async fn execution_tallies(&self, query: &TallyQuery<'_>, by: TallyBy) -> Result<Vec<Tally>> {
        let mut binds = vec![json!(query.within.0), json!(query.within.1)];
        let key = match by {
            TallyBy::All => "null".to_owned(),
            TallyBy::Column(column, _) => format!("t.{}", super::dialect::quoted(column)),
            TallyBy::Stretch(seconds) => {
                binds.push(json!(seconds));
                "cast((unixepoch(t.ended_at, 'subsec') - unixepoch($1, 'subsec')) / $3 as integer)".to_owned()
            }
        };
        let mut sql = format!(
            "with ended as (select {key} as key, t.status, t.duration_ms from execution as t where t.ended_at >= $1 and t.ended_at < $2 and "
        );
        query.condition(&mut sql, &mut binds);
        // The rank of an execution among those of its group that began at all.
        sql.push_str(
            "), ranked as (select *, count(duration_ms) over (partition by key) as timed, \
             row_number() over (partition by key order by duration_ms is null, duration_ms) as rank from ended) \
             select cast(key as text) as key, count(*) as ended, sum(status = 'ENDED_SUCCESS') as succeeded, sum(status = 'ENDED_ERROR') as failed, \
             sum(status = 'ENDED_CANCELLED') as cancelled, max(case when rank = (timed + 1) / 2 then duration_ms end) as p50, \
             max(case when rank = (timed * 95 + 99) / 100 then duration_ms end) as p95 from ranked group by ranked.key",
        );
        match by {
            TallyBy::All => {}
            TallyBy::Column(_, most) => drop(write!(sql, " order by ended desc, key limit {most}")),
            TallyBy::Stretch(_) => sql.push_str(" order by ranked.key"),
        }
        self.counter().fetch_add(1, Ordering::Relaxed);
        let found = sqlx::query_with(AssertSqlSafe(sql), arguments(&binds)?).fetch_all(self.readers()).await.map_err(fault)?;
        found.iter().map(tally).collect()
    }

    /// How many executions stand at each status that is no end, now.
    pub async fn execution_standing(&self, query: &TallyQuery<'_>) -> Result<Vec<(String, u64)>> {
        let live: Vec<String> = Status::ALL.iter().filter(|s| !s.is_ended()).map(|s| format!("'{}'", s.name())).collect();
        let (mut sql, mut binds) =
            (format!("select t.status, count(*) from execution as t where t.status in ({}) and ", live.join(", ")), Vec::new());
        query.condition(&mut sql, &mut binds);
        sql.push_str(" group by t.status order by t.status");
        self.counter().fetch_add(1, Ordering::Relaxed);
        let found = sqlx::query_with(AssertSqlSafe(sql), arguments(&binds)?).fetch_all(self.readers()).await.map_err(fault)?;
        found.iter().map(|row| Ok((row.try_get(0).map_err(fault)?, count(row, 1)?))).collect()
    }
}

fn tally(row: &SqliteRow) -> Result<Tally> {
    let millis = |at: usize| row.try_get::<Option<i64>, _>(at).map(|ms| ms.and_then(|ms| u64::try_from(ms).ok())).map_err(fault);
    Ok(Tally {
        key: row.try_get(0).map_err(fault)?,
        ended: count(row, 1)?,
        succeeded: count(row, 2)?,
        failed: count(row, 3)?,
        cancelled: count(row, 4)?,
        p50_ms: millis(5)?,
        p95_ms: millis(6)?,
    })
}

fn count(row: &SqliteRow, at: usize) -> Result<u64> {
    let count: i64 = row.try_get(at).map_err(fault)?;
    Ok(u64::try_from(count).unwrap_or(0))
}
