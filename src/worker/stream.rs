//! Log entries of an execution, and the objects that stand for `sys.stdout` and `sys.stderr` in a slot.
#![allow(unsafe_code)]

use std::sync::Mutex;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::type_object::PyTypeInfo;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::protocol::FrameKind;

use super::convert::ObjectText;
use super::{session, wire};

/// Longer lines are split, not cut.
const MAX_LINE: usize = 64 << 10;

/// A log entry as it is made.
pub(super) struct Entry<'a> {
    pub level: &'a str,
    pub stream: Option<&'a str>,
    pub message: &'a str,
    /// JSON text of named values.
    pub data: Option<&'a str>,
}

/// Named values longer than this, as JSON, are shown by their beginning.
const MAX_DATA: usize = 1 << 20;

/// Sends an entry at once, so that a crash does not lose it; a message over the limit becomes several entries.
pub(super) fn log(py: Python<'_>, entry: &Entry<'_>) -> PyResult<()> {
    let mut rest = entry.message;
    let cut = entry.data.filter(|data| data.len() > MAX_DATA).map(beginning);
    let mut data = cut.as_deref().or(entry.data);
    loop {
        let (piece, tail) = split(rest);
        if let Some((key, delivered)) = session::next_log() {
            let mut text = ObjectText::new();
            text.raw("n", &key.n.to_string()).text("level", entry.level);
            if let Some(stream) = entry.stream {
                text.text("stream", stream);
            }
            text.text("message", piece);
            if let Some(data) = data {
                text.raw("data", data);
            }
            if !delivered.is_empty() {
                text.raw("delivered", &format!("{delivered:?}"));
            }
            wire::send(py, FrameKind::Log, key.seq, text.finish().as_bytes())?;
        }
        data = None;
        rest = tail;
        if rest.is_empty() {
            return Ok(());
        }
    }
}

fn beginning(data: &str) -> String {
    ObjectText::new().raw("bytes", &data.len().to_string()).text("beginning", split(data).0).finish()
}

/// Cuts at the line limit, between characters.
fn split(text: &str) -> (&str, &str) {
    text.split_at(boundary(text, MAX_LINE))
}

/// The last place between two characters that is not beyond `at`.
pub(super) fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|place| text.is_char_boundary(*place)).unwrap_or_default()
}

/// What a flow finds as `sys.stdout` or `sys.stderr`: every line written becomes a log entry.
#[pyclass(module = "flow_api", frozen)]
pub(super) struct OutputStream {
    fd: i32,
    partial: Mutex<String>,
}

impl OutputStream {
    pub(super) fn new(fd: i32) -> OutputStream {
        OutputStream { fd, partial: Mutex::new(String::new()) }
    }

    fn channel(&self) -> (&'static str, &'static str) {
        if self.fd == 1 { ("stdout", "info") } else { ("stderr", "error") }
    }

    fn put(&self, py: Python<'_>, text: &str) -> PyResult<()> {
        if !session::is_running() {
            write_raw(self.fd, text.as_bytes());
            return Ok(());
        }
        let lines = {
            let mut partial = self.partial.lock().expect("no panic happens under this lock");
            if let Some(end) = text.rfind('\n') {
                let mut lines = std::mem::take(&mut *partial);
                lines.push_str(&text[..end]);
                partial.push_str(&text[end + 1..]);
                lines
            } else {
                partial.push_str(text);
                if partial.len() < MAX_LINE {
                    return Ok(());
                }
                std::mem::take(&mut *partial)
            }
        };
        let (stream, level) = self.channel();
        for message in lines.split('\n') {
            log(py, &Entry { level, stream: Some(stream), message, data: None })?;
        }
        Ok(())
    }

    /// Sends a last line that has no end.
    pub(super) fn finish(&self, py: Python<'_>) -> PyResult<()> {
        let rest = std::mem::take(&mut *self.partial.lock().expect("no panic happens under this lock"));
        if rest.is_empty() {
            return Ok(());
        }
        let (stream, level) = self.channel();
        log(py, &Entry { level, stream: Some(stream), message: &rest, data: None })
    }
}

/// A forked child, or a thread that outlives its execution, writes where a plain program would.
fn write_raw(fd: i32, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        // SAFETY: the pointer and length describe `bytes`.
        let n = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
        match usize::try_from(n) {
            Ok(n) if n > 0 => bytes = &bytes[n..],
            _ => return,
        }
    }
}

#[pymethods]
#[allow(clippy::unused_self, reason = "parts of Python's file protocol that need nothing")]
impl OutputStream {
    fn write(&self, py: Python<'_>, text: &Bound<'_, PyAny>) -> PyResult<usize> {
        let Ok(text) = text.cast::<PyString>() else {
            return Err(PyTypeError::new_err(format!("write() argument must be str, not {}", text.get_type().name()?)));
        };
        self.put(py, &text.to_string_lossy())?;
        text.len()
    }

    fn writelines(&self, py: Python<'_>, lines: &Bound<'_, PyAny>) -> PyResult<()> {
        for line in lines.try_iter()? {
            self.write(py, &line?)?;
        }
        Ok(())
    }

    /// Lines go out as they end; there is nothing to flush but the forked child's, which is unbuffered.
    fn flush(&self) {}

    fn fileno(&self) -> i32 {
        self.fd
    }

    fn isatty(&self) -> bool {
        false
    }

    fn readable(&self) -> bool {
        false
    }

    fn writable(&self) -> bool {
        true
    }

    fn seekable(&self) -> bool {
        false
    }

    /// Ignored: the next execution needs it.
    fn close(&self) {}

    #[pyo3(signature = (**_settings))]
    fn reconfigure(&self, _settings: Option<&Bound<'_, PyDict>>) {}

    #[getter]
    fn encoding(&self) -> &'static str {
        "utf-8"
    }

    #[getter]
    fn errors(&self) -> &'static str {
        "replace"
    }

    #[getter]
    fn closed(&self) -> bool {
        false
    }

    #[getter]
    fn line_buffering(&self) -> bool {
        true
    }

    #[getter]
    fn mode(&self) -> &'static str {
        "w"
    }

    #[getter]
    fn name(&self) -> &'static str {
        if self.fd == 1 { "<stdout>" } else { "<stderr>" }
    }

    /// The binary face: bytes that are no UTF-8 show as replacement characters.
    #[getter]
    fn buffer(slf: PyRef<'_, Self>) -> BinaryStream {
        BinaryStream { text: slf.into() }
    }
}

/// `sys.stdout.buffer`.
#[pyclass(module = "flow_api", frozen)]
pub(super) struct BinaryStream {
    text: Py<OutputStream>,
}

#[pymethods]
#[allow(clippy::unused_self, reason = "parts of Python's file protocol that need nothing")]
impl BinaryStream {
    fn write(&self, py: Python<'_>, bytes: &Bound<'_, PyAny>) -> PyResult<usize> {
        let bytes = PyBytes::type_object(py).call1((bytes,))?.cast_into::<PyBytes>()?;
        let content = bytes.as_bytes();
        self.text.get().put(py, &String::from_utf8_lossy(content))?;
        Ok(content.len())
    }

    fn flush(&self) {}

    fn fileno(&self) -> i32 {
        self.text.get().fd
    }
}
