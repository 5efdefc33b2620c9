//! MYSQL: one statement on a MySQL or MariaDB database.

mod value;

use futures_util::future::BoxFuture;
use serde_json::Value;
use sqlx::error::DatabaseError;
use sqlx::mysql::{
    MySqlArguments, MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlQueryResult, MySqlSslMode, MySqlStatement,
    MySqlTypeInfo, MySqlValueRef,
};
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use super::remote::Remote;
use super::server::{Server, Tls};
use super::{Fault, Statement};
use crate::connectors::Job;

const PORT: u16 = 3306;

/// Errors that say "not now": no room for another login, a deadlock.
const PASSING: [u16; 3] = [1040, 1203, 1213];

pub(in super::super) struct MySql;

impl Remote for MySql {
    const NAME: &'static str = "MYSQL";
    type Database = sqlx::MySql;

    async fn log_in(server: &Server, _: &Job<'_>) -> Result<(MySqlConnection, BoxFuture<'static, ()>), sqlx::Error> {
        let options = options(server);
        let mut connection = Box::pin(options.connect()).await?;
        let number: u64 = sqlx::query_scalar("select connection_id()").fetch_one(&mut connection).await?;
        Ok((connection, Box::pin(end(options, number))))
    }

    fn is_passing(said: &dyn DatabaseError) -> bool {
        said.try_downcast_ref::<MySqlDatabaseError>().is_some_and(|said| PASSING.contains(&said.number()))
    }

    async fn arguments(_: &mut MySqlConnection, _: &MySqlStatement, statement: &Statement) -> Result<Vec<MySqlArguments>, Fault> {
        let of = |(number, list): (usize, &Vec<Value>)| {
            value::arguments(list).map_err(|why| Fault::lasting(format!("{}: {why} {}.", MySql::NAME, statement.place(number))))
        };
        statement.lists.iter().enumerate().map(of).collect()
    }

    fn changed(done: &MySqlQueryResult) -> u64 {
        done.rows_affected()
    }

    fn value(of: &MySqlTypeInfo, raw: MySqlValueRef<'_>) -> Result<Value, String> {
        value::value(of, raw)
    }
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
