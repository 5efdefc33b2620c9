//! `notifications/tools/list_changed` on the wire, in both eras: when what a tool shows changes, and not when only its script does.

use serde_json::json;

use crate::app::TestApp;
use crate::client::answer;
use crate::mcp_client::{Events, initialize, modern_request, post};

const SCRIPT: &str = "def handler(system, this, inputs):\n    return {}\n";
const TOOLS: &str = "notifications/tools/list_changed";
const PROMPTS: &str = "notifications/prompts/list_changed";

/// The stream of a session of an older client, and that of a newer one that listens for both lists.
async fn streams(app: &TestApp) -> [Events; 2] {
    let admin = app.admin();
    let mut begun = Events::of(post(admin).json(&initialize("2025-11-25", &json!({"elicitation": {}})))).await;
    let id = begun.response.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    begun.next().await.unwrap();
    let ready = post(admin).header("mcp-session-id", &id).json(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    assert_eq!(answer(ready).await.status, 202);
    let session = Events::of(admin.request("GET", "/mcp").header("mcp-session-id", &id)).await;
    let filter = json!({"notifications": {"toolsListChanged": true, "promptsListChanged": true}});
    let mut modern = Events::of(modern_request(admin, "subscriptions/listen", &filter)).await;
    assert_eq!(modern.next().await.unwrap()["method"], "notifications/subscriptions/acknowledged");
    [session, modern]
}

async fn assert_next(streams: &mut [Events; 2], method: &str, after: &str) {
    for (stream, era) in streams.iter_mut().zip(["2025-11-25", "2026-07-28"]) {
        let told = stream.next().await.unwrap_or_else(|| panic!("the stream of {era} has ended"));
        assert_eq!(told["method"], method, "{era}, after {after}: {told}");
    }
}

#[tokio::test]
async fn listeners_of_both_eras_hear_of_what_a_tool_shows_and_not_of_its_script() {
    let app = TestApp::new().start().await;
    let (admin, agent) = (app.admin(), app.agent("admin"));
    let flow = admin.flow("greet", SCRIPT).await;
    let tool = admin.make("mcp_user_tool", json!({"name": "greet", "flow_id": flow})).await;
    let workspace = admin.get("/workspace?plain=true").await.expect(200)[0]["id"].clone();
    agent.tools().await;
    let mut streams = streams(&app).await;
    let schema = json!({"type": "object", "properties": {"who": {"type": "string"}}});
    let (of_flow, of_tool) = (format!("/flow/{flow}"), format!("/mcp_user_tool/{tool}"));
    for (path, change) in [
        (&of_flow, json!({"input_schema": schema})),
        (&of_flow, json!({"output_schema": schema})),
        (&of_flow, json!({"description": "Greets."})),
        (&of_tool, json!({"description": "Greets somebody."})),
        (&of_tool, json!({"annotations": {"read_only": true}})),
        (&of_tool, json!({"is_enabled": false})),
    ] {
        admin.patch(path, change.clone()).await.expect(200);
        assert_next(&mut streams, TOOLS, &change.to_string()).await;
        agent.tools().await;
    }
    // Nothing of these shows; what is told next is told of what was done after them.
    admin.patch(&of_flow, json!({"script": format!("{SCRIPT}# more\n")})).await.expect(200);
    admin.patch(&of_flow, json!({"max_runtime_minutes": 5})).await.expect(200);
    admin.flow("unused", SCRIPT).await;
    let prompt = json!({"record_id": workspace, "key": "mcp_prompt:hello", "data": {"template": "Hello."}});
    admin.post("/record_metadata", prompt).await.expect(201);
    assert_next(&mut streams, PROMPTS, "a prompt").await;
    admin.delete(&of_flow).await.expect(204);
    assert_next(&mut streams, TOOLS, "its flow went").await;
    assert_eq!(agent.tools().await.iter().filter(|tool| tool.name == "greet").count(), 0);
}
