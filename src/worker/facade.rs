//! The Python files of `flow_api`, compiled into the binary, and the finder that serves them to `import`.

use pyo3::prelude::*;
use pyo3::types::PyDict;

macro_rules! sources {
    ($($name:literal => $path:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/python/flow_api/", $path)))),*]
    };
}

/// Module name and source; the finder itself is not importable.
const SOURCES: &[(&str, &str)] = sources! {
    "flow_api" => "__init__.py",
    "flow_api.connectors" => "connectors.py",
    "flow_api.content" => "content.py",
    "flow_api.exceptions" => "exceptions.py",
    "flow_api.inputs" => "inputs.py",
    "flow_api.return_when" => "return_when.py",
    "flow_api._execution" => "_execution.py",
    "flow_api._handler" => "_handler.py",
    "flow_api._loop" => "_loop.py",
    "flow_api._record" => "_record.py",
    "flow_api._message" => "_message.py",
    "flow_api._system" => "_system.py",
    "flow_api._lack" => "_lack.py",
    "flow_api._logging" => "_logging.py",
    "flow_api._traceback" => "_traceback.py",
    "flow_api._travel" => "_travel.py",
    "flow_api._clone" => "_clone.py",
    "flow_api._check" => "_check.py",
    "flow_api._describe" => "_describe.py",
    "flow_api._schema" => "_schema.py",
    "flow_api._shape" => "_shape.py",
    "flow_api._webhook" => "_webhook.py",
    "flow_api._wrapper" => "_wrapper.py",
    "flow_api._where" => "_where.py",
};
const FINDER: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/python/flow_api/_finder.py"));

/// Makes `flow_api` importable and imports it.
pub(super) fn install(py: Python<'_>) -> PyResult<()> {
    let sources = PyDict::new(py);
    for (name, source) in SOURCES {
        sources.set_item(name, source)?;
    }
    let scope = PyDict::new(py);
    scope.set_item("__name__", "flow_api._finder")?;
    scope.set_item("SOURCES", sources)?;
    let builtins = py.import("builtins")?;
    let code = builtins.getattr("compile")?.call1((FINDER, "<flow_api._finder>", "exec"))?;
    builtins.getattr("exec")?.call1((code, scope))?;
    py.import("flow_api")?;
    Ok(())
}
