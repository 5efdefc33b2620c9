//! A replay for people, seen from inside: what the flow passes by, where it is stopped, and that nothing leaves the slot.
#![allow(unsafe_code)]

use pyo3::prelude::*;
use serde::Deserialize;

use crate::protocol::{CallShown, Escape, FrameKind, FrameShown, Sight, Stand, Standing, TaskShown, Travel};

use super::escape::place;
use super::module::exception;
use super::replay::{Turn, Wanted, capped};
use super::session::{self, with};
use super::wire;

/// What the helper in Python finds.
#[derive(Deserialize)]
struct Found {
    frames: Vec<FrameShown>,
    tasks: Vec<TaskShown>,
}

/// Whether this execution is only looked at.
pub(super) fn is_on() -> bool {
    with(|s| s.travel.is_some()) == Some(true)
}

/// A call is about to be answered. Stops before the one that was asked for; a flow that stands still until its answer
/// (`awaited` says that it does not) is stopped where there is none.
pub(super) fn pass(py: Python<'_>, seq: u32, (turn, wanted): (&Turn, Wanted<'_>), awaited: bool) -> PyResult<()> {
    let Some(Some((Travel { to }, script))) = with(|s| s.travel.map(|travel| (travel, s.script.clone()))) else { return Ok(()) };
    let place = place::find(py, &script);
    let line = (place.file == script).then_some(place.line);
    let call = CallShown { op: wanted.op, target: wanted.target.to_owned(), args: capped(wanted.args), line };
    let why = match turn {
        Turn::Diverged(_) => return Ok(()),
        _ if to.is_some_and(|to| seq >= to) => Stand::Reached,
        Turn::Live if !awaited => Stand::JournalEnd,
        _ => return tell(py, seq, &Sight::Passed { seq, call }),
    };
    Err(stop(py, why, Some((seq, call))))
}

/// Stops an async handler whose tasks all await.
pub(super) fn stand(py: Python<'_>) -> PyErr {
    stop(py, Stand::Waits, None)
}

/// Keeps the flow from reaching outside, and says so.
pub(super) fn refuse(py: Python<'_>, escape: Escape) -> PyErr {
    let message = format!("A replay reaches nothing outside flow_api; it was kept from this: {escape}.");
    if let Err(error) = tell(py, session::position().0, &Sight::Refused(escape)) {
        return error;
    }
    exception::new(py, "PermissionDenied", &message)
}

/// An exception left the handler: shows where it came from.
pub(super) fn raised(py: Python<'_>, error: &PyErr) {
    if !is_on() {
        return;
    }
    let value = error.value(py).clone().into_any();
    // What cannot be shown is not shown; the end of the execution says what was raised.
    let _ = show(py, "raised", Some(value)).and_then(|found| {
        let standing = Standing { why: Stand::Raised, seq: None, call: None, frames: found.frames, tasks: found.tasks };
        tell(py, session::position().0, &Sight::Stood(standing))
    });
}

/// Shows where the flow stands and ends the process: no `finally` of it runs.
fn stop(py: Python<'_>, why: Stand, call: Option<(u32, CallShown)>) -> PyErr {
    let (seq, call) = call.unzip();
    // The `repr` of a value may be code of the flow, which must not make calls now.
    with(|s| s.is_stopped = true);
    let found = show(py, "standing", None).unwrap_or_else(|_| Found { frames: Vec::new(), tasks: Vec::new() });
    let sent = tell(py, seq.unwrap_or_default(), &Sight::Stood(Standing { why, seq, call, frames: found.frames, tasks: found.tasks }));
    if let Err(error) = sent {
        return error;
    }
    // SAFETY: ends the process; what lives in it belongs to the zygote's copy too and must not be torn down.
    unsafe { libc::_exit(0) }
}

fn show(py: Python<'_>, how: &str, error: Option<Bound<'_, PyAny>>) -> PyResult<Found> {
    let script = with(|s| s.script.clone()).unwrap_or_default();
    let helper = py.import("flow_api._travel")?;
    let text: String = match error {
        Some(error) => helper.call_method1(how, (error, script))?.extract()?,
        None => helper.call_method1(how, (script,))?.extract()?,
    };
    serde_json::from_str(&text).map_err(|e| exception::new(py, "InternalError", &format!("The frames cannot be read: {e}.")))
}

fn tell(py: Python<'_>, seq: u32, sight: &Sight) -> PyResult<()> {
    let payload = serde_json::to_vec(sight).expect("texts and numbers are JSON");
    wire::send(py, FrameKind::Travel, seq, &payload)
}
