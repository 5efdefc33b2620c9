//! Every built-in tool as nobody, as a stranger, as a reader and as the owner: the whole table, so that none is forgotten.

use std::fmt::Write;

use flowstead::service::{Actor, Door};
use flowstead_wire::Tool;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::agent::{Agent, refusal};
use crate::app::TestApp;
use crate::client::User;
use crate::fixture;

/// Arguments that make the tool do its work on a record of its own.
async fn arguments(admin: &User, tool: &str) -> Value {
    let setting = async || fixture::record(admin, "setting").await;
    let metadata = async || fixture::record(admin, "record_metadata").await;
    let execution = async || fixture::record(admin, "execution").await;
    match tool {
        "run_flow" | "validate_flow" => json!({"flow_id": fixture::record(admin, "flow").await}),
        "get_execution" | "get_execution_logs" | "cancel_execution" | "get_execution_events" | "explain_execution" => {
            json!({"execution_id": execution().await})
        }
        "wait_for_executions" => json!({"execution_ids": [execution().await], "timeout_sec": 0}),
        "control_execution" => json!({"execution_id": execution().await, "action": "pause"}),
        "answer_message" => json!({"message_id": fixture::record(admin, "message").await}),
        "get_metrics" | "get_health" | "list_executions" | "list_messages" | "list_record_types" | "list_subrecord_types" => json!({}),
        "describe_record_type" => json!({"record_type": "FLOW"}),
        "describe_subrecord_type" | "list_subrecords" => json!({"subrecord_type": "RECORD_METADATA"}),
        "list_records" => json!({"record_type": "SETTING"}),
        "get_record" | "delete_record" => json!({"record_type": "SETTING", "record_id": setting().await}),
        "get_subrecord" | "delete_subrecord" => json!({"subrecord_type": "RECORD_METADATA", "id": metadata().await}),
        "create_upload" => json!({"name": fixture::fresh_name()}),
        "create_record" => json!({"record_type": "SETTING", "name": fixture::fresh_name(), "payload": {"value": 1}}),
        "update_record" => json!({"record_type": "SETTING", "record_id": setting().await, "payload": {"value": 2}}),
        "create_subrecord" => {
            json!({"subrecord_type": "RECORD_METADATA", "payload": {"record_id": setting().await, "key": "k", "data": 1}})
        }
        "update_subrecord" => json!({"subrecord_type": "RECORD_METADATA", "id": metadata().await, "payload": {"data": 2}}),
        other => panic!("the walk has no case for {other}: add the arguments that make it work"),
    }
}

/// `ok`, the code of an error, or `unknown` where there is no such tool for this agent.
async fn outcome(agent: &Agent, tool: &str, arguments: Value) -> String {
    match agent.call(tool, arguments).await {
        None => "unknown".to_owned(),
        Some(result) if result.is_error => refusal(&result).line["code"].as_str().expect("an error has a code").to_owned(),
        Some(_) => "ok".to_owned(),
    }
}

/// What must hold for every tool, those to come included.
fn check(tool: &Tool, [nobody, stranger, reader, owner]: &[String; 4]) {
    let name = &tool.name;
    assert_eq!(nobody, "unauthenticated", "{name} as nobody");
    assert_eq!(owner, "ok", "{name} as the owner");
    if tool.annotations.read_only {
        assert_eq!(reader, "ok", "{name} as a reader");
    } else {
        assert!(matches!(reader.as_str(), "unknown" | "forbidden"), "{name} as a reader: {reader}");
        assert!(matches!(stranger.as_str(), "unknown" | "not_found"), "{name} as a stranger: what one may not read does not exist");
    }
    let needs_one = ["get_", "wait_", "explain_"].iter().any(|start| name.starts_with(start));
    assert!(!needs_one || matches!(stranger.as_str(), "unknown" | "not_found"), "{name} as a stranger: {stranger}");
}

#[tokio::test]
async fn every_tool_keeps_out_who_must_be_kept_out() {
    let app = TestApp::new().user("stranger").user("reader").start().await;
    let admin = app.admin();
    let reads_all = admin.make("role", json!({"name": "reads all"})).await;
    admin.make("role_permission", json!({"role_id": reads_all, "operation": "READ"})).await;
    let me = app.user("reader").get("/auth/me").await.expect(200);
    admin.make("identity_role", json!({"identity_id": me["identity_id"], "role_id": reads_all})).await;
    let nobody = app.agent_of(Actor::user(Uuid::from_u128(1), "nobody", Door::Mcp));
    let agents = [nobody, app.agent("stranger"), app.agent("reader"), app.agent("admin")];

    let mut matrix = format!("{:<26}{:>16}{:>12}{:>12}{:>8}\n", "tool", "nobody", "stranger", "reader", "owner");
    for tool in app.agent("admin").tools().await {
        let mut outcomes = [const { String::new() }; 4];
        for (agent, seen) in agents.iter().zip(&mut outcomes) {
            *seen = outcome(agent, &tool.name, arguments(admin, &tool.name).await).await;
        }
        let [a, b, c, d] = &outcomes;
        let _ = writeln!(matrix, "{:<26}{a:>16}{b:>12}{c:>12}{d:>8}", tool.name);
        check(&tool, &outcomes);
    }
    let made = admin.get("/execution?limit=1000&plain=true&fields=id").await.expect(200);
    for execution in made.as_array().expect("a list") {
        let path = format!("/execution/{}", execution["id"].as_str().expect("an id"));
        admin.post(&format!("{path}/cancel"), Value::Null).await.expect(200);
        admin.get(&format!("{path}/wait")).await.expect(200);
    }
    insta::assert_snapshot!("tools", matrix);
}
