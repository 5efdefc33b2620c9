//! `system.flows(...)`: handles of a snapshot of ids, taken when the iteration starts.

use std::sync::Mutex;

use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::protocol::Op;
use crate::worker::session;

use super::registry;

/// Gives handles of the records that a listing found.
#[pyclass(module = "flow_api", frozen)]
pub struct RecordIterator {
    singular: String,
    args: String,
    /// Keeps only handles for whose name it is true.
    keep: Option<Py<PyAny>>,
    limit: Option<usize>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    found: Option<Py<PyList>>,
    next: usize,
    given: usize,
}

impl RecordIterator {
    pub(super) fn new(singular: String, args: String, keep: Option<Py<PyAny>>, limit: Option<usize>) -> RecordIterator {
        RecordIterator { singular, args, keep, limit, state: Mutex::default() }
    }

    fn found<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let known = self.state.lock().expect("no panic happens under this lock").found.as_ref().map(|f| f.clone_ref(py));
        if let Some(found) = known {
            return Ok(found.into_bound(py));
        }
        session::guard(py)?;
        let found = session::call_value(py, Op::RecordList, &self.singular, &self.args)?.into_bound(py).cast_into::<PyList>()?;
        self.state.lock().expect("no panic happens under this lock").found = Some(found.clone().unbind());
        Ok(found)
    }

    fn advance(&self) -> (usize, usize) {
        let mut state = self.state.lock().expect("no panic happens under this lock");
        state.next += 1;
        (state.next - 1, state.given)
    }
}

#[pymethods]
impl RecordIterator {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let found = self.found(py)?;
        loop {
            let (index, given) = self.advance();
            if index >= found.len() || self.limit.is_some_and(|limit| given >= limit) {
                return Ok(None);
            }
            let row = found.get_item(index)?;
            let id: String = row.get_item("id")?.extract()?;
            let name: Option<String> = row.get_item("name")?.extract()?;
            if let Some(keep) = &self.keep
                && !keep.bind(py).call1(PyTuple::new(py, [&name])?)?.is_truthy()?
            {
                continue;
            }
            self.state.lock().expect("no panic happens under this lock").given += 1;
            return registry::handle(py, &self.singular, Some(&id), name.as_deref()).map(Some);
        }
    }
}
