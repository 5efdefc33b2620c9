//! What the event loop of the Python face needs of the native side.

use pyo3::prelude::*;

use crate::protocol::Op;
use crate::worker::event_loop::{self, EventLoop, Idle};
use crate::worker::{call_lock, convert, wire};

use super::registry;

/// State, number, time, value, exception: `given` for the answer of a call, `timer` for a timer; else `cancel`, `hold` or `live`.
type Told = (&'static str, i64, Option<f64>, Option<Py<PyAny>>, Option<Py<PyAny>>);

/// Takes the hub of the loop and the class of its cancels; None lets it go.
#[pyfunction]
#[pyo3(signature = (hub, cancelled=None))]
pub(super) fn _attach(hub: Option<Py<PyAny>>, cancelled: Option<Py<PyAny>>) {
    event_loop::attach(hub.zip(cancelled).map(|(hub, cancelled)| EventLoop { hub, cancelled }));
}

/// The descriptor that answers come in on.
#[pyfunction]
pub(super) fn _socket() -> i32 {
    wire::descriptor()
}

/// Makes a numbered call and gives its number.
#[pyfunction]
pub(super) fn _begin(py: Python<'_>, op: &str, target: &str, args: &Bound<'_, PyAny>) -> PyResult<u32> {
    let op: Op = registry::operation(py, op)?;
    event_loop::call(py, op, target, &convert::encode(args)?)
}

/// Nobody awaits this call any more.
#[pyfunction]
pub(super) fn _abandon(py: Python<'_>, seq: u32) -> PyResult<()> {
    event_loop::abandon(py, seq)
}

/// What a flow that has nothing left to do is told.
#[pyfunction]
pub(super) fn _next(py: Python<'_>) -> PyResult<Told> {
    Ok(match event_loop::next(py)? {
        Idle::Give { seq, at, answer } => {
            #[allow(clippy::cast_precision_loss, reason = "microseconds of a few years are exact")]
            let at = at.map(|micros| micros as f64 / 1e6);
            match answer {
                Ok(value) => ("given", seq.into(), at, Some(value), None),
                Err(error) => ("given", seq.into(), at, None, Some(event_loop::exception(py, error).into_any())),
            }
        }
        Idle::Timer(number) => ("timer", number, None, None, None),
        Idle::Cancel => ("cancel", 0, None, None, None),
        Idle::Hold => ("hold", 0, None, None, None),
        Idle::Live => ("live", 0, None, None, None),
    })
}

/// A timer of the loop went off.
#[pyfunction]
pub(super) fn _went_off(timer: i64) {
    event_loop::went_off(timer);
}

/// Takes in the answers that are there.
#[pyfunction]
pub(super) fn _read() {
    event_loop::read();
}

/// Whether another thread reads the socket, for a call of its own.
#[pyfunction]
pub(super) fn _is_read_elsewhere() -> bool {
    call_lock::is_held_elsewhere()
}

/// Tells the server that the handler only awaits, or goes on by itself.
#[pyfunction]
#[pyo3(signature = (only, timer=None))]
pub(super) fn _say(py: Python<'_>, only: bool, timer: Option<f64>) -> PyResult<()> {
    event_loop::say(py, only, timer)
}

/// The replay waits for what cannot happen.
#[pyfunction]
pub(super) fn _stand_still(py: Python<'_>) {
    event_loop::stand_still(py);
}
