//! Calls that go on after they were answered: what a client may know of them.

use crate::content::ToolResult;
use crate::input::InputRequests;

/// A task as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub id: String,
    /// What it is doing, for people.
    pub message: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
    pub updated_at: String,
    pub stand: Stand,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Stand {
    Working,
    /// It goes on once these are answered.
    Asks(InputRequests),
    /// The tool gave this, which may be an error of its own.
    Completed(ToolResult),
    /// It was lost, so that there is no result; why, in a sentence.
    Failed(String),
    Cancelled,
}
