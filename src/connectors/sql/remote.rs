//! SQLPG and MYSQL: a database at a server. Where the two differ is a [`Remote`]; how a statement goes is here, once.

use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use sqlx::error::DatabaseError;
use sqlx::{
    AssertSqlSafe, Column as _, ColumnIndex, Connection as _, Database, Either, Executor, IntoArguments, Row as _, SqlSafeStr as _,
};
use sqlx::{Statement as _, TypeInfo as _};

use super::server::{self, Part, Server};
use super::{Answer, Fault, Leash, Statement, Want, tried};
use crate::connectors::reach::{self, within};
use crate::connectors::{Connect, Failure, Job};
use crate::error::Result;

/// What a database of one make has of its own.
pub(super) trait Remote: Send + Sync + 'static {
    /// Of the connector.
    const NAME: &'static str;
    type Database: Database<Arguments: IntoArguments<Self::Database>>;

    /// Logs in. With the connection comes the way to end from outside what it does.
    fn log_in(server: &Server, job: &Job<'_>) -> impl Future<Output = Result<(Link<Self>, BoxFuture<'static, ()>), sqlx::Error>> + Send;

    /// Whether an error says "not now": no room for another login, a deadlock.
    fn is_passing(said: &dyn DatabaseError) -> bool;

    /// How many rows a statement changed.
    fn changed(done: &Done<Self>) -> u64;

    /// Why values of a type are never read.
    fn can_read(_of: &Type<Self>) -> Result<(), String> {
        Ok(())
    }

    /// What is sent for each of the statement's lists; they are as long as it has placeholders.
    fn arguments(
        link: &mut Link<Self>,
        prepared: &Prepared<Self>,
        statement: &Statement,
    ) -> impl Future<Output = Result<Vec<Arguments<Self>>, Fault>> + Send;

    /// A value as JSON, or why it cannot be that.
    fn value(of: &Type<Self>, raw: Raw<'_, Self>) -> Result<Value, String>;
}

pub(super) type Link<R> = <<R as Remote>::Database as Database>::Connection;
pub(super) type Prepared<R> = <<R as Remote>::Database as Database>::Statement;
pub(super) type Arguments<R> = <<R as Remote>::Database as Database>::Arguments;
pub(super) type Type<R> = <<R as Remote>::Database as Database>::TypeInfo;
pub(super) type Raw<'r, R> = <<R as Remote>::Database as Database>::ValueRef<'r>;
pub(super) type Done<R> = <<R as Remote>::Database as Database>::QueryResult;
type Column<R> = <<R as Remote>::Database as Database>::Column;
type Row<R> = <<R as Remote>::Database as Database>::Row;

impl<R: Remote> Connect for R
where
    for<'c> &'c mut Link<R>: Executor<'c, Database = R::Database>,
    usize: ColumnIndex<Row<R>>,
{
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn host(&self, inputs: &Value) -> Result<String> {
        reach::host(inputs)
    }

    fn is_repeatable(&self, inputs: &Value) -> bool {
        Statement::only_reads(inputs)
    }

    fn only_reads(&self, inputs: &Value) -> bool {
        self.is_repeatable(inputs)
    }

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let server = Server::read(job.inputs)?;
            let late = || Failure::new(format!("{}: it took longer than the timeout of {} s, and was given up.", R::NAME, server.timeout));
            within(&job.clock, server.timeout, tried(job, || Box::pin(once::<R>(job))), late).await
        })
    }
}

async fn once<R: Remote>(job: &Job<'_>) -> Result<Value, Fault>
where
    for<'c> &'c mut Link<R>: Executor<'c, Database = R::Database>,
    usize: ColumnIndex<Row<R>>,
{
    let (server, statement) = (Server::read(job.inputs)?, Statement::read(job.inputs)?);
    let late = || Fault::lasting(format!("{}: no connection within the connect_timeout of {} s.", R::NAME, server.connect_timeout));
    let login = async { R::log_in(&server, job).await.map_err(|e| server::fault(R::NAME, Part::Login, &e, R::is_passing)) };
    let (mut link, farewell) = within(&job.clock, server.connect_timeout, login, late).await?;
    let leash = Leash::new(farewell, job.clock.clone());
    let done = run::<R>(&mut link, &statement, job.output_limit).await;
    // An answer of the server's own is the end of the statement. One that was not read to its end is ended there.
    if !matches!(done, Err(Fault::Cut(_))) {
        leash.let_go();
    }
    if done.is_ok() {
        // What it was asked for is there; how the goodbye goes changes nothing.
        let _ = link.close().await;
    }
    done
}

async fn run<R: Remote>(link: &mut Link<R>, statement: &Statement, limit: usize) -> Result<Value, Fault>
where
    for<'c> &'c mut Link<R>: Executor<'c, Database = R::Database>,
    usize: ColumnIndex<Row<R>>,
{
    let said = |e: sqlx::Error| {
        // Calls may have committed before they failed.
        server::fault(R::NAME, Part::Work, &e, |said| statement.is_undone_whole() && R::is_passing(said))
    };
    let prepared = link.prepare(AssertSqlSafe(statement.text.clone()).into_sql_str()).await.map_err(said)?;
    if !matches!(statement.want, Want::Count | Want::Many) {
        // Before anything is done: a change whose answer cannot be read would be no failure of the change.
        for column in prepared.columns() {
            R::can_read(column.type_info()).map_err(|why| unread::<R>(column, &why))?;
        }
    }
    check_length::<R>(&prepared, statement)?;
    let arguments = R::arguments(&mut *link, &prepared, statement).await?;
    let mut answer = Answer::new(statement.want, limit);
    if statement.want == Want::Many {
        let mut all = link.begin().await.map_err(said)?;
        for (number, arguments) in arguments.into_iter().enumerate() {
            let done = execute::<R>(&mut all, (&prepared, arguments), &mut answer, said).await;
            done.map_err(|fault| fault.at(&format!("That is the item {number} of 'args'; none of them took effect.")))?;
        }
        all.commit().await.map_err(said)?;
    } else {
        for arguments in arguments {
            execute::<R>(&mut *link, (&prepared, arguments), &mut answer, said).await?;
        }
    }
    Ok(answer.result())
}

/// Every list has a value for each placeholder.
fn check_length<R: Remote>(prepared: &Prepared<R>, statement: &Statement) -> Result<(), Fault> {
    let placeholders = match prepared.parameters() {
        Some(Either::Left(types)) => types.len(),
        Some(Either::Right(count)) => count,
        None => 0,
    };
    match statement.lists.iter().position(|list| list.len() != placeholders) {
        None => Ok(()),
        Some(number) => {
            let (name, given, place) = (R::NAME, statement.lists[number].len(), statement.place(number));
            Err(Fault::lasting(format!("{name}: the statement has {placeholders} placeholders, and {given} values are given {place}.")))
        }
    }
}

async fn execute<R: Remote>(
    link: &mut Link<R>,
    (prepared, arguments): (&Prepared<R>, Arguments<R>),
    answer: &mut Answer,
    said: impl Fn(sqlx::Error) -> Fault,
) -> Result<(), Fault>
where
    for<'c> &'c mut Link<R>: Executor<'c, Database = R::Database>,
    usize: ColumnIndex<Row<R>>,
{
    let mut rows = link.fetch_many(prepared.query_with(arguments));
    while let Some(next) = rows.try_next().await.map_err(&said)? {
        match next {
            Either::Left(done) => answer.count += R::changed(&done),
            Either::Right(row) if answer.wants_row() => answer.row(object::<R>(&row)?)?,
            Either::Right(_) => {}
        }
    }
    Ok(())
}

fn unread<R: Remote>(column: &Column<R>, why: &str) -> Fault {
    Fault::Cut(format!("{}: the column '{}' is of the type {}: {why}.", R::NAME, column.name(), column.type_info().name()))
}

fn object<R: Remote>(row: &Row<R>) -> Result<Map<String, Value>, Fault>
where
    usize: ColumnIndex<Row<R>>,
{
    let mut object = Map::with_capacity(row.len());
    for column in row.columns() {
        let raw = row.try_get_raw(column.ordinal()).map_err(|e| Fault::Cut(format!("{}: a row cannot be read ({e}).", R::NAME)))?;
        let value = R::value(column.type_info(), raw).map_err(|why| unread::<R>(column, &why))?;
        object.insert(column.name().to_owned(), value);
    }
    Ok(object)
}
