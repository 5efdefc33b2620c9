//! What the MCP door does, in the terms of `flowstead_wire` and of the service; the wire itself is not known here.
//!
//! It never decides what an actor may do: every look-up goes through the service with the caller's actor.

mod answer;
mod block;
mod call;
mod caller;
mod completion;
mod fixture;
mod form;
mod instruction;
mod list;
mod notice;
mod prompt;
mod question;
mod quota;
mod resource;
mod rich;
mod run;
mod task;
mod tool;
mod user_tool;
mod wait;

use std::sync::Arc;

use flowstead_wire::{
    Answer, Behaviour, Capabilities, Change, Completed, CompletionRequest, Era, Fault, Holder, Implementation, Prompt, PromptAnswer,
    PromptCall, Resource, ResourceContent, Task, Template, ToolCall, ToolList,
};
use serde_json::{Map, Value};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::error::{Error, Kind};
use crate::service::Service;
pub use caller::McpCaller;
use quota::Quotas;

/// The agent's door. A cheap handle.
#[derive(Clone)]
pub struct Mcp(Arc<Inner>);

struct Inner {
    service: Service,
    changes: broadcast::Sender<Change>,
    lists: list::Lists,
    quotas: Quotas,
    refused: task::Refused,
    asked: broadcast::Sender<Uuid>,
}

impl Mcp {
    pub fn new(service: Service) -> Mcp {
        let (changes, asked) = (notice::listen(&service), notice::asked(&service));
        let quotas = Quotas::new(service.clock(), &service.config().mcp);
        Mcp(Arc::new(Inner { service, changes, lists: list::Lists::default(), quotas, refused: task::Refused::default(), asked }))
    }

    fn has_fixtures(&self) -> bool {
        self.service().config().mcp.test_resources
    }

    fn quotas(&self) -> &Quotas {
        &self.0.quotas
    }

    /// The executions that ask something from now on.
    fn asked(&self) -> broadcast::Receiver<Uuid> {
        self.0.asked.subscribe()
    }

    fn refused(&self) -> &task::Refused {
        &self.0.refused
    }

    pub(super) fn service(&self) -> &Service {
        &self.0.service
    }
}

impl Behaviour for Mcp {
    type Caller = McpCaller;

    fn implementation(&self) -> Implementation {
        Implementation { name: "flowstead".into(), title: "Flowstead".into(), version: env!("CARGO_PKG_VERSION").into() }
    }

    fn holder(&self, caller: &McpCaller) -> Holder {
        Holder { user: caller.user(), key: caller.key() }
    }

    async fn instructions(&self, caller: &McpCaller) -> Result<String, Fault> {
        instruction::text(self, caller).await.map_err(fault)
    }

    async fn tools(&self, caller: &McpCaller, era: Era) -> Result<Arc<ToolList>, Fault> {
        list::tools(self, caller, era).await.map_err(fault)
    }

    async fn call(&self, caller: &McpCaller, call: ToolCall) -> Result<Answer, Fault> {
        // On the heap: a call may hold it for long.
        Box::pin(call::call(self, caller, call)).await
    }

    async fn prompts(&self, caller: &McpCaller) -> Result<Vec<Prompt>, Fault> {
        prompt::list(self, &caller.actor).await.map_err(fault)
    }

    async fn prompt(&self, caller: &McpCaller, call: PromptCall) -> Result<PromptAnswer, Fault> {
        prompt::get(self, &caller.actor, call).await.map_err(fault)
    }

    async fn task(&self, caller: &McpCaller, id: &str, capabilities: Capabilities) -> Result<Task, Fault> {
        Box::pin(task::get(self, &caller.actor, (id, capabilities))).await
    }

    async fn task_answer(&self, caller: &McpCaller, id: &str, responses: Map<String, Value>) -> Result<(), Fault> {
        Box::pin(task::answer(self, &caller.actor, (id, responses))).await
    }

    async fn task_cancel(&self, caller: &McpCaller, id: &str) -> Result<(), Fault> {
        task::cancel(self, &caller.actor, id).await
    }

    fn task_resource(&self, id: &str) -> String {
        task::resource(id)
    }

    async fn resources(&self, _caller: &McpCaller) -> Result<Vec<Resource>, Fault> {
        let mut resources = resource::list();
        if self.has_fixtures() {
            resources.extend(fixture::list());
        }
        Ok(resources)
    }

    async fn templates(&self, _caller: &McpCaller) -> Result<Vec<Template>, Fault> {
        let mut templates = resource::templates();
        if self.has_fixtures() {
            templates.push(fixture::template());
        }
        Ok(templates)
    }

    async fn read(&self, caller: &McpCaller, uri: &str) -> Result<Vec<ResourceContent>, Fault> {
        if self.has_fixtures()
            && let Some(content) = fixture::read(uri)
        {
            return Ok(vec![content]);
        }
        match resource::read(self, &caller.actor, uri).await {
            Err(error) if error.kind() == Kind::NotFound => Err(Fault::ResourceNotFound(error.message().to_owned())),
            read => read.map_err(fault),
        }
    }

    async fn complete(&self, caller: &McpCaller, request: &CompletionRequest) -> Result<Completed, Fault> {
        completion::complete(self, &caller.actor, request).await.map_err(fault)
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.changes.subscribe()
    }

    async fn sees(&self, caller: &McpCaller, change: &Change) -> bool {
        notice::sees(self, &caller.actor, change).await
    }
}

/// What is no tool's business is a fault of the protocol.
#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn fault(error: Error) -> Fault {
    match error.kind() {
        Kind::Internal => Fault::Internal(error.to_string()),
        _ => Fault::InvalidParams(error.message().to_owned()),
    }
}
