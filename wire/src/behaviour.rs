//! What a server does, as a trait; what a call brings along.

use std::future::Future;
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use super::content::{Resource, ResourceContent, ToolResult};
use super::input::{Asker, Asks};
use super::listing::{Completed, CompletionRequest, Implementation, Prompt, PromptText, Template, ToolList};
use super::log::LogSink;
use super::task::Task;

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
#[allow(clippy::struct_excessive_bools, reason = "each is declared or not, on its own")]
pub struct Capabilities {
    /// Elicitation: it shows forms.
    pub form: bool,
    /// Elicitation: it offers pages to be opened.
    pub page: bool,
    pub sampling: bool,
    pub roots: bool,
    /// The tasks extension.
    pub tasks: bool,
}

/// One of them that a request cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    Form,
    Sampling,
    Roots,
    Tasks,
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
    /// Answers to questions of an earlier answer to the same call, by their keys, as the client sent them.
    pub responses: Map<String, Value>,
    /// The state that came with those questions, as the client sent it.
    pub state: Option<String>,
    /// What tells a call that is made again from a second one: `_meta` of the call, or the header `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// Given when the client sent a progress token.
    pub progress: Option<ProgressSink>,
    /// Given when the client wants to hear what is logged.
    pub log: Option<LogSink>,
    /// Given when the client can be asked while the call goes on.
    pub asker: Option<Asker>,
    /// Cancelled when nobody waits for the answer any more. It ends the wait, never an execution.
    pub gone: CancellationToken,
}

impl ToolCall {
    /// A call that brings nothing along but its arguments.
    pub fn new(name: impl Into<String>, arguments: Map<String, Value>, era: Era) -> ToolCall {
        ToolCall {
            name: name.into(),
            arguments,
            era,
            capabilities: Capabilities::default(),
            responses: Map::new(),
            state: None,
            idempotency_key: None,
            progress: None,
            log: None,
            asker: None,
            gone: CancellationToken::new(),
        }
    }
}

/// How a tool call ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Done(ToolResult),
    /// Only for callers of the modern era, and only what they declared.
    Asks(Asks),
    /// It goes on as a task. Only for those who declared tasks; it is on disk by now.
    Task(Task),
}

/// One `prompts/get`.
#[derive(Clone, Debug)]
pub struct PromptCall {
    pub name: String,
    pub arguments: Map<String, Value>,
    pub era: Era,
    pub capabilities: Capabilities,
    /// As in [`ToolCall`].
    pub responses: Map<String, Value>,
}

/// How a `prompts/get` ends.
#[derive(Clone, Debug, PartialEq)]
pub enum PromptAnswer {
    Text(PromptText),
    /// Only for callers of the modern era, and only what they declared.
    Asks(Asks),
}

/// A fault of the protocol; everything an agent can act on is a [`ToolResult`] with `is_error` instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No tool, prompt or other thing of that name, or parameters of the wrong shape: -32602.
    InvalidParams(String),
    /// No such resource: -32002 for legacy callers, -32602 for modern ones.
    ResourceNotFound(String),
    /// The client must declare this: -32021.
    MissingCapability(Capability),
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
    fn tools(&self, caller: &Self::Caller, era: Era) -> impl Future<Output = Result<Arc<ToolList>, Fault>> + Send;

    fn call(&self, caller: &Self::Caller, call: ToolCall) -> impl Future<Output = Result<Answer, Fault>> + Send;

    fn prompts(&self, caller: &Self::Caller) -> impl Future<Output = Result<Vec<Prompt>, Fault>> + Send;

    fn prompt(&self, caller: &Self::Caller, call: PromptCall) -> impl Future<Output = Result<PromptAnswer, Fault>> + Send;

    /// The task with this id; of its questions those that a client of these capabilities may be asked.
    fn task(&self, caller: &Self::Caller, id: &str, capabilities: Capabilities) -> impl Future<Output = Result<Task, Fault>> + Send;

    /// Answers questions of a task, by their keys. Keys that are not known any more mean nothing.
    fn task_answer(&self, caller: &Self::Caller, id: &str, responses: Map<String, Value>)
    -> impl Future<Output = Result<(), Fault>> + Send;

    /// Asks for a task's end. One that has ended stays as it is.
    fn task_cancel(&self, caller: &Self::Caller, id: &str) -> impl Future<Output = Result<(), Fault>> + Send;

    /// The resource whose changes are those of the task with this id.
    fn task_resource(&self, id: &str) -> String;

    fn resources(&self, caller: &Self::Caller) -> impl Future<Output = Result<Vec<Resource>, Fault>> + Send;

    fn templates(&self, caller: &Self::Caller) -> impl Future<Output = Result<Vec<Template>, Fault>> + Send;

    fn read(&self, caller: &Self::Caller, uri: &str) -> impl Future<Output = Result<Vec<ResourceContent>, Fault>> + Send;

    fn complete(&self, caller: &Self::Caller, request: &CompletionRequest) -> impl Future<Output = Result<Completed, Fault>> + Send;

    /// News from now on, for everyone; the wire asks [`Behaviour::sees`] before it tells a caller.
    fn changes(&self) -> broadcast::Receiver<Change>;

    /// Whether this caller may know of a change.
    fn sees(&self, caller: &Self::Caller, change: &Change) -> impl Future<Output = bool> + Send;
}
