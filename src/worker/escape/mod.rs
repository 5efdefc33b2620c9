//! Watches for flow code that reaches outside flow_api: a replay could repeat what it does there, and nobody would know.
//!
//! A native audit hook, set in the zygote and inherited by every slot, looks at each event of Python. The first act of an epoch
//! that reaches outside is told to the server, and stands still until that is on disk. Native code that raises no audit event is
//! seen by the kernel (`sandbox/listener.rs`), which knows no line.
#![allow(unsafe_code)]

mod act;
mod file;
pub(super) mod place;
mod wrapped;

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::protocol::{Escape, FrameKind, Run, SandboxLine};

use super::sandbox::listener;
use super::{session, travel, wire};
use act::Act;

/// The gate lives beside the socket, where flows that close what they see miss it.
const GATE_FD: RawFd = 900;

static GATE: AtomicI32 = AtomicI32::new(-1);
/// An execution runs whose acts are looked at.
static IS_ON: AtomicBool = AtomicBool::new(false);
/// Touched under the interpreter lock only, and never held while Python code can run.
static WATCH: Mutex<Option<Watch>> = Mutex::new(None);

thread_local! {
    /// The hook is at work on this thread: what it does itself is no act of the flow.
    static IS_BUSY: Cell<bool> = const { Cell::new(false) };
}

struct Watch {
    script: String,
    /// On disk, by this attempt or an earlier one: later acts pass at once.
    is_recorded: bool,
    /// Why the slot must not be used again.
    unclean: Option<&'static str>,
    /// Functions of steps that run now.
    steps: Vec<Step>,
}

struct Step {
    number: u64,
    thread: libc::pthread_t,
    /// It began as the only thread, so all others that there are now are its own.
    is_alone: bool,
}

type Hook = unsafe extern "C" fn(*const c_char, *mut ffi::PyObject, *mut c_void) -> c_int;

unsafe extern "C" {
    fn PySys_AddAuditHook(hook: Hook, data: *mut c_void) -> c_int;
}

/// Sets the hook for this process and its forks. CPython has no way to take it away again.
pub(super) fn install(py: Python<'_>) -> PyResult<()> {
    // SAFETY: the function lives as long as the process and takes no data.
    if unsafe { PySys_AddAuditHook(on_event, std::ptr::null_mut()) } != 0 {
        return Err(PyErr::fetch(py));
    }
    wrapped::install(py)
}

/// Folders of packages, which nobody can write to: loading a library from there is part of an import.
static PACKAGES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Says that a folder holds the packages of this zygote's flows.
pub(super) fn is_packages(folder: &str) {
    let folder = PathBuf::from(folder);
    PACKAGES.lock().expect("no panic happens under this lock").push(folder.canonicalize().unwrap_or(folder));
}

/// Whether a library is one of a package.
fn is_of_package(library: &Path) -> bool {
    let folders = PACKAGES.lock().expect("no panic happens under this lock");
    // Packages name their libraries in roundabout ways.
    !folders.is_empty() && library.canonicalize().is_ok_and(|library| folders.iter().any(|folder| library.starts_with(folder)))
}

/// What `doctor` says of it. Installing it either succeeds or ends the zygote.
pub(super) fn report() -> SandboxLine {
    let detail = "by Python's audit events".to_owned();
    SandboxLine { part: "watch on acts outside".to_owned(), holds: true, detail }
}

/// What a slot brings along: its end of the gate, its work directory, and whether the kernel keeps it to that.
pub(super) fn open(gate: RawFd, workdir: &Path, is_jailed: bool) -> std::io::Result<()> {
    // SAFETY: plain descriptor calls on a descriptor that this process owns.
    let high = unsafe { libc::fcntl(gate, libc::F_DUPFD_CLOEXEC, GATE_FD) };
    if high >= 0 {
        // SAFETY: as above; the low number is not used again.
        unsafe { libc::close(gate) };
    }
    GATE.store(if high >= 0 { high } else { gate }, Ordering::Relaxed);
    file::open(workdir, is_jailed)
}

/// Begins to watch an execution.
pub(super) fn begin(run: &Run) {
    let watch = Watch { script: run.script_name.clone(), is_recorded: run.escaped, unclean: None, steps: Vec::new() };
    *lock() = Some(watch);
    IS_ON.store(true, Ordering::Relaxed);
}

/// Ends it, and says why the slot must not be used again, if it must not.
pub(super) fn end() -> Option<String> {
    IS_ON.store(false, Ordering::Relaxed);
    lock().take().and_then(|watch| watch.unclean).map(str::to_owned)
}

/// While this lives, what the calling thread does belongs to a step; and what other threads do, if the step began as the only one.
pub(super) fn cover() -> Cover {
    static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let is_alone = has_one_thread();
    if let Some(watch) = lock().as_mut() {
        watch.steps.push(Step { number, thread: this_thread(), is_alone });
    }
    Cover { number, _excuse: listener::excuse(is_alone) }
}

pub(super) struct Cover {
    number: u64,
    /// For the kernel, which sees what native code does.
    _excuse: listener::Excuse,
}

impl Drop for Cover {
    fn drop(&mut self) {
        if let Some(watch) = lock().as_mut() {
            watch.steps.retain(|step| step.number != self.number);
        }
    }
}

/// The number of the step whose function this thread runs.
pub(super) fn innermost_step() -> Option<u64> {
    let thread = this_thread();
    lock().as_ref()?.steps.iter().rfind(|step| step.thread == thread).map(|step| step.number)
}

/// Whether the function of this step still runs.
pub(super) fn is_step(number: u64) -> bool {
    lock().as_ref().is_some_and(|watch| watch.steps.iter().any(|step| step.number == number))
}

/// Whether acts are looked at.
fn is_on() -> bool {
    IS_ON.load(Ordering::Relaxed)
}

fn lock() -> std::sync::MutexGuard<'static, Option<Watch>> {
    WATCH.lock().expect("no panic happens under this lock")
}

fn this_thread() -> libc::pthread_t {
    // SAFETY: cannot fail.
    unsafe { libc::pthread_self() }
}

fn has_one_thread() -> bool {
    // SAFETY: the caller holds the interpreter lock, so no thread state comes or goes meanwhile.
    unsafe {
        let first = ffi::PyInterpreterState_ThreadHead(ffi::PyInterpreterState_Get());
        first.is_null() || ffi::PyThreadState_Next(first).is_null()
    }
}

unsafe extern "C" fn on_event(event: *const c_char, args: *mut ffi::PyObject, _data: *mut c_void) -> c_int {
    if !IS_ON.load(Ordering::Relaxed) {
        return 0;
    }
    // SAFETY: CPython hands over a text that ends with a zero byte.
    let event = unsafe { CStr::from_ptr(event) };
    let Some(act) = Act::find(event.to_bytes()) else { return 0 };
    if args.is_null() {
        return 0;
    }
    // SAFETY: audit hooks are called under the interpreter lock, with a tuple of arguments that outlives the call.
    unsafe {
        Python::attach_unchecked(|py| {
            let Ok(args) = Bound::from_borrowed_ptr(py, args).cast_into::<PyTuple>() else { return 0 };
            match meet(py, &act, &event.to_string_lossy(), &args) {
                Ok(()) => 0,
                Err(error) => {
                    error.restore(py);
                    -1
                }
            }
        })
    }
}

/// A watched event. Fails with what a signal handler raised meanwhile; then the act does not happen.
fn meet(py: Python<'_>, act: &Act, event: &str, args: &Bound<'_, PyTuple>) -> PyResult<()> {
    // A child that the flow forked has escaped already, and must not speak for the execution.
    if IS_BUSY.get() || !wire::is_owner() {
        return Ok(());
    }
    if matches!(act, Act::Hook) {
        soil("the flow added an audit hook, which stays");
        return Ok(());
    }
    if is_covered() {
        return Ok(());
    }
    IS_BUSY.set(true);
    let met = match act.judge(args) {
        Some(argument) => tell(py, event, argument),
        None => Ok(()),
    };
    IS_BUSY.set(false);
    met?;
    py.check_signals()
}

fn is_covered() -> bool {
    let thread = this_thread();
    lock().as_ref().is_none_or(|watch| watch.steps.iter().any(|step| step.is_alone || step.thread == thread))
}

fn soil(why: &'static str) {
    if let Some(watch) = lock().as_mut() {
        watch.unclean.get_or_insert(why);
    }
}

/// Tells the server, and waits until that is on disk. The interpreter lock is held meanwhile: no other thread may reach outside before.
fn tell(py: Python<'_>, event: &str, argument: String) -> PyResult<()> {
    soil("the flow reached outside flow_api");
    if travel::is_on() {
        let place = place::find(py, &lock().as_ref().map(|watch| watch.script.clone()).unwrap_or_default());
        let escape = Escape { event: event.to_owned(), argument, file: place.file, line: place.line, function: place.function };
        return Err(travel::refuse(py, escape));
    }
    let Some(script) = lock().as_ref().filter(|watch| !watch.is_recorded).map(|watch| watch.script.clone()) else { return Ok(()) };
    let place = place::find(py, &script);
    let escape = Escape { event: event.to_owned(), argument, file: place.file, line: place.line, function: place.function };
    let payload = serde_json::to_vec(&escape).expect("texts and a number are JSON");
    let (seq, _) = session::position();
    wire::send(py, FrameKind::Escape, seq, &payload)?;
    wait_at_gate();
    if let Some(watch) = lock().as_mut() {
        watch.is_recorded = true;
    }
    Ok(())
}

fn wait_at_gate() {
    let mut byte = 0_u8;
    loop {
        // SAFETY: the pointer is that of one byte.
        let n = unsafe { libc::read(GATE.load(Ordering::Relaxed), (&raw mut byte).cast(), 1) };
        if n == 1 {
            return;
        }
        if n == 0 || std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted {
            // The server is gone, or the flow closed the gate: then nothing can be made sure of.
            wire::lost();
        }
    }
}
