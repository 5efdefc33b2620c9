//! The one writer: takes whatever is queued, commits it as one transaction, then acknowledges all of it.
//!
//! There is no collection window: a batch forms while the previous one commits. Only lazy units wait, a few
//! milliseconds, for company.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot, watch};

use super::fold::fold;
use super::open::fault;
use super::row::Row;
use super::tx::{Interactive, Tx};
use crate::error::{Error, Kind, Result};

/// Units taken into one transaction at the most.
const BATCH: usize = 4096;
/// How long a lazy unit may wait for others.
const LAZY: Duration = Duration::from_millis(5);

/// One row to be written. `key` names the columns that identify it.
#[derive(Clone, Debug)]
pub enum Write {
    /// A new row; an existing key is an error of its unit.
    Insert { table: &'static str, key: &'static [&'static str], row: Row },
    /// A new row, or these columns of the existing one.
    Upsert { table: &'static str, key: &'static [&'static str], row: Row },
    /// These columns of an existing row; `version` rises by one. A missing row is no error.
    Update { table: &'static str, key: &'static [&'static str], row: Row },
    /// The row with this key.
    Delete { table: &'static str, key: &'static [&'static str], row: Row },
    /// Content under its hash; content that is there already stays.
    Blob { hash: String, content: Bytes },
}

/// Writes that succeed or fail together.
#[derive(Debug, Default)]
pub struct Unit {
    pub writes: Vec<Write>,
    /// Starts no commit by itself: goes along with the next unit, or after a few milliseconds.
    pub lazy: bool,
}

/// The promise of a commit.
pub struct Commit(State);

enum State {
    Done,
    Pending(oneshot::Receiver<Result<()>>),
}

impl Commit {
    /// A commit with nothing to wait for.
    pub fn done() -> Commit {
        Commit(State::Done)
    }

    /// Resolves when the writes, and everything submitted before them, are on disk.
    pub async fn wait(self) -> Result<()> {
        match self.0 {
            State::Done => Ok(()),
            State::Pending(receiver) => receiver.await.map_err(|_| closed())?,
        }
    }
}

fn closed() -> Error {
    Error::new(Kind::Unavailable, "The store is closed.")
}

enum Work {
    Unit(Vec<Write>),
    Interactive(Box<dyn Interactive>),
}

struct Job {
    work: Work,
    lazy: bool,
    done: oneshot::Sender<Result<()>>,
}

/// The sending end of the writer.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::UnboundedSender<Job>,
    counts: Arc<Counts>,
    failed: watch::Receiver<u64>,
}

#[derive(Default)]
struct Counts {
    submitted: AtomicU64,
    settled: AtomicU64,
}

impl Writer {
    /// Starts the writer task on its connection. It ends when every handle is dropped.
    pub fn start(connection: SqliteConnection, statements: Arc<AtomicU64>) -> (Writer, tokio::task::JoinHandle<()>) {
        let (jobs, receiver) = mpsc::unbounded_channel();
        let (failures, failed) = watch::channel(0);
        let counts = Arc::new(Counts::default());
        let task = WriterTask { tx: Tx { connection, statements }, failures, counts: counts.clone() };
        (Writer { jobs, counts, failed }, tokio::spawn(task.run(receiver)))
    }

    pub fn submit(&self, unit: Unit) -> Commit {
        self.push(Work::Unit(unit.writes), unit.lazy)
    }

    pub fn interactive(&self, work: Box<dyn Interactive>) -> Commit {
        self.push(Work::Interactive(work), false)
    }

    fn push(&self, work: Work, lazy: bool) -> Commit {
        let (done, receiver) = oneshot::channel();
        self.counts.submitted.fetch_add(1, Ordering::AcqRel);
        // A closed writer drops the sender, and the commit says so.
        let _ = self.jobs.send(Job { work, lazy, done });
        Commit(State::Pending(receiver))
    }

    /// Whether everything submitted is on disk or refused.
    pub fn is_settled(&self) -> bool {
        self.counts.settled.load(Ordering::Acquire) == self.counts.submitted.load(Ordering::Acquire)
    }

    /// Changes with every COMMIT that failed.
    pub fn failures(&self) -> watch::Receiver<u64> {
        self.failed.clone()
    }
}

struct WriterTask {
    tx: Tx,
    failures: watch::Sender<u64>,
    counts: Arc<Counts>,
}

impl WriterTask {
    async fn run(mut self, mut receiver: mpsc::UnboundedReceiver<Job>) {
        let mut jobs = Vec::new();
        while receiver.recv_many(&mut jobs, BATCH).await > 0 {
            self.await_company(&mut receiver, &mut jobs).await;
            let batch = std::mem::take(&mut jobs);
            self.commit(batch).await;
        }
        if let Err(error) = self.tx.connection.close().await {
            tracing::warn!(%error, "the writer's connection did not close cleanly");
        }
    }

    async fn await_company(&self, receiver: &mut mpsc::UnboundedReceiver<Job>, jobs: &mut Vec<Job>) {
        let deadline = tokio::time::Instant::now() + LAZY;
        while jobs.len() < BATCH && jobs.iter().all(|job| job.lazy) {
            match tokio::time::timeout_at(deadline, receiver.recv_many(jobs, BATCH)).await {
                Ok(n) if n > 0 => {}
                _ => return,
            }
        }
    }

    async fn commit(&mut self, batch: Vec<Job>) {
        let count = batch.len() as u64;
        let is_empty = batch.iter().all(|job| matches!(&job.work, Work::Unit(writes) if writes.is_empty()));
        let mut acknowledged: Vec<(oneshot::Sender<Result<()>>, Result<()>)> = Vec::with_capacity(batch.len());
        let outcome = if is_empty {
            acknowledged.extend(batch.into_iter().map(|job| (job.done, Ok(()))));
            Ok(())
        } else {
            self.transaction(batch, &mut acknowledged).await
        };
        self.counts.settled.fetch_add(count, Ordering::AcqRel);
        match outcome {
            Ok(()) => acknowledged.into_iter().for_each(|(done, result)| {
                let _ = done.send(result);
            }),
            Err(error) => {
                tracing::error!(%error, units = count, "a commit failed; nothing of it is on disk");
                let _ = self.execute("rollback").await;
                for (done, _) in acknowledged {
                    let _ = done.send(Err(Error::new(Kind::Unavailable, format!("The change could not be written to disk: {error}"))));
                }
                self.failures.send_modify(|n| *n += 1);
            }
        }
    }

    async fn transaction(&mut self, batch: Vec<Job>, acknowledged: &mut Vec<(oneshot::Sender<Result<()>>, Result<()>)>) -> Result<()> {
        let mut group: Vec<(Vec<Write>, oneshot::Sender<Result<()>>)> = Vec::new();
        let began = self.execute("begin immediate; savepoint g").await;
        let mut works = batch.into_iter();
        if let Err(error) = began {
            acknowledged.extend(works.map(|job| (job.done, Ok(()))));
            return Err(error);
        }
        for job in works.by_ref() {
            match job.work {
                Work::Unit(writes) => group.push((writes, job.done)),
                Work::Interactive(work) => {
                    self.flush(&mut group, acknowledged).await?;
                    self.execute("savepoint u").await?;
                    let result = work.run(&mut self.tx).await;
                    self.execute(if result.is_ok() { "release u" } else { "rollback to u; release u" }).await?;
                    acknowledged.push((job.done, result));
                }
            }
        }
        self.flush(&mut group, acknowledged).await?;
        self.execute("release g; commit").await
    }

    /// Writes the gathered units as one; if that fails, one by one, so that a bad unit fails alone.
    async fn flush(
        &mut self,
        group: &mut Vec<(Vec<Write>, oneshot::Sender<Result<()>>)>,
        acknowledged: &mut Vec<(oneshot::Sender<Result<()>>, Result<()>)>,
    ) -> Result<()> {
        let units = std::mem::take(group);
        if units.is_empty() {
            return Ok(());
        }
        let refs: Vec<&Write> = units.iter().flat_map(|(writes, _)| writes).collect();
        if self.apply(&refs).await.is_ok() {
            self.execute("release g; savepoint g").await?;
            acknowledged.extend(units.into_iter().map(|(_, done)| (done, Ok(()))));
            return Ok(());
        }
        self.execute("rollback to g").await?;
        for (writes, done) in units {
            self.execute("savepoint u").await?;
            let refs: Vec<&Write> = writes.iter().collect();
            let result = self.apply(&refs).await;
            self.execute(if result.is_ok() { "release u" } else { "rollback to u; release u" }).await?;
            if let Err(error) = &result {
                tracing::error!(%error, "a unit of writes was refused by the database");
            }
            acknowledged.push((done, result));
        }
        self.execute("release g; savepoint g").await
    }

    async fn apply(&mut self, writes: &[&Write]) -> Result<()> {
        apply(&mut self.tx.connection, &self.tx.statements, writes).await
    }

    async fn execute(&mut self, sql: &'static str) -> Result<()> {
        self.tx.statements.fetch_add(1, Ordering::Relaxed);
        sqlx::raw_sql(sql).execute(&mut self.tx.connection).await.map_err(fault)?;
        Ok(())
    }
}

/// Writes rows on a connection, folded into as few statements as their shapes allow.
pub(super) async fn apply(connection: &mut SqliteConnection, statements: &AtomicU64, writes: &[&Write]) -> Result<()> {
    for write in writes {
        if let Write::Blob { hash, content } = write {
            super::blob::put(connection, statements, hash, content).await?;
        }
    }
    for statement in fold(writes) {
        statements.fetch_add(1, Ordering::Relaxed);
        sqlx::query(AssertSqlSafe(statement.sql)).bind(statement.rows).execute(&mut *connection).await.map_err(fault)?;
    }
    Ok(())
}
