//! What an explanation is made of. Every list and text in it is capped, so that the whole stays small whatever it explains.

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Characters of a text that people read: a message, the source of a line.
pub(super) const TEXT: usize = 600;
/// Characters of a value shown.
pub(super) const VALUE: usize = 200;

/// Why an execution stands where it stands.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    pub execution_id: Uuid,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_name: Option<String>,
    pub status: String,
    /// All of it in a sentence or two.
    pub summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<Waits>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands: Option<Stands>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_cause: Option<Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escaped: Option<Escape>,
    pub attempts: Attempts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_good: Option<LastGood>,
    /// Calls that make sense now, the best first.
    pub next: Vec<Next>,
}

/// What it waits for, followed to the one that holds up all others.
#[derive(Clone, Debug, Serialize)]
pub struct Waits {
    pub words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// From what it waits for itself to the last in the line.
    pub path: Vec<Waiting>,
    /// The question at the end of the line that nobody has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Asked>,
    /// Executions in the line that the caller may not read.
    #[serde(skip_serializing_if = "is_zero")]
    pub hidden: usize,
    /// The line comes back to an execution in it: nobody will ever go on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub circle: bool,
}

/// A message that waits for its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    pub message_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Whether the caller may answer it.
    pub may_answer: bool,
}

/// One execution in a line of waiting ones.
#[derive(Clone, Debug, Serialize)]
pub struct Waiting {
    pub execution_id: Uuid,
    pub name: String,
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Others that are waited for beside it, by status.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub others: Map<String, Value>,
}

/// Where a live flow stands now.
#[derive(Clone, Debug, Serialize)]
pub struct Stands {
    /// `flow`, `native code`, `no process` or `unknown`.
    #[serde(rename = "where")]
    pub place: &'static str,
    pub words: String,
    /// Its own lines, outermost first.
    pub frames: Vec<Frame>,
    #[serde(skip_serializing_if = "is_none_left_out")]
    pub left_out: u32,
    /// Where its innermost line has led to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inside: Option<String>,
    /// The tasks of an async handler.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Task>,
}

/// A task of an async handler, where it awaits.
#[derive(Clone, Debug, Serialize)]
pub struct Task {
    pub name: String,
    pub frames: Vec<Frame>,
}

/// A line of a flow's script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Frame {
    pub line: u32,
    pub function: String,
    /// The line's text; empty where the script has no such line.
    pub source: String,
}

/// An exception, reduced to the flow's own lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Outermost first.
    pub frames: Vec<Frame>,
    /// What was raised first, where one exception led to another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<Box<Failure>>,
}

/// The deepest failed execution below that explains the end.
#[derive(Clone, Debug, Serialize)]
pub struct Cause {
    pub execution_id: Uuid,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow_name: Option<String>,
    pub status: String,
    #[serde(flatten)]
    pub failure: Failure,
    /// From the child to the cause, which comes last.
    pub path: Vec<Step>,
    /// Failed executions named on the way that the caller may not read.
    #[serde(skip_serializing_if = "is_zero")]
    pub hidden: usize,
}

/// One step down to a cause.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    pub execution_id: Uuid,
    pub name: String,
    pub status: String,
    /// How it is known that it led to the failure above: `named in the message`, or `the last call that failed`.
    pub known_by: &'static str,
}

/// What it did outside flow_api first, and where.
#[derive(Clone, Debug, Serialize)]
pub struct Escape {
    pub words: String,
    pub event: String,
    pub argument: String,
    #[serde(flatten)]
    pub frame: Frame,
    pub at: String,
    /// The number of the call before it.
    pub after: u32,
}

/// How often it was tried, and why again.
#[derive(Clone, Debug, Serialize)]
pub struct Attempts {
    pub count: i64,
    pub on_loss: String,
    /// The last ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Loss>,
}

/// A lost process, as the log tells it.
#[derive(Clone, Debug, Serialize)]
pub struct Loss {
    pub at: String,
    pub message: String,
}

/// The last run of the same flow before this one that succeeded, and what was different.
#[derive(Clone, Debug, Serialize)]
pub struct LastGood {
    pub execution_id: Uuid,
    pub ended_at: String,
    pub script: ScriptChange,
    /// Inputs that differ; empty when they are the same.
    pub inputs: Vec<Change>,
    #[serde(skip_serializing_if = "is_zero")]
    pub more_inputs: usize,
    pub steps: StepChange,
    pub duration: Elapsed,
}

#[derive(Clone, Debug, Serialize)]
pub struct ScriptChange {
    pub changed: bool,
    /// Unified, capped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// One place in the inputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// JSON pointer.
    pub pointer: String,
    /// `added`, `removed` or `changed`.
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

/// Where the two went different ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepChange {
    /// Calls at the beginning that are the same in both.
    pub same: usize,
    pub then: usize,
    pub now: usize,
    /// There are more calls than were compared.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// What the good run did where they part: `child report`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub then_came: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now_came: Option<String>,
}

/// Milliseconds; of a live one, up to now.
#[derive(Clone, Debug, Serialize)]
pub struct Elapsed {
    pub then_ms: Option<i64>,
    pub now_ms: Option<i64>,
}

/// A call of an MCP tool that makes sense now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Next {
    pub tool: &'static str,
    pub arguments: Value,
    pub why: String,
}

/// The first characters of a text.
pub(super) fn head(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_none_left_out(count: &u32) -> bool {
    *count == 0
}
