//! What a server of tools hears when nobody waits any more for what it was asked: a stand-in that speaks either half of the protocol.

use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{connections, refused, server};
use crate::server::Server;

/// What the stand-in was told so far.
#[derive(Default)]
struct Heard {
    is_modern: bool,
    /// The ids of calls whose answer is awaited.
    open: Vec<Value>,
    /// The ids of calls that were called off by a message.
    cancelled: Vec<Value>,
    /// Calls whose stream was closed from the other side.
    closed: usize,
    /// Sessions that were ended.
    ended: usize,
}

struct Tools {
    url: String,
    heard: Arc<Mutex<Heard>>,
}

impl Tools {
    async fn start(is_modern: bool) -> Tools {
        let heard = Arc::new(Mutex::new(Heard { is_modern, ..Heard::default() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let url = format!("http://{}/mcp", listener.local_addr().expect("it is bound"));
        let router = Router::new().fallback(serve).with_state(heard.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Tools { url, heard }
    }

    /// Waits until what was heard is so.
    async fn until(&self, what: &str, is_so: impl Fn(&Heard) -> bool) {
        for _ in 0..2400 {
            if is_so(&self.heard.lock().expect("no panic happens under this lock")) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("{what} was never heard");
    }

    fn inputs(&self) -> Value {
        json!({ "connector_type": "MCP", "url": self.url, "tool": "endless" })
    }
}

/// Counts a stream when it is dropped.
struct Open(Arc<Mutex<Heard>>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.lock().expect("no panic happens under this lock").closed += 1;
    }
}

async fn serve(State(heard): State<Arc<Mutex<Heard>>>, method: Method, body: Bytes) -> Response {
    if method == Method::DELETE {
        heard.lock().expect("no panic happens under this lock").ended += 1;
        return StatusCode::NO_CONTENT.into_response();
    }
    if method == Method::GET {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let message: Value = serde_json::from_slice(&body).expect("a message");
    let mut told = heard.lock().expect("no panic happens under this lock");
    let info = json!({ "name": "stand-in", "version": "1" });
    let answer = |result: Value| Json(json!({ "jsonrpc": "2.0", "id": message["id"], "result": result })).into_response();
    match message["method"].as_str().expect("a method") {
        "server/discover" if told.is_modern => answer(json!({
            "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": { "tools": {} }, "ttlMs": 0,
            "cacheScope": "private", "_meta": { "io.modelcontextprotocol/serverInfo": info },
        })),
        "initialize" if !told.is_modern => {
            let begun = json!({ "protocolVersion": "2025-11-25", "capabilities": { "tools": {} }, "serverInfo": info });
            let mut response = answer(begun);
            response.headers_mut().insert("mcp-session-id", "one".parse().expect("a header"));
            response
        }
        "notifications/initialized" => StatusCode::ACCEPTED.into_response(),
        "notifications/cancelled" => {
            told.cancelled.push(message["params"]["requestId"].clone());
            StatusCode::ACCEPTED.into_response()
        }
        "tools/call" => {
            told.open.push(message["id"].clone());
            let open = Open(heard.clone());
            let never = futures_util::stream::once(async move {
                let _open = open;
                std::future::pending::<Result<Bytes, std::io::Error>>().await
            });
            ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(never)).into_response()
        }
        _ => {
            let error = json!({ "code": -32601, "message": "there is no such method here" });
            Json(json!({ "jsonrpc": "2.0", "id": message["id"], "error": error })).into_response()
        }
    }
}

async fn called(server: &Server, tools: &Tools) -> String {
    let id = server.launch("connect", &tools.inputs()).await;
    tools.until("a call", |heard| heard.open.len() == 1).await;
    id
}

#[tokio::test]
async fn a_server_of_the_older_era_is_told_in_a_message_that_a_call_is_called_off() {
    let (server, tools) = (server().await, Tools::start(false).await);
    let id = called(&server, &tools).await;
    assert_eq!(server.post(&format!("/execution/{id}/cancel"), &Value::Null).await.status, 200);
    assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
    assert_eq!(connections(&server).await[0]["status"], "ENDED_CANCELLED");
    tools.until("the end of the call", |heard| heard.cancelled == heard.open).await;
    tools.until("the end of the session", |heard| heard.closed == 1 && heard.ended == 1).await;
}

#[tokio::test]
async fn a_server_of_the_newest_era_sees_the_stream_of_a_cancelled_call_close() {
    let (server, tools) = (server().await, Tools::start(true).await);
    let id = called(&server, &tools).await;
    assert_eq!(server.post(&format!("/execution/{id}/cancel"), &Value::Null).await.status, 200);
    assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
    tools.until("the end of the stream", |heard| heard.closed == 1).await;
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_called_off_over_there() {
    let (server, tools) = (server().await, Tools::start(false).await);
    let mut inputs = tools.inputs();
    inputs["timeout_sec"] = json!(1);
    let (_, text) = refused(&server, inputs).await;
    assert!(text.contains("within the timeout_sec of 1 s"), "{text}");
    tools.until("the end of the call", |heard| heard.open.len() == 1 && heard.cancelled == heard.open).await;
}
