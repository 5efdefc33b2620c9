//! Where in the flow's script an act comes from.
#![allow(unsafe_code)]

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// Deeper stacks are not searched to their end.
const DEEPEST: usize = 2_000;

pub(in crate::worker) struct Place {
    pub file: String,
    pub line: u32,
    pub function: String,
}

/// The innermost frame of `script`; else the innermost of all.
pub(in crate::worker) fn find(py: Python<'_>, script: &str) -> Place {
    let mut innermost = None;
    // SAFETY: under the interpreter lock; the result is borrowed or null.
    let mut frame = unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PyEval_GetFrame().cast()) };
    for _ in 0..DEEPEST {
        let Some(current) = frame else { break };
        let place = place_of(&current);
        if place.file == script {
            return place;
        }
        innermost.get_or_insert(place);
        // SAFETY: the object is a frame; the result is a new reference or null.
        frame = unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyFrame_GetBack(current.as_ptr().cast()).cast()) };
    }
    innermost.unwrap_or_else(|| Place { file: script.to_owned(), line: 0, function: "a thread".to_owned() })
}

fn place_of(frame: &Bound<'_, PyAny>) -> Place {
    let py = frame.py();
    // SAFETY: the object is a frame, which always has code; the code is a new reference.
    let (line, code) = unsafe {
        let line = ffi::PyFrame_GetLineNumber(frame.as_ptr().cast());
        (line, Bound::from_owned_ptr(py, ffi::PyFrame_GetCode(frame.as_ptr().cast()).cast()))
    };
    let text = |name: &str| {
        let value = code.getattr(name).ok();
        value.and_then(|v| v.cast_into::<PyString>().ok()).map(|t| t.to_string_lossy().into_owned()).unwrap_or_default()
    };
    Place { file: text("co_filename"), line: u32::try_from(line).unwrap_or_default(), function: text("co_qualname") }
}
