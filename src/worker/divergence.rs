//! A replay that asks for something else than was recorded: what of it is told, and how it ends the replay.

use pyo3::prelude::*;

use crate::protocol::{Difference, Differs, FrameKind, Outcome};

use super::escape::place;
use super::{replay, session, wire};

/// Tells the server what a replay gave instead of recorded arguments, if that is no other way.
pub(super) fn tell(py: Python<'_>) -> PyResult<()> {
    let Some(Some((seq, args))) = session::with(|s| s.replay.take_note()) else { return Ok(()) };
    let text = serde_json::to_vec(&Differs { args }).expect("a text is JSON");
    wire::send(py, FrameKind::Differs, seq, &text)
}

/// Ends a replay at its first difference.
pub(super) fn found(py: Python<'_>, mut found: Difference) -> PyErr {
    let script = session::with(|s| s.script.clone()).unwrap_or_default();
    if let Some(now) = &mut found.now {
        let place = place::find(py, &script);
        now.line = (place.file == script).then_some(place.line);
    }
    raise(py, replay::another_way(&found), Some(&found))
}

/// Raises what ends a replay, with the difference as far as it is known.
pub(super) fn raise(py: Python<'_>, message: String, found: Option<&Difference>) -> PyErr {
    let data = found.and_then(|found| serde_json::value::to_raw_value(found).ok());
    session::raise(py, "_Diverged", &message.clone(), Outcome::Diverged { message, data })
}
