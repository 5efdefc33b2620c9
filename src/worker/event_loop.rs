//! Between the session and the event loop of an async handler: calls that tasks await, the answers given to them, and
//! how a cancel reaches the handler's task.

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;

use crate::protocol::{Await, FrameKind, Op};

use super::awaiting::Next;
use super::replay::{self, Turn, Wanted};
use super::session::{self, Asked, with};
use super::{call_lock, convert, divergence, handled, travel, wire};

/// The loop that runs an async handler.
pub(super) struct EventLoop {
    /// Has the methods `interrupt`, `nudge`, `mark` and `is_later`.
    pub hub: Py<PyAny>,
    /// The class `asyncio.CancelledError`.
    pub cancelled: Py<PyAny>,
}

/// What a flow with nothing left to do is told.
pub(super) enum Idle {
    /// The answer of a call, or what it raises; with its time in microseconds after the first call where it is recorded.
    Give { seq: u32, at: Option<u64>, answer: PyResult<Py<PyAny>> },
    /// The handler is to be cancelled.
    Cancel,
    /// This timer of the loop goes off.
    Timer(i64),
    /// It must get on without an answer: its replay is not where the journal ends.
    Hold,
    /// It waits for the server.
    Live,
}

/// Takes the loop, or lets it go.
pub(super) fn attach(event_loop: Option<EventLoop>) {
    // What was there is dropped outside the session's lock.
    let held = with(|s| std::mem::replace(&mut s.event_loop, event_loop));
    drop(held);
}

/// Makes a numbered call for a task, which goes on when [`next`] gives its answer.
pub(super) fn call(py: Python<'_>, op: Op, target: &str, args: &str) -> PyResult<u32> {
    session::guard(py)?;
    session::check_size(py, args.len())?;
    handled::note_handled(py);
    // No lock: the interpreter is not let go between the number and the frame, and nothing is read.
    let Some((seq, turn)) = with(|s| (s.next, s.take(Wanted { op, target, args }))) else { return Err(session::no_execution(py)) };
    travel::pass(py, seq, (&turn, Wanted { op, target, args }), true)?;
    let given = with(|s| s.awaiting.take_given()).unwrap_or_default();
    divergence::tell(py)?;
    match turn {
        Turn::Recorded { reply, at, .. } => {
            with(|s| s.awaiting.open_recorded(seq, reply, at));
        }
        Turn::Diverged(found) => return Err(divergence::found(py, *found)),
        Turn::Live => {
            // A cancel from before this attempt is raised once every task waits, so that all of them see it.
            if with(|s| s.cancelled || s.travel.is_some()) == Some(false) {
                session::send_call(py, seq, &Asked { op, target, args, given, awaited: true })?;
            }
            with(|s| s.awaiting.open(seq));
        }
    }
    Ok(seq)
}

/// The task that awaited a call was cancelled.
pub(super) fn abandon(py: Python<'_>, seq: u32) -> PyResult<()> {
    if wire::is_owner() && with(|s| s.awaiting.abandon(seq)) == Some(true) {
        return wire::send(py, FrameKind::Abandon, seq, b"");
    }
    Ok(())
}

/// Called when no task has anything left to do.
pub(super) fn next(py: Python<'_>) -> PyResult<Idle> {
    let has_diverged =
        with(|s| s.has_diverged() && !std::mem::replace(&mut s.awaiting.told, true)).ok_or_else(|| session::no_execution(py))?;
    if has_diverged {
        return Ok(Idle::Cancel);
    }
    // What a blocking call read beyond its own answer: the socket will not tell of it.
    while !call_lock::is_held_elsewhere()
        && let Some(frame) = wire::take_frame()
    {
        session::take_in(frame, None);
    }
    Ok(match with(|s| s.awaiting.next(&mut s.replay, s.next)) {
        Some(Next::Give { seq, reply, at }) => {
            let answer = session::answer(py, reply).and_then(|raw| convert::decode(py, raw.get()));
            Idle::Give { seq, at, answer }
        }
        Some(Next::Live) if with(|s| std::mem::take(&mut s.cancelled)) == Some(true) => {
            session::cancel(py);
            Idle::Cancel
        }
        Some(Next::Timer(number)) => Idle::Timer(number),
        Some(Next::Hold) => Idle::Hold,
        Some(Next::Live) | None => Idle::Live,
    })
}

/// A timer of the loop went off.
pub(super) fn went_off(timer: i64) {
    with(|s| s.awaiting.went_off(timer));
}

/// The replay waits for what cannot happen: it went another way.
pub(super) fn stand_still(py: Python<'_>) {
    if let Some(Some(found)) = with(|s| s.replay.missing(0)) {
        divergence::raise(py, replay::stood_still(&found), Some(&found));
    }
}

/// Takes in the answers that are there.
pub(super) fn read() {
    // A child that the flow forked leaves them to its parent.
    while wire::is_owner()
        && let Some(frame) = wire::receive_ready()
    {
        session::take_in(frame, None);
    }
}

/// Tells the server that the handler only awaits, until `timer` seconds have passed; or that it goes on by itself.
pub(super) fn say(py: Python<'_>, only: bool, timer: Option<f64>) -> PyResult<()> {
    if !wire::is_owner() {
        return Ok(());
    }
    if only && travel::is_on() {
        return Err(travel::stand(py));
    }
    let changes = with(|s| (s.awaiting.said != only && (s.awaiting.is_open() || !only), s.awaiting.replies));
    let Some((true, replies)) = changes else { return Ok(()) };
    with(|s| s.awaiting.said = only);
    let text = serde_json::to_vec(&Await { only, timer }).expect("two plain values are JSON");
    wire::send(py, FrameKind::Await, replies, &text)
}

fn hub(py: Python<'_>) -> Option<Bound<'_, PyAny>> {
    with(|s| s.event_loop.as_ref().map(|l| l.hub.clone_ref(py))).flatten().map(|hub| hub.into_bound(py))
}

/// Brings a signal that came in this frame to the handler's task. Returns whether it is to be raised where the flow stands, which is so too when
/// there is no loop.
pub(super) fn interrupt(py: Python<'_>, frame: &Py<PyAny>) -> bool {
    let Some(hub) = hub(py) else { return true };
    hub.call_method1(pyo3::intern!(py, "interrupt"), (frame,)).and_then(|raise| raise.is_truthy()).unwrap_or(true)
}

/// The asyncio loop of an async handler.
pub(super) fn running(py: Python<'_>) -> Option<Bound<'_, PyAny>> {
    hub(py)?.getattr(pyo3::intern!(py, "loop")).ok()
}

/// Whether the handler is async.
pub(super) fn is_there() -> bool {
    with(|s| s.event_loop.is_some()) == Some(true)
}

/// Wakes the loop, from any thread.
pub(super) fn nudge(py: Python<'_>) -> PyResult<()> {
    match hub(py) {
        Some(hub) => hub.call_method0(pyo3::intern!(py, "nudge")).map(drop),
        None => Ok(()),
    }
}

/// The execution is under a signal now: tasks made from here on clean up, and may call.
pub(super) fn mark(py: Python<'_>) {
    if let Some(hub) = hub(py) {
        // It only notes which tasks there are; without that, the signal stops more of them.
        let _ = hub.call_method0(pyo3::intern!(py, "mark"));
    }
}

/// Whether the running task was made after the signal.
pub(super) fn is_later(py: Python<'_>) -> bool {
    hub(py).is_some_and(|hub| hub.call_method0(pyo3::intern!(py, "is_later")).and_then(|later| later.is_truthy()).unwrap_or(false))
}

/// Whether this is what the tasks of an async handler see of a cancel.
pub(super) fn is_task_cancel(exception: &Bound<'_, PyAny>) -> bool {
    let py = exception.py();
    let class = with(|s| s.event_loop.as_ref().map(|l| l.cancelled.clone_ref(py))).flatten();
    class.is_some_and(|class| exception.is_instance(class.bind(py)).unwrap_or(false))
}

/// The error as an exception object.
pub(super) fn exception(py: Python<'_>, error: PyErr) -> Py<PyBaseException> {
    error.into_value(py)
}
