//! The packages of flows: requirements become a lock with hashes, a lock becomes a folder that zygotes read. One folder a content.
//!
//! Never here: the store, rights, Python. `uv` does the work, in a process that is confined as flows are.

mod error;
mod folder;
mod launch;
mod lock;
mod metadata;
mod preload;
mod uv;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};

use futures_util::future::BoxFuture;

use crate::clock::Clock;
use crate::config;
use crate::error::{Error, Result};

pub use error::is_passing;
pub use launch::is_installer;
pub use lock::{Lock, Package};
pub use metadata::{Metadata, metadata};

/// How many installers work at a time; each uses all CPUs anyway.
const AT_ONCE: usize = 2;

/// Asks for the user that the installer runs as; only when there is something to install, since users are few.
pub type Whom = Arc<dyn Fn() -> BoxFuture<'static, Option<u32>> + Send + Sync>;

/// Where environments are kept, and what they are made with.
#[derive(Clone)]
pub struct Options {
    /// Belongs to environments alone; made when the first is.
    pub folder: PathBuf,
    /// The binary to run in the installer role.
    pub binary: PathBuf,
    pub settings: config::Environments,
    /// Variables of the server that the installer gets too: the way to the network, and `PATH`, where `uv` is looked for.
    pub variables: Vec<(String, String)>,
    /// The user that the installer runs as, where the server is root.
    pub user: Whom,
    pub clock: Clock,
}

/// The environments of one data folder. Cheap to clone.
#[derive(Clone)]
pub struct Environments {
    inner: Arc<Inner>,
}

struct Inner {
    options: Options,
    turns: tokio::sync::Semaphore,
    /// Who installs or removes one holds its lock.
    doors: Mutex<HashMap<Arc<str>, Arc<tokio::sync::Mutex<()>>>>,
    /// Those that are in use.
    sites: Mutex<HashMap<Arc<str>, Weak<Site>>>,
}

/// An installed environment. It is not removed while somebody holds this.
#[derive(Debug)]
pub struct Site {
    /// What goes on `sys.path`.
    pub path: PathBuf,
    /// Modules of the packages that were asked for, worth importing before the first fork.
    pub preload: Vec<String>,
}

impl Environments {
    /// Nothing is made or looked at yet.
    pub fn new(options: Options) -> Environments {
        let inner = Inner { options, turns: tokio::sync::Semaphore::new(AT_ONCE), doors: Mutex::default(), sites: Mutex::default() };
        Environments { inner: Arc::new(inner) }
    }

    /// Sweeps out what an installer left that was killed with its server. Only for whoever has the data folder for himself.
    pub fn sweep(&self) {
        folder::sweep(&self.inner.options.folder);
    }

    /// `3.13`: environments are made for the Python that is compiled in.
    pub fn python() -> &'static str {
        let version = env!("FLOWSTEAD_PYTHON_VERSION");
        version.rsplit_once('.').map_or(version, |(minor, _)| minor)
    }

    /// The program that installs, if it is there; or where it was looked for.
    pub fn installer(&self) -> Result<PathBuf> {
        uv::find(&self.inner.options)
    }

    /// Settles which versions of which packages are meant. An error says which requirement cannot be met, and why.
    pub async fn resolve(&self, requirements: &[String]) -> Result<Lock> {
        lock::check(requirements)?;
        let job = uv::compile(&self.inner.options, requirements)?;
        let _turn = self.turn().await?;
        let made = launch::run(&self.inner.options, job).await?;
        let text = made.into_lock().await?;
        Lock::new(text, requirements.to_vec())
    }

    /// The environment of a lock, installed unless it is there. Nothing is asked of the network for one that is.
    pub async fn ready(&self, lock: &Lock) -> Result<Arc<Site>> {
        if let Some(site) = self.in_use(&lock.key) {
            return Ok(site);
        }
        let door = self.door(&lock.key);
        let _inside = door.lock().await;
        if !folder::is_whole(&self.inner.options.folder, &lock.key) {
            let job = uv::install(&self.inner.options, lock)?;
            let _turn = self.turn().await?;
            let made = launch::run(&self.inner.options, job).await?;
            made.keep(&self.inner.options.folder, lock.clone()).await?;
        }
        let site = Arc::new(folder::site(&self.inner.options.folder, &lock.key)?);
        self.sites().insert(lock.key.clone(), Arc::downgrade(&site));
        Ok(site)
    }

    /// The keys of those that are installed.
    pub fn installed(&self) -> Vec<String> {
        folder::keys(&self.inner.options.folder)
    }

    /// Removes one that nobody uses. `false` if somebody does, or if it is not there.
    pub async fn remove(&self, key: &str) -> Result<bool> {
        let door = self.door(key);
        let _inside = door.lock().await;
        if self.in_use(key).is_some() || !folder::is_whole(&self.inner.options.folder, key) {
            return Ok(false);
        }
        let (folder, key) = (self.inner.options.folder.clone(), key.to_owned());
        let removed = tokio::task::spawn_blocking(move || folder::remove(&folder, &key)).await;
        removed.map_err(|e| Error::internal("the removal of an environment was cut short").source_error(e))??;
        Ok(true)
    }

    /// Forgets what was downloaded; what is installed stays whole.
    pub async fn forget_downloads(&self) -> Result<()> {
        let all = u32::try_from(AT_ONCE).expect("a small number");
        let _alone = self.inner.turns.acquire_many(all).await.map_err(|e| Error::internal("installers are over").source_error(e))?;
        let folder = self.inner.options.folder.clone();
        let cleared = tokio::task::spawn_blocking(move || folder::clear(&folder.join(folder::BUILD))).await;
        cleared.map_err(|e| Error::internal("the removal of downloads was cut short").source_error(e))
    }

    async fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>> {
        self.inner.turns.acquire().await.map_err(|e| Error::internal("installers are over").source_error(e))
    }

    fn in_use(&self, key: &str) -> Option<Arc<Site>> {
        self.sites().get(key).and_then(Weak::upgrade)
    }

    fn sites(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, Weak<Site>>> {
        self.inner.sites.lock().expect("no panic happens under this lock")
    }

    fn door(&self, key: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut doors = self.inner.doors.lock().expect("no panic happens under this lock");
        doors.retain(|_, door| Arc::strong_count(door) > 1);
        doors.entry(key.into()).or_default().clone()
    }
}
