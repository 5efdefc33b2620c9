//! Python objects to JSON text.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::worker::module::exception;

use super::MAX_DEPTH;

/// Why an object is no JSON value, and where.
struct Refusal {
    /// Segments of the JSON pointer, innermost first.
    path: Vec<String>,
    message: String,
}

/// What happens to an object that JSON has no form for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Refuse,
    /// Its `repr`. For log entries.
    Repr,
}

/// The JSON text of an object. What JSON cannot express is an InvalidInputError with the JSON pointer in `field`.
pub(in crate::worker) fn encode(object: &Bound<'_, PyAny>) -> PyResult<String> {
    let mut out = Vec::new();
    match write(&mut out, object, Mode::Refuse, 0) {
        Ok(()) => Ok(into_text(out)),
        Err(refusal) => {
            let pointer = refusal.path.iter().rev().fold(String::new(), |mut pointer, segment| {
                pointer.push('/');
                pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
                pointer
            });
            let place = if pointer.is_empty() { String::new() } else { format!(" at {pointer}") };
            let message = format!("The value{place} {}.", refusal.message);
            Err(exception::with_field(object.py(), "InvalidInputError", &message, &pointer))
        }
    }
}

/// The JSON text of an object, with `repr` for all that JSON cannot express.
pub(in crate::worker) fn encode_lenient(object: &Bound<'_, PyAny>) -> String {
    let mut out = Vec::new();
    if write(&mut out, object, Mode::Repr, 0).is_err() {
        out.clear();
        push_text(&mut out, &representation(object));
    }
    into_text(out)
}

/// Appends a string as JSON.
pub(in crate::worker) fn push_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a vector takes every byte");
}

fn into_text(out: Vec<u8>) -> String {
    String::from_utf8(out).expect("JSON is written as UTF-8")
}

fn refuse(message: impl Into<String>) -> Result<(), Refusal> {
    Err(Refusal { path: Vec::new(), message: message.into() })
}

fn write(out: &mut Vec<u8>, object: &Bound<'_, PyAny>, mode: Mode, depth: usize) -> Result<(), Refusal> {
    if depth > MAX_DEPTH {
        return refuse(format!("is nested deeper than {MAX_DEPTH} levels, or contains itself"));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return write_text(out, text, mode);
    }
    if object.is_none() {
        out.extend_from_slice(b"null");
    } else if let Ok(flag) = object.cast::<PyBool>() {
        out.extend_from_slice(if flag.is_true() { b"true" } else { b"false" });
    } else if let Ok(number) = object.cast::<PyInt>() {
        return write_int(out, number, mode);
    } else if let Ok(number) = object.cast::<PyFloat>() {
        return write_float(out, number.value(), mode);
    } else if let Ok(dict) = object.cast::<PyDict>() {
        return write_dict(out, dict, mode, depth);
    } else if let Ok(list) = object.cast::<PyList>() {
        return write_items(out, list.iter(), mode, depth);
    } else if let Ok(tuple) = object.cast::<PyTuple>() {
        return write_items(out, tuple.iter(), mode, depth);
    } else if mode == Mode::Repr {
        push_text(out, &representation(object));
    } else {
        return refuse(advice(object));
    }
    Ok(())
}

fn write_text(out: &mut Vec<u8>, text: &Bound<'_, PyString>, mode: Mode) -> Result<(), Refusal> {
    match text.to_str() {
        Ok(text) => push_text(out, text),
        Err(_) if mode == Mode::Repr => push_text(out, &text.to_string_lossy()),
        Err(_) => return refuse("holds half of a surrogate pair, which is no Unicode text"),
    }
    Ok(())
}

fn write_int(out: &mut Vec<u8>, number: &Bound<'_, PyInt>, mode: Mode) -> Result<(), Refusal> {
    if let Ok(small) = number.extract::<i64>() {
        out.extend_from_slice(small.to_string().as_bytes());
    } else if let Ok(large) = number.extract::<u64>() {
        out.extend_from_slice(large.to_string().as_bytes());
    } else if mode == Mode::Repr {
        push_text(out, &representation(number));
    } else {
        return refuse("is an integer outside 64 bits; send it as a string");
    }
    Ok(())
}

fn write_float(out: &mut Vec<u8>, number: f64, mode: Mode) -> Result<(), Refusal> {
    if number.is_finite() {
        serde_json::to_writer(out, &number).expect("a vector takes every byte");
    } else if mode == Mode::Repr {
        push_text(out, &number.to_string().replace("NaN", "nan"));
    } else {
        return refuse("is NaN or infinite, which JSON does not know; use None or a string");
    }
    Ok(())
}

fn write_items<'py>(out: &mut Vec<u8>, items: impl Iterator<Item = Bound<'py, PyAny>>, mode: Mode, depth: usize) -> Result<(), Refusal> {
    out.push(b'[');
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, &item, mode, depth + 1).map_err(|refusal| inside(refusal, index.to_string()))?;
    }
    out.push(b']');
    Ok(())
}

fn write_dict(out: &mut Vec<u8>, dict: &Bound<'_, PyDict>, mode: Mode, depth: usize) -> Result<(), Refusal> {
    out.push(b'{');
    for (index, (key, value)) in dict.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_key(out, &key, mode)?;
        out.push(b':');
        write(out, &value, mode, depth + 1).map_err(|refusal| inside(refusal, key.to_string()))?;
    }
    out.push(b'}');
    Ok(())
}

/// Keys that are no strings become what Python's own json module makes of them.
fn write_key(out: &mut Vec<u8>, key: &Bound<'_, PyAny>, mode: Mode) -> Result<(), Refusal> {
    if let Ok(text) = key.cast::<PyString>() {
        return write_text(out, text, mode);
    }
    let mut bare = Vec::new();
    if key.is_none() || key.is_instance_of::<PyInt>() || key.is_instance_of::<PyFloat>() {
        write(&mut bare, key, mode, 0)?;
        let text = into_text(bare);
        push_text(out, text.trim_matches('"'));
    } else if mode == Mode::Repr {
        push_text(out, &representation(key));
    } else {
        return refuse(format!("has a key of type {}; JSON objects have string keys", type_name(key)));
    }
    Ok(())
}

fn inside(mut refusal: Refusal, segment: String) -> Refusal {
    refusal.path.push(segment);
    refusal
}

fn advice(object: &Bound<'_, PyAny>) -> String {
    let name = type_name(object);
    let how = match name.as_str() {
        "bytes" | "bytearray" | "memoryview" => "decode it, or use base64",
        "set" | "frozenset" => "use sorted(...) or list(...)",
        "datetime" | "date" | "time" => "use .isoformat()",
        "Decimal" | "UUID" | "PosixPath" => "use str(...)",
        _ => "JSON knows dict, list, str, int, float, bool and None",
    };
    format!("is of type {name}, which is no JSON value; {how}")
}

fn type_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "unknown".to_owned(), |name| name.to_string())
}

fn representation(object: &Bound<'_, PyAny>) -> String {
    object.repr().map_or_else(|_| format!("<{} without a repr>", type_name(object)), |text| text.to_string_lossy().into_owned())
}

/// A JSON object written key by key.
pub(in crate::worker) struct ObjectText {
    out: Vec<u8>,
}

impl ObjectText {
    pub(in crate::worker) fn new() -> ObjectText {
        ObjectText { out: vec![b'{'] }
    }

    fn key(&mut self, key: &str) {
        if self.out.len() > 1 {
            self.out.push(b',');
        }
        push_text(&mut self.out, key);
        self.out.push(b':');
    }

    /// A value that is JSON text already.
    pub(in crate::worker) fn raw(&mut self, key: &str, json: &str) -> &mut Self {
        self.key(key);
        self.out.extend_from_slice(json.as_bytes());
        self
    }

    pub(in crate::worker) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key);
        push_text(&mut self.out, value);
        self
    }

    pub(in crate::worker) fn object(&mut self, key: &str, value: &Bound<'_, PyAny>) -> PyResult<&mut Self> {
        let json = encode(value)?;
        Ok(self.raw(key, &json))
    }

    pub(in crate::worker) fn finish(&mut self) -> String {
        self.out.push(b'}');
        into_text(std::mem::take(&mut self.out))
    }
}
