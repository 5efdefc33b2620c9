//! DONE: how a handler ended, and where a replay went another way.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Op;

/// DONE: how the handler ended, and whether the slot may take another execution.
#[derive(Debug, Serialize, Deserialize)]
pub struct Done {
    pub outcome: Outcome,
    /// `None`: the slot is clean. Else why it must not be used again.
    pub unclean: Option<String>,
    pub cpu_ms: u64,
    pub peak_memory_bytes: u64,
}

/// How a handler ended. Tagged from outside: a tag inside would keep serde from leaving the raw values alone.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Success {
        message: Option<String>,
        /// Set when the handler returned a value.
        output: Option<Box<RawValue>>,
        /// What the caller of a webhook is answered: `{"status", "headers", "kind", "body"}`, where `kind` is `empty`, `text`, `html`,
        /// `json` or `base64`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply: Option<Box<RawValue>>,
    },
    Error {
        /// The whole `status_message`: traceback of the flow's lines, or the text of `this.error`.
        message: String,
        hint: Option<String>,
        data: Option<Box<RawValue>>,
        /// The number of the last call before it failed: those after it were made while it was already on its way to this end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<u32>,
    },
    Cancelled {
        message: Option<String>,
    },
    /// `this.restart(inputs)`.
    Restart {
        inputs: Box<RawValue>,
    },
    /// The replay asked for something else than was recorded; the text shows both.
    Diverged {
        message: String,
        /// [`Difference`] as JSON.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<Box<RawValue>>,
    },
}

/// Where a replay went another way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Difference {
    /// The number of the call.
    pub seq: u32,
    pub recorded: CallShown,
    /// `None`: the flow ended, or stood still, before it made the call.
    pub now: Option<CallShown>,
}

/// A call as people see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CallShown {
    pub op: Op,
    pub target: String,
    /// Capped.
    pub args: String,
    /// The line of the flow's script that makes it, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}
