//! Opening the store: one folder, one lock, forward-only migrations, a writer and readers.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::checkpoint::{self, Checkpoints};
use super::lease;
use super::queue::{Fence, Queue, Work};
use super::session::Session;
use super::tx::{Tx, TxFuture, WithValue};
use super::unit::{Commit, Unit};
use super::writer::WriterTask;
use crate::error::{Error, Kind, Result};

/// Forward only: a file here is never changed once released, and its place in this list is its version.
const MIGRATIONS: &[(&str, &str)] = &[
    ("workspace", include_str!("../../migrations/0001_workspace.sql")),
    ("engine", include_str!("../../migrations/0002_engine.sql")),
    ("mcp_user_tool", include_str!("../../migrations/0003_mcp_user_tool.sql")),
    ("escape", include_str!("../../migrations/0004_escape.sql")),
    ("await", include_str!("../../migrations/0005_await.sql")),
    ("secret", include_str!("../../migrations/0006_secret.sql")),
    ("records", include_str!("../../migrations/0007_records.sql")),
    ("waits", include_str!("../../migrations/0008_waits.sql")),
    ("retry", include_str!("../../migrations/0009_retry.sql")),
    ("custom_object_key", include_str!("../../migrations/0010_custom_object_key.sql")),
    ("savepoint", include_str!("../../migrations/0011_savepoint.sql")),
    ("audit", include_str!("../../migrations/0012_audit.sql")),
    ("max_running", include_str!("../../migrations/0013_max_running.sql")),
    ("login", include_str!("../../migrations/0014_login.sql")),
    ("rights", include_str!("../../migrations/0015_rights.sql")),
    ("domain_user", include_str!("../../migrations/0016_domain_user.sql")),
    ("lease", include_str!("../../migrations/0017_lease.sql")),
    ("log_bytes", include_str!("../../migrations/0018_log_bytes.sql")),
    ("project_list", include_str!("../../migrations/0019_project_list.sql")),
    ("log_delivered", include_str!("../../migrations/0020_log_delivered.sql")),
    ("key_base", include_str!("../../migrations/0021_key_base.sql")),
    ("message_answer", include_str!("../../migrations/0022_message_answer.sql")),
    ("webhook", include_str!("../../migrations/0023_webhook.sql")),
    ("schedule", include_str!("../../migrations/0024_schedule.sql")),
    ("retention", include_str!("../../migrations/0025_retention.sql")),
    ("upload", include_str!("../../migrations/0026_upload.sql")),
    ("connection", include_str!("../../migrations/0027_connection.sql")),
    ("toolset", include_str!("../../migrations/0028_toolset.sql")),
    ("execution_order", include_str!("../../migrations/0029_execution_order.sql")),
    ("trace", include_str!("../../migrations/0030_trace.sql")),
    ("mcp_task", include_str!("../../migrations/0031_mcp_task.sql")),
    ("environment", include_str!("../../migrations/0032_environment.sql")),
    ("oauth_refresh", include_str!("../../migrations/0033_oauth_refresh.sql")),
    ("effect", include_str!("../../migrations/0034_effect.sql")),
];
/// How many of them there are.
pub(super) const VERSION: usize = MIGRATIONS.len();
/// Connections that only read.
const READERS: u32 = 4;
pub(super) const FILE: &str = "flowstead.db";

/// When a commit counts as on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Flushed: survives a power cut.
    #[default]
    Full,
    /// Handed to the operating system: survives a crash of the server.
    Normal,
}

/// How to open a store.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data folder; made if missing.
    pub folder: PathBuf,
    pub durability: Durability,
}

/// The store. A cheap handle.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    options: SqliteConnectOptions,
    readers: SqlitePool,
    queue: Queue,
    writer: Mutex<Option<JoinHandle<()>>>,
    statements: Arc<AtomicU64>,
}

impl Store {
    /// Whether a folder has a store.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    /// Opens or creates the store in a folder, and takes its lease. Refuses a folder that another server uses, and a database of a
    /// newer version.
    pub async fn open(options: Options) -> Result<Store> {
        make_folder(&options.folder)
            .map_err(|e| Error::new(Kind::Unavailable, format!("The data folder {} cannot be made: {e}.", options.folder.display())))?;
        let lock = lock(&options.folder).await?;
        let synchronous = match options.durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Normal => SqliteSynchronous::Normal,
        };
        let base = SqliteConnectOptions::new()
            .filename(options.folder.join(FILE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .foreign_keys(false)
            .busy_timeout(Duration::from_secs(10))
            .statement_cache_capacity(200)
            .pragma("wal_autocheckpoint", checkpoint::BACKSTOP)
            .pragma("cache_size", "-16000")
            // What was deleted or sealed anew with another key is not to be found in the rest of its page.
            .pragma("secure_delete", "fast")
            .disable_statement_logging();
        let mut connection = base.connect().await.map_err(fault)?;
        migrate(&mut connection, &options.folder).await?;
        let number = lease::take(&mut connection, &lease::own_name()).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(0)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(base.clone().read_only(true).statement_cache_capacity(100).pragma("cache_size", "-4000"))
            .await
            .map_err(fault)?;
        let statements = Arc::new(AtomicU64::new(0));
        let checkpoints = Checkpoints::begin(base.clone());
        let (queue, receiver, shared) = Queue::new();
        let tx = Tx { session: Session::new(connection, statements.clone(), number) };
        let writer = Mutex::new(Some(tokio::spawn(WriterTask { tx, shared, checkpoints, lock }.run(receiver))));
        Ok(Store { inner: Arc::new(Inner { options: base, readers, queue, writer, statements }) })
    }

    /// Queues writes; never waits. Units are committed in the order of these calls.
    pub fn submit(&self, unit: Unit) -> Commit {
        self.inner.queue.submit(unit)
    }

    /// Runs checks and writes inside the writer's transaction. The value comes early: executed, in order, not yet on disk.
    pub async fn transact<T, F>(&self, work: F) -> Result<(T, Commit)>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T> + Send + 'static,
        T: Send + 'static,
    {
        let (early, value) = oneshot::channel();
        let commit = self.inner.queue.push(Work::Interactive(Box::new(WithValue { work, early })), false);
        if let Ok(result) = value.await {
            return Ok((result?, commit));
        }
        commit.wait().await?;
        Err(Error::internal("interactive work ended without a value"))
    }

    /// Resolves when everything submitted so far is on disk; an error if a COMMIT failed meanwhile.
    pub async fn barrier(&self) -> Result<()> {
        self.inner.queue.barrier().await
    }

    /// How many of the units submitted so far are settled: on disk or refused.
    pub fn watermark(&self) -> u64 {
        self.inner.queue.watermark()
    }

    /// Statements sent to the database so far. An idle store stands still.
    pub fn statements(&self) -> u64 {
        self.inner.statements.load(Ordering::Relaxed)
    }

    /// Changes with every COMMIT that failed: what was told early is not on disk.
    pub fn commit_failed(&self) -> watch::Receiver<u64> {
        self.inner.queue.failures()
    }

    /// For whoever acts on what was told early: a failed COMMIT stops all writing until the fence is lifted.
    pub fn fence(&self) -> Fence {
        self.inner.queue.fence()
    }

    /// Writes what is queued, then closes the database and gives the folder free. Later writes and reads are refused.
    pub async fn close(&self) {
        // The last connection to leave brings SQLite's log back into the database; a reader could not.
        self.inner.readers.close().await;
        let closing = self.inner.queue.push(Work::Close, false);
        let writer = self.inner.writer.lock().expect("no panic happens under this lock").take();
        drop(closing);
        if let Some(Err(error)) = match writer {
            Some(task) => Some(task.await),
            None => None,
        } {
            tracing::error!(%error, "the writer ended with a panic");
        }
    }

    pub(super) fn lost_lease(&self) -> watch::Receiver<Option<String>> {
        self.inner.queue.deposed()
    }

    pub(super) fn readers(&self) -> &SqlitePool {
        &self.inner.readers
    }

    /// How connections to this database are made.
    pub(super) fn options(&self) -> &SqliteConnectOptions {
        &self.inner.options
    }

    pub(super) fn counter(&self) -> &AtomicU64 {
        &self.inner.statements
    }
}

/// Makes the folder if there is none, in a way that survives a power cut: the name of a folder is kept by its parent.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    std::fs::create_dir_all(folder)?;
    for made in missing {
        let parent = made.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

/// How long to wait for a folder in use: a server that was just killed holds it until the kernel has cleared it away.
const LET_GO: Duration = Duration::from_secs(3);

pub(super) async fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let unusable = |e: std::io::Error| Error::new(Kind::Unavailable, format!("The data folder {} cannot be used: {e}.", folder.display()));
    let file = File::options().create(true).truncate(false).write(true).open(path).map_err(unusable)?;
    let last_try = tokio::time::Instant::now() + LET_GO;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // A lock of a file wakes nobody who does not block a thread for it.
            Err(std::fs::TryLockError::WouldBlock) if tokio::time::Instant::now() < last_try => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(std::fs::TryLockError::WouldBlock) => {
                let message = format!("The data folder {} is in use by another flowstead process.", folder.display());
                return Err(Error::new(Kind::Unavailable, message));
            }
            Err(std::fs::TryLockError::Error(e)) => return Err(unusable(e)),
        }
    }
}

async fn migrate(connection: &mut sqlx::SqliteConnection, folder: &Path) -> Result<()> {
    connection.ping().await.map_err(fault)?;
    let migrations = (1_i64..)
        .zip(MIGRATIONS.iter().copied())
        .map(|(version, (name, sql))| Migration::new(version, name.into(), MigrationType::Simple, sqlx::SqlStr::from_static(sql), false));
    Migrator::with_migrations(migrations.collect()).run_direct(None, connection, false).await.map_err(|error| match error {
        sqlx::migrate::MigrateError::VersionMissing(version) => Error::new(
            Kind::Unavailable,
            format!(
                "The database in {} was made by a newer flowstead (its migration {version} is unknown here); use that version or a backup from before.",
                folder.display()
            ),
        ),
        other => Error::internal("the database could not be migrated").source_error(other),
    })
}

/// A fault of the database as ours; named constraints become conflicts.
pub(super) fn fault(error: sqlx::Error) -> Error {
    if let sqlx::Error::Database(database) = &error
        && database.is_unique_violation()
    {
        return Error::conflict("Another record has this name or key already.").source_error(error);
    }
    Error::internal("the database refused a statement").source_error(error)
}
