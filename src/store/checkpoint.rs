//! SQLite's log goes back into the database beside the writer, on a connection of its own. Left to itself, SQLite does that within a commit,
//! and whoever waits for that one waits for all of it.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
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
    /// `options` say how connections to the database are made. None is before there is something to bring in.
    pub fn begin(options: SqliteConnectOptions) -> Checkpoints {
        let (due, told) = mpsc::channel(1);
        Checkpoints { grown: 0, due, task: tokio::spawn(run(options, told)) }
    }

    /// So many rows and bytes were written. A row is on a page of its own most often, with those of its indexes.
    pub fn grew(&mut self, rows: usize, bytes: usize) {
        self.grown += rows + bytes / PAGE;
        if self.grown >= WORTH && self.due.try_send(()).is_ok() {
            self.grown = 0;
        }
    }

    /// Resolves when no connection is left.
    pub async fn end(self) {
        drop(self.due);
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "what brings in the database's log did not end cleanly");
        }
    }
}

async fn run(options: SqliteConnectOptions, mut told: mpsc::Receiver<()>) {
    while told.recv().await.is_some() {
        if let Err(error) = bring_in(&options).await {
            tracing::warn!(%error, "the database's log could not be brought in; it is tried again");
        }
    }
}

async fn bring_in(options: &SqliteConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = options.connect().await?;
    // Passive: nobody waits for it, and it waits for nobody. What it leaves out, it does the next time.
    sqlx::raw_sql("pragma wal_checkpoint(passive)").execute(&mut connection).await?;
    connection.close().await
}
