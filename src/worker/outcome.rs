//! From what a handler returned or raised to how the execution ended.
#![allow(unsafe_code)]

use pyo3::exceptions::PySystemExit;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule};
use serde_json::value::RawValue;

use crate::error;
use crate::protocol::{Difference, Outcome, Run};

use super::session::{self, Signal};
use super::{convert, handled, interpreter, process, replay, stream};

/// Longest `status_message`.
const MAX_MESSAGE: usize = 64 << 10;

/// Why there is no return value.
pub(super) enum Failure {
    /// The script does not compile.
    Syntax(PyErr),
    /// Its top level raised.
    Import(PyErr),
    /// The handler raised.
    Handler(PyErr),
    /// There is nothing to call; the text says why.
    Start(String),
}

impl Failure {
    fn phase(&self) -> &'static str {
        match self {
            Failure::Syntax(_) => "syntax",
            Failure::Import(_) => "import",
            Failure::Handler(_) | Failure::Start(_) => "handler",
        }
    }
}

/// Ends the session and decides. The signal an execution is under stands before what the handler returned; an
/// exception of its own stands before a success or an error, but not before a cancel.
pub(super) fn conclude(py: Python<'_>, result: Result<Py<PyAny>, Failure>, run: &Run) -> Outcome {
    let raised = match &result {
        Err(Failure::Handler(error) | Failure::Import(error)) => {
            let value = error.value(py).clone().into_any();
            session::is_signal(&value)
                || value.is_instance_of::<pyo3::exceptions::PyBaseExceptionGroup>()
                || value.get_type().name().is_ok_and(|name| name == "CancelledError")
        }
        Err(_) => false,
        Ok(_) => true,
    };
    let after = match &result {
        Err(Failure::Handler(error)) => handled::failed_after(error.value(py).as_any()),
        _ => None,
    };
    let (signal, leftover) = session::end();
    let mut outcome = decide(py, (result, raised), (signal, leftover), run);
    if let Outcome::Error { after: failed_after, .. } = &mut outcome {
        *failed_after = after;
    }
    outcome
}

fn decide(
    py: Python<'_>,
    (result, raised): (Result<Py<PyAny>, Failure>, bool),
    (signal, leftover): (Option<Signal>, Option<Difference>),
    run: &Run,
) -> Outcome {
    match (signal, leftover) {
        (Some(Signal { outcome: Outcome::Success { .. }, .. }), Some(leftover)) if raised => diverged(&leftover),
        (Some(Signal { outcome, .. }), _) if raised || matches!(outcome, Outcome::Cancelled { .. } | Outcome::Diverged { .. }) => outcome,
        (_, leftover) => match (result, leftover) {
            (Ok(_), Some(leftover)) => diverged(&leftover),
            (Ok(value), None) => returned(py, value.bind(py), run),
            (Err(failure), _) => failed(py, &failure, run),
        },
    }
}

fn diverged(leftover: &Difference) -> Outcome {
    Outcome::Diverged { message: replay::ended_early(leftover), data: serde_json::value::to_raw_value(leftover).ok() }
}

fn returned(py: Python<'_>, value: &Bound<'_, PyAny>, run: &Run) -> Outcome {
    if value.is_none() {
        return Outcome::Success { message: None, output: None, reply: None };
    }
    match convert::encode(value) {
        Ok(text) if text.len() as u64 > run.limits.value_bytes => {
            let size = text.len();
            error_outcome(format!("The handler returned {size} bytes as JSON; the limit is {}.", run.limits.value_bytes))
        }
        Ok(text) => Outcome::Success { message: None, output: RawValue::from_string(text).ok(), reply: None },
        Err(refused) => error_outcome(format!("The handler returned what is no JSON value: {}", refused.value(py))),
    }
}

fn failed(py: Python<'_>, failure: &Failure, run: &Run) -> Outcome {
    let phase = failure.phase();
    match failure {
        Failure::Start(message) => error_outcome(message.clone()),
        Failure::Syntax(error) | Failure::Import(error) | Failure::Handler(error) => {
            signal_by_hand(py, error).unwrap_or_else(|| error_outcome(describe(py, error, phase, run)))
        }
    }
}

/// A flow may raise a lifecycle signal itself.
fn signal_by_hand(py: Python<'_>, error: &PyErr) -> Option<Outcome> {
    let exceptions = py.import("flow_api.exceptions").ok()?;
    let is = |class: &str| exceptions.getattr(class).is_ok_and(|class| error.is_instance(py, &class));
    let text = error.value(py).to_string();
    let message = (!text.is_empty()).then(|| text.clone());
    if is("ExecutionSuccess") {
        Some(Outcome::Success { message, output: None, reply: None })
    } else if is("ExecutionCancel") {
        Some(Outcome::Cancelled { message })
    } else if is("ExecutionError") {
        Some(error_outcome(text))
    } else {
        None
    }
}

fn describe(py: Python<'_>, error: &PyErr, phase: &str, run: &Run) -> String {
    let described = || -> PyResult<String> {
        let limits = PyDict::new(py);
        limits.set_item("memory_bytes", run.limits.memory_bytes)?;
        limits.set_item("file_bytes", run.limits.file_bytes)?;
        limits.set_item("open_files", process::Resource::OpenFiles.ceiling())?;
        let helper = py.import("flow_api._traceback")?;
        // Before 3.12 an error that travelled through Rust has its traceback beside it.
        let value = error.clone_ref(py).into_value(py);
        helper.call_method1("describe", (value, phase, &run.script_name, limits))?.extract()
    };
    described().unwrap_or_else(|second| format!("{error} (its traceback cannot be shown: {second})"))
}

fn error_outcome(message: String) -> Outcome {
    Outcome::Error { message: capped(message), hint: None, data: None, after: None }
}

/// Keeps the beginning and the end of an over-long text.
pub(super) fn capped(message: String) -> String {
    if message.len() <= MAX_MESSAGE {
        return message;
    }
    let head = stream::boundary(&message, MAX_MESSAGE / 2);
    let tail = stream::boundary(&message, message.len() - MAX_MESSAGE / 2);
    format!("{}\n[... {} bytes left out ...]\n{}", &message[..head], tail - head, &message[tail..])
}

/// What to say when a module has no handler.
pub(super) fn no_handler(module: &Bound<'_, PyModule>) -> String {
    let names: Vec<String> = module.dict().keys().iter().filter_map(|k| k.extract().ok()).collect();
    let near = error::did_you_mean("handler", names.iter().map(String::as_str).filter(|n| !n.starts_with("__")));
    format!("The script has no function named 'handler': define `def handler(system, this, inputs):` at its top level.{near}")
}

/// The end of a child that the flow forked and that came back from the handler: as a plain Python program ends.
pub(super) fn leave_fork(py: Python<'_>, result: Result<Py<PyAny>, Failure>) -> ! {
    let code = match result {
        Ok(_) => 0,
        Err(Failure::Handler(error) | Failure::Import(error) | Failure::Syntax(error)) => {
            if error.is_instance_of::<PySystemExit>(py) {
                error.value(py).getattr("code").and_then(|c| c.extract::<u8>()).map_or(0, i32::from)
            } else {
                write_error(&interpreter::describe(py, &error));
                1
            }
        }
        Err(Failure::Start(reason)) => {
            write_error(&reason);
            1
        }
    };
    // SAFETY: ends the process without running what belongs to its parent.
    unsafe { libc::_exit(code) }
}

fn write_error(text: &str) {
    let text = format!("{text}\n");
    // SAFETY: the pointer and length describe `text`.
    unsafe { libc::write(2, text.as_ptr().cast(), text.len()) };
}
