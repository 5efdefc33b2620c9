//! What a tool is, as data: what is listed about it, who can use it at all, and what answers it.

use std::pin::Pin;
use std::sync::Arc;

use flowstead_wire::{Annotations, Answer, Tool, ToolCall};
use serde_json::{Map, Value, json};

use super::argument::Arguments;
use crate::mcp::answer::Refusal;
use crate::mcp::{Mcp, McpCaller};
use crate::records::{RecordType, TYPES};
use crate::service::{Actor, May, Operation, Service, ToolGroup};

/// A built-in tool.
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) group: ToolGroup,
    /// The first sentence says when to use it, the last what it does not do.
    pub(super) description: &'static str,
    pub(super) arguments: &'static [Argument],
    pub(super) annotations: Annotations,
    /// Without it the tool is of no use: it is not listed, and calling it is calling an unknown tool.
    pub(super) need: Need,
    pub(super) handler: Handler,
}

/// What answers a call whose arguments are read.
pub(super) type Handler = for<'a> fn(Call<'a>) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;
pub(super) type Outcome = Result<Answer, Refusal>;

/// A call under way.
pub(super) struct Call<'a> {
    pub(super) mcp: &'a Mcp,
    pub(super) actor: &'a Actor,
    pub(super) caller: &'a McpCaller,
    pub(super) wire: &'a ToolCall,
    pub(super) arguments: Arguments,
}

impl Call<'_> {
    pub(super) fn service(&self) -> &Service {
        self.mcp.service()
    }
}

/// One argument of a tool.
pub(super) struct Argument {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// Meaning, unit, default; empty where the name says it all.
    pub(super) doc: &'static str,
    pub(super) required: bool,
}

impl Argument {
    pub(super) const fn new(name: &'static str, shape: Shape, doc: &'static str) -> Argument {
        Argument { name, shape, doc, required: false }
    }

    pub(super) const fn required(mut self) -> Argument {
        self.required = true;
        self
    }
}

/// What an argument's value is.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Text,
    /// A whole number from the first to the second, both included.
    Integer(u64, u64),
    /// Seconds, fractions allowed, from 0 to this.
    Seconds(u64),
    /// One of these words.
    Word(&'static [&'static str]),
    Bool,
    TextList,
    Object,
    /// Any JSON value.
    Any,
}

impl Shape {
    fn schema(self) -> Value {
        match self {
            Shape::Text => json!({ "type": "string" }),
            // Bounds cost context; a call beyond them is told.
            Shape::Integer(..) => json!({ "type": "integer" }),
            Shape::Seconds(_) => json!({ "type": "number" }),
            Shape::Word(words) => json!({ "type": "string", "enum": words }),
            Shape::Bool => json!({ "type": "boolean" }),
            Shape::TextList => json!({ "type": "array", "items": { "type": "string" } }),
            Shape::Object => json!({ "type": "object" }),
            Shape::Any => json!({}),
        }
    }
}

/// The least an actor must be able to do somewhere for a tool to be of use to it.
#[derive(Clone, Copy)]
pub(super) enum Need {
    All(&'static [(Operation, &'static str)]),
    AnyOf(&'static [(Operation, &'static str)]),
    /// This on some record type that the generic tools serve.
    Record(Operation),
    /// This on some subrecord type that the generic tools serve.
    Part(Operation),
}

impl Need {
    pub(super) fn is_met(self, may: &May) -> bool {
        let ever = |(operation, name): &(Operation, &str)| crate::records::find(name).is_some_and(|of| may.ever(*operation, of));
        match self {
            Need::All(needs) => needs.iter().all(ever),
            Need::AnyOf(needs) => needs.iter().any(ever),
            Need::Record(operation) => TYPES.iter().any(|of| !of.is_subrecord() && serves(operation, of) && may.ever(operation, of)),
            Need::Part(operation) => TYPES.iter().any(|of| of.is_subrecord() && serves(operation, of) && may.ever(operation, of)),
        }
    }
}

/// Whether the generic tools do this with records of this type: executions are started, keys are minted elsewhere, and
/// what the engine keeps is not written.
pub(super) fn serves(operation: Operation, of: &RecordType) -> bool {
    match operation {
        Operation::Read => true,
        Operation::Create => of.is_created(),
        Operation::Update => !of.is_kept(),
        Operation::Delete => !of.is_kept() && !of.is_single(),
    }
}

impl Definition {
    /// Whether the caller is shown it, as far as its choice of tools and the server's settings go.
    pub(super) fn is_shown(&self, mcp: &Mcp, caller: &McpCaller) -> bool {
        let is_on = self.group != ToolGroup::Script || mcp.service().config().mcp.run_script;
        is_on && caller.tools.has(self.group, self.annotations.read_only)
    }

    /// As it is listed.
    pub(super) fn tool(&self) -> Tool {
        Tool {
            name: self.name.to_owned(),
            // Its name in words would say nothing more.
            title: None,
            description: self.description.to_owned(),
            input_schema: Arc::new(self.schema()),
            // What comes back is seen in the first answer; its schema would cost context in every conversation.
            output_schema: None,
            annotations: self.annotations,
        }
    }

    fn schema(&self) -> Map<String, Value> {
        let mut properties = Map::new();
        for argument in self.arguments {
            let mut property = argument.shape.schema();
            if !argument.doc.is_empty() {
                property["description"] = argument.doc.into();
            }
            properties.insert(argument.name.to_owned(), property);
        }
        let required: Vec<&str> = self.arguments.iter().filter(|a| a.required).map(|a| a.name).collect();
        let mut schema = Map::new();
        schema.insert("type".into(), "object".into());
        schema.insert("properties".into(), properties.into());
        if !required.is_empty() {
            schema.insert("required".into(), json!(required));
        }
        // That there may be no others is told to who sends some: saying it here would cost context in every conversation.
        schema
    }
}

/// It looks and changes nothing.
pub(super) const READS: Annotations = Annotations { read_only: true, destructive: false, idempotent: true, open_world: false };
/// It adds something; doing it twice adds it twice, or is refused.
pub(super) const ADDS: Annotations = Annotations { read_only: false, destructive: false, idempotent: false, open_world: false };
/// It replaces or removes what was there; doing it twice changes nothing more.
pub(super) const REPLACES: Annotations = Annotations { read_only: false, destructive: true, idempotent: true, open_world: false };
/// It runs code that may do anything.
pub(super) const RUNS: Annotations = Annotations { read_only: false, destructive: true, idempotent: false, open_world: true };
