//! Starts the embedded interpreter: isolated, with its home baked in, nothing guessed from the surroundings.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString};
use std::path::PathBuf;

use pyo3::ffi;
use pyo3::prelude::*;

use super::facade;
use super::module::_flow_api;

/// How the interpreter is to be.
pub(super) struct Settings {
    /// `None`: random.
    pub hash_seed: Option<u32>,
    /// Closed to environment variables and the user's own packages. Only the check of the typings opens it.
    pub isolated: bool,
}

/// Starts Python on this thread and makes `flow_api` importable. Once a process.
pub(super) fn start(settings: &Settings) -> Result<(), String> {
    pyo3::append_to_inittab!(_flow_api);
    // SAFETY: PyConfig is a C struct that the Init function fills; all calls are made once, before any other Python
    // call, on the only thread.
    unsafe {
        let mut config: ffi::PyConfig = std::mem::zeroed();
        if settings.isolated {
            ffi::PyConfig_InitIsolatedConfig(&raw mut config);
        } else {
            ffi::PyConfig_InitPythonConfig(&raw mut config);
        }
        config.install_signal_handlers = i32::from(!settings.isolated);
        // A crash in native code shows on standard error which line of the flow it came from.
        config.faulthandler = i32::from(settings.isolated);
        config.site_import = 1;
        config.write_bytecode = 0;
        config.parse_argv = 0;
        config.use_hash_seed = i32::from(settings.hash_seed.is_some());
        config.hash_seed = settings.hash_seed.unwrap_or_default().into();
        let texts = [
            (&raw mut config.home, home().display().to_string()),
            (&raw mut config.executable, env!("FLOWSTEAD_PYTHON_EXECUTABLE").to_owned()),
            // Nothing set the locale here; file names and standard streams are UTF-8 everywhere.
            (&raw mut config.filesystem_encoding, "utf-8".to_owned()),
            (&raw mut config.stdio_encoding, "utf-8".to_owned()),
        ];
        for (field, text) in texts {
            let text = CString::new(text).map_err(|_| "a path of the interpreter has a zero byte".to_owned())?;
            check(ffi::PyConfig_SetBytesString(&raw mut config, field, text.as_ptr()))?;
        }
        let status = ffi::Py_InitializeFromConfig(&raw const config);
        ffi::PyConfig_Clear(&raw mut config);
        check(status)?;
    }
    // SAFETY: this thread initialised the interpreter and holds its lock.
    unsafe { Python::attach_unchecked(prepare) }
}

fn prepare(py: Python<'_>) -> Result<(), String> {
    let built = env!("FLOWSTEAD_PYTHON_VERSION");
    let running = Python::version_str().split_whitespace().next().unwrap_or_default();
    let minor = |version: &str| version.split('.').take(2).map(str::to_owned).collect::<Vec<_>>();
    if minor(built) != minor(running) {
        return Err(format!("the program was built for Python {built}, but the library found is {running}"));
    }
    facade::install(py).map_err(|e| format!("flow_api cannot be loaded: {}", describe(py, &e)))
}

/// An exception in one line, for reports about our own start.
pub(super) fn describe(py: Python<'_>, error: &PyErr) -> String {
    let place = error.traceback(py).and_then(|tb| tb.format().ok()).unwrap_or_default();
    format!("{error} {}", place.replace('\n', " ")).trim().to_owned()
}

/// Where the standard library is: beside the program in a bundle, else where it was at build time.
pub(super) fn home() -> PathBuf {
    let bundled = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("python")));
    match bundled {
        Some(home) if home.join("lib").is_dir() => home,
        _ => PathBuf::from(env!("FLOWSTEAD_PYTHON_HOME")),
    }
}

fn check(status: ffi::PyStatus) -> Result<(), String> {
    // SAFETY: a status is plain data; its texts are static or null.
    unsafe {
        if ffi::PyStatus_Exception(status) == 0 {
            return Ok(());
        }
        let text = |p: *const std::ffi::c_char| if p.is_null() { String::new() } else { CStr::from_ptr(p).to_string_lossy().into_owned() };
        Err(format!("{} ({})", text(status.err_msg), text(status.func)))
    }
}
