//! Where the flow stands, told when the server asks for it: a signal whose handler in Python's main thread looks at the
//! frames and sends them one way. It takes no number, draws no random number and waits for nothing, so that a replay
//! does not notice it; native code that never comes back to Python is not looked into.

use pyo3::exceptions::{PyAttributeError, PyKeyError, PyMemoryError, PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::protocol::{FrameKind, LOOK_SIGNAL};

use super::{convert, event_loop, session, wire};

/// Installs the handler; slots inherit it.
pub(super) fn install(py: Python<'_>) -> PyResult<()> {
    let handler = py.import("_flow_api")?.getattr("_on_look")?;
    py.import("_signal")?.call_method1("signal", (LOOK_SIGNAL, handler)).map(drop)
}

/// Python's handler of the signal. `frame` is the innermost of the main thread.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "arguments extracted from Python are owned")]
pub(super) fn _on_look(py: Python<'_>, _signum: i32, frame: Py<PyAny>) -> PyResult<()> {
    if !session::is_running() {
        return Ok(());
    }
    match tell(py, &frame) {
        // What came out of another handler meanwhile, such as a cancel or a time limit of the flow, is the flow's.
        Err(error) if !is_own(py, &error) => Err(error),
        _ => Ok(()),
    }
}

fn tell(py: Python<'_>, frame: &Py<PyAny>) -> PyResult<()> {
    let (Some(id), Some(script)) = (session::execution_id(), session::with(|s| s.script.clone())) else { return Ok(()) };
    let found = py.import("flow_api._where")?.call_method1("look", (frame, script, event_loop::running(py)))?.cast_into::<PyDict>()?;
    found.set_item("execution_id", id.to_string())?;
    let text = convert::encode(found.as_any())?;
    wire::send(py, FrameKind::Stack, 0, text.as_bytes())
}

/// What looking can run into by itself: no room for one more call, or objects that are not what they seem. Then nothing is told.
fn is_own(py: Python<'_>, error: &PyErr) -> bool {
    !session::is_signal(error.value(py).as_any())
        && (error.is_instance_of::<PyRuntimeError>(py)
            || error.is_instance_of::<PyMemoryError>(py)
            || error.is_instance_of::<PyAttributeError>(py)
            || error.is_instance_of::<PyKeyError>(py)
            || error.is_instance_of::<PyTypeError>(py))
}
