//! Frames between engine and worker: a 16-byte header and a JSON text payload, over one stream socket per slot;
//! and the datagrams between server and zygote over one SEQPACKET socket.
//!
//! The two ends are always the same binary, but a flow can write garbage on its socket: everything read here is
//! checked, and a frame that breaks a rule ends the slot, never the server.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

mod check;
mod control;
mod escape;
mod hash;
mod install;
mod note;
mod op;
mod outcome;
mod stack;
mod travel;

pub use check::{Check, Checked, Description, Problem};
pub use control::{FromZygote, SandboxLine, ToZygote, ZygoteConfig};
pub use escape::Escape;
pub use hash::{Heir, SHOWN, call_hash, shown};
pub use install::InstallerConfig;
pub use note::{Excused, Note};
pub use op::Op;
pub use outcome::{CallShown, Difference, Done, Outcome};
pub use stack::{LOOK_SIGNAL, Stack, StackFrame, StackModule, StackTask};
pub use travel::{FrameShown, Sight, Stand, Standing, TaskShown, Travel};

/// Raised with every change of meaning; RUN carries it, a slot of another version refuses to run.
pub const VERSION: u8 = 3;
/// Bytes of a frame's header.
pub const HEADER: usize = 16;
/// The largest payload either side accepts, in bytes.
pub const MAX_PAYLOAD: usize = 96 << 20;
/// The signal that asks a slot to cancel its execution (SIGUSR1). A slot that got it must not be given another
/// execution: the signal names none, so a late one would hit the next.
pub const CANCEL_SIGNAL: i32 = libc::SIGUSR1;
/// A slot exits with this code when its socket is gone: the server closed it, or the flow did.
pub const EXIT_SOCKET_LOST: i32 = 81;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameKind {
    /// Server to slot: run this execution ([`Run`]).
    Run = 1,
    /// Slot to server: a numbered flow_api call that waits for its REPLY ([`Call`]).
    Call = 2,
    /// Server to slot: the answer to the CALL with the same seq ([`Reply`]).
    Reply = 3,
    /// Slot to server, one way: a log entry ([`Log`]).
    Log = 4,
    /// Slot to server, one way: progress ([`Progress`]).
    Progress = 5,
    /// Slot to server: the execution ended ([`Done`]).
    Done = 6,
    /// Slot to server, one way: the compiled code of the script in RUN ([`Code`]).
    Code = 7,
    /// Server to slot: check a script without running it ([`Check`]); answered by REPLY-shaped CHECKED.
    Check = 8,
    /// Slot to server: the outcome of CHECK ([`Checked`]).
    Checked = 9,
    /// Server to slot: leave (close of the socket means the same).
    Exit = 10,
    /// Slot to server: flow code is about to reach outside flow_api ([`Escape`]); waits at the slot's gate.
    Escape = 11,
    /// Slot to server, one way: an async handler only awaits calls, or goes on without an answer ([`Await`]). Its seq is
    /// the number of answers the slot has read in this attempt: with fewer than were sent, something is on its way to it.
    Await = 12,
    /// Slot to server, one way, without payload: nobody in the flow waits for the answer to the CALL with this seq any more.
    Abandon = 13,
    /// Slot to server, one way: what a replay for people comes by ([`Sight`]).
    Travel = 14,
    /// Slot to server, one way: the replay gave the recorded call with this seq other arguments where these may differ ([`Differs`]).
    Differs = 15,
    /// Slot to server, one way: where the flow stands ([`Stack`]), after [`LOOK_SIGNAL`].
    Stack = 16,
}

impl FrameKind {
    /// The kind with this number.
    pub const fn from_byte(byte: u8) -> Option<FrameKind> {
        Some(match byte {
            1 => FrameKind::Run,
            2 => FrameKind::Call,
            3 => FrameKind::Reply,
            4 => FrameKind::Log,
            5 => FrameKind::Progress,
            6 => FrameKind::Done,
            7 => FrameKind::Code,
            8 => FrameKind::Check,
            9 => FrameKind::Checked,
            10 => FrameKind::Exit,
            11 => FrameKind::Escape,
            12 => FrameKind::Await,
            13 => FrameKind::Abandon,
            14 => FrameKind::Travel,
            15 => FrameKind::Differs,
            16 => FrameKind::Stack,
            _ => return None,
        })
    }
}

/// A frame's header: kind, version check byte, slot, seq, length of the payload; little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub kind: FrameKind,
    pub slot: u32,
    pub seq: u32,
    pub length: u32,
}

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadFrame {
    Kind(u8),
    Version(u8),
    Length(u32),
}

impl Header {
    /// The header as bytes.
    pub fn encode(self) -> [u8; HEADER] {
        let mut out = [0; HEADER];
        out[0] = self.kind as u8;
        out[1] = VERSION;
        out[4..8].copy_from_slice(&self.slot.to_le_bytes());
        out[8..12].copy_from_slice(&self.seq.to_le_bytes());
        out[12..16].copy_from_slice(&self.length.to_le_bytes());
        out
    }

    /// Reads a header; refuses unknown kinds, other versions and over-long payloads.
    pub fn decode(bytes: &[u8; HEADER]) -> Result<Header, BadFrame> {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let kind = FrameKind::from_byte(bytes[0]).ok_or(BadFrame::Kind(bytes[0]))?;
        if bytes[1] != VERSION {
            return Err(BadFrame::Version(bytes[1]));
        }
        let length = word(12);
        if length as usize > MAX_PAYLOAD {
            return Err(BadFrame::Length(length));
        }
        Ok(Header { kind, slot: word(4), seq: word(8), length })
    }
}

/// A whole frame as bytes.
pub fn frame(kind: FrameKind, slot: u32, seq: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("payloads are capped far below 4 GiB");
    let mut out = Vec::with_capacity(HEADER + payload.len());
    out.extend_from_slice(&Header { kind, slot, seq, length }.encode());
    out.extend_from_slice(payload);
    out
}

/// RUN: everything a slot needs to run or replay one execution.
#[derive(Debug, Serialize, Deserialize)]
pub struct Run {
    pub execution_id: Uuid,
    pub name: String,
    /// What tracebacks call the script: the flow's name, or `script`.
    pub script_name: String,
    pub script: String,
    /// `marshal`led code object of `script` in base64, when some slot of this domain compiled it before.
    pub code: Option<String>,
    pub epoch: u32,
    /// 1 for the first try.
    pub attempt: u32,
    /// The handler's `inputs`, defaults filled in.
    pub inputs: Box<RawValue>,
    /// Key of the argument hashes, 64 hex digits; derived with a server secret from the id of the execution that began the journal.
    pub hash_key: String,
    /// The execution that began the journal, where this one carries it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Uuid>,
    /// Recorded calls of this epoch, by ascending seq.
    pub journal: Vec<Recorded>,
    /// Log entries up to this key are stored already and are not sent again.
    pub logs_after: LogKey,
    /// What an async handler had been told after its last call when it logged the last of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs_delivered: Vec<i64>,
    /// Seeds `random` for the handler, so that a replay draws the same.
    pub seed: u64,
    /// This epoch reached outside flow_api before, and that is on disk: it is not told again.
    pub escaped: bool,
    /// A cancel was requested before this attempt: the signal is raised once the journal is used up.
    pub cancelled: bool,
    pub limits: Limits,
    /// It is run to be looked at: nothing leaves the slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub travel: Option<Travel>,
}

/// One recorded call as a replay reads it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Recorded {
    pub seq: u32,
    pub op: Op,
    pub target: String,
    /// Hex of the keyed hash of op, target and arguments ([`call_hash`]).
    pub hash: String,
    /// `None`: started, not answered; the call goes out again under the same number.
    pub reply: Option<Reply>,
    /// A capped, redacted text of the arguments, for the message about a difference.
    pub shown: String,
    /// The number that follows: a finished step skips the calls made inside it.
    pub next: u32,
    /// What an async handler was told before it made this call and after the one before, in order: the numbers of awaited
    /// calls that were answered, and, negative, those of timers of its event loop that went off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivered: Vec<i64>,
    /// When an answer to a call that can be awaited came: microseconds after the first call of the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<u64>,
}

/// Limits the slot applies to itself.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Limits {
    /// Address space of each process, bytes.
    pub memory_bytes: u64,
    /// CPU seconds of this execution; the kernel sends SIGXCPU, then SIGKILL.
    pub cpu_seconds: u64,
    /// Largest file the flow may write, bytes.
    pub file_bytes: u64,
    /// Longest encoded output or argument, bytes.
    pub value_bytes: u64,
    /// What the work directory may hold at the end: bytes, and files and folders.
    pub work_bytes: u64,
    pub work_files: u64,
}

/// Where a log entry stands: (last call's seq, count since then).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogKey {
    pub seq: u32,
    pub n: u32,
}

/// CALL: an operation of the flow; its number is the header's seq.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    pub op: Op,
    #[serde(default)]
    pub target: String,
    /// A JSON object, as the flow gave it.
    pub args: Box<RawValue>,
    /// An async handler made it and does other things meanwhile; else the flow stands still until its answer.
    #[serde(default)]
    pub awaited: bool,
    /// As in [`Recorded`].
    #[serde(default)]
    pub delivered: Vec<i64>,
    /// Made by a Python thread that is not the main one: in which order threads call is not the same in a replay.
    #[serde(default)]
    pub off_main: bool,
}

/// DIFFERS: a note for people.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Differs {
    /// As they are shown: capped.
    pub args: String,
}

/// AWAIT: what an async handler does between two answers.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Await {
    /// `false`: it goes on computing, woken by something that was no answer.
    pub only: bool,
    /// Seconds until a timer of its event loop is due, if there is one.
    #[serde(default)]
    pub timer: Option<f64>,
}

/// Arguments of [`Op::StepEnd`]. A failed step's fault has the pickled exception in its `data` where it could be
/// pickled, so that a replay raises the same class.
#[derive(Debug, Serialize, Deserialize)]
pub struct StepResult {
    pub reply: Reply,
    pub next: u32,
}

/// Arguments of [`Op::Child`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChildArgs {
    /// `FLOW`, `SCRIPT` or `CONNECTION`.
    pub kind: String,
    /// Source text of a SCRIPT.
    pub script: Option<String>,
    pub connector_type: Option<String>,
    pub name: Option<String>,
    pub input_value: Option<Box<RawValue>>,
    /// Start it now; else it stays CREATED.
    pub run: bool,
    /// Wait for it in the same call; `None` returns at once.
    pub wait: Option<ReturnWhen>,
    /// Seconds the wait may take.
    pub timeout: Option<f64>,
    pub orphan: bool,
    pub priority: Option<i64>,
    /// ISO 8601 text or unix seconds as text.
    pub scheduled_for: Option<String>,
    pub location_inheritance: Option<String>,
    pub max_runtime_minutes: Option<f64>,
    /// Further columns given by keyword (`init`, `roles`, `savepoint_retention`, ...).
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// What a wait is content with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReturnWhen {
    AllSucceeded,
    AllEnded,
    FirstEnded,
    FirstSucceeded,
}

/// A child as a call that made it or waited for it sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChildState {
    pub id: Uuid,
    pub name: String,
    pub status: String,
    /// Last line of its `status_message`, when it ended without success.
    pub reason: Option<String>,
}

/// REPLY: the result, or the error to raise in the flow. One that nobody waits for any more (the flow was cancelled, a
/// signal handler of its own raised, or the task that awaited it was cancelled) is dropped by the slot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Ok(Box<RawValue>),
    Err(Fault),
}

/// An error as flow code gets it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fault {
    /// Class name in `flow_api.exceptions`, e.g. `ResourceNotFoundError`; `ExecutionCancel` raises the signal;
    /// `Diverged` ends the attempt because the replay went another way.
    pub exception: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Extras such as the failed children of DependencyFailedError (`{"executions": [ChildState]}`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

/// LOG: one entry. `seq` in the header is the last call's number.
#[derive(Debug, Serialize, Deserialize)]
pub struct Log {
    /// Count since the last call.
    pub n: u32,
    /// `debug`, `info`, `warning` or `error`.
    pub level: String,
    /// `stdout`, `stderr`, `logging`, or absent for `this.log`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    pub message: String,
    /// Named values of `this.log`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
    /// What an async handler was told since the last call, as in [`Recorded`], beyond what earlier entries of this attempt say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivered: Vec<i64>,
}

/// PROGRESS: shown in lists, sent as MCP progress; the last one wins.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Progress {
    pub done: f64,
    pub total: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// CODE: a compiled script, kept by the server for the next slot of the same domain. It names the script in its
/// tracebacks: keep it by script and `script_name`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Code {
    /// base64 of `marshal.dumps`.
    pub code: String,
}
