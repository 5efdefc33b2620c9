//! What people and agents are told of a tool that models would have trouble with: in the record, at each save, and by validation.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::User;

const SCRIPT: &str = "def handler(system, this, inputs):\n    return {}\n";

fn pointers(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(|warning| warning["pointer"].as_str()).collect()
}

fn good_schema() -> Value {
    json!({"type": "object", "properties": {"name": {"type": "string", "description": "Whom to greet."}}, "required": ["name"]})
}

fn bad_schema() -> Value {
    json!({"type": "object", "properties": {"name": {"type": "string", "default": 3}}, "required": ["nmae"]})
}

async fn shown(admin: &User, path: &str) -> Value {
    admin.get(&format!("{path}?plain=true")).await.expect(200)
}

#[tokio::test]
async fn a_save_of_a_tool_or_of_its_flow_says_what_models_will_trip_over() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let flow = json!({"name": "greet", "script": SCRIPT, "input_schema": bad_schema()});
    let made = admin.post("/flow?plain=true", flow).await.expect(201);
    assert_eq!(made["tool_warnings"], Value::Null, "no tool shows it");
    let flow = made["id"].as_str().unwrap().to_owned();
    let tool = admin.post("/mcp_user_tool?plain=true", json!({"name": "greet", "flow_id": flow})).await.expect(201);
    let of_schema = ["/input_schema/required", "/input_schema/properties/name", "/input_schema/properties/name/default"];
    assert_eq!(pointers(&tool["warnings"]), [&["/description"][..], &of_schema].concat(), "{tool}");
    assert_eq!(tool["problem"], Value::Null, "it is listed all the same");
    let text = tool["warnings"][3]["message"].as_str().unwrap();
    assert!(text.contains("default does not fit") && text.contains("string"), "{text}");
    assert_eq!(pointers(&shown(admin, &format!("/flow/{flow}")).await["tool_warnings"]), of_schema);

    let path = format!("/flow/{flow}?plain=true");
    let saved = admin.patch(&path, json!({"input_schema": good_schema(), "description": "Greets somebody."})).await.expect(200);
    assert_eq!(saved["tool_warnings"], json!([]));
    let id = tool["id"].as_str().unwrap();
    assert_eq!(shown(admin, &format!("/mcp_user_tool/{id}")).await["warnings"], json!([]), "the flow's description will do");
    let path = format!("/mcp_user_tool/{id}?plain=true");
    let saved = admin.patch(&path, json!({"description": "x".repeat(1_025), "annotations": {"read_only": true, "destructive": true}}));
    let saved = saved.await.expect(200);
    assert_eq!(pointers(&saved["warnings"]), ["/description", "/annotations/destructive"], "{saved}");
}

#[tokio::test]
async fn a_schema_that_a_flow_refers_to_is_looked_into() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let part = json!({"type": "object", "description": "Where.", "properties": {"city": {"type": "string"}}});
    let schema = admin.make("schema", json!({"name": "address", "value": part})).await;
    let input = json!({"type": "object", "properties": {"home": {"$ref": "schema:address"}}});
    let flow = admin.make("flow", json!({"name": "f", "script": SCRIPT, "input_schema": input, "description": "Moves."})).await;
    let tool = admin.make("mcp_user_tool", json!({"name": "f", "flow_id": flow})).await;
    let path = format!("/mcp_user_tool/{tool}");
    assert_eq!(pointers(&shown(admin, &path).await["warnings"]), ["/input_schema/$defs/schema_address/properties/city"]);
    let part = json!({"type": "object", "description": "Where.", "properties": {"city": {"type": "string", "description": "Which."}}});
    admin.patch(&format!("/schema/{schema}"), json!({"value": part})).await.expect(200);
    assert_eq!(shown(admin, &path).await["warnings"], json!([]));
    assert_eq!(shown(admin, &format!("/flow/{flow}")).await["tool_warnings"], json!([]));
}

#[tokio::test]
async fn lists_show_warnings_only_where_they_are_asked_for_or_everything_is() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let flow = admin.make("flow", json!({"name": "f", "script": SCRIPT, "input_schema": bad_schema()})).await;
    admin.make("mcp_user_tool", json!({"name": "f", "flow_id": flow, "description": "Does."})).await;
    let tools = admin.get("/mcp_user_tool?plain=true&fields=name,warnings").await.expect(200);
    assert_eq!(tools[0]["warnings"].as_array().map(Vec::len), Some(3), "{tools}");
    let flows = admin.get("/flow?plain=true&fields=name,tool_warnings").await.expect(200);
    assert_eq!(flows[0]["tool_warnings"].as_array().map(Vec::len), Some(3), "{flows}");
}

#[tokio::test]
async fn an_agent_reads_warnings_in_the_answer_of_its_save_and_in_validation() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    let flow = json!({"script": SCRIPT, "input_schema": bad_schema()});
    let made = agent.ok("create_record", json!({"record_type": "FLOW", "name": "greet", "payload": flow})).await;
    assert!(made.get("warnings").is_none(), "{made}");
    let id = made["record"]["id"].clone();
    assert_eq!(agent.ok("validate_flow", json!({"flow_id": id})).await["problems"], json!([]), "no tool shows it");
    let tool = json!({"record_type": "MCP_USER_TOOL", "name": "greet", "payload": {"flow_id": id}});
    let made = agent.ok("create_record", tool).await;
    assert_eq!(made["warnings"].as_array().map(Vec::len), Some(4), "{made}");
    let checked = agent.ok("validate_flow", json!({"flow_id": id})).await;
    assert_eq!((&checked["valid"], checked["problems"].as_array().map(Vec::len)), (&json!(true), Some(3)), "{checked}");
    let first = &checked["problems"][0];
    assert_eq!((&first["severity"], &first["line"]), (&json!("warning"), &json!(0)));
    assert!(first["message"].as_str().unwrap().starts_with("As a user tool, at /input_schema/required: 'nmae' is required"), "{first}");
    let over_rest = app.admin().post(&format!("/flow/{}/validate", id.as_str().unwrap()), json!({})).await.expect(200);
    assert_eq!(over_rest["problems"], checked["problems"]);
    let better = json!({"record_type": "FLOW", "record_id": id, "payload": {"input_schema": good_schema()}});
    assert!(agent.ok("update_record", better).await.get("warnings").is_none());
    let broken = json!({"record_type": "MCP_USER_TOOL", "name": "greet", "payload": {"is_enabled": false}});
    let broken = agent.ok("update_record", broken).await;
    assert!(broken["problem"].as_str().is_some_and(|text| text.contains("switched off")), "{broken}");
}
