//! `flowstead python FILE ARGS`: runs a script in the embedded interpreter with flow_api importable. Not for flows:
//! no sandbox, no execution, so every call of the API says that there is none.

use std::ffi::OsString;
use std::process::ExitCode;

use pyo3::prelude::*;

use super::interpreter::{self, Settings};

/// Runs the script as `__main__`.
#[allow(clippy::print_stderr, reason = "a command line tool's own error")]
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<String> = arguments.map(|a| a.to_string_lossy().into_owned()).collect();
    let Some(file) = arguments.first().cloned() else {
        eprintln!("usage: flowstead python FILE [ARGS]");
        return ExitCode::from(2);
    };
    if let Err(reason) = interpreter::start(&Settings { hash_seed: None, isolated: false }) {
        eprintln!("Python cannot be started: {reason}");
        return ExitCode::FAILURE;
    }
    Python::attach(|py| match run(py, &file, &arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit_code(py, &error),
    })
}

fn run(py: Python<'_>, file: &str, arguments: &[String]) -> PyResult<()> {
    py.import("sys")?.setattr("argv", arguments)?;
    py.import("runpy")?.call_method1("run_path", (file, py.None(), "__main__"))?;
    Ok(())
}

fn exit_code(py: Python<'_>, error: &PyErr) -> ExitCode {
    if error.is_instance_of::<pyo3::exceptions::PySystemExit>(py) {
        let code = error.value(py).getattr("code").ok();
        if let Some(text) = code.as_ref().filter(|c| c.extract::<u8>().is_err() && !c.is_none()) {
            let _ = py.import("sys").and_then(|sys| sys.getattr("stderr")?.call_method1("write", (format!("{text}\n"),)));
            return ExitCode::FAILURE;
        }
        return ExitCode::from(code.and_then(|c| c.extract::<u8>().ok()).unwrap_or(0));
    }
    error.print(py);
    ExitCode::FAILURE
}
