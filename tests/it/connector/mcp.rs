//! Tools of other servers, called by flows: the other server is one of ours.

use serde_json::{Value, json};

use super::far_side::FarSide;
use super::{connect, connections, refused, server};
use crate::server::Server;

const HIDDEN: &str = "fs_wrong-key-of-nobody";

const ADD: &str = "
def handler(system, this, inputs):
    if inputs['a'] < 0:
        raise ValueError('too little')
    return {'sum': inputs['a'] + inputs['b']}
";
const LONG: &str = "
def handler(system, this, inputs):
    this.set_progress(1, 4, 'one of four')
    this.sleep(inputs.get('seconds', 0))
    return {'done': True}
";

/// A server with the tools `add` and `long`.
async fn tools() -> Server {
    let server = Server::start().await;
    let schema = json!({
        "type": "object", "required": ["a", "b"], "additionalProperties": false,
        "properties": { "a": { "type": "integer" }, "b": { "type": "integer" } },
    });
    server.flow("add", ADD, &json!({ "input_schema": schema })).await;
    server.flow("long", LONG, &Value::Null).await;
    for name in ["add", "long"] {
        let flow = server.get(&format!("/flow/{name}?by=name&plain=true")).await.body["id"].clone();
        let made = server.post("/mcp_user_tool", &json!({ "name": name, "flow_id": flow, "description": "A tool." })).await;
        assert_eq!(made.status, 201, "{made:?}");
    }
    server
}

fn inputs(far: &Server, tool: &str, arguments: Value) -> Value {
    let headers = json!({ "authorization": format!("Bearer {}", far.key) });
    let all = json!({ "connector_type": "MCP", "url": format!("{}/api/latest/mcp", far.url), "headers": headers, "tool": tool });
    with(all, "arguments", arguments)
}

fn with(mut inputs: Value, name: &str, value: Value) -> Value {
    inputs[name] = value;
    inputs
}

#[tokio::test]
async fn a_tool_of_another_server_answers_with_data_and_with_text() {
    let (server, far) = (server().await, tools().await);
    let output = connect(&server, inputs(&far, "add", json!({ "a": 2, "b": 3 }))).await;
    assert_eq!(output["structured_content"], json!({ "sum": 5 }));
    assert!(output["content"][0]["text"].as_str().is_some_and(|text| text.contains('5')), "{output}");
    assert_eq!(output["content"][0]["type"], "text");
    let made = far.get("/execution?plain=true").await.body;
    assert_eq!((made[0]["origin"]["kind"].as_str(), &made[0]["input_value"]), (Some("mcp"), &json!({ "a": 2, "b": 3 })));
    // A key that stands there as it is is not declared to be one: its owner says so.
    let script = "
def handler(system, this, inputs):
    return this.connect(inputs=inputs, connector_type='MCP', init={'protect_inputs': ['headers']}).get('input_value')
";
    server.flow("careful", script, &Value::Null).await;
    let mut given = inputs(&far, "add", json!({ "a": 1, "b": 1 }));
    given.as_object_mut().expect("an object").remove("connector_type");
    let ended = server.run("careful", &given).await;
    assert_eq!(ended["output_value"]["headers"], "(protected)", "{ended}");
}

#[tokio::test]
async fn what_goes_wrong_with_a_tool_is_said_in_words() {
    let (server, far, other) = (server().await, tools().await, FarSide::start().await);
    let (port, _) = super::rest::secure_side().await;
    let add = |a: i64| inputs(&far, "add", json!({ "a": a, "b": 1 }));
    for (inputs, words) in [
        (add(-1), "it failed: "),
        (add(-1), "ValueError: too little"),
        (inputs(&far, "add", json!({ "a": "x" })), "do not fit"),
        (inputs(&far, "sub", json!({})), "sub"),
        (with(add(1), "headers", json!({ "authorization": format!("Bearer {HIDDEN}") })), "401 Unauthorized"),
        (with(add(1), "headers", json!({})), "401 Unauthorized"),
        (with(add(1), "url", json!("http://127.0.0.1:9/mcp")), "no connection"),
        (with(add(1), "url", json!(format!("https://localhost:{port}/mcp"))), "certificate"),
        (with(add(1), "url", json!(format!("{}/status/500", other.url))), "500 Internal Server Error"),
        (with(add(1), "url", json!(format!("{}/text", other.url))), "405"),
        (with(add(1), "url", json!(format!("{}/echo/x", other.url))), "is this the address of an MCP server?"),
        (with(with(add(1), "url", json!(format!("{}/slow", other.url))), "timeout_sec", json!(0.4)), "0.4 s"),
        (with(inputs(&far, "long", json!({ "seconds": 600 })), "timeout_sec", json!(2)), "within the timeout_sec of 2 s"),
    ] {
        let (class, text) = refused(&server, inputs.clone()).await;
        assert_eq!(class, "DependencyFailedError", "{inputs}: {text}");
        assert!(text.contains(words) && !text.contains(HIDDEN) && !text.contains(&far.key), "{inputs}: {text}");
    }
    let failed = &connections(&server).await[0];
    assert!(failed["output_value"]["content"][0]["text"].as_str().is_some_and(|text| text.contains("too little")), "{failed}");
    assert!(!server.whole_log().contains(HIDDEN));
}

#[tokio::test]
async fn what_a_tool_tells_on_its_way_is_in_the_log() {
    let (server, far) = (server().await, tools().await);
    let output = connect(&server, inputs(&far, "long", json!({ "seconds": 0.5 }))).await;
    assert_eq!(output["structured_content"]["done"], true);
    let log = server.messages(connections(&server).await[0]["id"].as_str().expect("an id")).await;
    assert!(log.iter().any(|line| line.contains("one of four")), "{log:?}");
}

/// Waits until the other server has an execution, and gives it.
async fn begun(far: &Server) -> String {
    for _ in 0..2400 {
        let page = far.get("/execution?plain=true").await.body;
        if let Some(id) = page[0]["id"].as_str() {
            return id.to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the tool was never called");
}

#[tokio::test]
async fn a_cancelled_call_ends_here() {
    let (server, far) = (server().await, tools().await);
    let id = server.launch("connect", &inputs(&far, "long", json!({ "seconds": 600 }))).await;
    let there = begun(&far).await;
    assert_eq!(server.post(&format!("/execution/{id}/cancel"), &Value::Null).await.status, 200);
    assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
    assert_eq!(connections(&server).await[0]["status"], "ENDED_CANCELLED");
    far.post(&format!("/execution/{there}/cancel"), &Value::Null).await;
    far.ended(&there).await;
}

#[tokio::test]
async fn a_call_whose_end_is_not_known_is_not_made_again_and_a_server_that_dies_breaks_it_off() {
    let (mut server, mut far) = (server().await, tools().await);
    let id = server.launch("connect", &inputs(&far, "long", json!({ "seconds": 600 }))).await;
    let there = begun(&far).await;
    server.kill9().await;
    server.restart().await;
    let ended = server.ended(&id).await;
    assert_eq!(ended["status"], "ENDED_ERROR");
    assert!(ended["status_message"].as_str().is_some_and(|text| text.contains("whether it took effect is not known")), "{ended}");
    far.post(&format!("/execution/{there}/cancel"), &Value::Null).await;
    far.ended(&there).await;

    let id = server.launch("connect", &inputs(&far, "long", json!({ "seconds": 600 }))).await;
    for _ in 0..2400 {
        if far.get("/execution?plain=true").await.body.as_array().is_some_and(|all| all.len() == 2) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    far.kill9().await;
    let ended = server.ended(&id).await;
    assert!(ended["status_message"].as_str().is_some_and(|text| text.contains("broke off")), "{ended}");
}
