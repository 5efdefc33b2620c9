//! A replay for people: an execution's flow is run again on its journal alone, and shown where it stands.

use serde::{Deserialize, Serialize};

use super::{CallShown, Escape};

/// Asks in RUN for such a replay: nothing leaves the slot, and it ends where it is to be looked at.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Travel {
    /// Stop when the flow makes this call, or one behind it; else where the journal ends.
    pub to: Option<u32>,
}

/// TRAVEL: what such a replay comes by.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sight {
    /// A call was made, and answered from the journal, or waits for an answer that is not there.
    Passed { seq: u32, call: CallShown },
    /// The flow was kept from reaching outside.
    Refused(Escape),
    /// It stands here. After `raised` DONE follows, after all others the end of the slot.
    Stood(Standing),
}

/// Where a replay came to a stand, and what the flow's own frames hold there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Standing {
    pub why: Stand,
    /// The call that it stands before.
    pub seq: Option<u32>,
    pub call: Option<CallShown>,
    /// The handler first, the innermost last.
    pub frames: Vec<FrameShown>,
    /// Of an async handler: the other tasks that have not ended.
    pub tasks: Vec<TaskShown>,
}

/// Why a replay goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stand {
    /// The call that was asked for.
    Reached,
    /// A call that has no recorded answer.
    JournalEnd,
    /// All tasks await what has no recorded answer.
    Waits,
    /// An exception left the handler.
    Raised,
}

/// A frame of the flow's script.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FrameShown {
    pub function: String,
    pub line: u32,
    /// Names and values as text, capped.
    pub variables: Vec<(String, String)>,
}

/// A task of an async handler.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskShown {
    pub name: String,
    pub frames: Vec<FrameShown>,
}
