//! The exception that a flow is handling when it makes a call: a lifecycle signal on its way out, or what its handler will end with.
#![allow(unsafe_code)]

use pyo3::ffi;
use pyo3::prelude::*;

use super::event_loop;
use super::session::with;

fn handled(py: Python<'_>) -> Option<Bound<'_, PyAny>> {
    // SAFETY: returns a new reference or null.
    let handled = unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyErr_GetHandledException()) };
    handled.filter(|exception| !exception.is_none())
}

/// Notes before a call which exception led to it, so that what a flow does in `finally` and `__exit__` is told from what went before.
pub(super) fn note_handled(py: Python<'_>) {
    let handled = handled(py);
    let earlier = with(|s| {
        let is_known = match (&s.handled, &handled) {
            (Some((known, _)), Some(handled)) => known.is(handled),
            (None, None) => true,
            _ => false,
        };
        let last = s.log.seq;
        if is_known { None } else { std::mem::replace(&mut s.handled, handled.map(|e| (e.unbind(), last))) }
    });
    drop(earlier);
}

/// The number of the last call before this exception, with which the handler ended.
pub(super) fn failed_after(error: &Bound<'_, PyAny>) -> Option<u32> {
    with(|s| match &s.handled {
        Some((handled, after)) if handled.is(error) => *after,
        _ => s.log.seq,
    })
}

/// Whether the signal, if any, is the exception being handled: the call stands in a `finally` or `except` that it caused.
pub(super) fn is_handling(py: Python<'_>) -> bool {
    let Some(Some(held)) = with(|s| s.signal.as_ref().map(|held| held.exception.clone_ref(py))) else { return true };
    let mut seen = handled(py);
    for _ in 0..100 {
        match seen {
            Some(exception) if exception.is(&held) || event_loop::is_task_cancel(&exception) => return true,
            // SAFETY: the object is an exception; the call returns a new reference or null.
            Some(exception) => seen = unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyException_GetContext(exception.as_ptr())) },
            None => break,
        }
    }
    event_loop::is_later(py)
}
