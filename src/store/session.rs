//! The writer's connection. Every statement it sends passes here and is counted.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Connection as _, SqliteConnection};

use super::blob;
use super::chain::Chain;
use super::fold::{Texts, fold};
use super::lease;
use super::open::fault;
use super::unit::Write;
use crate::error::{Error, Result};

/// A connection with the texts it has made.
pub(super) struct Session {
    pub connection: SqliteConnection,
    pub statements: Arc<AtomicU64>,
    /// The end of the audit log, with what was written and not yet committed. Whoever rolls back puts it back.
    pub chain: Chain,
    /// The number that each transaction holds against the newest lease; put back likewise.
    pub lease: i64,
    /// Another process has the lease.
    pub is_deposed: bool,
    texts: Texts,
}

/// Why writes were not done.
pub(super) struct Refusal {
    pub error: Error,
    /// The writes themselves are at fault (a constraint, a wrong column), not the disk or the database.
    pub is_own_fault: bool,
    /// Whether the database has seen any of it.
    pub is_sent: bool,
}

impl Refusal {
    /// The error alone. Not a `From`: a second one for `Error` would make `?` ambiguous all over the crate.
    pub fn into_error(self) -> Error {
        self.error
    }

    fn unsent(error: Error) -> Refusal {
        Refusal { error, is_own_fault: true, is_sent: false }
    }

    fn new(error: sqlx::Error) -> Refusal {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).and_then(|code| code.parse::<i64>().ok());
        // ERROR, TOOBIG, CONSTRAINT, MISMATCH, RANGE in the low byte of an extended code.
        let is_own_fault = code.is_some_and(|code| matches!(code & 0xff, 1 | 18 | 19 | 20 | 25));
        // A full disk ends a transaction there and then: the savepoints that the next statement counts on went with it.
        let is_over = error.to_string().contains("no such savepoint");
        Refusal { error: fault(error), is_own_fault: is_own_fault && !is_over, is_sent: true }
    }
}

impl Session {
    pub fn new(connection: SqliteConnection, statements: Arc<AtomicU64>, lease: i64) -> Session {
        Session { connection, statements, chain: Chain::default(), lease, is_deposed: false, texts: Texts::default() }
    }

    /// What a transaction begins with.
    pub fn begin(&self) -> String {
        lease::begin(self.lease)
    }

    /// Why another process has the database now, in words.
    pub async fn deposed(&mut self) -> String {
        lease::lost(&mut self.connection, self.lease).await
    }

    /// Statements without parameters, separated by `;`.
    pub async fn execute(&mut self, sql: String) -> Result<(), Refusal> {
        self.count(&sql);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.connection).await.map_err(|e| self.refusal(e))?;
        Ok(())
    }

    /// Writes rows, with `before` and `after` around them in the same message: each message to the connection's thread
    /// costs more than the work of a statement.
    pub async fn write(&mut self, before: &str, writes: &[&Write], after: &str) -> Result<(), Refusal> {
        let (entries, chain) = self.chain.link(writes).map_err(Refusal::unsent)?;
        let all: Vec<&Write> = writes.iter().copied().chain(&entries).collect();
        let folded = fold(&all, &mut self.texts).map_err(Refusal::unsent)?;
        let mut sql = String::from(before);
        let mut arguments = SqliteArguments::default();
        let mut bound = Ok(());
        for write in writes {
            bound = bound.and_then(|()| blob::put(write, &mut sql, &mut arguments));
        }
        for statement in folded {
            bound = bound.and_then(|()| arguments.add(statement.rows));
            let _ = write!(sql, "{}${}{};", statement.parts.head, arguments.len(), statement.parts.tail);
        }
        bound.map_err(|e| Refusal::unsent(Error::internal(format!("a value could not be bound: {e}"))))?;
        sql.push_str(after);
        self.count(&sql);
        sqlx::query_with(AssertSqlSafe(sql), arguments).execute(&mut self.connection).await.map_err(|e| self.refusal(e))?;
        self.chain = chain;
        Ok(())
    }

    pub async fn close(self) -> Result<()> {
        self.connection.close().await.map_err(fault)
    }

    fn refusal(&mut self, error: sqlx::Error) -> Refusal {
        let is_lost = lease::is_lost(&error);
        self.is_deposed |= is_lost;
        let mut refusal = Refusal::new(error);
        // No unit is at fault, and none may be tried alone.
        refusal.is_own_fault &= !is_lost;
        refusal
    }

    fn count(&self, sql: &str) {
        let statements = sql.split(';').filter(|part| !part.trim().is_empty()).count();
        self.statements.fetch_add(statements as u64, Ordering::Relaxed);
    }
}
