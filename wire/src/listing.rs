//! What lists show: tools, prompts, templates, completions.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde_json::{Map, Value};

use super::content::Content;

/// `serverInfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Implementation {
    pub name: String,
    pub title: String,
    pub version: String,
}

/// What a tool does to the world, truthfully.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Annotations {
    pub read_only: bool,
    pub destructive: bool,
    pub idempotent: bool,
    pub open_world: bool,
}

/// A tool as listed. Schemas are the projection every client understands; cheap to share.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    pub name: String,
    pub title: Option<String>,
    pub description: String,
    pub input_schema: Arc<Map<String, Value>>,
    pub output_schema: Option<Arc<Map<String, Value>>>,
    pub annotations: Annotations,
}

impl Tool {
    /// Its definition in `tools/list`.
    pub fn as_listed(&self) -> Value {
        serde_json::to_value(crate::convert::tool(self)).expect("a model of the protocol is JSON")
    }
}

/// The tools that a caller sees, in listing order, and their text once somebody has asked for it.
#[derive(Debug, Default)]
pub struct ToolList {
    tools: Vec<Tool>,
    text: OnceLock<Bytes>,
}

impl ToolList {
    pub fn new(tools: Vec<Tool>) -> ToolList {
        ToolList { tools, text: OnceLock::new() }
    }

    /// As `tools/list` has it: a JSON array.
    pub(crate) fn text(&self) -> &Bytes {
        self.text.get_or_init(|| {
            let tools: Vec<_> = self.tools.iter().map(crate::convert::tool).collect();
            serde_json::to_vec(&tools).expect("a model of the protocol is JSON").into()
        })
    }
}

impl Deref for ToolList {
    type Target = [Tool];

    fn deref(&self) -> &[Tool] {
        &self.tools
    }
}

/// A prompt as listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub arguments: Vec<PromptArgument>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptArgument {
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub required: bool,
}

/// A prompt filled in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromptText {
    pub description: Option<String>,
    pub messages: Vec<PromptMessage>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PromptMessage {
    /// Else `user`.
    pub is_assistant: bool,
    pub content: Content,
}

/// A resource template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// RFC 6570: `flow_api://{module}`.
    pub uri_template: String,
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub mime_type: Option<String>,
}

/// What is being completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    Prompt(String),
    /// A URI template.
    Template(String),
}

/// One `completion/complete`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletionRequest {
    pub subject: Subject,
    pub argument: String,
    /// Typed so far.
    pub value: String,
}

/// At most 100 values; `total` of all that match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completed {
    pub values: Vec<String>,
    pub total: u32,
}
