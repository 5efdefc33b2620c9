//! The classes of the Python face by record type, handles made from answers, and small services for the face.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyType};

use crate::error;
use crate::protocol::Op;
use crate::records::{self, Kind, TYPES};
use crate::worker::stream::{self, Entry};
use crate::worker::{convert, session};

use super::exception;

struct Classes {
    system: Py<PyType>,
    by_type: Py<PyDict>,
}

static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

/// Called once by the face: its System class, and its record classes by singular name.
#[pyfunction]
pub(super) fn _register(py: Python<'_>, system: Py<PyType>, by_type: Py<PyDict>) {
    let _ = CLASSES.set(py, Classes { system, by_type });
}

fn classes(py: Python<'_>) -> PyResult<&'static Classes> {
    CLASSES.get(py).ok_or_else(|| exception::new(py, "InternalError", "flow_api is not loaded."))
}

/// `system` and `this` of an execution.
pub(in crate::worker) fn handles<'py>(py: Python<'py>, id: &str, name: &str) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let system = classes(py)?.system.bind(py).call0()?;
    Ok((system, handle(py, "execution", Some(id), Some(name))?))
}

/// A handle of this type. With neither id nor name it is a new record.
pub(super) fn handle<'py>(py: Python<'py>, singular: &str, id: Option<&str>, name: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
    let Some(class) = classes(py)?.by_type.bind(py).get_item(singular)? else {
        return Err(exception::new(py, "InternalError", &format!("There is no record type '{singular}' in this version.")));
    };
    let made = class.call0()?;
    made.call_method1("_point", (id, name))?;
    Ok(made)
}

/// A handle from a `ChildState` as a dict.
pub(super) fn from_state<'py>(state: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let id: String = state.get_item("id")?.extract()?;
    let name: Option<String> = state.get_item("name")?.extract()?;
    handle(state.py(), "execution", Some(&id), name.as_deref())
}

/// A handle for the face.
#[pyfunction]
pub(super) fn _handle<'py>(py: Python<'py>, singular: &str, id: Option<&str>, name: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
    handle(py, singular, id, name)
}

/// The operation with this wire name.
pub(super) fn operation(py: Python<'_>, name: &str) -> PyResult<Op> {
    serde_json::from_value::<Op>(serde_json::Value::String(name.to_owned()))
        .map_err(|_| exception::new(py, "InternalError", &format!("There is no operation '{name}'.")))
}

/// A numbered call for the face.
#[pyfunction]
pub(super) fn _ask(py: Python<'_>, op: &str, target: &str, args: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    let op = operation(py, op)?;
    session::guard(py)?;
    session::call_value(py, op, target, &convert::encode(args)?)
}

/// `(singular, plural, class name, doc, is_named, readable fields, [(accessor, column, type it points to)])` of every type.
#[pyfunction]
pub(super) fn _record_types(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for ty in TYPES {
        let readable: Vec<&str> = ty.readable().map(|f| f.name).collect();
        let pointers: Vec<(&str, &str, &str)> = ty
            .fields()
            .filter(|field| field.is_readable() && ty.has_place(field))
            .filter_map(|field| match field.kind {
                Kind::Reference(name) => Some((field.name.strip_suffix("_id")?, field.name, records::find(name)?.singular)),
                _ => None,
            })
            .collect();
        list.append((ty.singular, ty.plural, ty.class_name(), ty.doc, ty.is_named(), readable, pointers))?;
    }
    Ok(list)
}

/// `" Did you mean 'x'?"`, or nothing.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "arguments extracted from Python are owned")]
pub(super) fn _near(wanted: &str, names: Vec<String>) -> String {
    error::did_you_mean(wanted, names.iter().map(String::as_str))
}

/// An entry of the logging module.
#[pyfunction]
pub(super) fn _log_record(py: Python<'_>, level: &str, message: &str) -> PyResult<()> {
    if !session::is_running() {
        return Ok(());
    }
    stream::log(py, &Entry { level, stream: Some("logging"), message, data: None })
}

/// What `random` is seeded with when a flow imports it.
#[pyfunction]
pub(super) fn _seed() -> Option<u64> {
    session::seed()
}
