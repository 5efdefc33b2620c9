//! Reading rows: by key, in lists, always inside a scope of rights that is part of the same query.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};
use uuid::Uuid;

use super::dialect::{any_of, quoted};
use super::filter::{Filter, ListQuery, Op};
use super::open::{Store, fault};
use super::row::{self, Row};
use crate::error::Result;
use crate::records::{Field, Kind, RecordType};

/// Totals are counted up to here.
const COUNT_LIMIT: i64 = 10_000;

/// The rows an actor may see of a type, as a condition.
#[derive(Clone, Debug)]
pub enum Scope {
    All,
    Nothing,
    Within(Region),
    /// Of subrecords: those whose parent is of one of these types and in its scope.
    Parents(Vec<(&'static RecordType, Scope)>),
}

/// A part of the workspace, and single records beyond it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Region {
    pub projects: Vec<Uuid>,
    /// Records that are in no project.
    pub workspace: bool,
    /// This record besides.
    pub id: Option<Uuid>,
    /// The children of this execution besides.
    pub parent: Option<Uuid>,
}

impl Scope {
    /// Whether everything that `filter` finds is in projects of this scope. Only records have the column; parts have parents.
    fn holds(&self, filter: &Filter) -> bool {
        let Scope::Within(region) = self else { return false };
        let has = |id: &Value| id.as_str().and_then(|id| Uuid::parse_str(id).ok()).is_some_and(|id| region.projects.contains(&id));
        match filter {
            Filter::And(parts) => parts.iter().any(|part| self.holds(part)),
            Filter::Or(parts) => !parts.is_empty() && parts.iter().all(|part| self.holds(part)),
            Filter::Compare { column: "project_id", op: Op::Eq, value } => has(value),
            Filter::Compare { column: "project_id", op: Op::In, value } => value.as_array().is_some_and(|ids| ids.iter().all(has)),
            Filter::Compare { .. } => false,
        }
    }
}

/// One page of a list.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub items: Vec<Row>,
    /// Matches in all; `None` when not asked for.
    pub total: Option<u64>,
    pub total_is_lower_bound: bool,
}

impl Store {
    /// One row, trashed ones too.
    pub async fn row_get(&self, ty: &'static RecordType, id: Uuid, scope: &Scope) -> Result<Option<Row>> {
        let mut connection = self.readers().acquire().await.map_err(fault)?;
        by_column(&mut connection, self.counter(), ty, ("id", &id.to_string()), scope).await
    }

    /// The live row of this name.
    pub async fn row_by_name(&self, ty: &'static RecordType, name: &str, scope: &Scope) -> Result<Option<Row>> {
        let mut connection = self.readers().acquire().await.map_err(fault)?;
        by_column(&mut connection, self.counter(), ty, ("name", name), scope).await
    }

    /// Rows in order; the order ends with the id, so that paging is stable.
    pub async fn row_list(&self, ty: &'static RecordType, query: &ListQuery, scope: &Scope) -> Result<Page> {
        let mut connection = self.readers().acquire().await.map_err(fault)?;
        list(&mut connection, self.counter(), ty, query, scope).await
    }

    /// The columns a table has, for the check against the registry.
    #[cfg(test)]
    pub(super) async fn table_columns(&self, table: &str) -> Result<std::collections::BTreeSet<String>> {
        let rows = sqlx::query("select name from pragma_table_info($1)").bind(table).fetch_all(self.readers()).await.map_err(fault)?;
        rows.iter().map(|row| row.try_get::<String, _>(0).map_err(fault)).collect()
    }

    /// One row of a table that is no record type, by all of these columns; every column as text.
    pub async fn aside_where(&self, table: &'static str, columns: &[&'static str], key: &[(&'static str, &str)]) -> Result<Option<Row>> {
        let mut connection = self.readers().acquire().await.map_err(fault)?;
        aside_where(&mut connection, self.counter(), (table, columns), key).await
    }

    /// The first rows of a table that is no record type whose time stamp `column` lies before `before`; columns as text.
    pub async fn aside_before(
        &self,
        table: &'static str,
        columns: &[&'static str],
        (column, before): (&'static str, &str),
        limit: u32,
    ) -> Result<Vec<Row>> {
        let names = aside_columns(columns);
        let stamp = quoted(column);
        let sql = format!("select {names} from {} where {stamp} < $1 order by {stamp} limit $2", quoted(table));
        self.counter().fetch_add(1, Ordering::Relaxed);
        let found = sqlx::query(AssertSqlSafe(sql)).bind(before).bind(limit).fetch_all(self.readers()).await.map_err(fault)?;
        found.iter().map(|found| aside_row(found, columns)).collect()
    }

    /// All rows of a table that is no record type with this value in a column; every column as text.
    pub async fn aside_list(&self, table: &'static str, columns: &[&'static str], key: (&'static str, &str)) -> Result<Vec<Row>> {
        let mut connection = self.readers().acquire().await.map_err(fault)?;
        aside_list(&mut connection, self.counter(), (table, columns), &[key], "").await
    }

    /// One row of a table that is no record type; every column as text.
    pub async fn aside(&self, table: &'static str, columns: &[&'static str], key: (&'static str, &str)) -> Result<Option<Row>> {
        let mut connection = self.readers().acquire().await.map_err(fault)?;
        aside(&mut connection, self.counter(), (table, columns), key).await
    }
}

/// The stored columns of a type, in the order of its fields.
fn columns(ty: &'static RecordType) -> Vec<&'static Field> {
    ty.fields().filter(|f| f.has_column() && f.kind != Kind::Bytes).collect()
}

fn select(ty: &'static RecordType, fields: &[&'static Field]) -> String {
    let names = fields.iter().map(|f| format!("t.{}", quoted(f.name))).collect::<Vec<_>>().join(", ");
    format!("select {names} from {} as t", quoted(ty.singular))
}

pub(super) async fn by_column(
    connection: &mut SqliteConnection,
    statements: &AtomicU64,
    ty: &'static RecordType,
    (column, value): (&'static str, &str),
    scope: &Scope,
) -> Result<Option<Row>> {
    let fields = columns(ty);
    let mut binds = vec![json!(value)];
    let mut sql = format!("{} where t.{} = $1", select(ty, &fields), quoted(column));
    if column == "name" && ty.has_trash() {
        sql.push_str(" and t.deleted_at is null");
    }
    sql.push_str(" and ");
    condition(scope, ("t", ty), &mut sql, &mut binds);
    sql.push_str(" limit 1");
    statements.fetch_add(1, Ordering::Relaxed);
    let found = sqlx::query_with(AssertSqlSafe(sql), arguments(&binds)?).fetch_optional(connection).await.map_err(fault)?;
    found.map(|found| row::read(&found, &fields)).transpose()
}

pub(super) async fn list(
    connection: &mut SqliteConnection,
    statements: &AtomicU64,
    ty: &'static RecordType,
    query: &ListQuery,
    scope: &Scope,
) -> Result<Page> {
    let mut fields = columns(ty);
    if let Some(wanted) = &query.fields {
        fields.retain(|f| f.name == "id" || wanted.iter().any(|w| w == f.name));
    }
    let mut binds = Vec::new();
    let mut filter = String::new();
    filter.push_str(match (ty.has_trash(), query.trash) {
        (true, true) => "t.deleted_at is not null and ",
        (true, false) => "t.deleted_at is null and ",
        // Nothing of it ever went there.
        (false, true) => "false and ",
        (false, false) => "",
    });
    match &query.filter {
        // What is asked for lies in the scope by itself, which need not be looked at row by row then.
        Some(wanted) if scope.holds(wanted) => wanted.sql("t", &mut filter, &mut binds),
        Some(wanted) => {
            condition(scope, ("t", ty), &mut filter, &mut binds);
            filter.push_str(" and ");
            wanted.sql("t", &mut filter, &mut binds);
        }
        None => condition(scope, ("t", ty), &mut filter, &mut binds),
    }
    let mut order = String::new();
    for part in &query.order {
        let _ = write!(order, "t.{} {}, ", quoted(part.column), if part.descending { "desc" } else { "asc" });
    }
    let direction = if query.order.first().is_some_and(|o| o.descending) { "desc" } else { "asc" };
    let limit = if query.limit == 0 { i64::MAX } else { i64::from(query.limit) };
    let mut paged = binds.clone();
    paged.extend([json!(limit), json!(query.offset)]);
    let (at, from) = (paged.len() - 1, paged.len());
    let sql = format!("{} where {filter} order by {order}t.id {direction} limit ${at} offset ${from}", select(ty, &fields));
    statements.fetch_add(1, Ordering::Relaxed);
    let rows = sqlx::query_with(AssertSqlSafe(sql), arguments(&paged)?).fetch_all(&mut *connection).await.map_err(fault)?;
    let items = rows.iter().map(|r| row::read(r, &fields)).collect::<Result<Vec<_>>>()?;
    let mut page = Page { items, total: None, total_is_lower_bound: false };
    if query.total {
        let sql = format!("select count(*) from (select 1 from {} as t where {filter} limit {})", quoted(ty.singular), COUNT_LIMIT + 1);
        statements.fetch_add(1, Ordering::Relaxed);
        let counted = sqlx::query_with(AssertSqlSafe(sql), arguments(&binds)?).fetch_one(connection).await.map_err(fault)?;
        let count: i64 = counted.try_get(0).map_err(fault)?;
        page.total_is_lower_bound = count > COUNT_LIMIT;
        page.total = Some(u64::try_from(count.min(COUNT_LIMIT)).unwrap_or(0));
    }
    Ok(page)
}

pub(super) async fn aside(
    connection: &mut SqliteConnection,
    statements: &AtomicU64,
    (table, columns): (&'static str, &[&'static str]),
    key: (&'static str, &str),
) -> Result<Option<Row>> {
    aside_where(connection, statements, (table, columns), &[key]).await
}

/// The same by several columns.
pub(super) async fn aside_where(
    connection: &mut SqliteConnection,
    statements: &AtomicU64,
    (table, columns): (&'static str, &[&'static str]),
    key: &[(&'static str, &str)],
) -> Result<Option<Row>> {
    Ok(aside_list(connection, statements, (table, columns), key, " limit 1").await?.pop())
}

pub(super) async fn aside_list(
    connection: &mut SqliteConnection,
    statements: &AtomicU64,
    (table, columns): (&'static str, &[&'static str]),
    key: &[(&'static str, &str)],
    limit: &str,
) -> Result<Vec<Row>> {
    let names = aside_columns(columns);
    let matches: Vec<String> = key.iter().enumerate().map(|(n, (column, _))| format!("{} = ${}", quoted(column), n + 1)).collect();
    let sql = format!("select {names} from {} where {}{limit}", quoted(table), matches.join(" and "));
    statements.fetch_add(1, Ordering::Relaxed);
    let query = key.iter().fold(sqlx::query(AssertSqlSafe(sql)), |query, (_, value)| query.bind(*value));
    let found = query.fetch_all(connection).await.map_err(fault)?;
    found.iter().map(|found| aside_row(found, columns)).collect()
}

fn aside_columns(columns: &[&'static str]) -> String {
    columns.iter().map(|c| format!("cast({0} as text) as {0}", quoted(c))).collect::<Vec<_>>().join(", ")
}

fn aside_row(found: &SqliteRow, columns: &[&'static str]) -> Result<Row> {
    let mut row = Row::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        let text: Option<String> = found.try_get(index).map_err(fault)?;
        row.set(*column, text.map_or(Value::Null, Value::String));
    }
    Ok(row)
}

/// The scope as a condition on `table`.
pub(super) fn condition(scope: &Scope, (table, ty): (&str, &'static RecordType), out: &mut String, binds: &mut Vec<Value>) {
    match scope {
        Scope::All => out.push_str("true"),
        Scope::Nothing => out.push_str("false"),
        Scope::Within(region) => within(region, (table, ty), out, binds),
        Scope::Parents(parents) => {
            let Some(column) = ty.parent_column() else {
                out.push_str("false");
                return;
            };
            out.push('(');
            for (n, (parent, scope)) in parents.iter().enumerate() {
                let alias = format!("{table}p{n}");
                let or = if n > 0 { " or " } else { "" };
                // Most tables need not be looked into: the row says of what type its parent is.
                let kind = match ty.field("parent_type") {
                    Some(_) => format!("({table}.parent_type is null or {table}.parent_type = '{}') and ", parent.name),
                    None => String::new(),
                };
                let _ = write!(
                    out,
                    "{or}{kind}exists (select 1 from {} as {alias} where {alias}.id = {table}.{} and ",
                    quoted(parent.singular),
                    quoted(column)
                );
                condition(scope, (&alias, parent), out, binds);
                out.push(')');
            }
            out.push_str(if parents.is_empty() { "false)" } else { ")" });
        }
    }
}

fn within(region: &Region, (table, ty): (&str, &'static RecordType), out: &mut String, binds: &mut Vec<Value>) {
    let place = match ty.name {
        "PROJECT" => Some("id"),
        _ => ty.field("project_id").filter(|f| f.has_column()).map(|_| "project_id"),
    };
    out.push_str("(false");
    match place {
        Some(place) => {
            if !region.projects.is_empty() {
                let ids: Vec<String> = region.projects.iter().map(Uuid::to_string).collect();
                binds.push(json!(json!(ids).to_string()));
                let _ = write!(out, " or {table}.{place} in {}", any_of(binds.len()));
            }
            if region.workspace {
                let _ = write!(out, " or {table}.{place} is null");
            }
        }
        None if region.workspace => out.push_str(" or true"),
        None => {}
    }
    let mut also = |column: &str, id: Option<Uuid>| {
        if let Some(id) = id {
            binds.push(json!(id.to_string()));
            let _ = write!(out, " or {table}.{column} = ${}", binds.len());
        }
    };
    also("id", region.id);
    match ty.name {
        "EXECUTION" => also("parent_execution_id", region.parent),
        "MESSAGE" => also("execution_id", region.parent),
        _ => {}
    }
    out.push(')');
}

pub(super) fn arguments(binds: &[Value]) -> Result<SqliteArguments> {
    use sqlx::Arguments as _;
    let mut arguments = SqliteArguments::default();
    for bind in binds {
        let added = match bind {
            Value::Null => arguments.add(None::<String>),
            Value::Bool(flag) => arguments.add(i64::from(*flag)),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => arguments.add(integer),
                None => arguments.add(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => arguments.add(text.clone()),
            other => arguments.add(other.to_string()),
        };
        added.map_err(|e| crate::error::Error::internal(format!("a value could not be bound: {e}")))?;
    }
    Ok(arguments)
}
