//! SQLPG: one statement on a PostgreSQL database.

mod decode;
mod encode;

use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgColumn, PgConnectOptions, PgConnection, PgRow, PgSslMode, PgStatement};
use sqlx::{AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Either, Executor as _, Row as _, SqlSafeStr as _};
use sqlx::{Statement as _, TypeInfo as _, ValueRef as _};

use super::server::{self, Part, Server, Tls};
use super::{Answer, Fault, Leash, Statement, Want, tried};
use crate::connectors::reach::{self, within};
use crate::connectors::{Connect, Failure, Job};
use crate::error::Result;

const NAME: &str = "SQLPG";
const PORT: u16 = 5432;

/// Ends what is still under way for a connection that was given up. Its name is in `application_name`, which poolers carry along.
const END: &str = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()";

/// Errors that say "not now": no room for another login, a server that starts, a deadlock, a serialisation that failed.
const PASSING: [&str; 4] = ["53300", "57P03", "40P01", "40001"];

pub(in super::super) struct Postgres;

impl Connect for Postgres {
    fn name(&self) -> &'static str {
        NAME
    }

    fn host(&self, inputs: &Value) -> Result<String> {
        reach::host(inputs)
    }

    fn is_repeatable(&self, inputs: &Value) -> bool {
        Statement::only_reads(inputs)
    }

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let server = Server::read(job.inputs)?;
            let late = || Failure::new(format!("{NAME}: it took longer than the timeout of {} s, and was given up.", server.timeout));
            within(&job.clock, server.timeout, tried(job, || Box::pin(once(job))), late).await
        })
    }
}

async fn once(job: &Job<'_>) -> Result<Value, Fault> {
    let (server, statement) = (Server::read(job.inputs)?, Statement::read(job.inputs)?);
    let name = format!("flowstead-{}", job.spill);
    let options = options(&server).application_name(&name);
    let late = || Fault::lasting(format!("{NAME}: no connection within the connect_timeout of {} s.", server.connect_timeout));
    let login = async { Box::pin(options.connect()).await.map_err(|e| server::fault(NAME, Part::Login, &e, is_passing)) };
    let mut connection = within(&job.clock, server.connect_timeout, login, late).await?;
    let leash = Leash::new(Box::pin(end(options.clone(), name)), job.clock.clone());
    let done = run(&mut connection, &server, &statement, job.output_limit).await;
    // An answer of the server's own is the end of the statement. One that was not read to its end is ended there.
    if !matches!(done, Err(Fault::Cut(_))) {
        leash.let_go();
    }
    if done.is_ok() {
        // What it was asked for is there; how the goodbye goes changes nothing.
        let _ = connection.close().await;
    }
    done
}

/// How to log in. Nothing comes from this process's environment, where somebody else's login may be.
fn options(server: &Server) -> PgConnectOptions {
    let user = server.user.as_deref().unwrap_or_default();
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(server.host.trim_end_matches('.'))
        .port(server.port.unwrap_or(PORT))
        .username(user)
        .password(server.password.as_deref().unwrap_or_default())
        .database(server.database.as_deref().unwrap_or(user))
        .extra_float_digits(None)
        .ssl_mode(match server.tls {
            Tls::Verify => PgSslMode::VerifyFull,
            Tls::Require => PgSslMode::Require,
            Tls::Off => PgSslMode::Disable,
        })
        .disable_statement_logging();
    if let Some(pem) = &server.cacert {
        options = options.ssl_root_cert_from_pem(pem.clone().into_bytes());
    }
    options
}

async fn end(options: PgConnectOptions, name: String) {
    // Nobody waits for this; the time limit of the statement ends it otherwise.
    let options = options.application_name("flowstead-farewell");
    if let Ok(mut connection) = Box::pin(options.connect()).await {
        let _ = sqlx::query(END).bind(name).execute(&mut connection).await;
    }
}

fn is_passing(said: &dyn DatabaseError) -> bool {
    said.code().is_some_and(|code| PASSING.contains(&code.as_ref()))
}

async fn run(connection: &mut PgConnection, server: &Server, statement: &Statement, limit: usize) -> Result<Value, Fault> {
    let said = |e: sqlx::Error| {
        // Calls may have committed before they failed.
        server::fault(NAME, Part::Work, &e, |said| statement.is_undone_whole() && is_passing(said))
    };
    // The server gives a statement up by itself when this process is gone.
    let patience = format!("set statement_timeout = {}", milliseconds(server.timeout));
    sqlx::raw_sql(AssertSqlSafe(patience)).execute(&mut *connection).await.map_err(said)?;
    let prepared = connection.prepare(AssertSqlSafe(statement.text.clone()).into_sql_str()).await.map_err(said)?;
    if !matches!(statement.want, Want::Count | Want::Many) {
        // Before anything is done: a change whose answer cannot be read would be no failure of the change.
        for column in prepared.columns() {
            decode::can_read(column.type_info()).map_err(|why| unread(column, &why))?;
        }
    }
    let types: Vec<_> = match prepared.parameters() {
        Some(Either::Left(types)) => types.to_vec(),
        _ => Vec::new(),
    };
    for (number, list) in statement.lists.iter().enumerate() {
        if list.len() != types.len() {
            let place = if statement.want == Want::Many { format!(" in the item {number} of 'args'") } else { " in 'args'".to_owned() };
            let text = format!("{NAME}: the statement has {} placeholders, and {} values are given{place}.", types.len(), list.len());
            return Err(Fault::lasting(text));
        }
    }
    let arguments = encode::arguments(&mut *connection, &types, &statement.lists).await?;
    let mut answer = Answer::new(statement.want, limit);
    if statement.want == Want::Many {
        let mut all = connection.begin().await.map_err(said)?;
        for (number, arguments) in arguments.into_iter().enumerate() {
            let done = execute(&mut all, &prepared, arguments, &mut answer, said).await;
            done.map_err(|fault| fault.at(&format!("That is the item {number} of 'args'; none of them took effect.")))?;
        }
        all.commit().await.map_err(said)?;
    } else {
        for arguments in arguments {
            execute(&mut *connection, &prepared, arguments, &mut answer, said).await?;
        }
    }
    Ok(answer.result())
}

async fn execute(
    connection: &mut PgConnection,
    prepared: &PgStatement,
    arguments: sqlx::postgres::PgArguments,
    answer: &mut Answer,
    said: impl Fn(sqlx::Error) -> Fault,
) -> Result<(), Fault> {
    let mut rows = connection.fetch_many(prepared.query_with(arguments));
    while let Some(next) = rows.try_next().await.map_err(&said)? {
        match next {
            Either::Left(done) => answer.count += done.rows_affected(),
            Either::Right(row) if answer.wants_row() => answer.row(object(&row)?)?,
            Either::Right(_) => {}
        }
    }
    Ok(())
}

fn unread(column: &PgColumn, why: &str) -> Fault {
    Fault::Cut(format!("{NAME}: the column '{}' is of the type {}: {why}.", column.name(), column.type_info().name()))
}

fn object(row: &PgRow) -> Result<Map<String, Value>, Fault> {
    let mut object = Map::with_capacity(row.len());
    for column in row.columns() {
        let raw = row.try_get_raw(column.ordinal()).map_err(|e| Fault::Cut(format!("{NAME}: a row cannot be read ({e}).")))?;
        let value = if raw.is_null() {
            Value::Null
        } else {
            let bytes = raw.as_bytes().map_err(|e| Fault::Cut(format!("{NAME}: a value cannot be read ({e}).")))?;
            decode::value(column.type_info(), bytes).map_err(|why| unread(column, &why))?
        };
        object.insert(column.name().to_owned(), value);
    }
    Ok(object)
}

/// A time limit as the server takes it: at least a millisecond, since 0 is none.
fn milliseconds(seconds: f64) -> i64 {
    #[allow(clippy::cast_possible_truncation, reason = "it is between the bounds")]
    let milliseconds = (seconds * 1000.0).ceil().clamp(1.0, f64::from(i32::MAX)) as i64;
    milliseconds
}
