//! The zygote role: one thread, Python started, sandbox on, forks a slot when told to and tells when one has ended.
//!
//! Never here: a tokio runtime or a second thread (a fork would copy their locks in any state), or anything secret.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::path::Path;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::protocol::{FromZygote, SandboxLine, ToZygote, ZygoteConfig};

use super::interpreter::{self, Settings};
use super::process::{self, Reaped, strike};
use super::sandbox::{self, Jail};
use super::{control, escape, look, signal, slot};

/// Imported before the first fork; cheap, and without the after-fork work of `logging`, `threading` or `asyncio`.
const PRELOADED: &[&str] =
    &["json", "datetime", "math", "time", "re", "os", "functools", "collections", "traceback", "linecache", "dataclasses", "types"];

struct Zygote {
    control: OwnedFd,
    signals: SignalFd,
    jail: Option<Jail>,
    work_root: String,
    /// Live slots by process id.
    slots: HashMap<i32, u32>,
}

/// Serves until the control socket closes.
pub fn main() -> ! {
    let control = control::adopt();
    let outcome = prepare(&control);
    let (config, report, jail) = match outcome {
        Ok(prepared) => prepared,
        Err(reason) => {
            let _ = control::send(&control, &FromZygote::Failed { reason });
            leave(1)
        }
    };
    let ready = FromZygote::Ready {
        python: env!("FLOWSTEAD_PYTHON_VERSION").to_owned(),
        threads: u32::try_from(process::thread_count()).unwrap_or(u32::MAX),
        report,
    };
    let Ok(signals) = SignalFd::with_flags(&watched(), SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK) else { leave(1) };
    let _ = control::send(&control, &ready);
    let mut zygote = Zygote { control, signals, jail, work_root: config.work_root, slots: HashMap::new() };
    // SAFETY: this thread started the interpreter and has never let its lock go.
    unsafe { Python::attach_unchecked(|py| zygote.serve(py)) };
    leave(0)
}

fn leave(code: i32) -> ! {
    // SAFETY: ends the process without running anything else.
    unsafe { libc::_exit(code) }
}

fn watched() -> SigSet {
    let mut set = SigSet::empty();
    set.add(Signal::SIGCHLD);
    set.add(Signal::SIGTERM);
    set
}

/// Everything before the first fork, in an order that matters: the sandbox is on before foreign code is imported.
fn prepare(control: &OwnedFd) -> Result<(ZygoteConfig, Vec<SandboxLine>, Option<Jail>), String> {
    let Some((ToZygote::Configure(config), _)) = control::receive(control)? else {
        return Err("the first message is no configuration".to_owned());
    };
    nix::sys::prctl::set_child_subreaper(true).map_err(|e| e.to_string())?;
    control::keep_only(control);
    // SAFETY: no handler runs code; an ignored SIGPIPE and SIGXFSZ become errors that Python raises.
    unsafe {
        for ignored in [Signal::SIGPIPE, Signal::SIGXFSZ, Signal::SIGINT, Signal::SIGHUP] {
            let _ = nix::sys::signal::signal(ignored, SigHandler::SigIgn);
        }
    }
    // The first to go when memory is short is a flow, never the server.
    let _ = std::fs::write("/proc/self/oom_score_adj", "500");
    environment(&config);
    let home = interpreter::home();
    let sites: Vec<&Path> = config.site_dirs.iter().map(Path::new).collect();
    let mut readable: Vec<&Path> = vec![&home];
    readable.extend(sites);
    let user = sandbox::become_user(&config, &readable)?;
    // Becoming another user takes it away.
    orphan_guard(config.server_pid)?;
    let (mut report, jail) = sandbox::apply(&config, &readable);
    report.push(user);
    interpreter::start(&Settings { hash_seed: Some(config.hash_seed), isolated: true })?;
    // SAFETY: this thread started the interpreter and holds its lock.
    unsafe { Python::attach_unchecked(|py| preload(py, &config)) }.map_err(|e| format!("a package cannot be imported: {e}"))?;
    report.push(escape::report());
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&watched()), None).map_err(|e| e.to_string())?;
    Ok((config, report, jail))
}

/// Ends with the server: told by a signal if it dies, found out here if it died before that was set up.
fn orphan_guard(server_pid: i32) -> Result<(), String> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGTERM).map_err(|e| e.to_string())?;
    if nix::unistd::getppid().as_raw() != server_pid {
        leave(1);
    }
    Ok(())
}

/// What flows see of the environment; the server starts the zygote with an empty one.
fn environment(config: &ZygoteConfig) {
    let fixed = [
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("LANG", "C.UTF-8"),
        ("HOME", config.work_root.as_str()),
        ("TZ", config.time_zone.as_str()),
    ];
    for (name, value) in fixed {
        // SAFETY: this process has one thread.
        unsafe { std::env::set_var(name, value) };
    }
}

fn preload(py: Python<'_>, config: &ZygoteConfig) -> PyResult<()> {
    escape::install(py)?;
    for name in PRELOADED.iter().copied() {
        py.import(name)?;
    }
    packages(py, config)?;
    slot::warm_up(py)?;
    signal::install(py)?;
    look::install(py)?;
    let gc = py.import("gc")?;
    gc.call_method0("collect")?;
    // What lives now is never looked at again by a collection, so slots do not copy its pages.
    gc.call_method0("freeze")?;
    Ok(())
}

/// The packages of the environment. What one of them does wrong, a flow that imports it does wrong by itself.
fn packages(py: Python<'_>, config: &ZygoteConfig) -> PyResult<()> {
    let site = py.import("site")?;
    for folder in &config.site_dirs {
        escape::is_packages(folder);
        site.call_method1("addsitedir", (folder,))?;
    }
    for name in &config.preload {
        let _ = py.import(name.as_str());
    }
    if let Some(reason) = &config.lack {
        py.import("flow_api._lack")?.call_method1("explain", (reason,))?;
    }
    Ok(())
}

impl Zygote {
    fn serve(&mut self, py: Python<'_>) {
        loop {
            let mut fds = [PollFd::new(self.control.as_fd(), PollFlags::POLLIN), PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
            if poll(&mut fds, PollTimeout::NONE).is_err() {
                continue;
            }
            let [asked, signalled] = fds.map(|fd| fd.revents().is_some_and(|events| !events.is_empty()));
            if signalled && self.signals_say_leave() {
                break;
            }
            self.reap(false);
            if asked {
                match control::receive(&self.control) {
                    Ok(Some((message, fds))) => self.obey(py, message, fds),
                    Ok(None) | Err(_) => break,
                }
            }
        }
        for pid in self.slots.keys() {
            strike(*pid, Signal::SIGKILL);
        }
        process::kill_descendants();
    }

    fn signals_say_leave(&self) -> bool {
        let mut leave = false;
        while let Ok(Some(info)) = self.signals.read_signal() {
            leave |= info.ssi_signo == Signal::SIGTERM as u32;
        }
        leave
    }

    fn obey(&mut self, py: Python<'_>, message: ToZygote, fds: Vec<OwnedFd>) {
        match message {
            ToZygote::Fork { slot, workdir } => self.fork(py, slot, &workdir, fds),
            ToZygote::Kill { slot, signal, group } => self.kill(slot, signal, group),
            ToZygote::Configure(_) => {}
        }
    }

    fn fork(&mut self, py: Python<'_>, slot: u32, workdir: &str, fds: Vec<OwnedFd>) {
        let answer = match <[OwnedFd; 4]>::try_from(fds) {
            Ok(ends) if Path::new(workdir).starts_with(&self.work_root) => match self.fork_child(py, slot, workdir, ends) {
                Ok(pid) => {
                    self.slots.insert(pid, slot);
                    FromZygote::Forked { slot, pid }
                }
                Err(reason) => FromZygote::Refused { slot, reason },
            },
            Ok(_) => FromZygote::Refused { slot, reason: "the work directory is outside the work root".to_owned() },
            Err(_) => FromZygote::Refused { slot, reason: "a slot needs four descriptors".to_owned() },
        };
        let _ = control::send(&self.control, &answer);
    }

    fn fork_child(&self, py: Python<'_>, slot: u32, workdir: &str, ends: [OwnedFd; 4]) -> Result<i32, String> {
        let parent = nix::unistd::getpid().as_raw();
        // SAFETY: this process has one thread, so the child's memory is consistent; CPython is told on both sides.
        // The child never returns from `slot::main`, and so never unwinds into the zygote's loop.
        unsafe {
            ffi::PyOS_BeforeFork();
            match libc::fork() {
                0 => {
                    ffi::PyOS_AfterFork_Child();
                    libc::close(self.control.as_raw_fd());
                    libc::close(self.signals.as_raw_fd());
                    slot::main(py, slot::Start { slot, parent, workdir: workdir.to_owned(), ends, jail: self.jail.as_ref() })
                }
                -1 => {
                    let error = std::io::Error::last_os_error();
                    ffi::PyOS_AfterFork_Parent();
                    Err(format!("no process can be forked: {error}"))
                }
                pid => {
                    ffi::PyOS_AfterFork_Parent();
                    // The child does the same; whoever comes first, a kill of the group finds it.
                    libc::setpgid(pid, pid);
                    Ok(pid)
                }
            }
        }
    }

    fn kill(&self, slot: u32, signal: i32, group: bool) {
        let Some((pid, _)) = self.slots.iter().find(|(_, s)| **s == slot) else { return };
        if !group {
            process::tell(*pid, signal);
        } else if let Ok(signal) = Signal::try_from(signal) {
            strike(*pid, signal);
        }
    }

    /// Takes in every child that has ended. A slot's end is told once everything it had started is gone too.
    fn reap(&mut self, block: bool) {
        let mut ended = Vec::new();
        while let Ok(Some(reaped)) = process::reap(block) {
            if let Some(slot) = self.slots.remove(&reaped.pid) {
                // Most of what it left is in its group, and dies at once, however fast it forks.
                strike_group(reaped.pid);
                ended.push((slot, reaped));
            }
        }
        self.kill_strangers(&mut ended);
        for (slot, Reaped { code, signal, usage, .. }) in ended {
            let exited = FromZygote::Exited { slot, code, signal, cpu_ms: usage.cpu_ms, peak_memory_bytes: usage.peak_memory_bytes };
            let _ = control::send(&self.control, &exited);
        }
    }

    /// Kills children that are no slots: what a dead slot left behind comes to the zygote, its nearest subreaper.
    fn kill_strangers(&mut self, ended: &mut Vec<(u32, Reaped)>) {
        for _ in 0..10_000 {
            let strangers: Vec<i32> = process::children().into_iter().filter(|pid| !self.slots.contains_key(pid)).collect();
            if strangers.is_empty() {
                return;
            }
            for stranger in strangers {
                strike(stranger, Signal::SIGKILL);
            }
            match process::reap(true) {
                Ok(Some(reaped)) => {
                    if let Some(slot) = self.slots.remove(&reaped.pid) {
                        strike_group(reaped.pid);
                        ended.push((slot, reaped));
                    }
                }
                Ok(None) => {}
                Err(_) => return,
            }
        }
    }
}

fn strike_group(leader: i32) {
    let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(leader), Signal::SIGKILL);
}

/// A descriptor that was received and is now owned.
pub(super) fn owned(fd: RawFd) -> OwnedFd {
    // SAFETY: the kernel just installed it for us, nobody else has it.
    unsafe { OwnedFd::from_raw_fd(fd) }
}
