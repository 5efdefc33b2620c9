//! SQLPG: one statement on a PostgreSQL database.

mod decode;
mod encode;

use futures_util::future::BoxFuture;
use serde_json::Value;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgQueryResult, PgSslMode, PgStatement, PgTypeInfo, PgValueRef};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Either, Statement as _, ValueRef as _};

use super::remote::Remote;
use super::server::{Server, Tls};
use super::{Fault, Statement};
use crate::connectors::Job;

const NAME: &str = Postgres::NAME;
const PORT: u16 = 5432;

/// Ends what is still under way for a connection that was given up. Its name is in `application_name`, which poolers carry along.
const END: &str = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()";

/// Errors that say "not now": no room for another login, a server that starts, a deadlock, a serialisation that failed.
const PASSING: [&str; 4] = ["53300", "57P03", "40P01", "40001"];

pub(in super::super) struct Postgres;

impl Remote for Postgres {
    const NAME: &'static str = "SQLPG";
    type Database = sqlx::Postgres;

    async fn log_in(server: &Server, job: &Job<'_>) -> Result<(PgConnection, BoxFuture<'static, ()>), sqlx::Error> {
        let name = format!("flowstead-{}", job.spill);
        let options = options(server).application_name(&name);
        let mut connection = Box::pin(options.connect()).await?;
        // The server gives a statement up by itself when this process is gone.
        let patience = format!("set statement_timeout = {}", milliseconds(server.timeout));
        sqlx::raw_sql(AssertSqlSafe(patience)).execute(&mut connection).await?;
        Ok((connection, Box::pin(end(options, name))))
    }

    fn is_passing(said: &dyn DatabaseError) -> bool {
        said.code().is_some_and(|code| PASSING.contains(&code.as_ref()))
    }

    fn can_read(of: &PgTypeInfo) -> Result<(), String> {
        decode::can_read(of)
    }

    async fn arguments(connection: &mut PgConnection, prepared: &PgStatement, statement: &Statement) -> Result<Vec<PgArguments>, Fault> {
        let types: Vec<_> = match prepared.parameters() {
            Some(Either::Left(types)) => types.to_vec(),
            _ => Vec::new(),
        };
        encode::arguments(connection, &types, &statement.lists).await
    }

    fn changed(done: &PgQueryResult) -> u64 {
        done.rows_affected()
    }

    fn value(of: &PgTypeInfo, raw: PgValueRef<'_>) -> Result<Value, String> {
        if raw.is_null() {
            return Ok(Value::Null);
        }
        let bytes = raw.as_bytes().map_err(|e| format!("a value cannot be read ({e})"))?;
        decode::value(of, bytes)
    }
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

/// A time limit as the server takes it: at least a millisecond, since 0 is none.
fn milliseconds(seconds: f64) -> i64 {
    #[allow(clippy::cast_possible_truncation, reason = "it is between the bounds")]
    let milliseconds = (seconds * 1000.0).ceil().clamp(1.0, f64::from(i32::MAX)) as i64;
    milliseconds
}
