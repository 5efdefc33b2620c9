//! A copy of the database as it is at one moment, made beside the writer; and the lock of a folder that has no database yet.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::Ordering;

use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::open::{self, Store, fault};
use crate::error::{Error, Kind, Result};

/// Steps of the database between two calls of whoever follows a copy.
const STEPS: i32 = 20_000;
const SIZE: &str = "select page_count * page_size from pragma_page_count(), pragma_page_size()";

/// A folder that nobody else may use until this is dropped.
#[derive(Debug)]
pub struct Held {
    _lock: File,
}

/// Is told the bytes copied so far and about how many there will be; `false` gives the copy up.
pub type Follow = Box<dyn FnMut(u64, u64) -> bool + Send>;

impl Store {
    /// How many migrations this program knows: a database with more is from a newer one.
    pub const VERSION: usize = open::VERSION;
    /// The name of the database in its folder.
    pub const FILE: &str = open::FILE;

    /// Keeps others out of a folder that is there.
    pub async fn hold(folder: &Path) -> Result<Held> {
        open::lock(folder).await.map(|lock| Held { _lock: lock })
    }

    /// Bytes of the database, without what is not yet written into it.
    pub async fn size(&self) -> Result<u64> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let size: i64 = sqlx::query(SIZE).fetch_one(self.readers()).await.and_then(|row| row.try_get(0)).map_err(fault)?;
        Ok(u64::try_from(size).unwrap_or(0))
    }

    /// Bytes free on its disk for whom the server runs as; `None` where the system does not say.
    pub fn free(&self) -> Option<u64> {
        let disk = nix::sys::statvfs::statvfs(self.options().get_filename()).ok()?;
        Some(disk.blocks_available().saturating_mul(disk.fragment_size()))
    }

    /// Copies everything that is committed at this moment into a new file: one whole database. Reads only, so that the writer
    /// goes on meanwhile; what it writes is not in the copy. Gives the size in bytes.
    pub async fn snapshot(&self, to: &Path, mut follow: Follow) -> Result<u64> {
        // A connection of its own: the pool's are for questions that are answered soon.
        let mut connection = self.options().clone().read_only(true).connect().await.map_err(fault)?;
        self.counter().fetch_add(2, Ordering::Relaxed);
        let size: i64 = sqlx::query(SIZE).fetch_one(&mut connection).await.and_then(|row| row.try_get(0)).map_err(fault)?;
        let size = u64::try_from(size).unwrap_or(0);
        let watched = to.to_owned();
        let copied = move || std::fs::metadata(&watched).map_or(0, |file| file.len());
        let mut handle = connection.lock_handle().await.map_err(fault)?;
        handle.set_progress_handler(STEPS, move || follow(copied().min(size), size));
        drop(handle);
        let path = to.to_str().ok_or_else(|| Error::invalid(format!("The path {} is not UTF-8.", to.display())))?;
        let copied = sqlx::query("vacuum into $1").bind(path).execute(&mut connection).await;
        let closed = connection.close().await;
        copied.map_err(|e| unwritten(e, to))?;
        closed.map_err(fault)?;
        std::fs::metadata(to).map(|file| file.len()).map_err(|e| Error::internal("the copy is not there").source_error(e))
    }
}

fn unwritten(error: sqlx::Error, to: &Path) -> Error {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).and_then(|code| code.parse::<i64>().ok());
    let folder = to.parent().unwrap_or(to).display();
    match code.map(|code| code & 0xff) {
        Some(9) => Error::new(Kind::Unavailable, "The copy of the database was given up."),
        // FULL, and what a disk says otherwise.
        Some(13) => Error::new(Kind::Unavailable, format!("There is no room in {folder} for a copy of the database.")),
        Some(8 | 10 | 14) => Error::new(Kind::Unavailable, format!("The database could not be copied to {folder}: {error}.")),
        _ => fault(error),
    }
}
