//! A behaviour with a handful of tools, and a client without a network.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use flowstead_wire::{
    Annotations, Answer, Asks, Behaviour, Capabilities, Capability, Change, Completed, CompletionRequest, Content, Era, Fault, Holder,
    Implementation, InputReply, InputRequest, LaneBody, LaneOptions, Lanes, LogLevel, LogLine, Progress, Prompt, PromptAnswer, PromptCall,
    PromptText, Resource, ResourceContent, Stand, Task, Template, Tool, ToolCall, ToolList, ToolResult,
};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

pub const MODERN: &str = "2026-07-28";

/// Who asks. Changes of tools are not for the blind.
#[derive(Clone, Copy, Debug)]
pub struct Who {
    pub user: &'static str,
    pub key: &'static str,
    pub is_blind: bool,
}

pub const ANNA: Who = Who { user: "anna", key: "k1", is_blind: false };
pub const BERT: Who = Who { user: "bert", key: "k2", is_blind: true };

pub struct Fake {
    changes: broadcast::Sender<Change>,
    /// The `gone` of each call of the tool `waits`, once it waits.
    waiting: mpsc::UnboundedSender<CancellationToken>,
    /// How the one task stands, which is called `t` and is Anna's.
    stand: Arc<Mutex<Stand>>,
    /// What it was answered.
    answers: Arc<Mutex<Vec<Map<String, Value>>>>,
}

/// The question of the fake's tools.
pub fn question() -> InputRequest {
    let schema = json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]});
    InputRequest::Form { message: "Who?".into(), schema: schema.as_object().cloned().unwrap() }
}

impl Fake {
    fn task(&self) -> Task {
        let stand = self.stand.lock().unwrap().clone();
        Task { id: "t".into(), message: None, created_at: "2026-01-01T00:00:00Z".into(), updated_at: "2026-01-01T00:00:00Z".into(), stand }
    }

    /// A tool that asks for a name, by whichever way there is.
    async fn asks(&self, call: ToolCall) -> Answer {
        let name = |reply: &Value| match InputReply::read(reply) {
            Some(InputReply::Accepted(Some(content))) => content["name"].as_str().unwrap_or_default().to_owned(),
            other => format!("{other:?}"),
        };
        if let Some(reply) = call.responses.get("who") {
            return Answer::Done(text(format!("{} {:?}", name(reply), call.state)));
        }
        if let Some(asker) = call.asker {
            return Answer::Done(text(asker.ask(question()).await.as_ref().map_or("no answer".to_owned(), name)));
        }
        Answer::Asks(Asks { requests: vec![("who".into(), question())], state: Some("sealed".into()) })
    }
}

fn text(text: impl Into<String>) -> ToolResult {
    ToolResult { content: vec![Content::Text(text.into())], structured: None, is_error: false }
}

fn tool(name: &str) -> Tool {
    let schema = json!({"type": "object", "properties": {"zeta": {"type": "string"}, "alpha": {"type": "string"}}});
    Tool {
        name: name.into(),
        title: None,
        description: format!("The tool {name}."),
        input_schema: Arc::new(schema.as_object().cloned().unwrap()),
        output_schema: None,
        annotations: Annotations { read_only: true, destructive: false, idempotent: true, open_world: false },
    }
}

impl Behaviour for Fake {
    type Caller = Who;

    fn implementation(&self) -> Implementation {
        Implementation { name: "fake".into(), title: "Fake".into(), version: "1".into() }
    }

    fn holder(&self, caller: &Who) -> Holder {
        Holder { user: caller.user.into(), key: caller.key.into() }
    }

    async fn instructions(&self, caller: &Who) -> Result<String, Fault> {
        Ok(format!("You are {}.", caller.user))
    }

    async fn tools(&self, _: &Who, era: Era) -> Result<Arc<ToolList>, Fault> {
        Ok(Arc::new(ToolList::new(vec![tool("echo"), tool(if era == Era::Modern { "modern" } else { "legacy" })])))
    }

    async fn call(&self, _: &Who, call: ToolCall) -> Result<Answer, Fault> {
        if let Some(seconds) = call.arguments.get("after_seconds").and_then(Value::as_u64) {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
        let result = match call.name.as_str() {
            "echo" => ToolResult { structured: Some(call.arguments.into()), ..text("echoed") },
            "fails" => ToolResult { structured: Some(json!({"no": "way"})), is_error: true, ..text("It failed.") },
            "capable" => text(format!("{} {} {:?}", call.capabilities.form, call.capabilities.tasks, call.era)),
            "asks" => return Ok(self.asks(call).await),
            "task" => return Ok(Answer::Task(self.task())),
            "needs" => return Err(Fault::MissingCapability(Capability::Sampling)),
            "keyed" => text(call.idempotency_key.unwrap_or_default()),
            "logs" => {
                if let Some(log) = call.log {
                    for (level, line) in [(LogLevel::Debug, "small"), (LogLevel::Info, "one"), (LogLevel::Error, "two")] {
                        log.tell(LogLine { level, logger: Some("flow".into()), data: line.into() });
                    }
                }
                text("logged")
            }
            "panics" => panic!("a secret at index 7"),
            "breaks" => return Err(Fault::Internal("no such table: secret".into())),
            "steps" => {
                let sink = call.progress.expect("the client gave a token");
                for done in [1.0, 1.0, 0.5, 3.0] {
                    sink.report(Progress { done, total: Some(3.0), message: Some(format!("at {done}")) });
                }
                text("stepped")
            }
            "sleeps" => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                text("slept")
            }
            "waits" => {
                self.waiting.send(call.gone.clone()).expect("the test goes on");
                call.gone.cancelled().await;
                text("nobody waits any more")
            }
            other => return Err(Fault::InvalidParams(format!("Unknown tool '{other}'."))),
        };
        Ok(Answer::Done(result))
    }

    async fn prompts(&self, _: &Who) -> Result<Vec<Prompt>, Fault> {
        Ok(vec![Prompt { name: "greet".into(), ..Prompt::default() }])
    }

    async fn prompt(&self, _: &Who, call: PromptCall) -> Result<PromptAnswer, Fault> {
        match (call.name.as_str(), call.responses.get("who")) {
            ("asks", None) => Ok(PromptAnswer::Asks(Asks { requests: vec![("who".into(), question())], state: None })),
            ("asks", Some(reply)) => Ok(PromptAnswer::Text(PromptText { description: Some(reply.to_string()), messages: Vec::new() })),
            (name, _) => Err(Fault::InvalidParams(format!("There is no prompt '{name}'."))),
        }
    }

    async fn task(&self, caller: &Who, id: &str, _: Capabilities) -> Result<Task, Fault> {
        if id == "t" && caller.user == ANNA.user { Ok(self.task()) } else { Err(Fault::InvalidParams(format!("There is no task '{id}'."))) }
    }

    async fn task_answer(&self, caller: &Who, id: &str, responses: Map<String, Value>) -> Result<(), Fault> {
        self.answers.lock().unwrap().push(responses);
        Behaviour::task(self, caller, id, Capabilities::default()).await.map(|_| ())
    }

    async fn task_cancel(&self, caller: &Who, id: &str) -> Result<(), Fault> {
        Behaviour::task(self, caller, id, Capabilities::default()).await?;
        *self.stand.lock().unwrap() = Stand::Cancelled;
        Ok(())
    }

    fn task_resource(&self, id: &str) -> String {
        format!("task://{id}")
    }

    async fn resources(&self, _: &Who) -> Result<Vec<Resource>, Fault> {
        Ok(vec![Resource { uri: "fake://one".into(), name: "one".into(), ..Resource::default() }])
    }

    async fn templates(&self, _: &Who) -> Result<Vec<Template>, Fault> {
        Ok(Vec::new())
    }

    async fn read(&self, _: &Who, uri: &str) -> Result<Vec<ResourceContent>, Fault> {
        Err(Fault::ResourceNotFound(format!("There is no resource '{uri}'.")))
    }

    async fn complete(&self, _: &Who, request: &CompletionRequest) -> Result<Completed, Fault> {
        Ok(Completed { values: vec![format!("{}!", request.value)], total: 1 })
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    async fn sees(&self, caller: &Who, change: &Change) -> bool {
        !(caller.is_blind && *change == Change::Tools)
    }
}

/// Lanes with somebody in front of them.
pub struct World {
    pub lanes: Arc<Lanes<Fake>>,
    pub changes: broadcast::Sender<Change>,
    pub waiting: mpsc::UnboundedReceiver<CancellationToken>,
    pub closing: CancellationToken,
    pub stand: Arc<Mutex<Stand>>,
    pub answers: Arc<Mutex<Vec<Map<String, Value>>>>,
}

impl World {
    pub fn new() -> World {
        World::with(LaneOptions::default())
    }

    pub fn with(options: LaneOptions) -> World {
        let (changes, _) = broadcast::channel(4);
        let (waiting, received) = mpsc::unbounded_channel();
        let closing = options.closing.clone();
        let (stand, answers) = (Arc::new(Mutex::new(Stand::Working)), Arc::default());
        let fake = Fake { changes: changes.clone(), waiting, stand: Arc::clone(&stand), answers: Arc::clone(&answers) };
        World { lanes: Arc::new(Lanes::new(fake, options)), changes, waiting: received, closing, stand, answers }
    }

    pub async fn send(&self, who: Who, request: Request<Bytes>) -> Reply {
        Reply::of(self.answer(who, request).await).await
    }

    /// The answer before its body is read.
    pub async fn answer(&self, who: Who, mut request: Request<Bytes>) -> http::Response<LaneBody> {
        request.extensions_mut().insert(who);
        self.lanes.answer(request).await
    }

    /// A request of the newest revision.
    pub async fn modern(&self, method: &str, params: Value) -> Reply {
        self.send(ANNA, modern(method, params)).await
    }

    /// A request of the era before.
    pub async fn legacy(&self, method: &str, params: &Value) -> Reply {
        self.send(ANNA, legacy(method, params)).await
    }
}

pub fn message(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
}

/// A POST with these headers.
pub fn post(headers: &[(&'static str, &str)], body: impl Into<String>) -> Request<Bytes> {
    let mut request = Request::post("/mcp").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Bytes::from(body.into())).unwrap()
}

pub fn legacy(method: &str, params: &Value) -> Request<Bytes> {
    post(&[("mcp-protocol-version", "2025-11-25")], message(method, params).to_string())
}

pub fn modern(method: &str, mut params: Value) -> Request<Bytes> {
    let version = "io.modelcontextprotocol/protocolVersion";
    params["_meta"][version] = json!(MODERN);
    if params["_meta"].get("io.modelcontextprotocol/clientCapabilities").is_none() {
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
    }
    let name = params["name"].as_str().or(params["uri"].as_str()).or(params["taskId"].as_str()).unwrap_or_default().to_owned();
    let mut headers = vec![("mcp-protocol-version", MODERN), ("mcp-method", method)];
    if !name.is_empty() {
        headers.push(("mcp-name", &name));
    }
    post(&headers, message(method, &params).to_string())
}

/// A whole answer.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub async fn of(response: http::Response<LaneBody>) -> Reply {
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Reply { status: parts.status, headers: parts.headers, text }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The messages of a JSON answer (one) or of an event stream.
    pub fn messages(&self) -> Vec<Value> {
        if self.header("content-type").starts_with("application/json") {
            return vec![serde_json::from_str(&self.text).unwrap()];
        }
        messages(&self.text)
    }

    pub fn result(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        let last = self.messages().pop().unwrap_or_else(|| panic!("there is no message in {self:?}"));
        assert_eq!((&last["jsonrpc"], &last["id"]), (&json!("2.0"), &json!(7)), "{last}");
        last.get("result").unwrap_or_else(|| panic!("{last}")).clone()
    }

    /// Status and code of a JSON-RPC error, and its message.
    pub fn error(&self) -> (u16, i64, String) {
        let last = self.messages().pop().unwrap_or_else(|| panic!("there is no message in {self:?}"));
        let error = last.get("error").unwrap_or_else(|| panic!("{last}"));
        (self.status.as_u16(), error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())
    }
}

/// The messages in the text of an event stream.
pub fn messages(text: &str) -> Vec<Value> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).filter(|data| !data.is_empty());
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

/// A stream that is read while it goes on.
pub struct Stream {
    body: LaneBody,
    ready: std::collections::VecDeque<Value>,
}

impl Stream {
    pub fn of(response: http::Response<LaneBody>) -> Stream {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream { body: response.into_body(), ready: std::collections::VecDeque::new() }
    }

    /// The next message; none at the end.
    pub async fn next(&mut self) -> Option<Value> {
        while self.ready.is_empty() {
            let frame = self.body.frame().await?.unwrap().into_data().unwrap();
            self.ready.extend(messages(std::str::from_utf8(&frame).unwrap()));
        }
        self.ready.pop_front()
    }

    /// The method of the next message.
    pub async fn method(&mut self) -> String {
        self.next().await.expect("the stream goes on")["method"].as_str().unwrap_or_default().to_owned()
    }
}
