//! Which tools an agent is shown: groups and presets of its key and of the address, and tools that are looked for.

use flowstead::service::reserved;
use serde_json::{Value, json};

use crate::agent::Agent;
use crate::app::TestApp;
use crate::client::{User, answer};

const ECHO: &str = "def handler(system, this, inputs):\n    return {'got': inputs}\n";

async fn names(agent: &Agent) -> Vec<String> {
    agent.tools().await.into_iter().map(|tool| tool.name).collect()
}

/// User tools over one flow, `tool_00` and so on; the first only reads.
async fn tools(admin: &User, count: usize) {
    let flow = admin.flow("echo", ECHO).await;
    for n in 0..count {
        let body = json!({
            "name": format!("tool_{n:02}"),
            "flow_id": flow,
            "description": if n == 7 { "Sends an invoice." } else { "Says what it got." },
            "annotations": { "read_only": n == 0, "destructive": false },
        });
        admin.make("mcp_user_tool", body).await;
    }
}

#[tokio::test]
async fn a_preset_shows_what_it_is_for_and_what_is_not_shown_is_unknown() {
    let app = TestApp::new().start().await;
    tools(app.admin(), 2).await;
    let runner = app.agent("admin").choosing("runner");
    let shown = names(&runner).await;
    assert!(["tool_00", "tool_01", "run_flow", "explain_execution"].iter().all(|name| shown.contains(&(*name).to_owned())), "{shown:?}");
    assert!(!shown.contains(&"create_record".to_owned()) && !shown.contains(&"get_health".to_owned()), "{shown:?}");
    assert!(runner.call("create_record", json!({})).await.is_none());
    let reading = app.agent("admin").choosing("read_only");
    assert!(reading.tools().await.iter().all(|tool| tool.annotations.read_only));
    assert!(names(&reading).await.contains(&"tool_00".to_owned()) && reading.call("tool_01", json!({})).await.is_none());
    assert!(reading.call("delete_record", json!({})).await.is_none());
    let health = app.agent("admin").choosing("health");
    assert_eq!(names(&health).await, ["get_metrics", "get_health"]);
}

#[tokio::test]
async fn the_tools_of_a_key_are_said_once_and_the_address_only_narrows_them() {
    let app = TestApp::new().start().await;
    let made = app.admin().post("/api_key", json!({"name": "runner", "tools": "operator"})).await.expect(201);
    assert_eq!(made["api_key"]["tools"], "operator");
    let token = made["token"].as_str().expect("a key has a token").to_owned();
    let list = async |query: &str| {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
        let request = reqwest::Client::new().post(format!("{}/api/latest/mcp{query}", app.url)).bearer_auth(&token);
        let request = request.header("MCP-Protocol-Version", "2025-11-25").header("Accept", "application/json, text/event-stream");
        answer(request.json(&body)).await
    };
    let names = |listed: &Value| -> Vec<String> {
        let tools = listed["result"]["tools"].as_array().expect("a list of tools");
        tools.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
    };
    let all = names(&list("").await.expect(200));
    assert!(
        all.contains(&"get_health".to_owned()) && all.contains(&"list_records".to_owned()) && !all.contains(&"create_record".to_owned())
    );
    assert_eq!(names(&list("?tools=health,write").await.expect(200)), ["get_metrics", "get_health"]);
    let wrong = list("?tools=opertor").await;
    assert_eq!(wrong.status, 422, "{wrong:?}");
    assert!(wrong.body.to_string().contains("operator"), "{wrong:?}");
    let refused = app.admin().post("/api_key", json!({"name": "x", "tools": "runnr"})).await;
    assert_eq!((refused.status, &refused.body["field"]), (422, &json!("/tools")), "{refused:?}");
}

#[tokio::test]
async fn too_many_user_tools_are_looked_for_and_called_by_name() {
    let app = TestApp::new().config(|config| config.mcp.listed_tools = 10).start().await;
    tools(app.admin(), 12).await;
    let agent = app.agent("admin");
    let shown = names(&agent).await;
    assert_eq!(shown[..2], ["find_tools", "call_tool"]);
    assert!(shown.iter().all(|name| reserved(name).is_some()), "{shown:?}");
    let found = agent.ok("find_tools", json!({"query": "invoice"})).await;
    assert_eq!((&found["total"], &found["tools"][0]["name"]), (&json!(1), &json!("tool_07")));
    assert_eq!(found["tools"][0]["inputSchema"]["type"], "object");
    let page = agent.ok("find_tools", json!({"limit": 5, "offset": 10})).await;
    assert_eq!((page["tools"].as_array().map(Vec::len), page.get("next_offset")), (Some(2), None));
    assert_eq!(agent.ok("find_tools", json!({"limit": 5})).await["next_offset"], 5);
    let done = agent.ok("call_tool", json!({"name": "tool_07", "arguments": {"n": 1}})).await;
    assert_eq!(done["got"], json!({"n": 1}));
    let refused = agent.refused("call_tool", json!({"name": "tool_70"}), "not_found").await;
    assert!(refused.line["hint"].as_str().is_some_and(|hint| hint.contains("tool_07")), "{refused:?}");
    let reading = agent.choosing("read_only");
    assert_eq!(names(&reading).await.first().map(String::as_str), Some("tool_00"), "one is not too many");
    reading.refused("call_tool", json!({"name": "tool_01"}), "not_found").await;
}
