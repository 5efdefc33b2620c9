//! The signals a slot acts on: a request to cancel, and CPU time used up. Both raise on the main thread, out of
//! whatever Python waits in; code that swallows them meets them again at its next call.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;

use crate::protocol::{CANCEL_SIGNAL, LOOK_SIGNAL, Outcome};

use super::handled::is_handling;
use super::{event_loop, session, wire};

/// The kernel repeats SIGXCPU every second; code that does not react to this many is ended.
const LAST_WARNING: u32 = 5;

/// A signal that arrives just before a blocking call is not seen by it, and what it raises in a destructor or a callback is swallowed there; so a
/// cancel is repeated until the flow ends or cleans up.
const REPEAT_NS: libc::c_long = 50_000_000;

static WARNINGS: AtomicU32 = AtomicU32::new(0);
/// A cancel that has not ended the flow yet.
static PENDING: AtomicBool = AtomicBool::new(false);
/// The server asked for a cancel. That ends the use of this slot, so it can only mean the execution that is here or about to begin.
static ASKED: AtomicBool = AtomicBool::new(false);
/// The timer that repeats it, once the slot has made one; its first handle may be zero.
static HAS_TIMER: AtomicBool = AtomicBool::new(false);
static TIMER: AtomicPtr<libc::c_void> = AtomicPtr::new(std::ptr::null_mut());

/// Installs the handlers; slots inherit them.
pub(super) fn install(py: Python<'_>) -> PyResult<()> {
    let signal = py.import("_signal")?;
    let native = py.import("_flow_api")?;
    signal.call_method1("signal", (CANCEL_SIGNAL, native.getattr("_on_cancel")?))?;
    signal.call_method1("signal", (libc::SIGXCPU, native.getattr("_on_cpu_limit")?))?;
    // SAFETY: the handlers only do what is allowed in one; Python's own, installed above, are called through them.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = count_and_pass as *const () as usize;
        libc::sigaction(libc::SIGXCPU, &raw const action, std::ptr::null_mut());
        action.sa_sigaction = repeat_and_pass as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        libc::sigaction(CANCEL_SIGNAL, &raw const action, std::ptr::null_mut());
    }
    Ok(())
}

/// Makes the timer of this slot: timers are not inherited.
pub(super) fn make_timer() {
    // SAFETY: plain data that the kernel reads and fills.
    unsafe {
        let mut event: libc::sigevent = std::mem::zeroed();
        event.sigev_notify = libc::SIGEV_SIGNAL;
        event.sigev_signo = CANCEL_SIGNAL;
        let mut timer = std::ptr::null_mut();
        if libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer) == 0 {
            TIMER.store(timer, Ordering::Relaxed);
            HAS_TIMER.store(true, Ordering::Relaxed);
        }
    }
}

extern "C" fn repeat_and_pass(signal: libc::c_int, info: *const libc::siginfo_t, _context: *const libc::c_void) {
    // SAFETY: the kernel hands over valid information; timer_settime and PyErr_SetInterruptEx may be called in a handler.
    unsafe {
        let interrupted = *libc::__errno_location();
        if (*info).si_code == libc::SI_TIMER && !PENDING.load(Ordering::Relaxed) {
            return;
        }
        if (*info).si_code != libc::SI_TIMER {
            ASKED.store(true, Ordering::Relaxed);
        }
        PENDING.store(true, Ordering::Relaxed);
        ffi::PyErr_SetInterruptEx(signal);
        repeat();
        *libc::__errno_location() = interrupted;
    }
}

/// Lets the timer send the cancel once more. Safe in a signal handler, where `errno` is the caller's to keep.
fn repeat() {
    if HAS_TIMER.load(Ordering::Relaxed) {
        // SAFETY: the handle is of a timer that lives as long as the process; plain data.
        unsafe {
            let mut once: libc::itimerspec = std::mem::zeroed();
            once.it_value.tv_nsec = REPEAT_NS;
            libc::timer_settime(TIMER.load(Ordering::Relaxed), 0, &raw const once, std::ptr::null_mut());
        }
    }
}

/// The handler has come to its end: a cancel need not be repeated.
pub(super) fn settle() {
    PENDING.store(false, Ordering::Relaxed);
}

/// Before an execution: what came for an earlier one is forgotten.
pub(super) fn reset(py: Python<'_>) {
    WARNINGS.store(0, Ordering::Relaxed);
    settle();
    // No execution is there yet, so the handlers do nothing.
    let _ = py.check_signals();
}

/// Once the execution is there: a cancel that came before it, while its slot was made ready, is for it.
pub(super) fn renew() {
    if ASKED.load(Ordering::Relaxed) {
        PENDING.store(true, Ordering::Relaxed);
        // SAFETY: may be called anywhere, with and without the interpreter lock.
        unsafe { ffi::PyErr_SetInterruptEx(CANCEL_SIGNAL) };
        repeat();
    }
}

/// Whether the flow put its own handler in place of one of ours.
pub(super) fn is_replaced(py: Python<'_>) -> bool {
    let ours = || -> PyResult<bool> {
        let signal = py.import("_signal")?;
        let native = py.import("_flow_api")?;
        let is_ours =
            |number: i32, name: &str| -> PyResult<bool> { Ok(signal.call_method1("getsignal", (number,))?.is(native.getattr(name)?)) };
        Ok(is_ours(CANCEL_SIGNAL, "_on_cancel")? && is_ours(LOOK_SIGNAL, "_on_look")?)
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
    unsafe {
        let interrupted = *libc::__errno_location();
        ffi::PyErr_SetInterruptEx(signal);
        *libc::__errno_location() = interrupted;
    }
}

/// Python's handler of the cancel signal.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "arguments extracted from Python are owned")]
pub(super) fn _on_cancel(py: Python<'_>, _signum: i32, frame: Py<PyAny>) -> PyResult<()> {
    // The tasks of an async handler are cancelled once: a second time would come out of their cleaning up.
    if !session::is_running() || (session::is_cancelled() && (event_loop::is_there() || is_handling(py))) {
        settle();
        return Ok(());
    }
    let error = session::cancel(py);
    if event_loop::interrupt(py, &frame) { Err(error) } else { Ok(()) }
}

/// Python's handler of SIGXCPU.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "arguments extracted from Python are owned")]
pub(super) fn _on_cpu_limit(py: Python<'_>, _signum: i32, frame: Py<PyAny>) -> PyResult<()> {
    if !wire::is_owner() || !session::is_running() {
        return Ok(());
    }
    let message = format!("The execution used up its CPU time of {} seconds.", session::cpu_limit());
    let outcome = Outcome::Error { message: message.clone(), hint: None, data: None, after: None };
    let error = session::raise(py, "ExecutionError", &message, outcome);
    if event_loop::interrupt(py, &frame) { Err(error) } else { Ok(()) }
}
