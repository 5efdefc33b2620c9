//! Fencing: whoever opens the store takes the lease with a number of its own, and each transaction checks that it is the newest.
//! A process that was thought dead, whose place another has taken, can write nothing any more.
//!
//! The lock of the data folder keeps a second server out where locks work. The number holds where they do not: a file system
//! without locks, a lock file that somebody removed, a database that two servers share.

use std::sync::atomic::Ordering;

use sqlx::{Row as _, SqliteConnection};
use uuid::Uuid;

use super::open::{Store, fault};
use super::tx::Tx;
use crate::clock::{self, Clock};
use crate::error::{Error, Kind, Result};

/// The constraint that a transaction breaks whose number is not the newest.
const HELD: &str = "lease_is_held";

/// The newest lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub number: i64,
    /// Who took it, in words.
    pub holder: String,
    pub taken_at: String,
}

/// The beginning of each transaction of whoever has `number`. The update finds a row only where another number is the newest, and
/// then it fails, and nothing after it is done.
pub(super) fn begin(number: i64) -> String {
    format!("begin immediate;update lease set number = -1 where number <> {number};")
}

/// Whether a statement failed since the lease is another's.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.message().contains(HELD))
}

/// Takes the lease; whoever had it can write no more.
pub(super) async fn take(connection: &mut SqliteConnection, holder: &str) -> Result<i64> {
    // No moment of a flow or of a test: it is for people.
    let now = clock::format(Clock::system().now());
    let row = sqlx::query("update lease set number = number + 1, holder = $1, taken_at = $2 where id = 1 returning number")
        .bind(holder)
        .bind(now)
        .fetch_one(connection)
        .await
        .map_err(fault)?;
    row.try_get("number").map_err(fault)
}

/// This process, in words.
pub(super) fn own_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = Some(host.trim()).filter(|name| !name.is_empty()).unwrap_or("this host");
    format!("process {} on {host}", std::process::id())
}

async fn read(connection: impl sqlx::SqliteExecutor<'_>) -> Result<Lease> {
    let row = sqlx::query("select number, holder, taken_at from lease where id = 1").fetch_one(connection).await.map_err(fault)?;
    let text = |column: &str| row.try_get::<String, _>(column).map_err(fault);
    Ok(Lease { number: row.try_get("number").map_err(fault)?, holder: text("holder")?, taken_at: text("taken_at")? })
}

/// What a process with `number` is told whose lease is another's.
pub(super) async fn lost(connection: &mut SqliteConnection, number: i64) -> String {
    let by = match read(connection).await {
        Ok(Lease { number: newest, holder, taken_at }) => format!("{holder} at {taken_at}, with the number {newest}"),
        Err(_) => "another process".to_owned(),
    };
    format!(
        "The database was taken over by {by}; this server's number {number} is not the newest any more. Nothing of its last changes is \
         written, and nothing will be: its executions go on there. Let only one server run on a data folder."
    )
}

/// What is refused from then on.
pub(super) fn refused(words: &str) -> Error {
    Error::new(Kind::Unavailable, words)
}

impl Store {
    /// The newest lease: this store's own, unless another process has taken it.
    pub async fn lease(&self) -> Result<Lease> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        read(self.readers()).await
    }

    /// Takes the lease anew, as `holder` (`restore of ...`): every other process that writes to this database, even one that is
    /// only thought dead, is refused from then on, and this store goes on with the new number, which is returned. A restore calls
    /// it before anything is taken up again. On disk when this returns.
    pub async fn lease_raise(&self, holder: &str) -> Result<i64> {
        let holder = format!("{holder}, {}", own_name());
        let (number, commit) = self.transact(move |tx| Box::pin(async move { tx.lease_raise(&holder).await })).await?;
        commit.wait().await?;
        Ok(number)
    }

    /// Whether another process has taken the lease, as far as a refused write has shown.
    pub fn is_deposed(&self) -> bool {
        self.lost_lease().borrow().is_some()
    }

    /// Resolves, with words for people, when another process has taken the lease and a write of this one was refused.
    pub async fn deposed(&self) -> Error {
        let mut watch = self.lost_lease();
        match watch.wait_for(Option::is_some).await {
            Ok(words) => refused(words.as_deref().unwrap_or_default()),
            Err(_) => std::future::pending().await,
        }
    }
}

impl Tx {
    /// The newest attempt of an execution; `None` when there is no such execution.
    pub async fn attempt(&mut self, execution: Uuid) -> Result<Option<u32>> {
        self.session.statements.fetch_add(1, Ordering::Relaxed);
        let row = sqlx::query("select attempt from execution where id = $1")
            .bind(execution.to_string())
            .fetch_optional(&mut self.session.connection)
            .await
            .map_err(fault)?;
        row.map(|row| row.try_get("attempt").map_err(fault)).transpose()
    }

    pub(super) async fn lease_raise(&mut self, holder: &str) -> Result<i64> {
        let number = take(&mut self.session.connection, holder).await?;
        self.session.lease = number;
        Ok(number)
    }
}
