//! SQLITE: one statement on a SQLite database that is the content of a FILE.
//!
//! The database is in memory from its first byte to its last, and a statement has no way out of there: an authorizer refuses what
//! names a file or a setting of the process (ATTACH, most PRAGMAs, extensions), so that neither the server's own database nor
//! anything else of this machine can be reached. What the statement changed is written back as one new content of the FILE, if
//! nobody else has written it since; else the statement is done again on what is there by then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Connection, params_from_iter};
use serde_json::{Map, Value, json};

use super::{Answer, Fault, Statement, Want, tried};
use crate::connectors::reach::within;
use crate::connectors::value::{as_bytes, bytes_value, float};
use crate::connectors::{Connect, Failure, Job};
use crate::error::{Kind, Result};

const NAME: &str = "SQLITE";

/// What the first bytes of a database are, and where it says that its changes may lie in a second file.
const MAGIC: &[u8] = b"SQLite format 3\0";
const JOURNAL_MODE: std::ops::Range<usize> = 18..20;
const ROLLBACK: u8 = 1;
const WITH_LOG: u8 = 2;

/// Settings that may be looked at; none of them is one of the process.
const PRAGMAS: [&str; 17] = [
    "application_id",
    "collation_list",
    "compile_options",
    "encoding",
    "foreign_key_check",
    "foreign_key_list",
    "freelist_count",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "page_count",
    "quick_check",
    "table_info",
    "table_list",
    "table_xinfo",
    "user_version",
];

/// Instructions between two looks at whether anybody still waits.
const LOOK: i32 = 10_000;
/// Bytes that one value or row may have.
const LONGEST: i32 = 64 << 20;

pub(in super::super) struct Sqlite;

impl Connect for Sqlite {
    fn name(&self) -> &'static str {
        NAME
    }

    /// It goes nowhere; a secret that is meant for some hosts is not meant for this.
    fn host(&self, _: &Value) -> Result<String> {
        Ok("a file of this server".to_owned())
    }

    fn is_repeatable(&self, inputs: &Value) -> bool {
        Statement::only_reads(inputs)
    }

    fn only_reads(&self, inputs: &Value) -> bool {
        self.is_repeatable(inputs)
    }

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let seconds = job.inputs.get("timeout").and_then(Value::as_f64).unwrap_or(300.0);
            let late = || Failure::new(format!("{NAME}: it took longer than the timeout of {seconds} s, and was given up."));
            within(&job.clock, seconds, tried(job, || Box::pin(once(job))), late).await
        })
    }
}

async fn once(job: &Job<'_>) -> Result<Value, Fault> {
    let statement = Statement::read(job.inputs)?;
    let name = job.inputs.get("database").and_then(Value::as_str).unwrap_or_default();
    let is_change = matches!(statement.want, Want::Count | Want::Many);
    let content = match job.files.read(name).await {
        Ok(content) => Some(content),
        // The first table makes the database.
        Err(error) if error.kind() == Kind::NotFound && is_change => None,
        Err(error) => return Err(Fault::lasting(format!("{NAME}: the database cannot be read: {}", error.message()))),
    };
    let given_up = Arc::new(GivenUp::default());
    let work = Work {
        content: content.as_deref().unwrap_or_default().to_vec(),
        output_limit: job.output_limit,
        file_limit: job.file_limit,
        given_up: given_up.0.clone(),
    };
    // Dropped with this future, which tells the thread to stop.
    let _guard = given_up;
    let done = tokio::task::spawn_blocking(move || work.carry_out(&statement)).await;
    let (result, new) = done.map_err(|_| Fault::lasting(format!("{NAME}: the statement broke SQLite.")))??;
    let Some(new) = new else { return Ok(result) };
    let kept = match content.filter(|content| !content.is_empty()) {
        Some(old) => job.files.replace(name, new.into(), old).await,
        None => job.files.write(name, new.into()).await,
    };
    match kept {
        Ok(()) => Ok(result),
        Err(error) if error.kind() == Kind::PreconditionFailed => {
            Err(Fault::Passing(format!("{NAME}: somebody else has written the database meanwhile, and nothing was changed.")))
        }
        Err(error) => {
            Err(Fault::lasting(format!("{NAME}: nothing was changed, since the database cannot be written: {}", error.message())))
        }
    }
}

/// Whether nobody waits any more.
#[derive(Default)]
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What a thread of its own does.
struct Work {
    content: Vec<u8>,
    output_limit: usize,
    file_limit: usize,
    given_up: Arc<AtomicBool>,
}

impl Work {
    /// The result, and the new content of the database if it was changed.
    fn carry_out(mut self, statement: &Statement) -> Result<(Value, Option<Vec<u8>>), Fault> {
        let connection = self.open()?;
        let mut answer = Answer::new(statement.want, self.output_limit);
        let mut is_changed = false;
        let is_many = statement.want == Want::Many;
        if is_many {
            connection.execute_batch("begin").map_err(|e| fault(&e))?;
        }
        guard(&connection)?;
        for (number, list) in statement.lists.iter().enumerate() {
            let done = run(&connection, &statement.text, list, &mut answer);
            let place = format!("That is the item {number} of 'args'; none of them took effect.");
            is_changed |= if is_many { done.map_err(|fault| fault.at(&place))? } else { done? };
        }
        connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).map_err(|e| fault(&e))?;
        if is_many {
            connection.execute_batch("commit").map_err(|e| fault(&e))?;
        }
        let new = if is_changed { Some(connection.serialize("main").map_err(|e| fault(&e))?.to_vec()) } else { None };
        Ok((answer.result(), new.filter(|new| *new != self.content)))
    }

    fn open(&mut self) -> Result<Connection, Fault> {
        let mut connection = Connection::open_in_memory().map_err(|e| fault(&e))?;
        if !self.content.is_empty() {
            if !self.content.starts_with(MAGIC) {
                return Err(Fault::lasting(format!("{NAME}: the FILE is no SQLite database.")));
            }
            // In memory there is no second file. A content that is whole has nothing in one.
            for mode in self.content.get_mut(JOURNAL_MODE).into_iter().flatten() {
                *mode = if *mode == WITH_LOG { ROLLBACK } else { *mode };
            }
            let size = self.content.len();
            connection.deserialize_read_exact("main", self.content.as_slice(), size, false).map_err(|e| fault(&e))?;
        }
        for (limit, most) in
            [(Limit::SQLITE_LIMIT_ATTACHED, 0), (Limit::SQLITE_LIMIT_LENGTH, LONGEST), (Limit::SQLITE_LIMIT_WORKER_THREADS, 0)]
        {
            connection.set_limit(limit, most).map_err(|e| fault(&e))?;
        }
        // What is inside the database is somebody's, too: its views and triggers may call no more than what is harmless.
        connection.execute_batch("pragma trusted_schema = off; pragma cell_size_check = on").map_err(|e| fault(&e))?;
        let page: i64 = connection.query_row("pragma page_size", [], |row| row.get(0)).map_err(|e| fault(&e))?;
        let most = i64::try_from(self.file_limit).unwrap_or(i64::MAX) / page.max(1);
        connection
            .query_row(&format!("pragma max_page_count = {}", most.clamp(1, 4_294_967_294)), [], |_| Ok(()))
            .map_err(|e| fault(&e))?;
        let given_up = self.given_up.clone();
        connection.progress_handler(LOOK, Some(move || given_up.load(Ordering::Relaxed))).map_err(|e| fault(&e))?;
        Ok(connection)
    }
}

/// From here on nothing is allowed that leaves the database.
fn guard(connection: &Connection) -> Result<(), Fault> {
    let allow = |context: AuthContext<'_>| {
        let is_harmless = match context.action {
            AuthAction::Attach { .. }
            | AuthAction::Detach { .. }
            | AuthAction::Transaction { .. }
            | AuthAction::Savepoint { .. }
            | AuthAction::Unknown { .. } => false,
            AuthAction::Pragma { pragma_name, .. } => PRAGMAS.contains(&pragma_name.to_ascii_lowercase().as_str()),
            AuthAction::Function { function_name } => {
                !["load_extension", "fts3_tokenizer"].contains(&function_name.to_ascii_lowercase().as_str())
            }
            _ => true,
        };
        if is_harmless { Authorization::Allow } else { Authorization::Deny }
    };
    connection.authorizer(Some(allow)).map_err(|e| fault(&e))
}

/// Runs the statement once. Gives whether it may have changed the database.
fn run(connection: &Connection, text: &str, list: &[Value], answer: &mut Answer) -> Result<bool, Fault> {
    let mut statement = connection.prepare(text).map_err(|e| fault(&e))?;
    if statement.parameter_count() != list.len() {
        let text = format!("{NAME}: the statement has {} placeholders, and {} values are given.", statement.parameter_count(), list.len());
        return Err(Fault::lasting(text));
    }
    let cells = list.iter().enumerate().map(|(at, value)| cell(value).map_err(|why| (at, why))).collect::<Result<Vec<_>, _>>();
    let cells = cells.map_err(|(at, why)| Fault::lasting(format!("{NAME}: the argument {} {why}.", at + 1)))?;
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let (is_change, before) = (!statement.readonly(), connection.total_changes());
    let mut rows = statement.query(params_from_iter(cells)).map_err(|e| fault(&e))?;
    while let Some(row) = rows.next().map_err(|e| fault(&e))? {
        if !answer.wants_row() {
            continue;
        }
        let mut object = Map::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            let found = row.get_ref(at).map_err(|e| fault(&e))?;
            let value = value(found).map_err(|why| Fault::lasting(format!("{NAME}: the column '{name}' {why}.")))?;
            object.insert(name.clone(), value);
        }
        answer.row(object)?;
    }
    drop(rows);
    // What a table's making or an index's leaves there is the count of the statement before.
    if connection.total_changes() > before {
        answer.count += connection.changes();
    }
    Ok(is_change)
}

/// An argument. An error is the rest of a sentence about it.
fn cell(value: &Value) -> Result<Cell, String> {
    Ok(match value {
        Value::Null => Cell::Null,
        Value::Bool(is) => Cell::Integer(i64::from(*is)),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => Cell::Integer(int),
            (None, _) if number.is_u64() => return Err(format!("is {number}, which is more than a whole number may be here")),
            (None, real) => Cell::Real(real.unwrap_or(f64::NAN)),
        },
        Value::String(text) => Cell::Text(text.clone()),
        Value::Array(_) => Cell::Text(value.to_string()),
        Value::Object(_) => as_bytes(value)?.map_or_else(|| Cell::Text(value.to_string()), Cell::Blob),
    })
}

/// A value of a row. An error is the rest of a sentence about its column.
fn value(cell: ValueRef<'_>) -> Result<Value, String> {
    Ok(match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => float(number),
        ValueRef::Text(bytes) => {
            json!(
                std::str::from_utf8(bytes)
                    .map_err(|_| "has text that is no UTF-8; have the statement give it as a blob, CAST(column AS BLOB)")?
            )
        }
        ValueRef::Blob(bytes) => bytes_value(bytes),
    })
}

fn fault(error: &rusqlite::Error) -> Fault {
    let text = match error {
        rusqlite::Error::MultipleStatement => "'fetch' and the like take one statement; for more of them, connect again".to_owned(),
        rusqlite::Error::SqliteFailure(code, said) => match code.code {
            rusqlite::ErrorCode::AuthorizationForStatementDenied => {
                "not authorized: a statement stays within its database, and leaves transactions and settings as they are".to_owned()
            }
            rusqlite::ErrorCode::DiskFull => "the database would be larger than a FILE may be (server.file_limit_bytes)".to_owned(),
            _ => said.clone().unwrap_or_else(|| code.to_string()),
        },
        other => other.to_string(),
    };
    Fault::lasting(format!("{NAME}: {}.", text.trim_end_matches('.')))
}

#[cfg(test)]
mod tests;
