//! What a server does, as a trait; what a call brings along.

use std::future::Future;
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use super::content::{Resource, ResourceContent, ToolResult};
use super::listing::{Completed, CompletionRequest, Implementation, Prompt, PromptText, Template, Tool};

/// Which half of the protocol a caller speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Era {
    /// Revisions that begin with `initialize`: 2024-11-05 to 2025-11-25.
    Legacy,
    /// 2026-07-28: stateless, every request carries its version and capabilities.
    Modern,
}

/// What a client said it can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    pub elicitation: bool,
    /// The tasks extension.
    pub tasks: bool,
}

/// A step of a long call, for the person who waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Grows with every report of a call; [`ProgressSink`] sees to it.
    pub done: f64,
    pub total: Option<f64>,
    pub message: Option<String>,
}

/// Where a call reports progress. Reports that the wire cannot take at once are dropped: the next one says more.
#[derive(Clone, Debug)]
pub struct ProgressSink(mpsc::Sender<Progress>);

impl ProgressSink {
    /// A sink and the end the wire reads.
    pub fn channel() -> (ProgressSink, mpsc::Receiver<Progress>) {
        let (sender, receiver) = mpsc::channel(64);
        (ProgressSink(sender), receiver)
    }

    pub fn report(&self, progress: Progress) {
        // Full or closed: see above.
        let _ = self.0.try_send(progress);
    }
}

/// One `tools/call`.
#[derive(Clone, Debug)]
pub struct ToolCall {
    pub name: String,
    pub arguments: Map<String, Value>,
    pub era: Era,
    pub capabilities: Capabilities,
    /// Given when the client sent a progress token.
    pub progress: Option<ProgressSink>,
    /// Cancelled when nobody waits for the answer any more. It ends the wait, never an execution.
    pub gone: CancellationToken,
}

/// How a tool call ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Done(ToolResult),
}

/// A fault of the protocol; everything an agent can act on is a [`ToolResult`] with `is_error` instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No tool, prompt or other thing of that name, or parameters of the wrong shape: -32602.
    InvalidParams(String),
    /// No such resource: -32002 for legacy callers, -32602 for modern ones.
    ResourceNotFound(String),
    /// Ours; the message is for the log.
    Internal(String),
}

/// Whose a session is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Holder {
    /// Only this user may use the session.
    pub user: String,
    /// The key (or login) that is counted when sessions are capped.
    pub key: String,
}

/// A list or a resource is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Tools,
    Prompts,
    Resources,
    /// The resource with this URI.
    Resource(String),
}

/// What a server does. One value serves all callers; who calls comes with each request, from the request's extensions.
pub trait Behaviour: Send + Sync + 'static {
    /// What the front puts into the extensions of a request once it knows who asks.
    type Caller: Clone + Send + Sync + 'static;

    fn implementation(&self) -> Implementation;

    /// Whose a session is that this caller begins.
    fn holder(&self, caller: &Self::Caller) -> Holder;

    /// The text of `initialize` and `server/discover` for this caller.
    fn instructions(&self, caller: &Self::Caller) -> impl Future<Output = Result<String, Fault>> + Send;

    /// In listing order. Cheap to answer again while nothing changed.
    fn tools(&self, caller: &Self::Caller, era: Era) -> impl Future<Output = Result<Arc<[Tool]>, Fault>> + Send;

    fn call(&self, caller: &Self::Caller, call: ToolCall) -> impl Future<Output = Result<Answer, Fault>> + Send;

    fn prompts(&self, caller: &Self::Caller) -> impl Future<Output = Result<Vec<Prompt>, Fault>> + Send;

    fn prompt(
        &self,
        caller: &Self::Caller,
        name: &str,
        arguments: &Map<String, Value>,
    ) -> impl Future<Output = Result<PromptText, Fault>> + Send;

    fn resources(&self, caller: &Self::Caller) -> impl Future<Output = Result<Vec<Resource>, Fault>> + Send;

    fn templates(&self, caller: &Self::Caller) -> impl Future<Output = Result<Vec<Template>, Fault>> + Send;

    fn read(&self, caller: &Self::Caller, uri: &str) -> impl Future<Output = Result<Vec<ResourceContent>, Fault>> + Send;

    fn complete(&self, caller: &Self::Caller, request: &CompletionRequest) -> impl Future<Output = Result<Completed, Fault>> + Send;

    /// News from now on, for everyone; the wire asks [`Behaviour::sees`] before it tells a caller.
    fn changes(&self) -> broadcast::Receiver<Change>;

    /// Whether this caller may know of a change.
    fn sees(&self, caller: &Self::Caller, change: &Change) -> impl Future<Output = bool> + Send;
}
