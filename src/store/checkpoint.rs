//! SQLite's log goes back into the database beside the writer, on a connection of its own. Left to itself, SQLite does that within a commit,
//! which then takes a hundred times as long as others, and so does every one that waits for it.

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Pages of log, about, that are worth it.
const WORTH: usize = 4_000;
/// Pages of log at which the writer does it after all: when something is written all the time, only a commit finds the log all
/// brought in, and begins it anew.
pub(super) const BACKSTOP: &str = "16000";
/// Bytes of a page.
const PAGE: usize = 4096;

/// The writer's hand on it.
pub(super) struct Checkpoints {
    grown: usize,
    due: mpsc::Sender<()>,
    task: JoinHandle<()>,
}

impl Checkpoints {
    /// With a connection that writes nothing else.
    pub fn begin(connection: SqliteConnection) -> Checkpoints {
        let (due, told) = mpsc::channel(1);
        Checkpoints { grown: 0, due, task: tokio::spawn(run(connection, told)) }
    }

    /// So many rows and bytes were written. A row is on a page of its own most often, with those of its indexes.
    pub fn grew(&mut self, rows: usize, bytes: usize) {
        self.grown += rows + bytes / PAGE;
        if self.grown >= WORTH && self.due.try_send(()).is_ok() {
            self.grown = 0;
        }
    }

    /// Closes its connection.
    pub async fn end(self) {
        drop(self.due);
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "the connection that brings in the log did not end cleanly");
        }
    }
}

async fn run(mut connection: SqliteConnection, mut told: mpsc::Receiver<()>) {
    while told.recv().await.is_some() {
        // Passive: nobody waits for it, and it waits for nobody. What it leaves out, it does the next time.
        let done = sqlx::raw_sql(AssertSqlSafe("pragma wal_checkpoint(passive)")).execute(&mut connection).await;
        if let Err(error) = done {
            tracing::warn!(%error, "the database's log could not be brought in; it is tried again");
        }
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the connection that brings in the log did not close cleanly");
    }
}
