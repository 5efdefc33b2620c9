//! Traces: a caller's trace goes on into what it started and into what that calls; ended executions are spans for a collector.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::app::TestApp;
use crate::client::answer;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// A server that passes on what it is sent: the `traceparent` and the body.
async fn far_side() -> (String, mpsc::UnboundedReceiver<(Option<String>, Bytes)>) {
    type Told = mpsc::UnboundedSender<(Option<String>, Bytes)>;
    async fn take(State(told): State<Told>, headers: HeaderMap, body: Bytes) {
        let trace = headers.get("traceparent").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let _ = told.send((trace, body));
    }
    let (told, received) = mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let router = Router::new().route("/{*path}", post(take)).with_state(told);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, received)
}

#[tokio::test]
async fn a_callers_trace_goes_on_into_children_and_connections() {
    let app = TestApp::new().start().await;
    let (url, mut received) = far_side().await;
    let admin = app.admin();
    admin
        .flow("inner", &format!("def handler(system, this):\n    this.connect(connector_type='REST', method='post', url='{url}/x')\n"))
        .await;
    admin.flow("outer", "def handler(system, this):\n    this.flow('inner')\n").await;
    let request = admin.request("POST", "/execution?wait=true&plain=true").header("traceparent", format!("00-{TRACE}-{SPAN}-01"));
    let ended = answer(request.json(&json!({"flow_name": "outer"}))).await.expect(201);
    assert_eq!([&ended["status"], &ended["trace_id"], &ended["parent_span_id"]], [&json!("ENDED_SUCCESS"), &json!(TRACE), &json!(SPAN)]);
    let all = admin.get("/execution?plain=true&order=created_at").await.expect(200);
    let all = all.as_array().expect("a list");
    assert_eq!(all.len(), 3);
    let span = |execution: &Value| execution["id"].as_str().expect("an id").replace('-', "")[16..].to_owned();
    for pair in all.windows(2) {
        assert_eq!((&pair[1]["trace_id"], &pair[1]["parent_span_id"]), (&json!(TRACE), &json!(span(&pair[0]))));
    }
    let (trace, _) = received.recv().await.expect("a request");
    assert_eq!(trace, Some(format!("00-{TRACE}-{}-01", span(&all[2]))));
}

#[tokio::test]
async fn a_tool_call_brings_its_trace_in_its_meta() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.flow("one", "def handler(system, this):\n    pass\n").await;
    let meta = json!({"traceparent": format!("00-{TRACE}-{SPAN}-01")});
    let params = json!({"name": "run_flow", "arguments": {"flow_name": "one"}, "_meta": meta});
    let request =
        admin.request("POST", "/mcp").header("MCP-Protocol-Version", "2025-11-25").header("Accept", "application/json, text/event-stream");
    let done = answer(request.json(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}))).await.expect(200);
    let id = done["result"]["structuredContent"]["execution_id"].as_str().unwrap_or_else(|| panic!("{done}"));
    assert_eq!(admin.get(&format!("/execution/{id}?plain=true")).await.expect(200)["trace_id"], TRACE);
}

#[tokio::test]
async fn executions_that_ended_reach_the_collector_as_spans() {
    let (url, mut received) = far_side().await;
    let app = TestApp::new().config(|config| config.traces.endpoint = format!("{url}/v1/traces")).start().await;
    let admin = app.admin();
    admin.flow("spanned", "def handler(system, this):\n    raise ValueError('as it happens')\n").await;
    let ended = admin.post("/execution?wait=true&plain=true", json!({"flow_name": "spanned"})).await.expect(201);
    let (_, body) = received.recv().await.expect("a batch of spans");
    // Protobuf: bytes and texts stand in it as they are.
    let has = |part: &[u8]| body.windows(part.len()).any(|window| window == part);
    let id = uuid::Uuid::parse_str(ended["id"].as_str().expect("an id")).expect("an id is a UUID");
    assert!(has(id.as_bytes()) && has(&id.as_bytes()[8..]), "the trace and the span have the id of their execution");
    for part in ["spanned", "flowstead", "ENDED_ERROR", "as it happens"] {
        assert!(has(part.as_bytes()), "{part}");
    }
}

#[tokio::test]
async fn a_collector_that_is_not_there_costs_nothing_but_its_spans() {
    let app = TestApp::new().config(|config| config.traces.endpoint = "http://127.0.0.1:9/v1/traces".to_owned()).start().await;
    let admin = app.admin();
    admin.flow("one", "def handler(system, this):\n    pass\n").await;
    for _ in 0..3 {
        assert_eq!(admin.post("/execution?wait=true&plain=true", json!({"flow_name": "one"})).await.expect(201)["status"], "ENDED_SUCCESS");
    }
}
