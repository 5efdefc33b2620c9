//! The operations of flow code: their wire names, what they carry, how a replay and the scheduler take them.

use serde::{Deserialize, Serialize};

/// Every operation flow code can ask for. The wire name is the snake_case variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// `{field: value}` on the execution itself (name, message, output_value, ...). The key `output_merge` holds an
    /// object whose keys replace those of `output_value` one by one (`set_output(key, value)`). Answer: null.
    Save,
    /// Time stamp text / uuid text / float in [0, 1).
    Now,
    Uuid,
    Random,
    /// `{"seconds": f}` or `{"until": unix}`. Answer: null, once due.
    Sleep,
    /// Target: step name; `{"on_loss": "retry"|"fail"}`. Answer: `{"idempotency_key": text}`, not recorded as done.
    StepBegin,
    /// Same seq as its StepBegin; [`StepResult`](super::StepResult). The step's recorded reply becomes `reply`, its `next` becomes `next`. Answer: null.
    StepEnd,
    /// Target: flow name or id, or empty for a script. Arguments: [`ChildArgs`](super::ChildArgs). Answer: [`ChildState`](super::ChildState) list of one, or an error.
    Child,
    /// `{"ids": [..], "wait": bool, "timeout": f?}`: start children made with `run=False`. Answer: list of [`ChildState`](super::ChildState).
    ChildRun,
    /// `{"ids": [..], "return_when": .., "timeout": f?}`. Answer: list of [`ChildState`](super::ChildState) of those that ended, in the order given.
    Wait,
    /// Target: execution id. Answer: null.
    Cancel,
    Pause,
    /// Target: `type`; `{"id"|"name", "fields": [..]?}`. Answer: object of the fields.
    RecordGet,
    /// Answer: bool.
    RecordExists,
    /// `{"id"|"name", "fields": {..}}`. Answer: `{"id", "name", "created": bool}`.
    RecordSave,
    /// `{"id"|"name", "permanently": bool}`. Answer: null.
    RecordDelete,
    RecordRestore,
    /// `{"filter_", "order", "limit"}`, each null when not given. Answer: list of `{"id", "name"}`.
    RecordList,
    /// The export document. Answer: object.
    RecordExport,
    /// Target: setting name or id; `{"timeout": f?}`. Answer: null, or LockTimeoutError.
    LockAcquire,
    LockRelease,
    /// Target: message id; `{"timeout": f?}`. Answer: null once somebody has answered it, or MessageResponseTimeoutError.
    MessageWait,
    /// Target: message id; `{"seconds": f?}`. Answer: the address of a page that takes the answer without a login.
    MessageLink,
    /// Target: the savepoint's name. Answer: how often the execution has come back to it.
    SaveDump,
    /// Target: name or id; `{"by": "name"|"id"}`. No answer but an error: the process ends, and a replay goes on there.
    LoadDump,
    /// Target: file name or id. Answer: base64 text.
    FileRead,
    /// Target: file name or id; `{"content": base64}`. Answer: `{"id", "name", "created": bool}`.
    FileWrite,
    /// `{}`. Answer: `{"id", "name"}`; the environment's name as text for the last.
    OwnUser,
    OwnWorkspace,
    EnvName,
}

impl Op {
    /// The wire name.
    pub fn name(self) -> &'static str {
        match self {
            Op::Save => "save",
            Op::Now => "now",
            Op::Uuid => "uuid",
            Op::Random => "random",
            Op::Sleep => "sleep",
            Op::StepBegin => "step_begin",
            Op::StepEnd => "step_end",
            Op::Child => "child",
            Op::ChildRun => "child_run",
            Op::Wait => "wait",
            Op::Cancel => "cancel",
            Op::Pause => "pause",
            Op::RecordGet => "record_get",
            Op::RecordExists => "record_exists",
            Op::RecordSave => "record_save",
            Op::RecordDelete => "record_delete",
            Op::RecordRestore => "record_restore",
            Op::RecordList => "record_list",
            Op::RecordExport => "record_export",
            Op::LockAcquire => "lock_acquire",
            Op::LockRelease => "lock_release",
            Op::MessageWait => "message_wait",
            Op::MessageLink => "message_link",
            Op::SaveDump => "save_dump",
            Op::LoadDump => "load_dump",
            Op::FileRead => "file_read",
            Op::FileWrite => "file_write",
            Op::OwnUser => "own_user",
            Op::OwnWorkspace => "own_workspace",
            Op::EnvName => "env_name",
        }
    }

    /// Whether a replay may ask with any other arguments. Soft operations act on nothing. A sleep is over once it is recorded
    /// as over, however long a replay, computing it from the clock, would sleep now.
    pub const fn is_soft(self) -> bool {
        matches!(self, Op::Now | Op::Uuid | Op::Random | Op::Sleep)
    }

    /// The argument that may be another one in a replay, where all others must be the same: the text of progress, and when a
    /// child is to start, which flows compute from the clock. What was recorded stands.
    pub const fn soft_argument(self) -> Option<&'static str> {
        match self {
            Op::Save => Some("message"),
            Op::Child => Some("scheduled_for"),
            _ => None,
        }
    }

    /// Whether async handlers have it as an awaitable.
    pub const fn can_be_awaited(self) -> bool {
        matches!(self, Op::Sleep | Op::Child | Op::Wait | Op::MessageWait)
    }

    /// Whether the call can take long: the slot is parked and another one runs meanwhile.
    pub const fn waits(self) -> bool {
        matches!(self, Op::Sleep | Op::Wait | Op::LockAcquire | Op::MessageWait)
    }
}
