//! Users as agents: tool calls through `Behaviour`, without a wire between, and answers as JSON.

use flowstead::mcp::{Mcp, McpCaller};
use flowstead::service::{Actor, Service};
use flowstead_wire::{
    Answer, Behaviour, Capabilities, Change, Completed, CompletionRequest, Content, Era, Fault, Progress, ProgressSink, Prompt,
    PromptAnswer, PromptCall, PromptText, Resource, ResourceContent, Subject, Task, Tool, ToolCall, ToolResult,
};
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;
use tokio::sync::broadcast::Receiver;
use tokio::sync::mpsc;

/// Somebody who calls tools.
#[derive(Clone)]
pub struct Agent {
    mcp: Mcp,
    caller: McpCaller,
    /// The server's: what a call leaves to be done in the background must not end with the test's own runtime.
    runtime: Handle,
}

/// What an error says: its sentence and its line of JSON.
#[derive(Debug)]
pub struct Refused {
    pub sentence: String,
    pub line: Value,
}

impl Agent {
    pub fn new(service: &Service, actor: Actor, runtime: Handle) -> Agent {
        let caller = McpCaller::new(actor, None).expect("no choice is a choice");
        Agent { mcp: Mcp::new(service.clone()), caller, runtime }
    }

    /// The same with this choice of tools in the address.
    pub fn choosing(mut self, tools: &str) -> Agent {
        self.caller = McpCaller::new(self.caller.actor, Some(tools)).expect("the choice is made of words that exist");
        self
    }

    /// What `work` gives, done where the server runs.
    async fn ask<T: Send + 'static, F: Future<Output = T> + Send + 'static>(&self, work: impl FnOnce(Mcp, McpCaller) -> F) -> T {
        self.runtime.spawn(work(self.mcp.clone(), self.caller.clone())).await.expect("the server does not panic")
    }

    pub async fn tools(&self) -> Vec<Tool> {
        let listed = self.ask(async move |mcp, caller| mcp.tools(&caller, Era::Modern).await);
        listed.await.expect("tools can be listed").to_vec()
    }

    pub async fn prompts(&self) -> Vec<Prompt> {
        self.ask(async move |mcp, caller| mcp.prompts(&caller).await).await.expect("prompts can be listed")
    }

    pub async fn prompt(&self, name: &str, arguments: Value) -> Result<PromptText, Fault> {
        let arguments = arguments.as_object().expect("arguments are an object").clone();
        let capabilities = Capabilities::default();
        let call = PromptCall { name: name.to_owned(), arguments, era: Era::Modern, capabilities, responses: Map::new() };
        match self.ask(async move |mcp, caller| mcp.prompt(&caller, call).await).await? {
            PromptAnswer::Text(text) => Ok(text),
            PromptAnswer::Asks(asks) => panic!("nobody can be asked: {asks:?}"),
        }
    }

    /// A task, for a client that shows forms.
    pub async fn task(&self, id: &str) -> Result<Task, Fault> {
        let id = id.to_owned();
        let capabilities = Capabilities { form: true, tasks: true, ..Capabilities::default() };
        self.ask(async move |mcp, caller| mcp.task(&caller, &id, capabilities).await).await
    }

    /// Whatever a call ends with.
    pub async fn answer(&self, call: ToolCall) -> Result<Answer, Fault> {
        self.ask(async move |mcp, caller| mcp.call(&caller, call).await).await
    }

    pub async fn resources(&self) -> Vec<Resource> {
        self.ask(async move |mcp, caller| mcp.resources(&caller).await).await.expect("resources can be listed")
    }

    /// The text of a resource, or its base64.
    pub async fn read(&self, uri: &str) -> Result<String, Fault> {
        let of = uri.to_owned();
        let content = self.ask(async move |mcp, caller| mcp.read(&caller, &of).await).await?;
        match content.as_slice() {
            [ResourceContent::Text { uri: of, text, .. }] if of == uri => Ok(text.clone()),
            [ResourceContent::Blob { uri: of, data, .. }] if of == uri => Ok(data.clone()),
            other => panic!("{other:?}"),
        }
    }

    pub async fn complete(&self, subject: Subject, argument: &str, value: &str) -> Result<Completed, Fault> {
        let request = CompletionRequest { subject, argument: argument.to_owned(), value: value.to_owned() };
        self.ask(async move |mcp, caller| mcp.complete(&caller, &request).await).await
    }

    pub async fn instructions(&self) -> String {
        self.ask(async move |mcp, caller| mcp.instructions(&caller).await).await.expect("there is a text")
    }

    pub fn changes(&self) -> Receiver<Change> {
        self.mcp.changes()
    }

    pub async fn sees(&self, change: &Change) -> bool {
        let change = change.clone();
        self.ask(async move |mcp, caller| mcp.sees(&caller, &change).await).await
    }

    /// The result of a call; nothing when there is no such tool for this agent.
    pub async fn send(&self, call: ToolCall) -> Option<ToolResult> {
        self.unchecked(call).await.inspect(check)
    }

    /// As [`Agent::send`], of a tool whose results hold more than data.
    pub async fn unchecked(&self, call: ToolCall) -> Option<ToolResult> {
        let Agent { mcp, caller, .. } = self.clone();
        let answer = self.runtime.spawn(async move { mcp.call(&caller, call).await });
        match answer.await.expect("a call does not panic") {
            Ok(Answer::Done(result)) => Some(result),
            Ok(other) => panic!("a client that declares nothing gets a result: {other:?}"),
            Err(Fault::InvalidParams(text)) => {
                assert!(text.starts_with("Unknown tool"), "{text}");
                None
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    pub async fn call(&self, tool: &str, arguments: Value) -> Option<ToolResult> {
        self.send(call(tool, arguments)).await
    }

    /// The data of a call that must succeed.
    pub async fn ok(&self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await.unwrap_or_else(|| panic!("there is no tool {tool}"));
        assert!(!result.is_error, "{tool}: {}", text(&result));
        result.structured.expect("a success has data")
    }

    /// The error of a call that must be refused with this code.
    pub async fn refused(&self, tool: &str, arguments: Value, code: &str) -> Refused {
        let result = self.call(tool, arguments).await.unwrap_or_else(|| panic!("there is no tool {tool}"));
        let refused = refusal(&result);
        assert_eq!(refused.line["code"], code, "{refused:?}");
        refused
    }
}

/// A call as a client without progress and without hurry makes it.
pub fn call(tool: &str, arguments: Value) -> ToolCall {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    ToolCall::new(tool, arguments, Era::Modern)
}

/// A call whose client wants to hear of progress.
pub fn call_with_progress(tool: &str, arguments: Value) -> (ToolCall, mpsc::Receiver<Progress>) {
    let (sink, heard) = ProgressSink::channel();
    (ToolCall { progress: Some(sink), ..call(tool, arguments) }, heard)
}

pub fn text(result: &ToolResult) -> &str {
    match result.content.first() {
        Some(Content::Text(text)) => text,
        other => panic!("an answer begins with text, not {other:?}"),
    }
}

pub fn refusal(result: &ToolResult) -> Refused {
    assert!(result.is_error, "{}", text(result));
    let (sentence, line) = text(result).split_once('\n').expect("a sentence and a line");
    Refused { sentence: sentence.to_owned(), line: serde_json::from_str(line).expect("the line is JSON") }
}

/// What holds for every answer.
fn check(result: &ToolResult) {
    if result.is_error {
        assert!(result.structured.is_none() && result.content.len() == 1, "an error is text only: {result:?}");
        let refused = refusal(result);
        let line: &Map<String, Value> = refused.line.as_object().expect("an object");
        for key in ["code", "error_message", "hint", "execution_id", "retryable"] {
            assert!(line.contains_key(key), "an error has {key}: {refused:?}");
        }
        assert!(text(result).chars().count() < 11_000, "an error is cut by clients");
    } else {
        // A user tool's text is its own; what is no object is wrapped for older clients.
        let data: Value = serde_json::from_str(text(result)).unwrap_or_else(|_| text(result).into());
        let structured = result.structured.as_ref().expect("a success has data");
        assert!(*structured == data || *structured == json!({"result": data}), "text and data are the same: {result:?}");
    }
}
