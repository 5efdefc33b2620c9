//! The signals a slot acts on: a request to cancel, and CPU time used up. Both raise on the main thread, out of
//! whatever Python waits in; code that swallows them meets them again at its next call.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;

use crate::protocol::{CANCEL_SIGNAL, Outcome};

use super::{session, wire};

/// The kernel repeats SIGXCPU every second; code that does not react to this many is ended.
const LAST_WARNING: u32 = 5;

static WARNINGS: AtomicU32 = AtomicU32::new(0);

/// Installs the handlers; slots inherit them.
pub(super) fn install(py: Python<'_>) -> PyResult<()> {
    let signal = py.import("_signal")?;
    let native = py.import("_flow_api")?;
    signal.call_method1("signal", (CANCEL_SIGNAL, native.getattr("_on_cancel")?))?;
    signal.call_method1("signal", (libc::SIGXCPU, native.getattr("_on_cpu_limit")?))?;
    // SAFETY: the handler only does what is allowed in one; Python's own, installed above, is called through it.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = count_and_pass as *const () as usize;
        libc::sigaction(libc::SIGXCPU, &raw const action, std::ptr::null_mut());
    }
    Ok(())
}

/// Before an execution: what came for an earlier one is forgotten.
pub(super) fn reset(py: Python<'_>) {
    WARNINGS.store(0, Ordering::Relaxed);
    // No execution is there yet, so the handlers do nothing.
    let _ = py.check_signals();
}

/// Whether the flow put its own handler in place of ours.
pub(super) fn is_replaced(py: Python<'_>) -> bool {
    let ours = || -> PyResult<bool> {
        let signal = py.import("_signal")?;
        let native = py.import("_flow_api")?;
        Ok(signal.call_method1("getsignal", (CANCEL_SIGNAL,))?.is(native.getattr("_on_cancel")?))
    };
    !ours().unwrap_or(false)
}

extern "C" fn count_and_pass(signal: libc::c_int) {
    if WARNINGS.fetch_add(1, Ordering::Relaxed) + 1 >= LAST_WARNING {
        // SAFETY: all of these are async-signal-safe; the default action ends the process, which tells the server why.
        unsafe {
            libc::signal(libc::SIGXCPU, libc::SIG_DFL);
            let mut only = std::mem::zeroed();
            libc::sigemptyset(&raw mut only);
            libc::sigaddset(&raw mut only, libc::SIGXCPU);
            libc::sigprocmask(libc::SIG_UNBLOCK, &raw const only, std::ptr::null_mut());
            libc::raise(libc::SIGXCPU);
        }
    }
    // SAFETY: documented as safe in a signal handler and without the interpreter lock.
    unsafe { ffi::PyErr_SetInterruptEx(signal) };
}

/// Python's handler of the cancel signal.
#[pyfunction]
pub(super) fn _on_cancel(py: Python<'_>, _signum: i32, _frame: Py<PyAny>) -> PyResult<()> {
    if !session::is_running() || (session::is_cancelled() && session::is_handling(py)) {
        return Ok(());
    }
    Err(session::cancel(py))
}

/// Python's handler of SIGXCPU.
#[pyfunction]
pub(super) fn _on_cpu_limit(py: Python<'_>, _signum: i32, _frame: Py<PyAny>) -> PyResult<()> {
    if !wire::is_owner() || !session::is_running() {
        return Ok(());
    }
    let message = format!("The execution used up its CPU time of {} seconds.", session::cpu_limit());
    let outcome = Outcome::Error { message: message.clone(), hint: None, data: None };
    Err(session::raise(py, "ExecutionError", &message, outcome))
}
