//! Functions that do without an audit event what others do with one, put in place of Python's own; and those whose native calls
//! are harmless, though the kernel could not tell.

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::act::Act;
use super::{is_on, meet};
use crate::worker::sandbox::listener;

/// (modules that have it, function, what a call of it is).
const WRAPPED: &[(&[&str], &str, Kind)] = &[
    (&["_posixsubprocess"], "fork_exec", Kind::Program),
    (&["posix", "os"], "mkfifo", Kind::Made),
    (&["posix", "os"], "mknod", Kind::Made),
    (&["_posixshmem"], "shm_open", Kind::SharedMemory),
    (&["_posixshmem"], "shm_unlink", Kind::SharedMemory),
    (&["_socket"], "getaddrinfo", Kind::LookUp),
    (&["_socket"], "gethostbyname", Kind::LookUp),
    (&["_socket"], "gethostbyname_ex", Kind::LookUp),
    (&["_socket"], "gethostbyaddr", Kind::LookUp),
    (&["_socket"], "getnameinfo", Kind::LookUp),
];

#[derive(Clone, Copy)]
enum Kind {
    /// Starts a program, for `subprocess` and `multiprocessing`.
    Program,
    /// Makes a node in the file system: (path, ..., dir_fd=None).
    Made,
    /// (name, flags, ...), or the name alone.
    SharedMemory,
    /// Asks who has a name; the C library connects for that.
    LookUp,
}

/// Stands in for a function.
#[pyclass(module = "flow_api", frozen)]
struct Wrapped {
    name: &'static str,
    kind: Kind,
    original: Py<PyAny>,
}

/// Puts them in place, before any other code can have taken the originals. What a Python lacks is left out.
pub(super) fn install(py: Python<'_>) -> PyResult<()> {
    let os = py.import("os")?;
    for (modules, function, kind) in WRAPPED {
        let Ok(original) = py.import(modules[0]).and_then(|module| module.getattr(*function)) else { continue };
        let wrapped = Bound::new(py, Wrapped { name: event(*kind, function), kind: *kind, original: original.clone().unbind() })?;
        for module in *modules {
            py.import(*module)?.setattr(*function, &wrapped)?;
        }
        // `os` says by these sets which functions take a descriptor of a folder.
        let set = os.getattr("supports_dir_fd")?;
        if set.contains(&original)? {
            set.call_method1("add", (&wrapped,))?;
        }
    }
    Ok(())
}

fn event(kind: Kind, function: &'static str) -> &'static str {
    match (kind, function) {
        (Kind::Program, _) => "_posixsubprocess.fork_exec",
        (Kind::Made, "mkfifo") => "os.mkfifo",
        (Kind::Made, _) => "os.mknod",
        (Kind::SharedMemory, "shm_open") => "_posixshmem.shm_open",
        (Kind::SharedMemory, _) => "_posixshmem.shm_unlink",
        (Kind::LookUp, name) => name,
    }
}

#[pymethods]
impl Wrapped {
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__(&self, py: Python<'_>, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Py<PyAny>> {
        if is_on() {
            let named = |name: &str| kwargs.and_then(|kwargs| kwargs.get_item(name).ok().flatten());
            let item = |index: usize, name: &str| args.get_item(index).ok().or_else(|| named(name));
            match self.kind {
                Kind::Program => meet(py, &Act::ForkExec, self.name, args)?,
                Kind::Made => meet(py, &Act::MADE, self.name, &PyTuple::new(py, [item(0, "path"), named("dir_fd")])?)?,
                Kind::SharedMemory => meet(py, &Act::SharedMemory, self.name, &PyTuple::new(py, [item(0, "path"), item(1, "flags")])?)?,
                Kind::LookUp => {}
            }
        }
        // What reaches outside has been told already.
        let _excuse = listener::excuse(false);
        self.original.call(py, args, kwargs)
    }

    /// Its name, its docstring and whatever else the original has.
    fn __getattr__(&self, py: Python<'_>, name: &str) -> PyResult<Py<PyAny>> {
        self.original.getattr(py, name).map_err(|_| PyAttributeError::new_err(name.to_owned()))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.original.bind(py).repr()?.to_string())
    }
}
