//! Python exceptions of `flow_api.exceptions`, made from Rust.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::protocol::Fault;
use crate::worker::convert;

use super::registry;

/// The exception `class` with this message.
pub(in crate::worker) fn new(py: Python<'_>, class: &str, message: &str) -> PyErr {
    match make(py, class, message) {
        Ok(value) => PyErr::from_value(value),
        Err(error) => error,
    }
}

/// The same, with the JSON pointer of the value that is wrong.
pub(in crate::worker) fn with_field(py: Python<'_>, class: &str, message: &str, field: &str) -> PyErr {
    let made = make(py, class, message).and_then(|value| {
        value.setattr("field", field)?;
        Ok(value)
    });
    made.map_or_else(|error| error, PyErr::from_value)
}

fn make<'py>(py: Python<'py>, class: &str, message: &str) -> PyResult<Bound<'py, PyAny>> {
    let exceptions = py.import("flow_api.exceptions")?;
    match exceptions.getattr(class) {
        Ok(class) => class.call1((message,)),
        Err(_) => Err(PyRuntimeError::new_err(format!("{class}: {message}"))),
    }
}

/// What the server answered a call with, or what a recorded step raised.
pub(in crate::worker) fn from_fault(py: Python<'_>, fault: &Fault) -> PyErr {
    let made = || -> PyResult<Bound<'_, PyAny>> {
        let data = match &fault.data {
            Some(data) => convert::decode(py, data.get())?.into_bound(py),
            None => py.None().into_bound(py),
        };
        let details = data.cast::<PyDict>().ok();
        if let Some(pickled) = details.and_then(|d| d.get_item("pickle").ok().flatten())
            && let Ok(raised) = unpickle(&pickled)
        {
            return Ok(raised);
        }
        let exceptions = py.import("flow_api.exceptions")?;
        let value = if exceptions.hasattr(fault.exception.as_str())? {
            make(py, &fault.exception, &fault.message)?
        } else {
            make(py, "InternalError", &format!("{}: {}", fault.exception, fault.message))?
        };
        if let Some(field) = &fault.field {
            value.setattr("field", field)?;
        }
        value.setattr("details", &data)?;
        if let Some(states) = details.and_then(|d| d.get_item("executions").ok().flatten()) {
            let handles = states.try_iter()?.map(|state| registry::from_state(&state?)).collect::<PyResult<Vec<_>>>()?;
            value.setattr("executions", handles)?;
        }
        Ok(value)
    };
    made().map_or_else(|error| error, PyErr::from_value)
}

/// An exception as text that [`from_fault`] can raise again; `None` where it cannot be pickled.
pub(super) fn pickle(error: &Bound<'_, PyAny>) -> Option<String> {
    let bytes = error.py().import("pickle").ok()?.call_method1("dumps", (error,)).ok()?.cast_into::<PyBytes>().ok()?;
    // Classes whose constructor takes other arguments pickle well and fail to load: tried here, not at the replay.
    let text = BASE64.encode(bytes.as_bytes());
    let back = error.py().import("pickle").ok()?.call_method1("loads", (bytes,)).ok()?;
    back.get_type().is(error.get_type()).then_some(text)
}

fn unpickle<'py>(text: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = text.py();
    let bytes = BASE64.decode(text.extract::<String>()?).map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
    py.import("pickle")?.call_method1("loads", (PyBytes::new(py, &bytes),))
}
