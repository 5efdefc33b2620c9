//! `flowstead mcp` as a program that an agent starts: lines in, lines out, against a server that shows what it was sent.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::client::DEADLINE;

/// A stand-in for a server's endpoint.
#[derive(Clone, Default)]
struct Endpoint(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// How many sessions were begun; the last one is the one that lives.
    sessions: usize,
    /// The server has forgotten its session.
    forgot: bool,
    ended: Vec<String>,
    methods: Vec<String>,
}

fn header(headers: &HeaderMap, name: &str) -> Value {
    headers.get(name).map_or(Value::Null, |value| value.to_str().unwrap().into())
}

fn event(message: &Value) -> String {
    format!(": comment\n\nid: 1\ndata: {message}\n\n")
}

fn stream(text: String) -> Response {
    ([("content-type", "text/event-stream")], text).into_response()
}

async fn take(State(endpoint): State<Endpoint>, headers: HeaderMap, body: String) -> Response {
    let message: Value = serde_json::from_str(&body).expect("the bridge sends JSON");
    let method = message["method"].as_str().unwrap_or("response").to_owned();
    let mut seen = endpoint.0.lock().unwrap();
    seen.methods.push(method.clone());
    assert!(header(&headers, "authorization").as_str().is_some_and(|key| key.starts_with("Bearer ")));
    let result = |value: Value| json!({"jsonrpc": "2.0", "id": message["id"], "result": value});
    let shown = ["mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id"].map(|name| header(&headers, name));
    match method.as_str() {
        "initialize" => {
            (seen.sessions, seen.forgot) = (seen.sessions + 1, false);
            let body = result(json!({"protocolVersion": "2025-06-18"})).to_string();
            let session = format!("session-{}", seen.sessions);
            ([("mcp-session-id", session.as_str()), ("content-type", "application/json")], body).into_response()
        }
        "notifications/initialized" | "response" => StatusCode::ACCEPTED.into_response(),
        "tools/call" => axum::Json(result(json!(shown))).into_response(),
        _ if seen.forgot => (StatusCode::NOT_FOUND, "no such session").into_response(),
        "tools/list" => {
            let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1}});
            stream(format!("{}{}", event(&progress), event(&result(json!(shown)))))
        }
        "cut" => stream(": nothing follows\n\n".to_owned()),
        "refused" => {
            let error = json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": "no"}});
            (StatusCode::BAD_REQUEST, axum::Json(error)).into_response()
        }
        _ => (StatusCode::FORBIDDEN, axum::Json(json!({"error_message": "This key may not."}))).into_response(),
    }
}

async fn listen(headers: HeaderMap) -> Response {
    let message =
        json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed", "params": {"of": header(&headers, "mcp-session-id")}});
    let first = futures_util::stream::iter([Ok::<_, std::io::Error>(event(&message))]);
    let body = axum::body::Body::from_stream(futures_util::StreamExt::chain(first, futures_util::stream::pending()));
    ([("content-type", "text/event-stream")], body).into_response()
}

async fn end(State(endpoint): State<Endpoint>, headers: HeaderMap) -> StatusCode {
    endpoint.0.lock().unwrap().ended.push(header(&headers, "mcp-session-id").as_str().unwrap_or_default().to_owned());
    StatusCode::NO_CONTENT
}

/// The bridge, started as an agent would.
pub struct Bridge {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Bridge {
    pub fn start(url: &str, key: &str) -> Bridge {
        let mut child = Command::new(env!("CARGO_BIN_EXE_flowstead"))
            .args(["mcp", "--url", url])
            .env("FLOWSTEAD_API_KEY", key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary can be started");
        let output = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Bridge { input: child.stdin.take(), child, output }
    }

    pub async fn send(&mut self, message: Value) {
        let input = self.input.as_mut().expect("its input is open");
        input.write_all(format!("{message}\n").as_bytes()).await.expect("the bridge reads");
    }

    pub async fn next(&mut self) -> Value {
        let line = tokio::time::timeout(DEADLINE, self.output.next_line()).await.expect("a line in time");
        serde_json::from_str(&line.expect("text").expect("a line before the end")).expect("lines are JSON")
    }

    pub async fn ask(&mut self, message: Value) -> Value {
        self.send(message).await;
        self.next().await
    }

    /// Closes its input; it leaves once everything is answered.
    pub async fn finish(mut self) -> Vec<String> {
        drop(self.input.take());
        let mut rest = Vec::new();
        while let Some(line) = self.output.next_line().await.expect("text") {
            rest.push(line);
        }
        let status = tokio::time::timeout(DEADLINE, self.child.wait()).await.expect("the bridge ends with its input").unwrap();
        assert!(status.success());
        rest
    }
}

async fn endpoint() -> (Endpoint, String) {
    let endpoint = Endpoint::default();
    let router = Router::new().route("/api/latest/mcp", post(take).get(listen).delete(end)).with_state(endpoint.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (endpoint, url)
}

#[tokio::test]
async fn an_older_client_keeps_its_session_even_when_the_server_forgets_it() {
    let (endpoint, url) = endpoint().await;
    let mut bridge = Bridge::start(&url, "k");
    let begun = bridge.ask(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}})).await;
    assert_eq!(begun["result"]["protocolVersion"], "2025-06-18");
    let heard = bridge.ask(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    assert_eq!(heard["params"]["of"], "session-1", "the stream of the session was opened");

    let progress = bridge.ask(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})).await;
    assert_eq!(progress["method"], "notifications/progress");
    assert_eq!(bridge.next().await["result"], json!(["2025-06-18", null, null, "session-1"]));

    endpoint.0.lock().unwrap().forgot = true;
    bridge.ask(json!({"jsonrpc": "2.0", "id": 3, "method": "tools/list"})).await;
    assert_eq!(bridge.next().await["result"], json!(["2025-06-18", null, null, "session-2"]));
    assert!(bridge.finish().await.is_empty());
    let seen = endpoint.0.lock().unwrap();
    assert_eq!(seen.ended, ["session-2"]);
    let again = ["tools/list", "initialize", "notifications/initialized", "tools/list"];
    assert_eq!(&seen.methods[seen.methods.len() - 4..], again);
}

#[tokio::test]
async fn a_client_of_today_has_its_headers_made_from_the_body() {
    let (_, url) = endpoint().await;
    let mut bridge = Bridge::start(&url, "k");
    let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28"});
    let call = json!({"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": {"name": "hello", "_meta": meta}});
    assert_eq!(bridge.ask(call).await["result"], json!(["2026-07-28", "tools/call", "hello", null]));
    bridge.finish().await;
}

#[tokio::test]
async fn every_request_gets_an_answer_whatever_the_server_does() {
    let (_, url) = endpoint().await;
    let mut bridge = Bridge::start(&url, "k");
    for (method, says) in [("cut", "before the result"), ("refused", "no"), ("forbidden", "This key may not.")] {
        let answer = bridge.ask(json!({"jsonrpc": "2.0", "id": method, "method": method})).await;
        assert_eq!(answer["id"], method);
        assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains(says)), "{answer}");
    }
    let input = bridge.input.as_mut().unwrap();
    input.write_all(b"not json\n\n").await.unwrap();
    assert_eq!(bridge.next().await["error"]["code"], -32700);
    // What is under way when the input ends is still answered.
    bridge.send(json!({"jsonrpc": "2.0", "id": 9, "method": "tools/list"})).await;
    assert_eq!(bridge.finish().await.len(), 2);

    let mut nowhere = Bridge::start("http://127.0.0.1:1", "k");
    let answer = nowhere.ask(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize"})).await;
    assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains("cannot be reached")), "{answer}");
    nowhere.finish().await;
}
