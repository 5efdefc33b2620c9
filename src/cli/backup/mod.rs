//! `flowstead backup` and `flowstead restore`: a whole workspace as one file, taken while the server runs.

mod archive;
mod restore;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::administer::Teller;
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::service::{Actor, Service};
use crate::store::{Follow, Store};

pub use restore::{Restore, restore};

/// A part of the work, of a hundred, after which it is said how far it is.
const TOLD_EVERY: u64 = 10;

/// What is to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Backup {
    /// Absolute: the server has a working directory of its own.
    pub file: PathBuf,
    pub with_key: bool,
}

impl Backup {
    /// What the command line says.
    pub fn new(file: &Path, with_key: bool) -> Result<Backup> {
        let file = std::path::absolute(file).map_err(|e| Error::invalid(format!("{} is no path: {e}.", file.display())))?;
        Ok(Backup { file, with_key })
    }
}

/// Makes a backup of what is committed at this moment, beside everything else that goes on. The file gets its name when it is
/// whole and on disk. Dropped, it gives up and leaves nothing behind.
pub async fn make(service: &Service, actor: &Actor, wanted: &Backup, tell: &Teller) -> Result<String> {
    let shown = wanted.file.display().to_string();
    let made = write(service, actor, wanted, tell).await;
    match made {
        Ok(bytes) => {
            let details = json!({ "file": shown, "bytes": bytes, "with_key": wanted.with_key });
            service.backup_note(actor, "backup", &details).await?;
            let key = if wanted.with_key {
                "The key file is in it: whoever has this file can read every secret."
            } else {
                "The key file is NOT in it (--with-key puts it there): without a copy of it, kept elsewhere, the backup cannot be restored."
            };
            Ok(format!("{shown} has everything up to now ({bytes} bytes). {key}"))
        }
        Err(error) => {
            service.backup_failed(actor, "backup", &json!({ "file": shown, "reason": error.message() }));
            Err(error)
        }
    }
}

async fn write(service: &Service, actor: &Actor, wanted: &Backup, tell: &Teller) -> Result<u64> {
    let file = &wanted.file;
    let unusable = |e: std::io::Error| Error::new(Kind::Unavailable, format!("No backup can be written to {}: {e}.", file.display()));
    if file.symlink_metadata().is_ok() {
        return Err(Error::conflict(format!("{} is there already and is not overwritten; choose another name.", file.display())));
    }
    let folder = file.parent().ok_or_else(|| Error::invalid(format!("{} names no file.", file.display())))?.to_owned();
    let stop = CancellationToken::new();
    let _stops = stop.clone().drop_guard();
    let beside = tempfile::Builder::new().prefix(".flowstead-backup-").tempdir_in(&folder).map_err(unusable)?;
    let copy = beside.path().join(Store::FILE);
    let made_at = clock::format(service.clock().now());
    let key = service.snapshot(actor, &copy, (wanted.with_key, follow("copying the database", tell, &stop))).await?;
    let total = copy.metadata().map_err(unusable)?.len();
    let mut told = follow("packing the copy", tell, &stop);
    let mut unnamed = tempfile::NamedTempFile::new_in(&folder).map_err(unusable)?;
    let packing = tokio::task::spawn_blocking(move || {
        let packed = archive::write(unnamed.as_file_mut(), (&copy, key.as_deref()), made_at, &mut |bytes| told(bytes, total));
        packed.map(|_| unnamed)
    });
    let unnamed = packing.await.map_err(|e| Error::internal("packing a backup failed").source_error(e))??;
    let named = unnamed.persist_noclobber(file).map_err(|e| unusable(e.error))?;
    let bytes = named.metadata().map_err(unusable)?.len();
    std::fs::File::open(&folder).and_then(|folder| folder.sync_all()).map_err(unusable)?;
    Ok(bytes)
}

/// Tells how far a part of the work is, in steps of some percent, until `stop`.
fn follow(what: &'static str, tell: &Teller, stop: &CancellationToken) -> Follow {
    let (tell, stop, mut told) = (tell.clone(), stop.clone(), 0);
    Box::new(move |done, total| {
        let percent = (done.saturating_mul(100) / total.max(1)).min(100);
        if percent >= told + TOLD_EVERY {
            told = percent - percent % TOLD_EVERY;
            tell.say(format!("{what}: {told} %"));
        }
        !stop.is_cancelled()
    })
}
