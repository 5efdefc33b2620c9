//! The one permanent thread that starts zygotes, waits for their end, and clears away what they leave behind.
//!
//! A zygote's parent-death signal fires when the *thread* that started it ends, so that thread must live as long as
//! the process. The server is a child subreaper: what a dead zygote leaves comes to it, and is killed here.

use std::fmt::{Display, Formatter};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use tokio::sync::oneshot;

use crate::environment::is_installer;
use crate::error::{Error, Kind, Result};

type Job = Box<dyn FnOnce() + Send>;

/// Zygotes that are alive: they are ours, every other child with our sandbox on is a stranger.
static RAISED: Mutex<Vec<i32>> = Mutex::new(Vec::new());

/// A running zygote. Dropped: waited for in the background.
pub(super) struct Nursling {
    child: Option<Child>,
    pid: i32,
    work_root: PathBuf,
}

/// How a zygote ended, as far as it is known. Displayed as a clause: `it was killed by signal 9`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ending(Option<ExitStatus>);

impl Ending {
    /// Whether it was ended from outside, by the kernel for want of memory or by someone: it says nothing about the zygote.
    pub(super) fn is_from_outside(self) -> bool {
        let signal = self.0.and_then(|status| status.signal());
        signal.is_some_and(|signal| [libc::SIGKILL, libc::SIGTERM].contains(&signal))
    }
}

impl Display for Ending {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self.0.map(|status| (status.code(), status.signal())) {
            Some((Some(code), _)) => write!(f, "it exited with code {code}"),
            Some((_, Some(signal))) => write!(f, "it was killed by signal {signal}"),
            _ => f.write_str("it is gone"),
        }
    }
}

/// Starts `binary zygote` with `control` as its standard input, after emptying `work_root`.
pub(super) async fn raise(binary: PathBuf, work_root: PathBuf, control: OwnedFd) -> Result<Nursling> {
    let (tell, told) = oneshot::channel();
    submit(Box::new(move || {
        let _ = tell.send(start(&binary, work_root, control));
    }));
    let started = told.await.map_err(|_| Error::internal("the thread that starts zygotes is gone"))?;
    // A full disk, too many processes: what this machine lacks now it may have later.
    started.map_err(|e| Error::new(Kind::Unavailable, format!("A zygote cannot be started: {e}.")).source_error(e))
}

/// Removes a directory once every zygote that is on its way out is gone.
pub(super) async fn removed(directory: PathBuf) {
    let (tell, told) = oneshot::channel();
    submit(Box::new(move || {
        clear(&directory);
        let _ = tell.send(());
    }));
    let _ = told.await;
}

/// Removes a directory in the background.
pub(super) fn remove(directory: PathBuf) {
    submit(Box::new(move || clear(&directory)));
}

impl Nursling {
    pub(super) fn pid(&self) -> i32 {
        self.pid
    }

    /// Waits for the end, kills what was left behind, and tells how the zygote ended.
    pub(super) async fn bury(mut self) -> Ending {
        let Some(child) = self.child.take() else { return Ending::default() };
        let (tell, told) = oneshot::channel();
        let work_root = std::mem::take(&mut self.work_root);
        submit(Box::new(move || {
            let _ = tell.send(end(child, &work_root));
        }));
        told.await.unwrap_or_default()
    }
}

impl Drop for Nursling {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            let work_root = std::mem::take(&mut self.work_root);
            submit(Box::new(move || {
                end(child, &work_root);
            }));
        }
    }
}

fn submit(job: Job) {
    static NURSERY: OnceLock<Sender<Job>> = OnceLock::new();
    let sender = NURSERY.get_or_init(|| {
        let (sender, jobs) = channel::<Job>();
        std::thread::Builder::new()
            .name("nursery".to_owned())
            .spawn(move || {
                if let Err(e) = nix::sys::prctl::set_child_subreaper(true) {
                    tracing::warn!("the server cannot become a child subreaper ({e}); daemons of a killed zygote may survive");
                }
                for job in jobs {
                    job();
                }
            })
            .expect("a process that starts has room for a thread");
        sender
    });
    // The receiver lives as long as the process: its thread ends with it.
    let _ = sender.send(job);
}

fn start(binary: &Path, work_root: PathBuf, control: OwnedFd) -> std::io::Result<Nursling> {
    clear(&work_root);
    std::fs::create_dir_all(&work_root)?;
    let mut raised = RAISED.lock().expect("no panic happens under this lock");
    // The control socket travels as standard input: a descriptor that can be handed over without unsafe code.
    let child =
        Command::new(binary).arg0("flowstead").arg("zygote").env_clear().stdin(control).stdout(Stdio::null()).process_group(0).spawn()?;
    let pid = i32::try_from(child.id()).expect("Linux process ids fit an i32");
    raised.push(pid);
    Ok(Nursling { child: Some(child), pid, work_root })
}

/// Waits for a zygote whose control socket is closed; it kills its slots itself, within a moment. Their folders go with it.
fn end(mut child: Child, work_root: &Path) -> Ending {
    let status = wait_briefly(&mut child).or_else(|| {
        let _ = child.kill();
        child.wait().ok()
    });
    let pid = i32::try_from(child.id()).expect("Linux process ids fit an i32");
    let mut raised = RAISED.lock().expect("no panic happens under this lock");
    raised.retain(|known| *known != pid);
    sweep(&raised);
    clear(work_root);
    Ending(status)
}

fn wait_briefly(child: &mut Child) -> Option<ExitStatus> {
    for _ in 0..500 {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => std::thread::sleep(Duration::from_millis(10)),
            Err(_) => return None,
        }
    }
    None
}

/// Kills children that came to us from a dead zygote: those with the sandbox on that are no zygote of ours.
/// Their own children come to us in turn, so it repeats until there are none.
fn sweep(zygotes: &[i32]) {
    for _ in 0..1000 {
        let strangers: Vec<Pid> = children()
            .into_iter()
            .filter(|pid| !zygotes.contains(pid) && is_sandboxed(*pid) && !is_installer(*pid))
            .map(Pid::from_raw)
            .collect();
        if strangers.is_empty() {
            return;
        }
        for stranger in &strangers {
            let _ = killpg(*stranger, Signal::SIGKILL);
            let _ = kill(*stranger, Signal::SIGKILL);
        }
        for stranger in strangers {
            let _ = waitpid(stranger, None);
        }
    }
    tracing::error!("processes of a dead zygote cannot be killed");
}

fn children() -> Vec<i32> {
    children_of("self")
}

/// The processes whose parent is this one.
pub(super) fn children_of(process: &str) -> Vec<i32> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    tasks
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|text| text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>())
        .collect()
}

/// Threads of a process; 0 if it is gone.
pub(super) fn threads_of(pid: i32) -> usize {
    use std::os::unix::fs::MetadataExt;
    // A directory's link count is that of its subdirectories plus two.
    let links = std::fs::metadata(format!("/proc/{pid}/task")).map_or(0, |meta| meta.nlink());
    usize::try_from(links.saturating_sub(2)).unwrap_or(usize::MAX)
}

/// Our sandbox sets no_new_privs and a seccomp filter, which nothing can take off; our own tools run without.
fn is_sandboxed(pid: i32) -> bool {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status")) else { return false };
    let has = |line: &str| status.lines().any(|l| l.split_whitespace().eq(line.split_whitespace()));
    has("NoNewPrivs: 1") && has("Seccomp: 2")
}

/// Whether a process belongs to a flow: it descends from a zygote of this server, or wears the sandbox of another
/// server's. A process that cannot be followed up to the first one counts as such.
pub fn is_flow(pid: i32) -> bool {
    let own = nix::unistd::getpid().as_raw();
    if is_sandboxed(pid) && !is_sandboxed(own) {
        return true;
    }
    let zygotes = RAISED.lock().expect("no panic happens under this lock").clone();
    let mut pid = pid;
    while pid > 1 {
        if zygotes.contains(&pid) {
            return true;
        }
        let Some(parent) = parent_of(pid) else { return true };
        pid = parent;
    }
    false
}

fn parent_of(pid: i32) -> Option<i32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

fn clear(directory: &Path) {
    match std::fs::remove_dir_all(directory) {
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(first) => {
            // A flow may have taken its own rights away from a folder.
            open_up(directory);
            if let Err(e) = std::fs::remove_dir_all(directory) {
                tracing::warn!("the work directory {} cannot be removed: {e} (first: {first})", directory.display());
            }
        }
    }
}

fn open_up(directory: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let _ = std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700));
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}
