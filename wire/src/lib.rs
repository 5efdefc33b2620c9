//! The MCP wire: `rmcp` behind a face of our own.
//!
//! [`Behaviour`] and the types around it say what a server does and name no type of `rmcp`, so that tests aim at behaviour
//! and the protocol engine can be exchanged. It is a package of its own because `rmcp` is instantiated where it is named:
//! the server links in a fraction of the time when only this small package does.

mod along;
mod around;
mod behaviour;
mod call;
mod carrier;
mod client;
mod content;
mod convert;
mod envelope;
mod guard;
mod input;
mod lane;
mod late;
mod leave;
mod listing;
mod log;
mod news;
mod outlet;
mod parameter;
mod reply;
mod server;
mod session;
mod task;
mod told;

pub use behaviour::{
    Answer, Behaviour, Capabilities, Capability, Change, Era, Fault, Holder, Progress, ProgressSink, PromptAnswer, PromptCall, ToolCall,
};
pub use carrier::{Carrier, Incoming, Outgoing};
pub use client::{Outcome, OutgoingCall, call};
pub use content::{Content, Resource, ResourceContent, ToolResult};
pub use input::{Asked, Asker, Asks, InputReply, InputRequest, InputRequests};
pub use lane::{LaneOptions, Lanes};
pub use listing::{
    Annotations, Completed, CompletionRequest, Implementation, Prompt, PromptArgument, PromptMessage, PromptText, Subject, Template, Tool,
    ToolList,
};
pub use log::{LogLevel, LogLine, LogSink};
pub use reply::{LaneBody, LaneResponse, refusal};
pub use task::{Stand, Task};

/// What the protocol engine calls itself in logs.
pub const LOG_TARGET: &str = "rmcp";
