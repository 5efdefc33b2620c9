//! What retention asks of the store: what is past its time, what live executions pin, and which content nothing names.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use serde_json::json;
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use super::dialect::quoted;
use super::open::{Store, fault};
use super::row::Row;
use super::tx::Tx;
use crate::error::{Error, Result};
use crate::records;

/// An execution that ended long ago.
#[derive(Clone, Debug)]
pub struct Ended {
    pub id: Uuid,
    pub ended_at: String,
    /// What was taken of it before.
    pub purged: Vec<String>,
    /// Something live needs it: an execution of its tree, or a retry of one of its tree.
    pub is_pinned: bool,
}

/// Content, or pieces that never became one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loose {
    pub hash: String,
    /// All of its pieces are there.
    pub is_whole: bool,
    pub is_named: bool,
    pub is_marked: bool,
}

/// Rows of one record in the order of their keys, up to one of them.
#[derive(Clone, Debug)]
pub struct Stretch {
    pub table: &'static str,
    /// The column that names the record.
    pub of: &'static str,
    pub record: String,
    /// The rest of the key: numbers.
    pub order: &'static [&'static str],
    pub last: Vec<i64>,
}

/// Who names a content, as queries over `b.hash`. Versions of files keep the content that they had; with the `+` their index serves.
const NAMES: [&str; 4] = [
    "select 1 from flow as n where n.script_hash = b.hash",
    "select 1 from execution as n where n.script_hash = b.hash",
    "select 1 from file as n where n.sha256 = b.hash",
    "select 1 from record_version as n where n.parent_type = 'FILE' and json_extract(n.content, '$.sha256') = +b.hash",
];

/// Whether an execution acts with the grant `g`.
const GRANTED: &str = "select 1 from execution as e where e.grant_id = g.id";

/// Columns in which an execution names what it was started with.
const NAMED: [&str; 10] = [
    "flow_id",
    "connector_id",
    "schedule_id",
    "webhook_id",
    "mcp_user_tool_id",
    "custom_object_id",
    "wrapper_id",
    "plugin_action_id",
    "project_id",
    "bundle_id",
];

/// What is to be known of the contents in `b`.
fn loose_columns() -> String {
    format!(
        "b.hash as hash, exists (select 1 from blob as n where n.hash = b.hash) as is_whole, {} as is_named, \
         exists (select 1 from blob_unused as n where n.hash = b.hash) as is_marked",
        NAMES.map(|query| format!("exists ({query})")).join(" or ")
    )
}

/// The states of what has not ended, for `in`. Named one by one, so that the index finds them.
fn live() -> String {
    let names = records::Status::ALL.iter().filter(|s| !s.is_ended()).map(|s| format!("'{}'", s.name()));
    names.collect::<Vec<_>>().join(", ")
}

impl Store {
    /// Executions that ended before `before`, by their end, after the one at `from`.
    pub async fn executions_ended(&self, (from, id): (&str, Uuid), before: &str, limit: u32) -> Result<Vec<Ended>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let sql = format!(
            "with recursive pinned (root) as ( \
             select coalesce(root_execution_id, id) from execution where status in ({}) union \
             select coalesce(old.root_execution_id, old.id) from pinned join execution as heir on heir.id = pinned.root \
             join execution as old on old.id = heir.retried_from) \
             select id, ended_at, purged, coalesce(root_execution_id, id) in (select root from pinned) as is_pinned \
             from execution where ended_at < $1 and ended_at >= $2 and (ended_at > $2 or id > $3) order by ended_at, id limit $4",
            live()
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(before).bind(from).bind(id.to_string()).bind(limit);
        let rows = query.fetch_all(self.readers()).await.map_err(fault)?;
        let ended = |row: &sqlx::sqlite::SqliteRow| -> Result<Ended> {
            let purged = row.try_get::<Option<String>, _>("purged").map_err(fault)?;
            Ok(Ended {
                id: uuid(&row.try_get::<String, _>("id").map_err(fault)?)?,
                ended_at: row.try_get("ended_at").map_err(fault)?,
                purged: purged.and_then(|list| serde_json::from_str(&list).ok()).unwrap_or_default(),
                is_pinned: row.try_get("is_pinned").map_err(fault)?,
            })
        };
        rows.iter().map(ended).collect()
    }

    /// Everything that live executions name: what they were started with, the users they act for, settings they hold as locks.
    pub async fn pinned_by_live(&self) -> Result<HashSet<Uuid>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let live = live();
        let mut parts = NAMED.map(|column| format!("select {column} as id from execution where status in ({live})")).to_vec();
        parts.push("select setting_id from setting_lock".to_owned());
        parts.push(format!("select g.user_id from grant_row as g join execution as e on e.grant_id = g.id where e.status in ({live})"));
        let sql = format!("select id from ({}) where id is not null", parts.join(" union "));
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(self.readers()).await.map_err(fault)?;
        rows.iter().map(|row| uuid(&row.try_get::<String, _>(0).map_err(fault)?)).collect()
    }

    /// Versions from before `before`, but for the last one of each record, after the one at `from`: when they were made, and their ids.
    pub async fn versions_old(&self, (from, id): (&str, Uuid), before: &str, limit: u32) -> Result<Vec<(String, Uuid)>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let rows = sqlx::query(
            "select created_at, id from record_version as v where created_at < $1 and created_at >= $2 and (created_at > $2 or id > $3) \
             and number < (select max(number) from record_version where record_id = v.record_id) order by created_at, id limit $4",
        );
        dated(rows.bind(before).bind(from).bind(id.to_string()).bind(limit).fetch_all(self.readers()).await.map_err(fault)?.as_slice())
    }

    /// Messages from before `before` that no live execution asked, after the one at `from`: when they were made, and their ids.
    pub async fn messages_old(&self, (from, id): (&str, Uuid), before: &str, limit: u32) -> Result<Vec<(String, Uuid)>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let sql = format!(
            "select created_at, id from message as m where created_at < $1 and created_at >= $2 and (created_at > $2 or id > $3) \
             and not exists (select 1 from execution as e where e.id = m.execution_id and e.status in ({})) order by created_at, id limit $4",
            live()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(before).bind(from).bind(id.to_string()).bind(limit);
        dated(rows.fetch_all(self.readers()).await.map_err(fault)?.as_slice())
    }

    /// The messages whose answers live executions wait for, whoever asked.
    pub async fn messages_awaited(&self) -> Result<HashSet<Uuid>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let sql = format!(
            "select distinct json_extract(s.waits, '$.message.message') from execution as e \
             join execution_step as s on s.execution_id = e.id and s.epoch = e.epoch \
             where e.status in ({}) and s.ok is null and s.op = 'message_wait' and s.waits is not null",
            live()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(self.readers()).await.map_err(fault)?;
        let ids = rows.iter().map(|row| row.try_get::<Option<String>, _>(0).map_err(fault));
        ids.filter_map(Result::transpose).map(|id| uuid(&id?)).collect()
    }

    /// The keys of rows of a table, of those with a value in a column if one is given; numbers as numbers.
    pub async fn keys_of(
        &self,
        (table, key): (&'static str, &[&'static str]),
        of: Option<(&'static str, &str)>,
        limit: u32,
    ) -> Result<Vec<Row>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let names = names(key);
        let condition = of.map_or(String::new(), |(column, _)| format!(" where {} = $2", quoted(column)));
        let sql = format!("select {names} from {}{condition} limit $1", quoted(table));
        let query = sqlx::query(AssertSqlSafe(sql)).bind(limit);
        let query = match of {
            Some((_, value)) => query.bind(value),
            None => query,
        };
        let found = query.fetch_all(self.readers()).await.map_err(fault)?;
        let read = |row: &sqlx::sqlite::SqliteRow| -> Result<Row> {
            let mut keys = Row::new();
            for (index, name) in key.iter().enumerate() {
                match row.try_get::<i64, _>(index) {
                    Ok(number) => keys.set(*name, number),
                    Err(_) => keys.set(*name, row.try_get::<String, _>(index).map_err(fault)?),
                }
            }
            Ok(keys)
        };
        found.iter().map(read).collect()
    }

    /// The first rows of a record, at most `limit`, as a stretch, and how many they are; nothing if there are none.
    pub async fn stretch(
        &self,
        (table, of): (&'static str, &'static str),
        record: &str,
        order: &'static [&'static str],
        limit: u32,
    ) -> Result<Option<(Stretch, usize)>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let names = names(order);
        let sql = format!("select {names} from {} where {} = $1 order by {names} limit $2", quoted(table), quoted(of));
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(record).bind(limit).fetch_all(self.readers()).await.map_err(fault)?;
        let Some(row) = rows.last() else { return Ok(None) };
        let last = (0..order.len()).map(|index| row.try_get::<i64, _>(index)).collect::<Result<_, sqlx::Error>>().map_err(fault)?;
        Ok(Some((Stretch { table, of, record: record.to_owned(), order, last }, rows.len())))
    }

    /// The next content in the order of hashes, whole or not, and whether anything names it.
    pub async fn blobs_after(&self, hash: &str, limit: u32) -> Result<Vec<Loose>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let sql = format!(
            "select {} from (select hash from blob where hash > $1 union select hash from blob_piece where hash > $1 \
             order by hash limit $2) as b",
            loose_columns()
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(hash).bind(limit).fetch_all(self.readers()).await.map_err(fault)?;
        rows.iter().map(loose).collect::<Result<_, sqlx::Error>>().map_err(fault)
    }
}

impl Store {
    /// Of the next grants in the order of their ids, those that no execution acts with; and the last one looked at, if there was any.
    pub async fn grants_unused(&self, from: Uuid, limit: u32) -> Result<(Vec<Uuid>, Option<Uuid>)> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let sql = format!("select g.id, exists ({GRANTED}) from grant_row as g where g.id > $1 order by g.id limit $2");
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(from.to_string()).bind(limit).fetch_all(self.readers()).await.map_err(fault)?;
        let read = |row: &sqlx::sqlite::SqliteRow| -> Result<(Uuid, bool)> {
            Ok((uuid(&row.try_get::<String, _>(0).map_err(fault)?)?, row.try_get(1).map_err(fault)?))
        };
        let found = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
        let unused = found.iter().filter(|(_, is_used)| !is_used).map(|(id, _)| *id).collect();
        Ok((unused, found.last().map(|(id, _)| *id)))
    }
}

impl Tx {
    /// Deletes those of these grants that no execution acts with now.
    pub async fn delete_grants_unused(&mut self, ids: &[Uuid]) -> Result<()> {
        self.session.statements.fetch_add(1, Ordering::Relaxed);
        let sql = format!("delete from grant_row as g where g.id in (select value from json_each($1)) and not exists ({GRANTED})");
        let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
        let query = sqlx::query(AssertSqlSafe(sql)).bind(json!(ids).to_string());
        query.execute(&mut self.session.connection).await.map_err(fault)?;
        Ok(())
    }

    /// Deletes API keys that were revoked or ran out before `before`; gives their ids.
    pub async fn delete_keys_over(&mut self, before: &str, limit: u32) -> Result<Vec<Uuid>> {
        self.session.statements.fetch_add(1, Ordering::Relaxed);
        let query = sqlx::query(
            "delete from api_key where id in (select id from api_key where revoked_at < $1 or expires_at < $1 limit $2) returning id",
        );
        let rows = query.bind(before.to_owned()).bind(limit).fetch_all(&mut self.session.connection).await.map_err(fault)?;
        rows.iter().map(|row| uuid(&row.try_get::<String, _>(0).map_err(fault)?)).collect()
    }

    /// Deletes the rows of a stretch, without a look at others.
    pub async fn delete_stretch(&mut self, stretch: &Stretch) -> Result<()> {
        self.session.statements.fetch_add(1, Ordering::Relaxed);
        let places: Vec<String> = (0..stretch.order.len()).map(|n| format!("${}", n + 2)).collect();
        let sql = format!(
            "delete from {} where {} = $1 and ({}) <= ({})",
            quoted(stretch.table),
            quoted(stretch.of),
            names(stretch.order),
            places.join(", ")
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(stretch.record.clone());
        let query = stretch.last.iter().fold(query, |query, number| query.bind(*number));
        query.execute(&mut self.session.connection).await.map_err(fault)?;
        Ok(())
    }

    /// Of these contents, those that are marked since before `before`, and whether anything names them now.
    pub async fn blobs_marked(&mut self, hashes: &[String], before: &str) -> Result<Vec<Loose>> {
        self.session.statements.fetch_add(1, Ordering::Relaxed);
        let sql =
            format!("select {} from blob_unused as b where b.since < $2 and b.hash in (select value from json_each($1))", loose_columns());
        let query = sqlx::query(AssertSqlSafe(sql)).bind(json!(hashes).to_string()).bind(before.to_owned());
        let rows = query.fetch_all(&mut self.session.connection).await.map_err(fault)?;
        rows.iter().map(loose).collect::<Result<_, sqlx::Error>>().map_err(fault)
    }
}

fn names(columns: &[&str]) -> String {
    columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
}

fn loose(row: &sqlx::sqlite::SqliteRow) -> Result<Loose, sqlx::Error> {
    let flag = |column: &str| row.try_get::<bool, _>(column);
    Ok(Loose { hash: row.try_get("hash")?, is_whole: flag("is_whole")?, is_named: flag("is_named")?, is_marked: flag("is_marked")? })
}

fn dated(rows: &[sqlx::sqlite::SqliteRow]) -> Result<Vec<(String, Uuid)>> {
    rows.iter().map(|row| Ok((row.try_get(0).map_err(fault)?, uuid(&row.try_get::<String, _>(1).map_err(fault)?)?))).collect()
}

fn uuid(text: &str) -> Result<Uuid> {
    text.parse().map_err(|_| Error::internal(format!("'{text}' is no id")))
}
