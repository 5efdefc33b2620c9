//! Putting a backup back into an empty folder. Nothing in it goes on by itself: the server that it was taken from may have.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::administer::Teller;
use super::archive::{self, Manifest};
use super::follow;
use crate::clock::Clock;
use crate::config::Config;
use crate::engine;
use crate::error::{Error, Kind, Result};
use crate::service::{Actor, Commands, Door, Service};
use crate::store::Store;

/// Where a restore works in the data folder, until everything is right; one that was cut off leaves it behind.
const WORK: &str = ".restoring";
/// What may lie in an empty folder: our own, and what a new file system has.
const NOTHING: [&str; 3] = [WORK, "lock", "lost+found"];

/// What is to be put back.
pub struct Restore {
    pub file: PathBuf,
    /// The key file of the server that was backed up.
    pub key_file: Option<PathBuf>,
}

/// What came of it.
struct Restored {
    paused: usize,
    schedules: Vec<String>,
}

/// Puts a backup into the configured data folder, which must be empty or missing. Cut off anywhere, the folder has no database.
pub async fn restore(config: &Config, wanted: &Restore, tell: &Teller) -> Result<String> {
    let folder = &config.server.data;
    let unusable = |e: io::Error| Error::new(Kind::Unavailable, format!("The data folder {} cannot be used: {e}.", folder.display()));
    let mut backup = archive::Backup::open(&wanted.file)?;
    fs::create_dir_all(folder).map_err(unusable)?;
    let _held = Store::hold(folder).await?;
    if let Some(found) = entry(folder).map_err(unusable)? {
        let text = format!(
            "The data folder {} is not empty ('{found}' lies there). A backup is put back into an empty one; name another with --data.",
            folder.display()
        );
        return Err(Error::conflict(text));
    }
    let work = folder.join(WORK);
    remove(&work).map_err(unusable)?;
    fs::create_dir(&work).map_err(unusable)?;
    let placed = prepare(config, wanted, &mut backup, tell).await;
    let placed = match placed {
        Ok(restored) => place(config, &work).map(|()| restored).map_err(unusable),
        Err(error) => Err(error),
    };
    remove(&work).map_err(unusable)?;
    placed.map(|restored| words(&backup.manifest, &restored, folder))
}

/// Everything but the last step: a database that is right and paused, beside where it is to be.
async fn prepare(config: &Config, wanted: &Restore, backup: &mut archive::Backup, tell: &Teller) -> Result<Restored> {
    let work = config.server.data.join(WORK);
    let mut inner = config.clone();
    inner.server.data.clone_from(&work);
    let key = key_text(config, wanted, backup)?;
    if let Some(text) = key {
        inner.server.key_file = work.join(archive::KEY);
        write_key(&inner.server.key_file, &text).map_err(|e| {
            Error::new(Kind::Unavailable, format!("The key file {} cannot be written: {e}.", inner.server.key_file.display()))
        })?;
    }
    let total = backup.manifest.database.bytes;
    let stop = tokio_util::sync::CancellationToken::new();
    let mut told = follow("unpacking the database", tell, &stop);
    backup.extract_database(&work.join(Store::FILE), &mut |bytes| told(bytes, total))?;
    let store = crate::app::open_store(&inner).await?;
    let settled = settle(&store, &inner, (&wanted.file, &backup.manifest)).await;
    store.close().await;
    settled
}

/// Makes a database that was copied one that can be started beside its original.
async fn settle(store: &Store, config: &Config, (file, manifest): (&Path, &Manifest)) -> Result<Restored> {
    let service = Service::open(store.clone(), Clock::system(), config, Commands::none()).await?;
    let actor = Actor::system(Door::Cli);
    let words = format!(
        "paused, since it was restored from a backup of {}: the server that was backed up may have gone on with it; resume it to go on here",
        manifest.made_at
    );
    let paused = engine::restore::pause_all(store, service.clock().now(), &words).await?;
    let schedules = service.schedules_disable(&actor).await?;
    let details = json!({
        "file": file.file_name().map(|name| name.to_string_lossy()), "made_at": manifest.made_at, "made_by": manifest.made_by,
        "executions_paused": paused, "schedules_disabled": schedules,
    });
    service.backup_note(&actor, "restore", &details).await?;
    Ok(Restored { paused, schedules })
}

/// The key file that is to be put in place; `None` where it is already.
fn key_text(config: &Config, wanted: &Restore, backup: &mut archive::Backup) -> Result<Option<String>> {
    let place = config.key_file();
    if let Some(path) = &wanted.key_file {
        if place.exists() {
            let text = format!("The key file {} is there already; move it away, or leave --key-file out.", place.display());
            return Err(Error::conflict(text));
        }
        let text = fs::read_to_string(path);
        return text.map(Some).map_err(|e| Error::invalid(format!("The key file {} cannot be read: {e}.", path.display())));
    }
    if place.exists() {
        return Ok(None);
    }
    if let Some(text) = backup.key_file()? {
        return Ok(Some(text));
    }
    let text = "The backup has no key file in it, and without it neither its secrets nor its audit log can be read. Name a copy of the key \
                file of the server that was backed up (`server.key` in its data folder) with --key-file.";
    Err(Error::invalid(text))
}

fn write_key(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    file.sync_all()
}

/// Gives everything its name, the database last: without it a folder is no workspace.
fn place(config: &Config, work: &Path) -> io::Result<()> {
    let folder = &config.server.data;
    let (made, wanted) = (work.join(archive::KEY), config.key_file());
    if made.exists() {
        // It may be on another disk.
        write_key(&wanted, &fs::read_to_string(&made)?)?;
    }
    for ending in ["-wal", ""] {
        let name = format!("{}{ending}", Store::FILE);
        match fs::rename(work.join(&name), folder.join(&name)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound && !ending.is_empty() => {}
            other => other?,
        }
    }
    File::open(folder)?.sync_all()
}

/// Something that lies in a folder and should not.
fn entry(folder: &Path) -> io::Result<Option<String>> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !NOTHING.contains(&name.as_str()) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn words(manifest: &Manifest, restored: &Restored, folder: &Path) -> String {
    let schedules = match restored.schedules.as_slice() {
        [] => "No schedule was enabled.".to_owned(),
        names => format!("Schedules that were disabled, enable those that are to run here: {}.", names.join(", ")),
    };
    format!(
        "The backup of {} is in {}. {} live executions are PAUSED, since the server that was backed up may have gone on with them: resume or \
         cancel each.\n{schedules}",
        manifest.made_at,
        folder.display(),
        restored.paused
    )
}
