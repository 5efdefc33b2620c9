//! Built-in tools as agents use them: flows found, written, run and read about.

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::app::TestApp;

const DOUBLE: &str = "def handler(system, this, inputs):\n    return {'twice': inputs['n'] * 2}\n";
const FAILS: &str = "def helper(n):\n    return 1 / n\n\ndef handler(system, this, inputs):\n    helper(0)\n";

async fn flow(agent: &Agent, name: &str, script: &str) -> Value {
    let made = agent.ok("create_record", json!({"record_type": "FLOW", "name": name, "payload": {"script": script}})).await;
    made["record"]["id"].clone()
}

#[tokio::test]
async fn a_flow_is_written_run_and_read() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    let id = flow(&agent, "double", DOUBLE).await;
    let run = agent.ok("run_flow", json!({"flow_name": "double", "input_value": {"n": 21}})).await;
    assert_eq!((&run["status"], &run["output_value"]), (&json!("ENDED_SUCCESS"), &json!({"twice": 42})), "{run}");
    let read = agent.ok("get_execution", json!({"execution_id": run["execution_id"], "include": ["steps"]})).await;
    assert_eq!((&read["output_value"]["twice"], &read["flow_name"]), (&json!(42), &json!("double")), "{read}");
    let list = agent.ok("list_executions", json!({"flow_id": id})).await;
    assert_eq!((&list["total"], &list["items"][0]["status"]), (&json!(1), &json!("ENDED_SUCCESS")), "{list}");
    let record = agent.ok("get_record", json!({"record_type": "flow", "name": "double"})).await;
    assert_eq!(record["record"]["script"], DOUBLE);
}

#[tokio::test]
async fn a_run_that_fails_says_where_in_the_flow() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    flow(&agent, "fails", FAILS).await;
    let refused = agent.refused("run_flow", json!({"flow_name": "fails"}), "execution_failed").await;
    assert_eq!(refused.sentence, "The flow 'fails' failed: ZeroDivisionError: division by zero (line 2, in helper)");
    let message = refused.line["error_message"].as_str().unwrap();
    assert!(message.contains("line 5, in handler") && message.contains("return 1 / n"), "{message}");
    let id = &refused.line["execution_id"];
    let read = agent.ok("get_execution", json!({"execution_id": id})).await;
    assert_eq!(read["status"], "ENDED_ERROR", "a failed run can be read like any other");
}
