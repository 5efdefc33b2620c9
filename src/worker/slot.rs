//! A slot: a forked child that takes executions from its socket, one at a time, on its main thread.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
use std::path::Path;

use nix::sys::signal::{SigHandler, SigSet, Signal};
use pyo3::prelude::*;
use pyo3::types::PyCode;

use crate::protocol::{Check, FrameKind, Run};

use super::check;
use super::clean::Baseline;
use super::escape;
use super::run;
use super::sandbox::{Jail, listener};
use super::signal;
use super::stream::OutputStream;
use super::wire;

/// What the zygote hands its child.
pub(super) struct Start<'a> {
    pub slot: u32,
    pub parent: i32,
    pub workdir: String,
    /// Socket, stdout, stderr, gate.
    pub ends: [OwnedFd; 4],
    pub jail: Option<&'a Jail>,
}

/// What a slot keeps from one execution to the next.
pub(super) struct Slot {
    pub baseline: Baseline,
    pub stdout: Py<OutputStream>,
    pub stderr: Py<OutputStream>,
    /// Compiled scripts by hash.
    pub codes: HashMap<[u8; 32], Py<PyCode>>,
}

/// Imported before the fork, since every execution needs it.
pub(super) fn warm_up(py: Python<'_>) -> PyResult<()> {
    for name in ["_thread", "_signal", "os", "sys", "marshal", "flow_api._traceback", "flow_api._handler", "flow_api._where"] {
        py.import(name)?;
    }
    Ok(())
}

/// The child's whole life.
pub(super) fn main(py: Python<'_>, start: Start<'_>) -> ! {
    let code = match prepare(py, start) {
        Ok(mut slot) => {
            serve(py, &mut slot);
            0
        }
        Err(reason) => {
            // Standard error is the server's pipe by now, or else the server's own.
            let text = format!("a slot cannot start: {reason}\n");
            // SAFETY: the pointer and length describe `text`.
            unsafe { libc::write(2, text.as_ptr().cast(), text.len()) };
            1
        }
    };
    // SAFETY: ends the process; what lives in it belongs to the zygote's copy too and must not be torn down.
    unsafe { libc::_exit(code) }
}

fn prepare(py: Python<'_>, start: Start<'_>) -> Result<Slot, String> {
    own_process(start.parent)?;
    let [socket, stdout, stderr, gate] = start.ends;
    for (fd, standard) in [(stdout, 1), (stderr, 2)] {
        // SAFETY: both are open descriptors; the standard one is replaced.
        unsafe { libc::dup2(fd.as_raw_fd(), standard) };
    }
    wire::open(start.slot, socket.into_raw_fd());
    let workdir = Path::new(&start.workdir);
    enter(workdir).map_err(|e| format!("its work directory cannot be made: {e}"))?;
    if let Some(jail) = start.jail {
        jail.restrict(workdir)?;
    }
    listener::open(gate.as_raw_fd())?;
    escape::open(gate.into_raw_fd(), workdir, start.jail.is_some()).map_err(|e| format!("its work directory cannot be found: {e}"))?;
    python_side(py, workdir).map_err(|e| e.to_string())
}

/// Its own group, dies with the zygote, adopts what its children leave behind, signals as a new program has them.
fn own_process(parent: i32) -> Result<(), String> {
    let text = |e: nix::Error| e.to_string();
    nix::unistd::setpgid(nix::unistd::Pid::from_raw(0), nix::unistd::Pid::from_raw(0)).map_err(text)?;
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL).map_err(text)?;
    nix::sys::prctl::set_child_subreaper(true).map_err(text)?;
    if nix::unistd::getppid().as_raw() != parent {
        return Err("the zygote is gone".to_owned());
    }
    for signal in [Signal::SIGINT, Signal::SIGHUP] {
        // SAFETY: restores the default action, no handler of ours.
        let _ = unsafe { nix::sys::signal::signal(signal, SigHandler::SigDfl) };
    }
    signal::make_timer();
    SigSet::empty().thread_set_mask().map_err(text)
}

fn enter(workdir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(workdir)?;
    std::env::set_current_dir(workdir)
}

fn python_side(py: Python<'_>, workdir: &Path) -> PyResult<Slot> {
    py.import("os")?.getattr("environ")?.set_item("HOME", workdir.display().to_string())?;
    let stdout = Py::new(py, OutputStream::new(1))?;
    let stderr = Py::new(py, OutputStream::new(2))?;
    let baseline = Baseline::take(py, &std::env::current_dir()?)?;
    Ok(Slot { baseline, stdout, stderr, codes: HashMap::new() })
}

/// Until told to leave, the socket closes, or an execution leaves the slot unclean.
fn serve(py: Python<'_>, slot: &mut Slot) {
    loop {
        let frame = wire::receive_idle();
        let goes_on = match frame.kind {
            FrameKind::Run => match serde_json::from_slice::<Run>(&frame.payload) {
                Ok(run) => run::execute(py, slot, run),
                Err(error) => run::refuse(py, &error.to_string()),
            },
            FrameKind::Check => serde_json::from_slice::<Check>(&frame.payload).is_ok_and(|wanted| check::check(py, &wanted)),
            // The answer to a call of an execution that has ended meanwhile.
            FrameKind::Reply => true,
            _ => false,
        };
        if !goes_on {
            return;
        }
    }
}
