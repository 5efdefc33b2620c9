//! The core of `this` and of every child: log, results, ends, time, steps. The face adds children and waits.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyString, PyTuple, PyType};
use serde_json::value::RawValue;

use crate::protocol::{FrameKind, Op, Outcome, Progress};
use crate::worker::convert::{self, ObjectText};
use crate::worker::stream::{self, Entry};
use crate::worker::{session, wire};

use super::exception;
use super::record::Record;
use super::step::{self, Step};

const LEVELS: &[&str] = &["debug", "info", "warning", "error"];

/// An execution: `this`, or a child.
#[pyclass(extends = Record, subclass, module = "flow_api", frozen)]
pub struct Execution;

/// The second argument of `set_output`, where None is a value too.
pub enum Value<'py> {
    NotGiven,
    Given(Bound<'py, PyAny>),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Value<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(Value::Given(object.to_owned()))
    }
}

/// Refuses what only the running execution itself can do.
fn own(slf: &Bound<'_, Execution>, what: &str) -> PyResult<()> {
    let py = slf.py();
    session::guard(py)?;
    let id = slf.as_super().get().id();
    if id.is_some() && id == session::execution_id().map(|id| id.hyphenated().to_string()) {
        return Ok(());
    }
    Err(exception::new(py, "InvalidInputError", &format!("{what} works on `this` alone, not on another execution.")))
}

fn seconds(py: Python<'_>, value: &Bound<'_, PyAny>, what: &str) -> PyResult<f64> {
    match value.extract::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err(exception::new(py, "InvalidInputError", &format!("{what} is a number of seconds, zero or more, not {}.", value.repr()?))),
    }
}

/// Unix seconds of a number or a datetime.
fn moment(unix_timestamp: &Bound<'_, PyAny>) -> PyResult<f64> {
    let py = unix_timestamp.py();
    if unix_timestamp.is_instance_of::<PyFloat>() || unix_timestamp.is_instance_of::<PyInt>() {
        return seconds(py, unix_timestamp, "A unix time stamp");
    }
    // A datetime knows its own.
    let stamp = unix_timestamp
        .call_method0("timestamp")
        .map_err(|_| exception::new(py, "InvalidInputError", "sleep_until() takes seconds since 1970, or a datetime."))?;
    seconds(py, &stamp, "A unix time stamp")
}

fn message_text(message: Option<&Bound<'_, PyAny>>) -> Option<String> {
    message.filter(|m| !m.is_none()).map(ToString::to_string)
}

/// A value that ends up in the execution's end.
fn ending(value: &Bound<'_, PyAny>) -> PyResult<Option<Box<RawValue>>> {
    let json = convert::encode(value)?;
    session::check_size(value.py(), json.len())?;
    Ok(RawValue::from_string(json).ok())
}

#[pymethods]
impl Execution {
    #[new]
    #[classmethod]
    #[pyo3(signature = (name_or_id=None, by="name"))]
    fn new<'py>(cls: &Bound<'py, PyType>, name_or_id: Option<&Bound<'py, PyAny>>, by: &str) -> PyResult<PyClassInitializer<Execution>> {
        Ok(PyClassInitializer::from(Record::make(cls, name_or_id, by)?).add_subclass(Execution))
    }

    #[pyo3(signature = (*values, level="info", **named))]
    fn log(slf: &Bound<'_, Self>, values: &Bound<'_, PyTuple>, level: &str, named: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
        own(slf, "log()")?;
        let py = slf.py();
        if !LEVELS.contains(&level) {
            let message = format!("The level '{level}' is not known; it is one of {}.", LEVELS.join(", "));
            return Err(exception::new(py, "InvalidInputError", &message));
        }
        let mut message = String::new();
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                message.push(' ');
            }
            match value.cast::<PyString>() {
                Ok(text) => message.push_str(&text.to_string_lossy()),
                Err(_) => message.push_str(&convert::encode_lenient(&value)),
            }
        }
        let data = named.map(|named| convert::encode_lenient(named));
        stream::log(py, &Entry { level, stream: None, message: &message, data: data.as_deref() })
    }

    #[pyo3(signature = (message=None))]
    fn success(slf: &Bound<'_, Self>, message: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        own(slf, "success()")?;
        let message = message_text(message);
        let text = message.clone().unwrap_or_default();
        Err(session::raise(slf.py(), "ExecutionSuccess", &text, Outcome::Success { message, output: None, reply: None }))
    }

    /// Ends the execution with success and an answer for the caller of its webhook.
    #[pyo3(signature = (reply, message=None))]
    fn _respond(slf: &Bound<'_, Self>, reply: &Bound<'_, PyAny>, message: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        own(slf, "webhook_response()")?;
        let reply = ending(reply)?;
        let message = message_text(message);
        let text = message.clone().unwrap_or_default();
        Err(session::raise(slf.py(), "ExecutionSuccess", &text, Outcome::Success { message, output: None, reply }))
    }

    #[pyo3(signature = (message=None, hint=None, data=None))]
    fn error(
        slf: &Bound<'_, Self>,
        message: Option<&Bound<'_, PyAny>>,
        hint: Option<String>,
        data: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        own(slf, "error()")?;
        let message = message_text(message).unwrap_or_else(|| "The flow ended with an error.".to_owned());
        let data = match data {
            Some(data) if !data.is_none() => ending(data)?,
            _ => None,
        };
        let outcome = Outcome::Error { message: message.clone(), hint, data, after: None };
        Err(session::raise(slf.py(), "ExecutionError", &message, outcome))
    }

    #[pyo3(signature = (status, message=None))]
    fn end(slf: &Bound<'_, Self>, status: &str, message: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        match status.to_lowercase().trim_start_matches("ended_") {
            "success" => Self::success(slf, message),
            "error" => Self::error(slf, message, None, None),
            "cancelled" | "cancel" => {
                own(slf, "end()")?;
                let message = message_text(message);
                let text = message.clone().unwrap_or_default();
                Err(session::raise(slf.py(), "ExecutionCancel", &text, Outcome::Cancelled { message }))
            }
            _ => {
                let text = format!("The status '{status}' is not known; it is 'success', 'error' or 'cancelled'.");
                Err(exception::new(slf.py(), "InvalidInputError", &text))
            }
        }
    }

    #[pyo3(signature = (inputs))]
    fn restart(slf: &Bound<'_, Self>, inputs: &Bound<'_, PyAny>) -> PyResult<()> {
        own(slf, "restart()")?;
        let Some(inputs) = ending(inputs)? else { return Ok(()) };
        Err(session::raise(slf.py(), "_Restart", "The execution starts again.", Outcome::Restart { inputs }))
    }

    #[pyo3(signature = (**fields))]
    fn save<'py>(slf: &Bound<'py, Self>, fields: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, Self>> {
        let py = slf.py();
        let record = slf.as_super();
        session::guard(py)?;
        if own(slf, "").is_err() {
            Record::save(record, fields)?;
            return Ok(slf.clone());
        }
        let mut args = ObjectText::new();
        for (name, value) in fields.into_iter().flatten() {
            let name = name.extract::<String>()?;
            record.get().check_field(py, &name, true)?;
            args.object(&name, &value)?;
        }
        session::call(py, Op::Save, "", &args.finish())?;
        Ok(slf.clone())
    }

    #[pyo3(signature = (key, value=Value::NotGiven))]
    fn set_output<'py>(slf: &Bound<'py, Self>, key: &Bound<'py, PyAny>, value: Value<'py>) -> PyResult<()> {
        own(slf, "set_output()")?;
        let mut args = ObjectText::new();
        match value {
            Value::NotGiven => drop(args.object("output_value", key)?),
            Value::Given(value) => {
                let Ok(name) = key.extract::<String>() else {
                    return Err(exception::new(slf.py(), "InvalidInputError", "The key of an output is a string."));
                };
                let merged = ObjectText::new().object(&name, &value)?.finish();
                args.raw("output_merge", &merged);
            }
        }
        session::call(slf.py(), Op::Save, "", &args.finish()).map(drop)
    }

    fn get_outputs<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let value = slf.as_super().get().get(py, vec!["output_value".to_owned()])?;
        Ok(if value.is_none() { PyDict::new(py).into_any() } else { value })
    }

    #[pyo3(signature = (done, total=1.0, message=None))]
    fn set_progress(slf: &Bound<'_, Self>, done: f64, total: f64, message: Option<String>) -> PyResult<()> {
        own(slf, "set_progress()")?;
        let py = slf.py();
        if !(done.is_finite() && total.is_finite() && done >= 0.0 && total > 0.0) {
            return Err(exception::new(py, "InvalidInputError", "Progress is a number from zero on, out of a total above zero."));
        }
        // A replay goes through what was shown long ago.
        if session::is_replaying() {
            return Ok(());
        }
        let text = serde_json::to_vec(&Progress { done, total, message }).expect("progress is JSON");
        wire::send(py, FrameKind::Progress, session::position().0, &text)
    }

    fn sleep(slf: &Bound<'_, Self>, seconds: &Bound<'_, PyAny>) -> PyResult<()> {
        own(slf, "sleep()")?;
        let seconds = self::seconds(slf.py(), seconds, "A sleep")?;
        let args = format!("{{\"seconds\":{}}}", serde_json::Value::from(seconds));
        session::call(slf.py(), Op::Sleep, "", &args).map(drop)
    }

    fn sleep_until(slf: &Bound<'_, Self>, unix_timestamp: &Bound<'_, PyAny>) -> PyResult<()> {
        own(slf, "sleep_until()")?;
        let until = self::moment(unix_timestamp)?;
        let args = format!("{{\"until\":{}}}", serde_json::Value::from(until));
        session::call(slf.py(), Op::Sleep, "", &args).map(drop)
    }

    /// The arguments of `sleep_async`.
    fn _sleep_args(slf: &Bound<'_, Self>, seconds: &Bound<'_, PyAny>) -> PyResult<Py<PyDict>> {
        own(slf, "sleep_async()")?;
        let args = PyDict::new(slf.py());
        args.set_item("seconds", self::seconds(slf.py(), seconds, "A sleep")?)?;
        Ok(args.unbind())
    }

    /// The arguments of `sleep_until_async`.
    fn _sleep_until_args(slf: &Bound<'_, Self>, unix_timestamp: &Bound<'_, PyAny>) -> PyResult<Py<PyDict>> {
        own(slf, "sleep_until_async()")?;
        let args = PyDict::new(slf.py());
        args.set_item("until", self::moment(unix_timestamp)?)?;
        Ok(args.unbind())
    }

    #[pyo3(signature = (name, function, *args, on_loss="retry", **kw))]
    #[allow(clippy::too_many_arguments, reason = "the contract's own")]
    fn step<'py>(
        slf: &Bound<'py, Self>,
        name: String,
        function: Bound<'py, PyAny>,
        args: Bound<'py, PyTuple>,
        on_loss: &str,
        kw: Option<Bound<'py, PyDict>>,
    ) -> PyResult<Py<PyAny>> {
        own(slf, "step()")?;
        step::run(slf.py(), &Step { name, function, args, named: kw, on_loss: on_loss.to_owned() })
    }

    fn save_dump(slf: &Bound<'_, Self>, name: &str) -> PyResult<Py<PyAny>> {
        own(slf, "save_dump()")?;
        session::call_value(slf.py(), Op::SaveDump, name, "{}")
    }

    #[pyo3(signature = (name, by="name"))]
    fn load_dump(slf: &Bound<'_, Self>, name: &str, by: &str) -> PyResult<()> {
        own(slf, "load_dump()")?;
        if !matches!(by, "name" | "id") {
            let message = format!("by='{by}' is not known; it is 'name' or 'id'.");
            return Err(exception::new(slf.py(), "InvalidInputError", &message));
        }
        let args = ObjectText::new().text("by", by).finish();
        session::call(slf.py(), Op::LoadDump, name, &args).map(drop)
    }

    fn now(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        own(slf, "now()")?;
        session::call_value(slf.py(), Op::Now, "", "{}")
    }

    fn uuid(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        own(slf, "uuid()")?;
        session::call_value(slf.py(), Op::Uuid, "", "{}")
    }

    fn random(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        own(slf, "random()")?;
        session::call_value(slf.py(), Op::Random, "", "{}")
    }
}
