//! MYSQL: one statement on a MySQL or MariaDB database.

mod value;

use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use sqlx::error::DatabaseError;
use sqlx::mysql::{MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlRow, MySqlSslMode};
use sqlx::{AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Either, Executor as _, Row as _, SqlSafeStr as _};
use sqlx::{Statement as _, TypeInfo as _};

use super::server::{self, Part, Server, Tls};
use super::{Answer, Fault, Leash, Statement, Want, tried};
use crate::connectors::reach::{self, within};
use crate::connectors::{Connect, Failure, Job};
use crate::error::Result;

const NAME: &str = "MYSQL";
const PORT: u16 = 3306;

/// Errors that say "not now": no room for another login, a deadlock.
const PASSING: [u16; 3] = [1040, 1203, 1213];

pub(in super::super) struct MySql;

impl Connect for MySql {
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
    let options = options(&server);
    let late = || Fault::lasting(format!("{NAME}: no connection within the connect_timeout of {} s.", server.connect_timeout));
    let login = async {
        let mut connection = Box::pin(options.connect()).await?;
        let number: u64 = sqlx::query_scalar("select connection_id()").fetch_one(&mut connection).await?;
        Ok((connection, number))
    };
    let login = async { login.await.map_err(|e| server::fault(NAME, Part::Login, &e, is_passing)) };
    let (mut connection, number) = within(&job.clock, server.connect_timeout, login, late).await?;
    let leash = Leash::new(Box::pin(end(options, number)), job.clock.clone());
    let done = run(&mut connection, &statement, job.output_limit).await;
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

/// How to log in. The session's words mean what the server's administrator says they mean; its times are UTC.
fn options(server: &Server) -> MySqlConnectOptions {
    let mut options = MySqlConnectOptions::new()
        .host(server.host.trim_end_matches('.'))
        .port(server.port.unwrap_or(PORT))
        .username(server.user.as_deref().unwrap_or_default())
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(Some("+00:00".to_owned()))
        .ssl_mode(match server.tls {
            Tls::Verify => MySqlSslMode::VerifyIdentity,
            Tls::Require => MySqlSslMode::Required,
            Tls::Off => MySqlSslMode::Disabled,
        })
        .disable_statement_logging();
    if let Some(password) = &server.password {
        options = options.password(password);
    }
    if let Some(database) = &server.database {
        options = options.database(database);
    }
    if let Some(pem) = &server.cacert {
        options = options.ssl_ca_from_pem(pem.clone().into_bytes());
    }
    options
}

async fn end(options: MySqlConnectOptions, number: u64) {
    // Nobody waits for this.
    if let Ok(mut connection) = Box::pin(options.connect()).await {
        let _ = sqlx::raw_sql(AssertSqlSafe(format!("kill {number}"))).execute(&mut connection).await;
    }
}

fn is_passing(said: &dyn DatabaseError) -> bool {
    said.try_downcast_ref::<MySqlDatabaseError>().is_some_and(|said| PASSING.contains(&said.number()))
}

async fn run(connection: &mut MySqlConnection, statement: &Statement, limit: usize) -> Result<Value, Fault> {
    let said = |e: sqlx::Error| {
        // Calls may have committed before they failed.
        server::fault(NAME, Part::Work, &e, |said| statement.is_undone_whole() && is_passing(said))
    };
    let prepared = connection.prepare(AssertSqlSafe(statement.text.clone()).into_sql_str()).await.map_err(said)?;
    let placeholders = match prepared.parameters() {
        Some(Either::Right(count)) => count,
        _ => 0,
    };
    let mut all = Vec::with_capacity(statement.lists.len());
    for (number, list) in statement.lists.iter().enumerate() {
        let place = if statement.want == Want::Many { format!(" in the item {number} of 'args'") } else { " in 'args'".to_owned() };
        if list.len() != placeholders {
            let text = format!("{NAME}: the statement has {placeholders} placeholders, and {} values are given{place}.", list.len());
            return Err(Fault::lasting(text));
        }
        all.push(value::arguments(list).map_err(|why| Fault::lasting(format!("{NAME}: {why}{place}.")))?);
    }
    let mut answer = Answer::new(statement.want, limit);
    if statement.want == Want::Many {
        let mut transaction = connection.begin().await.map_err(said)?;
        for (number, arguments) in all.into_iter().enumerate() {
            let done = execute(&mut transaction, &statement.text, arguments, &mut answer, said).await;
            done.map_err(|fault| fault.at(&format!("That is the item {number} of 'args'; none of them took effect.")))?;
        }
        transaction.commit().await.map_err(said)?;
    } else {
        for arguments in all {
            execute(&mut *connection, &statement.text, arguments, &mut answer, said).await?;
        }
    }
    Ok(answer.result())
}

async fn execute(
    connection: &mut MySqlConnection,
    text: &str,
    arguments: MySqlArguments,
    answer: &mut Answer,
    said: impl Fn(sqlx::Error) -> Fault,
) -> Result<(), Fault> {
    let mut rows = connection.fetch_many(sqlx::query_with(AssertSqlSafe(text.to_owned()), arguments));
    while let Some(next) = rows.try_next().await.map_err(&said)? {
        match next {
            Either::Left(done) => answer.count += done.rows_affected(),
            Either::Right(row) if answer.wants_row() => answer.row(object(&row)?)?,
            Either::Right(_) => {}
        }
    }
    Ok(())
}

fn object(row: &MySqlRow) -> Result<Map<String, Value>, Fault> {
    let mut object = Map::with_capacity(row.len());
    for column in row.columns() {
        let raw = row.try_get_raw(column.ordinal()).map_err(|e| Fault::Cut(format!("{NAME}: a row cannot be read ({e}).")))?;
        let value = value::value(column.type_info(), raw).map_err(|why| {
            let (name, of) = (column.name(), column.type_info().name());
            Fault::Cut(format!("{NAME}: the column '{name}' is of the type {of}: {why}."))
        })?;
        object.insert(column.name().to_owned(), value);
    }
    Ok(object)
}
