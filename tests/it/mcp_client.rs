//! Raw MCP messages over HTTP, in both eras, with nothing between the test and the wire.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::client::{Answer, DEADLINE, User, answer};

pub const MODERN: &str = "2026-07-28";
pub const LEGACY: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

/// A POST to the one address of MCP.
pub fn post(user: &User) -> RequestBuilder {
    user.request("POST", "/mcp").header("accept", "application/json, text/event-stream").header("content-type", "application/json")
}

/// A message of the era that begins with `initialize`.
pub fn message(id: i64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// A request of that era with the header that its newest revision asks for.
pub async fn legacy(user: &User, method: &str, params: &Value) -> Answer {
    answer(post(user).header("mcp-protocol-version", "2025-11-25").json(&message(1, method, params))).await
}

/// `initialize` of a client with these capabilities.
pub fn initialize(version: &str, capabilities: &Value) -> Value {
    let client = json!({"name": "test", "version": "1"});
    message(0, "initialize", &json!({"protocolVersion": version, "capabilities": capabilities, "clientInfo": client}))
}

/// The parameters of a request of 2026-07-28: `params` with the `_meta` that every one of them has.
pub fn with_meta(params: &Value) -> Value {
    let mut params = params.as_object().cloned().unwrap_or_default();
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    });
    let given = params.remove("_meta");
    let mut all = meta.as_object().cloned().unwrap_or_default();
    all.extend(given.and_then(|given| given.as_object().cloned()).unwrap_or_default());
    params.insert("_meta".into(), all.into());
    params.into()
}

/// A request of 2026-07-28, not sent yet, with the headers that it must have.
pub fn modern_request(user: &User, method: &str, params: &Value) -> RequestBuilder {
    let mut request = post(user).header("mcp-protocol-version", MODERN).header("mcp-method", method);
    let name = match method {
        "resources/read" => params["uri"].as_str(),
        "tools/call" | "prompts/get" => params["name"].as_str(),
        "tasks/get" | "tasks/update" | "tasks/cancel" => params["taskId"].as_str(),
        _ => None,
    };
    if let Some(name) = name {
        request = request.header("mcp-name", name);
    }
    request.json(&message(1, method, &with_meta(params)))
}

pub async fn modern(user: &User, method: &str, params: &Value) -> Answer {
    answer(modern_request(user, method, params)).await
}

impl Answer {
    /// The result of a JSON answer with status 200.
    pub fn result(self) -> Value {
        let body = self.expect(200);
        assert!(body.get("error").is_none(), "{body}");
        body["result"].clone()
    }

    /// The code and message of a JSON-RPC error with this status.
    pub fn rpc_error(self, status: u16) -> (i64, String) {
        assert!(self.header("content-type").starts_with("application/json"), "{}: {}", self.header("content-type"), self.text);
        let body = self.expect(status);
        assert_eq!(body["jsonrpc"], "2.0", "{body}");
        let message = body["error"]["message"].as_str().expect("an error has a message");
        (body["error"]["code"].as_i64().expect("an error has a code"), message.to_owned())
    }
}

/// An event stream, read message by message.
pub struct Events {
    pub response: reqwest::Response,
    text: String,
}

impl Events {
    /// The stream of an answer that must be one.
    pub async fn of(request: RequestBuilder) -> Events {
        let response = request.send().await.expect("the server answers");
        let media = response.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        assert_eq!((response.status().as_u16(), media.as_str()), (200, "text/event-stream"));
        Events { response, text: String::new() }
    }

    /// The next message; none when the stream has ended.
    pub async fn next(&mut self) -> Option<Value> {
        tokio::time::timeout(DEADLINE, self.read()).await.expect("the stream goes on")
    }

    async fn read(&mut self) -> Option<Value> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                let data = event.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).collect::<String>();
                if !data.is_empty() {
                    return Some(serde_json::from_str(&data).expect("an event is JSON"));
                }
            }
            let chunk = self.response.chunk().await.ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).expect("an event stream is text"));
        }
    }
}
