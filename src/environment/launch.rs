//! One run of the installer: its process, its folder, and what becomes of both.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::lock::Lock;
use super::{Options, error, folder, uv};
use crate::error::{Error, Kind, Result};
use crate::protocol::InstallerConfig;

/// Installers under way: children of ours that wear the sandbox of flows and are none.
static RUNNING: Mutex<Vec<i32>> = Mutex::new(Vec::new());

/// Whether this child is an installer.
pub fn is_installer(pid: i32) -> bool {
    RUNNING.lock().expect("no panic happens under this lock").contains(&pid)
}

/// What is to be done.
pub(super) struct Job {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// What the file of requirements holds.
    pub requirements: String,
    pub readable: Vec<PathBuf>,
    pub variables: Vec<(String, String)>,
    /// The author's own lines, for an error that names one.
    pub asked: Vec<String>,
}

/// What a job made. Dropped, it is removed.
pub(super) struct Made {
    folder: PathBuf,
}

struct Known(i32);

impl Drop for Known {
    fn drop(&mut self) {
        RUNNING.lock().expect("no panic happens under this lock").retain(|pid| *pid != self.0);
    }
}

/// Runs a job to its end. Dropped before, it is killed, and what it made is removed.
pub(super) async fn run(options: &Options, job: Job) -> Result<Made> {
    let build = options.folder.join(folder::BUILD);
    folder::make(&options.folder).and_then(|()| folder::make(&build)).map_err(|e| unmade(&build, &e))?;
    let made = Made { folder: build.join(uuid::Uuid::now_v7().to_string()) };
    let user = (options.user)().await;
    let config = configuration(user, &job, (&build, &made.folder));
    let (mut child, _known) = start(options).map_err(|e| {
        Error::new(Kind::Unavailable, format!("The process that installs packages cannot be started: {e}.")).source_error(e)
    })?;
    let text = serde_json::to_vec(&config).map_err(|e| Error::internal("an installer's configuration is no JSON").source_error(e))?;
    if let Some(mut input) = child.stdin.take() {
        // One that is gone already says why at its end.
        let _ = input.write_all(&text).await;
    }
    let late = options.clock.instant().plus(Duration::from_secs(options.settings.timeout_seconds));
    let done = tokio::select! {
        biased;
        done = child.wait_with_output() => done.map_err(|e| Error::internal("an installer cannot be waited for").source_error(e))?,
        () = options.clock.sleep_until(late) => return Err(error::too_slow(options.settings.timeout_seconds, &job.asked)),
    };
    if done.status.success() {
        return Ok(made);
    }
    Err(error::of(done.status, &String::from_utf8_lossy(&done.stderr), &job.asked))
}

/// The lock is held until the process is known: it looks like a flow's that was left behind.
fn start(options: &Options) -> std::io::Result<(tokio::process::Child, Known)> {
    let mut running = RUNNING.lock().expect("no panic happens under this lock");
    let child = Command::new(&options.binary)
        .arg0("flowstead")
        .arg("installer")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).unwrap_or_default();
    running.push(pid);
    Ok((child, Known(pid)))
}

fn configuration(user: Option<u32>, job: &Job, (build, folder): (&Path, &Path)) -> InstallerConfig {
    let text = |path: &Path| path.display().to_string();
    let mut readable: Vec<String> = job.readable.iter().map(|path| text(path)).collect();
    readable.extend(job.program.parent().map(text));
    InstallerConfig {
        server_pid: nix::unistd::getpid().as_raw(),
        work_root: text(build),
        folder: text(folder),
        file: (uv::REQUIREMENTS.to_owned(), job.requirements.clone()),
        readable,
        user,
        program: text(&job.program),
        arguments: job.arguments.clone(),
        variables: job.variables.clone(),
    }
}

fn unmade(folder: &Path, error: &std::io::Error) -> Error {
    Error::new(Kind::Unavailable, format!("The folder {} for packages cannot be made: {error}.", folder.display()))
}

impl Made {
    /// The lock that was made.
    pub(super) async fn into_lock(self) -> Result<String> {
        let text = tokio::fs::read_to_string(self.folder.join(uv::LOCK)).await;
        text.map_err(|e| Error::internal("the installer left no lock").source_error(e))
    }

    /// Gives what was installed its place.
    pub(super) async fn keep(self, environments: &Path, lock: Lock) -> Result<()> {
        let environments = environments.to_owned();
        let kept = tokio::task::spawn_blocking(move || folder::keep(&environments, &self.folder, &lock)).await;
        kept.map_err(|e| Error::internal("an installation was cut short").source_error(e))?
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        folder::clear(&self.folder);
    }
}
