//! What every tool call has: a quota, and a line in the log.

use serde_json::json;

use crate::app::TestApp;
use crate::server::Server;

#[tokio::test]
async fn a_key_that_calls_too_often_is_told_when_to_come_back() {
    let app =
        TestApp::new().user_with("other", &["Developer"]).manual_clock().config(|config| config.mcp.calls_per_minute = 2).start().await;
    let agent = app.agent("admin");
    for _ in 0..2 {
        agent.ok("list_record_types", json!({})).await;
    }
    let refused = agent.refused("list_record_types", json!({}), "throttled").await;
    assert_eq!((&refused.line["retryable"], &refused.line["details"]["limit"]), (&json!(true), &json!(2)));
    assert!(refused.line["hint"].as_str().is_some_and(|hint| hint.starts_with("Call again in ")), "{refused:?}");
    app.agent("other").ok("list_record_types", json!({})).await;
}

#[tokio::test]
async fn a_call_leaves_a_line_that_says_who_called_what_and_how_it_ended() {
    let server = Server::start().await;
    server.flow("hello", "def handler(system, this):\n    return 'x'\n", &json!(null)).await;
    let body =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "run_flow", "arguments": {"flow_name": "hello"}}});
    let request = server.request("POST", "/mcp").header("MCP-Protocol-Version", "2025-11-25").header("User-Agent", "tester/1");
    let request = request.header("Accept", "application/json, text/event-stream").json(&body);
    let answer = crate::client::answer(request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let execution = answer.body["result"]["structuredContent"]["execution_id"].as_str().expect("its id").to_owned();
    let log = server.whole_log();
    let line = log.lines().find(|line| line.contains("a tool was called")).unwrap_or_else(|| panic!("no line:\n{log}"));
    for part in ["run_flow", "admin", "tester/1", &execution, "outcome=\"ok\"", "duration_ms=", "bytes="] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
}
