//! The execution that runs in this slot: its numbers, its replay, the lifecycle signal it is under, its calls.
//!
//! Everything here happens under the interpreter lock; the mutex only makes that visible to the compiler and is
//! never held while Python code can run.

use std::sync::Mutex;

use pyo3::prelude::*;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::protocol::{Difference, Fault, FrameKind, Heir, Limits, LogKey, Op, Outcome, Reply, Run, Travel};

use super::awaiting::Awaiting;
use super::call_lock::CallLock;
use super::convert;
use super::event_loop::{self, EventLoop};
use super::handled::{is_handling, note_handled};
use super::module::exception;
use super::replay::{Replay, Turn, Wanted};
use super::{divergence, travel, wire};

static SESSION: Mutex<Option<Session>> = Mutex::new(None);

pub(super) struct Session {
    id: Uuid,
    /// What tracebacks call the script.
    pub(super) script: String,
    /// The number of the next call.
    pub(super) next: u32,
    /// Number of the last call, and log entries since.
    pub(super) log: LogKey,
    logs_after: LogKey,
    pub(super) replay: Replay,
    /// Cancelled before this attempt: raised where the journal ends.
    pub(super) cancelled: bool,
    limits: Limits,
    /// It is run to be looked at; and whether it stands where it is looked at, so that nothing of it may run.
    pub(super) travel: Option<Travel>,
    pub(super) is_stopped: bool,
    seed: u64,
    pub(super) signal: Option<Signal>,
    /// The exception that was being handled at the last call, and the number of the call before the first that it led to.
    pub(super) handled: Option<(Py<PyAny>, u32)>,
    pub(super) awaiting: Awaiting,
    pub(super) event_loop: Option<EventLoop>,
}

/// A lifecycle signal that was raised, and the end it stands for.
pub(super) struct Signal {
    pub exception: Py<PyAny>,
    pub outcome: Outcome,
}

/// The answer of the server, or from the journal.
pub(super) enum Answer {
    Live(Box<RawValue>),
    /// With the number that follows.
    Recorded(Box<RawValue>),
}

impl Answer {
    pub(super) fn text(&self) -> &str {
        match self {
            Answer::Live(raw) | Answer::Recorded(raw) => raw.get(),
        }
    }
}

/// The session, if an execution runs here.
pub(super) fn with<T>(f: impl FnOnce(&mut Session) -> T) -> Option<T> {
    SESSION.lock().expect("no panic happens under this lock").as_mut().map(f)
}

/// Begins an execution; takes the journal out of `run`.
pub(super) fn begin(run: &mut Run) -> Result<(), String> {
    let mut key = [0; 32];
    for (index, byte) in key.iter_mut().enumerate() {
        let digits = run.hash_key.get(index * 2..index * 2 + 2).ok_or("the hash key is too short")?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| "the hash key is no hexadecimal text")?;
    }
    let mut session = Session {
        id: run.execution_id,
        script: run.script_name.clone(),
        next: 1,
        log: LogKey::default(),
        logs_after: run.logs_after,
        replay: Replay::new(std::mem::take(&mut run.journal), key).inherited_by(Heir::of(run.execution_id, run.first)),
        cancelled: run.cancelled,
        limits: run.limits,
        travel: run.travel,
        is_stopped: false,
        seed: run.seed,
        signal: None,
        handled: None,
        awaiting: Awaiting::default(),
        event_loop: None,
    };
    session.awaiting.repeat(run.logs_after.seq, std::mem::take(&mut run.logs_delivered));
    *SESSION.lock().expect("no panic happens under this lock") = Some(session);
    Ok(())
}

/// Ends it: later calls of threads that are still there are refused. Gives the signal it is under, and what a replay left out.
pub(super) fn end() -> (Option<Signal>, Option<Difference>) {
    let session = SESSION.lock().expect("no panic happens under this lock").take();
    session.map_or((None, None), |mut s| (s.signal, s.replay.missing(s.next)))
}

/// The id of the execution that runs here.
pub(super) fn execution_id() -> Option<Uuid> {
    with(|s| s.id)
}

/// What `random` is seeded with.
pub(super) fn seed() -> Option<u64> {
    with(|s| s.seed)
}

/// Longest encoded argument or output.
pub(super) fn value_limit() -> u64 {
    with(|s| s.limits.value_bytes).unwrap_or(u64::MAX)
}

/// CPU seconds the execution may use.
pub(super) fn cpu_limit() -> u64 {
    with(|s| s.limits.cpu_seconds).unwrap_or_default()
}

/// Whether an execution runs in this process.
pub(super) fn is_running() -> bool {
    wire::is_owner() && with(|_| ()).is_some()
}

/// Makes a numbered call and waits for its answer.
pub(super) fn call(py: Python<'_>, op: Op, target: &str, args: &str) -> PyResult<Answer> {
    guard(py)?;
    check_size(py, args.len())?;
    let _turn = CallLock::acquire(py)?;
    // Another thread may have ended things while this one waited for its turn.
    guard(py)?;
    note_handled(py);
    let Some((seq, turn)) = with(|s| (s.next, s.take(Wanted { op, target, args }))) else { return Err(no_execution(py)) };
    travel::pass(py, seq, (&turn, Wanted { op, target, args }), false)?;
    let given = with(|s| s.awaiting.take_given()).unwrap_or_default();
    divergence::tell(py)?;
    match turn {
        Turn::Recorded { reply, .. } => answer(py, reply).map(Answer::Recorded),
        Turn::Diverged(found) => Err(divergence::found(py, *found)),
        Turn::Live if with(|s| std::mem::take(&mut s.cancelled)) == Some(true) => Err(cancel(py)),
        Turn::Live => {
            let answer = ask(py, seq, &Asked { op, target, args, given, awaited: false });
            if answer.is_err() && op == Op::StepBegin {
                with(Session::leave_step);
            }
            answer.map(Answer::Live)
        }
    }
}

/// Makes a call and gives its answer as a Python object.
pub(super) fn call_value(py: Python<'_>, op: Op, target: &str, args: &str) -> PyResult<Py<PyAny>> {
    let answer = call(py, op, target, args)?;
    convert::decode(py, answer.text())
}

/// The number of the call that was made last; the number that comes next.
pub(super) fn position() -> (u32, u32) {
    with(|s| (s.log.seq, s.next)).unwrap_or_default()
}

/// Ends the step that began with call `seq`: reports `result` under its number. The end takes a number of its own,
/// so that log entries after it have the same keys in a replay that jumps over the step.
pub(super) fn end_step(py: Python<'_>, seq: u32, name: &str, reply: &str) -> PyResult<()> {
    let _turn = CallLock::acquire(py)?;
    let Some(next) = with(|s| {
        s.jump(s.next + 1);
        s.next
    }) else {
        return Err(no_execution(py));
    };
    let args = format!("{{\"reply\":{reply},\"next\":{next}}}");
    ask(py, seq, &Asked { op: Op::StepEnd, target: name, args: &args, given: Vec::new(), awaited: false }).map(drop)
}

impl Session {
    /// Whether a replay went another way.
    pub(super) fn has_diverged(&self) -> bool {
        matches!(&self.signal, Some(Signal { outcome: Outcome::Diverged { .. }, .. }))
    }

    pub(super) fn take(&mut self, wanted: Wanted<'_>) -> Turn {
        let turn = self.replay.take(self.next, wanted);
        let next = match &turn {
            Turn::Recorded { next, .. } => *next,
            Turn::Live | Turn::Diverged(_) => self.next + 1,
        };
        self.jump(next);
        turn
    }

    /// A step that an earlier attempt was in is not begun again: the calls inside it, which end the journal, are over with it.
    fn leave_step(&mut self) {
        if let Some(last) = self.replay.give_up() {
            self.jump(last + 1);
        }
    }

    fn jump(&mut self, next: u32) {
        self.next = next;
        self.log = LogKey { seq: next - 1, n: 0 };
    }
}

/// A call on its way to the server.
pub(super) struct Asked<'a> {
    pub op: Op,
    pub target: &'a str,
    pub args: &'a str,
    /// Answers that the flow was given before it.
    pub given: Vec<i64>,
    /// By a task of an event loop, which goes on meanwhile.
    pub awaited: bool,
}

pub(super) fn send_call(py: Python<'_>, seq: u32, asked: &Asked<'_>) -> PyResult<()> {
    let mut payload = Vec::with_capacity(asked.args.len() + asked.target.len() + 48);
    payload.extend_from_slice(b"{\"op\":\"");
    payload.extend_from_slice(asked.op.name().as_bytes());
    payload.extend_from_slice(b"\",\"target\":");
    convert::push_text(&mut payload, asked.target);
    payload.extend_from_slice(b",\"args\":");
    payload.extend_from_slice(asked.args.as_bytes());
    if asked.awaited {
        payload.extend_from_slice(b",\"awaited\":true");
    }
    if !asked.given.is_empty() {
        payload.extend_from_slice(format!(",\"delivered\":{:?}", asked.given).as_bytes());
    }
    if wire::this_thread() != wire::main_thread() {
        payload.extend_from_slice(b",\"off_main\":true");
    }
    payload.push(b'}');
    wire::send(py, FrameKind::Call, seq, &payload)
}

fn ask(py: Python<'_>, seq: u32, asked: &Asked<'_>) -> PyResult<Box<RawValue>> {
    send_call(py, seq, asked)?;
    loop {
        let frame = wire::receive(py)?;
        if let Some(payload) = take_in(frame, Some(seq)) {
            // A cancel that came together with the answer goes first.
            py.check_signals()?;
            return answer(py, reply(&payload));
        }
        if wire::this_thread() != wire::main_thread() {
            event_loop::nudge(py)?;
        }
    }
}

/// Counts an answer. That to `wanted` is handed back; others are kept for the tasks that await them, or dropped: those to
/// calls that were left, by a cancel or by a signal handler of the flow.
pub(super) fn take_in(frame: wire::Frame, wanted: Option<u32>) -> Option<Vec<u8>> {
    if frame.kind != FrameKind::Reply {
        wire::lost();
    }
    with(|s| {
        s.awaiting.replies = s.awaiting.replies.wrapping_add(1);
        s.awaiting.said = false;
    });
    if wanted == Some(frame.seq) {
        return Some(frame.payload);
    }
    with(|s| s.awaiting.arrive(frame.seq, || reply(&frame.payload)));
    None
}

fn reply(payload: &[u8]) -> Reply {
    serde_json::from_slice(payload).unwrap_or_else(|e| {
        let message = format!("The server's answer cannot be read ({e}).");
        Reply::Err(Fault { exception: "InternalError".into(), message, field: None, data: None })
    })
}

pub(super) fn answer(py: Python<'_>, reply: Reply) -> PyResult<Box<RawValue>> {
    match reply {
        Reply::Ok(value) => Ok(value),
        Reply::Err(fault) => Err(match fault.exception.as_str() {
            "ExecutionCancel" => cancel(py),
            "Diverged" => divergence::raise(py, fault.message, None),
            _ => exception::from_fault(py, &fault),
        }),
    }
}

/// Refuses a value that is longer than the execution's limit, as JSON.
pub(super) fn check_size(py: Python<'_>, length: usize) -> PyResult<()> {
    let limit = value_limit();
    if length as u64 <= limit {
        return Ok(());
    }
    let message = format!("The value is {length} bytes long as JSON; the limit is {limit}.");
    Err(exception::new(py, "InvalidInputError", &message))
}

/// Cancels the execution from inside: called by the signal handler, on the main thread.
pub(super) fn cancel(py: Python<'_>) -> PyErr {
    raise(py, "ExecutionCancel", "The execution was cancelled.", Outcome::Cancelled { message: None })
}

/// Puts the execution under a lifecycle signal and gives the exception to raise. The first one decides, except that a
/// cancel ends what a flow does in `finally` after it ended otherwise.
pub(super) fn raise(py: Python<'_>, class: &str, text: &str, outcome: Outcome) -> PyErr {
    if with(|_| ()).is_none() {
        return no_execution(py);
    }
    let cancels = matches!(outcome, Outcome::Cancelled { .. });
    let earlier = with(|s| s.signal.as_ref().map(|held| (held.exception.clone_ref(py), matches!(held.outcome, Outcome::Cancelled { .. }))));
    if let Some(Some((held, is_cancel))) = earlier
        && (is_cancel || !cancels)
    {
        return again(py, &held);
    }
    let error = exception::new(py, class, text);
    let exception = error.value(py).clone().into_any().unbind();
    let replaced = with(|s| s.signal.replace(Signal { exception, outcome }));
    drop(replaced);
    event_loop::mark(py);
    error
}

/// Whether the execution is under a signal already, with `exception` the one.
pub(super) fn is_signal(exception: &Bound<'_, PyAny>) -> bool {
    with(|s| s.signal.as_ref().is_some_and(|held| held.exception.is(exception))) == Some(true)
}

/// Whether a cancel has been raised.
pub(super) fn is_cancelled() -> bool {
    with(|s| matches!(&s.signal, Some(Signal { outcome: Outcome::Cancelled { .. }, .. }))) == Some(true)
}

/// Stands before every call: refuses forked children and ended executions, and raises a swallowed signal again.
pub(super) fn guard(py: Python<'_>) -> PyResult<()> {
    if !wire::is_owner() {
        let message = "flow_api works only in the process that runs the execution; this is a child that the flow forked.";
        return Err(exception::new(py, "InternalError", message));
    }
    if with(|s| s.is_stopped) == Some(true) {
        return Err(exception::new(py, "InternalError", "The flow is only looked at here; it makes no calls."));
    }
    match with(|s| s.signal.as_ref().map(|held| held.exception.clone_ref(py))) {
        None => Err(no_execution(py)),
        Some(Some(held)) if !is_handling(py) => Err(again(py, &held)),
        Some(_) => Ok(()),
    }
}

fn again(py: Python<'_>, held: &Py<PyAny>) -> PyErr {
    let error = PyErr::from_value(held.bind(py).clone());
    // The same object each time: its traceback would grow without end in a loop that swallows it.
    error.set_traceback(py, None);
    error
}

pub(super) fn no_execution(py: Python<'_>) -> PyErr {
    exception::new(py, "InternalError", "There is no execution here: it has ended, or this is no flow.")
}

/// Takes the next log number, with what an async handler was told since the last entry of this call; `None` if that entry was
/// stored by an earlier attempt, or nobody is there to log for.
pub(super) fn next_log() -> Option<(LogKey, Vec<i64>)> {
    with(|s| {
        s.log.n += 1;
        (s.log > s.logs_after).then(|| (s.log, s.awaiting.given_for_log().to_vec()))
    })?
}

/// Whether recorded calls are still being answered.
pub(super) fn is_replaying() -> bool {
    with(|s| s.replay.is_running()) == Some(true)
}
