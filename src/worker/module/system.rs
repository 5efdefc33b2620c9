//! The core of `system`: who and where the execution is. The face adds an accessor and a listing per record type.

use pyo3::prelude::*;

use crate::protocol::Op;
use crate::worker::{convert, session};

use super::listing::RecordIterator;
use super::{record, registry};

/// What a flow can reach.
#[pyclass(subclass, module = "flow_api", frozen)]
pub struct System;

#[pymethods]
#[allow(clippy::unused_self, reason = "there is one system; methods are the contract")]
impl System {
    #[new]
    fn new() -> System {
        System
    }

    fn get_own_user<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        own(py, Op::OwnUser, "user")
    }

    fn get_own_workspace<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        own(py, Op::OwnWorkspace, "workspace")
    }

    fn get_own_client<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        own(py, Op::OwnWorkspace, "workspace")
    }

    fn get_env_name(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        session::guard(py)?;
        session::call_value(py, Op::EnvName, "", "{}")
    }

    /// A listing: `query` is what the server gets, `keep` chooses by name, `limit` ends it.
    #[pyo3(signature = (singular, query, keep=None, limit=None))]
    fn _list(&self, singular: String, query: &Bound<'_, PyAny>, keep: Option<Py<PyAny>>, limit: Option<usize>) -> PyResult<RecordIterator> {
        Ok(RecordIterator::new(singular, convert::encode(query)?, keep, limit))
    }

    fn __repr__(&self) -> &'static str {
        "<System>"
    }

    fn __getattr__(slf: &Bound<'_, Self>, name: &str) -> PyResult<Py<PyAny>> {
        Err(record::no_attribute(slf.as_any(), name))
    }
}

fn own<'py>(py: Python<'py>, op: Op, singular: &str) -> PyResult<Bound<'py, PyAny>> {
    session::guard(py)?;
    let answer = session::call_value(py, op, "", "{}")?.into_bound(py);
    let id: String = answer.get_item("id")?.extract()?;
    let name: Option<String> = answer.get_item("name")?.extract()?;
    registry::handle(py, singular, Some(&id), name.as_deref())
}
