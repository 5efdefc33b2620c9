//! One blocking call at a time, whatever thread: a Python lock, since waiting for it can be interrupted by a cancel.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use super::module::exception;
use super::{event_loop, wire};

pub(super) struct CallLock<'py> {
    lock: Bound<'py, PyAny>,
}

static LOCK: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
/// The thread that holds it, 0 for none.
static HOLDER: AtomicU64 = AtomicU64::new(0);

/// Whether a thread beside the main one reads the socket, for a call of its own.
pub(super) fn is_held_elsewhere() -> bool {
    let holder = HOLDER.load(Ordering::Relaxed);
    holder != 0 && holder != wire::main_thread()
}

impl<'py> CallLock<'py> {
    pub(super) fn acquire(py: Python<'py>) -> PyResult<CallLock<'py>> {
        let this_thread = wire::this_thread();
        if HOLDER.load(Ordering::Relaxed) == this_thread {
            let message = "A signal handler of the flow called flow_api while another call waits; it may only log.";
            return Err(exception::new(py, "InternalError", message));
        }
        let lock = LOCK.get_or_try_init(py, || py.import("_thread")?.call_method0("allocate_lock").map(Bound::unbind))?;
        let lock = lock.bind(py).clone();
        lock.call_method0(pyo3::intern!(py, "acquire"))?;
        HOLDER.store(this_thread, Ordering::Relaxed);
        let held = CallLock { lock };
        held.nudge_loop()?;
        Ok(held)
    }

    /// An event loop that waits on the socket too must leave it to this thread, and come back when it is done.
    fn nudge_loop(&self) -> PyResult<()> {
        if wire::this_thread() == wire::main_thread() {
            return Ok(());
        }
        event_loop::nudge(self.lock.py())
    }
}

impl Drop for CallLock<'_> {
    fn drop(&mut self) {
        HOLDER.store(0, Ordering::Relaxed);
        let _ = self.lock.call_method0(pyo3::intern!(self.lock.py(), "release"));
        let _ = self.nudge_loop();
    }
}
