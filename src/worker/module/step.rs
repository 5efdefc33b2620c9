//! `this.step`: runs a function once and records what it gave, so that a replay does not run it again.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use serde_json::value::RawValue;

use crate::protocol::{Fault, Op, Reply};
use crate::worker::convert::{self, ObjectText};
use crate::worker::escape;
use crate::worker::session::{self, Answer};

use super::exception;

/// Bytes of an argument that is recorded whole.
const LONG: usize = 16 << 10;

/// The function of a step and what it is called with.
pub(super) struct Step<'py> {
    pub name: String,
    pub function: Bound<'py, PyAny>,
    pub args: Bound<'py, PyTuple>,
    pub named: Option<Bound<'py, PyDict>>,
    pub on_loss: String,
}

/// The step's result as JSON gives it back; recorded or live, it is the same value.
pub(super) fn run(py: Python<'_>, step: &Step<'_>) -> PyResult<Py<PyAny>> {
    session::guard(py)?;
    if !matches!(step.on_loss.as_str(), "retry" | "fail") {
        let message = format!("on_loss='{}' is not known; it is 'retry' or 'fail'.", step.on_loss);
        return Err(exception::new(py, "InvalidInputError", &message));
    }
    let (_, seq) = session::position();
    let mut args = ObjectText::new();
    args.text("on_loss", &step.on_loss);
    if !step.args.is_empty() {
        args.raw("args", &given(step.args.as_any()));
    }
    if let Some(named) = step.named.as_ref().filter(|named| !named.is_empty()) {
        args.raw("kw", &given(named.as_any()));
    }
    let args = args.finish();
    let begun = match session::call(py, Op::StepBegin, &step.name, &args)? {
        Answer::Recorded(result) => return convert::decode(py, result.get()),
        Answer::Live(begun) => begun,
    };
    let made = invoke(py, step, begun.get()).and_then(|result| {
        let text = convert::encode(&result)?;
        session::check_size(py, text.len())?;
        Ok(text)
    });
    match made {
        Ok(text) => {
            session::end_step(py, seq, &step.name, &format!("{{\"ok\":{text}}}"))?;
            convert::decode(py, &text)
        }
        // A signal, or an exit: the step has not ended, a replay begins it again.
        Err(error) if !error.is_instance_of::<PyException>(py) => Err(error),
        Err(error) => {
            session::end_step(py, seq, &step.name, &reply_text(&fault(py, &error)))?;
            Err(error)
        }
    }
}

/// What the function is called with, as far as JSON has it: a replay that brings the steps in another order must not give the
/// result of one to another. Long values count by their hash, others by their type alone.
fn given(values: &Bound<'_, PyAny>) -> String {
    fn one(value: &Bound<'_, PyAny>) -> String {
        match convert::encode(value) {
            Ok(text) if text.len() <= LONG => text,
            Ok(text) => format!("\"{} bytes, {}\"", text.len(), &blake3::hash(text.as_bytes()).to_hex()[..16]),
            Err(_) => {
                let name = value.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string());
                serde_json::Value::from(format!("<{name}>")).to_string()
            }
        }
    }
    if let Ok(named) = values.cast::<PyDict>() {
        let mut texts = ObjectText::new();
        for (name, value) in named.iter() {
            texts.raw(&name.to_string(), &one(&value));
        }
        return texts.finish();
    }
    let texts: Vec<String> = values.cast::<PyTuple>().into_iter().flatten().map(|value| one(&value)).collect();
    format!("[{}]", texts.join(","))
}

fn invoke<'py>(py: Python<'py>, step: &Step<'py>, begun: &str) -> PyResult<Bound<'py, PyAny>> {
    let wants: bool = py.import("flow_api._handler")?.call_method1("has_parameter", (&step.function, "idempotency_key"))?.extract()?;
    let named = match &step.named {
        Some(named) => named.copy()?,
        None => PyDict::new(py),
    };
    if wants {
        let begun = convert::decode(py, begun)?.into_bound(py);
        named.set_item("idempotency_key", begun.get_item("idempotency_key")?)?;
    }
    // What it does is the step's own matter: at least once, or not again.
    let _cover = escape::cover();
    step.function.call(step.args.clone(), Some(&named))
}

fn fault(py: Python<'_>, error: &PyErr) -> Fault {
    let value = error.value(py);
    let exception = value.get_type().name().map_or_else(|_| "Exception".to_owned(), |n| n.to_string());
    let data = exception::pickle(value.as_any()).map(|text| ObjectText::new().text("pickle", &text).finish());
    Fault { exception, message: value.to_string(), field: None, data: data.and_then(|text| RawValue::from_string(text).ok()) }
}

fn reply_text(fault: &Fault) -> String {
    serde_json::to_string(&Reply::Err(fault.clone())).expect("a fault is JSON")
}
