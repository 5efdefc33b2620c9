//! A call whose answer was lost is made again and runs its flow once.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::app::TestApp;
use crate::client::User;
use crate::explain::{until, until_status};
use crate::mcp_client::{message, modern, modern_request, with_meta};
use crate::mcp_task::tool;

/// Ends once the setting of this name is there.
const GATED: &str = "
def handler(system, this, inputs):
    while not system.setting('gate').exists():
        this.sleep(0.02)
    return inputs.get('n')
";

async fn total(user: &User) -> Value {
    user.get("/execution").await.expect(200)["total"].clone()
}

/// Sends a call byte by byte over a connection of its own and cuts it once the flow runs: the answer is lost.
async fn cut_off(app: &TestApp, params: &Value, headers: &str) -> String {
    let user = app.admin();
    let address = user.url().trim_start_matches("http://").split('/').next().expect("a host").to_owned();
    let body = message(1, "tools/call", &with_meta(params)).to_string();
    let (name, key) = (params["name"].as_str().expect("a name"), user.key().expect("a key"));
    let head = format!(
        "POST /api/latest/mcp HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         accept: application/json, text/event-stream\r\nmcp-protocol-version: 2026-07-28\r\nmcp-method: tools/call\r\nmcp-name: {name}\r\n\
         {headers}content-length: {}\r\n\r\n",
        body.len()
    );
    let mut line = TcpStream::connect(&address).await.expect("the server listens");
    line.write_all(head.as_bytes()).await.expect("it reads");
    line.write_all(body.as_bytes()).await.expect("it reads");
    let found = async {
        loop {
            let all = user.get("/execution?plain=true").await.expect(200);
            if let Some(id) = all[0]["id"].as_str() {
                return id.to_owned();
            }
            tokio::task::yield_now().await;
        }
    };
    let id = tokio::time::timeout(crate::client::DEADLINE, found).await.expect("it is taken");
    until(user, &id, |record| record["started_at"].is_string()).await;
    // Nothing was answered so far.
    let mut byte = [0];
    assert!(line.try_read(&mut byte).is_err(), "the answer was not lost");
    line.shutdown().await.expect("it can be cut");
    drop(line);
    id
}

async fn open_gate(user: &User) {
    user.make("setting", json!({"name": "gate", "value": true})).await;
}

#[tokio::test]
async fn a_user_tool_with_a_key_in_its_meta_runs_once() {
    let app = TestApp::new().start().await;
    tool(app.admin(), "gated", GATED, json!({})).await;
    let params = json!({"name": "gated", "arguments": {"n": 7}, "_meta": {"flowstead/idempotencyKey": "k1"}});
    let id = cut_off(&app, &params, "").await;
    open_gate(app.admin()).await;
    for _ in 0..2 {
        let result = modern(app.admin(), "tools/call", &params).await.result();
        assert_eq!(result["structuredContent"], 7, "{result}");
    }
    assert_eq!(total(app.admin()).await, 1);
    let execution = app.admin().get(&format!("/execution/{id}?plain=true")).await.expect(200);
    assert_eq!((&execution["status"], &execution["idempotency_key"]), (&json!("ENDED_SUCCESS"), &json!("k1")));
}

#[tokio::test]
async fn a_key_in_a_header_does_as_well_and_other_arguments_are_told_apart() {
    let app = TestApp::new().start().await;
    tool(app.admin(), "gated", GATED, json!({})).await;
    let params = json!({"name": "gated", "arguments": {"n": 7}});
    cut_off(&app, &params, "idempotency-key: k2\r\n").await;
    open_gate(app.admin()).await;
    let again = modern_request(app.admin(), "tools/call", &params).header("idempotency-key", "k2");
    assert_eq!(crate::client::answer(again).await.result()["structuredContent"], 7);
    let other = modern_request(app.admin(), "tools/call", &json!({"name": "gated", "arguments": {"n": 8}})).header("idempotency-key", "k2");
    let refused = crate::client::answer(other).await.result();
    let words = refused["content"][0]["text"].as_str().unwrap_or_default();
    assert!(refused["isError"] == true && words.contains("was used for another request"), "{refused}");
    assert_eq!(total(app.admin()).await, 1);
}

#[tokio::test]
async fn run_flow_is_known_by_its_argument() {
    let app = TestApp::new().start().await;
    app.admin().flow("gated", GATED).await;
    let arguments = json!({"flow_name": "gated", "input_value": {"n": 7}, "idempotency_key": "k3"});
    let params = json!({"name": "run_flow", "arguments": arguments});
    let id = cut_off(&app, &params, "").await;
    open_gate(app.admin()).await;
    let answer = modern(app.admin(), "tools/call", &params).await.result()["structuredContent"].clone();
    assert_eq!((&answer["execution_id"], &answer["existed"], &answer["output_value"]), (&json!(id), &json!(true), &json!(7)));
    assert_eq!(total(app.admin()).await, 1);
}

#[tokio::test]
async fn a_call_that_asks_and_is_made_again_asks_the_same_question() {
    let app = TestApp::new().start().await;
    tool(app.admin(), "ask", crate::mcp_question::ASK, json!({})).await;
    let meta = json!({"flowstead/idempotencyKey": "k4", "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}});
    let params = json!({"name": "ask", "arguments": {}, "_meta": meta});
    let first = modern(app.admin(), "tools/call", &params).await.result();
    let second = modern(app.admin(), "tools/call", &params).await.result();
    assert_eq!((&first["resultType"], &first["inputRequests"]), (&json!("input_required"), &second["inputRequests"]), "{second}");
    assert_eq!(total(app.admin()).await, 1);
    let id = app.admin().get("/execution?plain=true").await.expect(200)[0]["id"].as_str().expect("an id").to_owned();
    until_status(app.admin(), &id, "WAITING_MESSAGE").await;
    crate::mcp_question::cancel_all(app.admin()).await;
}
