//! Processes and limits: children of this process, their end, what was used, what may be used.
#![allow(unsafe_code)]

use std::io;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// CPU time and peak memory of this process so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    pub cpu_ms: u64,
    pub peak_memory_bytes: u64,
}

/// A child that was reaped.
pub(super) struct Reaped {
    pub pid: i32,
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub usage: Usage,
}

/// What this process used.
pub(super) fn usage() -> Usage {
    // SAFETY: rusage is plain data that the kernel fills.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        summary(&usage)
    }
}

fn summary(usage: &libc::rusage) -> Usage {
    let ms = |t: libc::timeval| u64::try_from(t.tv_sec * 1000 + t.tv_usec / 1000).unwrap_or_default();
    Usage { cpu_ms: ms(usage.ru_utime) + ms(usage.ru_stime), peak_memory_bytes: u64::try_from(usage.ru_maxrss).unwrap_or_default() * 1024 }
}

/// Reaps one child that has ended. `Ok(None)`: there are children, none has ended; ECHILD: there are none.
pub(super) fn reap(block: bool) -> Result<Option<Reaped>, Errno> {
    let mut status = 0;
    let flags = libc::__WALL | if block { 0 } else { libc::WNOHANG };
    // SAFETY: status and rusage are plain data that the kernel fills.
    unsafe {
        let mut used: libc::rusage = std::mem::zeroed();
        let pid = Errno::result(libc::wait4(-1, &raw mut status, flags, &raw mut used))?;
        if pid == 0 {
            return Ok(None);
        }
        Ok(Some(Reaped {
            pid,
            code: libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status)),
            signal: libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status)),
            usage: summary(&used),
        }))
    }
}

/// Whether this process has any child, dead or alive.
pub(super) fn has_children() -> bool {
    // SAFETY: siginfo is plain data that the kernel fills.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | libc::__WALL;
        libc::waitid(libc::P_ALL, 0, &raw mut info, flags) == 0
    }
}

/// The processes whose parent is this one.
pub(super) fn children() -> Vec<i32> {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return children_by_parent() };
    let mut found = Vec::new();
    for task in tasks.flatten() {
        let Ok(text) = std::fs::read_to_string(task.path().join("children")) else { return children_by_parent() };
        found.extend(text.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
    }
    found
}

/// For kernels without CONFIG_PROC_CHILDREN.
fn children_by_parent() -> Vec<i32> {
    let own = std::process::id().to_string();
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit(") ").next().and_then(|rest| rest.split_whitespace().nth(1)) == Some(&own)
        })
        .collect()
}

/// Sends `signal` to a process and to the group it leads, if any.
pub(super) fn strike(pid: i32, signal: Signal) {
    let _ = killpg(Pid::from_raw(pid), signal);
    let _ = kill(Pid::from_raw(pid), signal);
}

/// Sends any signal, real-time ones too, to a process alone. One that is gone is no error.
pub(super) fn tell(pid: i32, signal: i32) {
    // SAFETY: takes two numbers; the caller's child is not reaped yet, so the number is still its own.
    unsafe { libc::kill(pid, signal) };
}

/// Kills every descendant of this process; it must be a child subreaper, so that grandchildren come to it. `false` if some would not die.
pub(super) fn kill_descendants() -> bool {
    for _ in 0..10_000 {
        for child in children() {
            strike(child, Signal::SIGKILL);
        }
        match reap(true) {
            Err(Errno::ECHILD) => return true,
            Err(Errno::EINTR) | Ok(_) => {}
            Err(_) => return false,
        }
    }
    false
}

/// Threads of this process. One stat call: a directory's link count is that of its subdirectories plus two.
pub(super) fn thread_count() -> u64 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self/task").map_or(1, |m| m.nlink().saturating_sub(2))
}

/// A resource with a soft limit that can be lowered for one execution and raised again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Resource {
    Memory,
    Cpu,
    FileSize,
    OpenFiles,
    Core,
    Processes,
}

impl Resource {
    fn number(self) -> libc::__rlimit_resource_t {
        match self {
            Resource::Memory => libc::RLIMIT_AS,
            Resource::Cpu => libc::RLIMIT_CPU,
            Resource::FileSize => libc::RLIMIT_FSIZE,
            Resource::OpenFiles => libc::RLIMIT_NOFILE,
            Resource::Core => libc::RLIMIT_CORE,
            Resource::Processes => libc::RLIMIT_NPROC,
        }
    }

    fn get(self) -> io::Result<libc::rlimit> {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the kernel fills plain data.
        Errno::result(unsafe { libc::getrlimit(self.number(), &raw mut limit) })?;
        Ok(limit)
    }

    fn set(self, limit: libc::rlimit) -> io::Result<()> {
        // SAFETY: the kernel reads plain data.
        Errno::result(unsafe { libc::setrlimit(self.number(), &raw const limit) })?;
        Ok(())
    }

    /// The hard limit, which only falls.
    pub(super) fn ceiling(self) -> u64 {
        self.get().map_or(0, |limit| limit.rlim_max)
    }

    /// Lowers the limit for good; never raises it.
    pub(super) fn cap(self, value: u64) -> io::Result<()> {
        let hard = value.min(self.get()?.rlim_max);
        self.set(libc::rlimit { rlim_cur: hard, rlim_max: hard })
    }

    /// Sets the limit that [`Resource::loosen`] can lift again.
    pub(super) fn tighten(self, value: u64) -> io::Result<()> {
        let hard = self.get()?.rlim_max;
        self.set(libc::rlimit { rlim_cur: value.min(hard), rlim_max: hard })
    }

    /// Lifts the soft limit up to the hard one.
    pub(super) fn loosen(self) -> io::Result<()> {
        let hard = self.get()?.rlim_max;
        self.set(libc::rlimit { rlim_cur: hard, rlim_max: hard })
    }
}
