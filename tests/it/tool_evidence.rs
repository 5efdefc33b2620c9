//! What executions did is proposed as a tool's annotations, shown where annotations say otherwise, and confirmed by people only.

use flowstead::service::{Actor, Door, KeyUse, Toolset};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::User;
use crate::connector::far_side::FarSide;
use crate::server::Server;

fn script(body: &str) -> String {
    format!("def handler(system, this, inputs):\n    {}\n", body.replace('\n', "\n    "))
}

/// A tool over a flow with this body; the ids of both.
async fn tool(admin: &User, name: &str, body: &str) -> (String, String) {
    let flow = admin.flow(name, &script(body)).await;
    let tool = admin.make("mcp_user_tool", json!({"name": name, "flow_id": flow, "description": "Does."})).await;
    (tool, flow)
}

async fn run(admin: &User, name: &str) -> Value {
    admin.post("/execution?wait=true&plain=true", json!({"flow_name": name})).await.expect(201)
}

async fn shown(admin: &User, tool: &str) -> Value {
    admin.get(&format!("/mcp_user_tool/{tool}?plain=true")).await.expect(200)
}

async fn proposed(admin: &User, tool: &str) -> Value {
    shown(admin, tool).await["proposed_annotations"].clone()
}

/// What was seen of a flow with this body after one execution.
async fn seen(admin: &User, name: &str, body: &str) -> Value {
    let (tool, _) = tool(admin, name, body).await;
    run(admin, name).await;
    proposed(admin, &tool).await["evidence"]["seen"].clone()
}

fn pointers(tool: &Value) -> Vec<&str> {
    tool["warnings"].as_array().into_iter().flatten().filter_map(|warning| warning["pointer"].as_str()).collect()
}

#[tokio::test]
async fn a_flow_that_only_read_ten_times_is_proposed_as_a_reader_until_its_script_changes() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let (id, flow) = tool(admin, "look", "return system.setting('a').exists()").await;
    assert_eq!(proposed(admin, &id).await, Value::Null);
    for _ in 0..9 {
        run(admin, "look").await;
    }
    let early = proposed(admin, &id).await;
    assert_eq!((&early["annotations"], &early["evidence"]["succeeded"]), (&json!({}), &json!(9)), "{early}");
    run(admin, "look").await;
    let told = proposed(admin, &id).await;
    let reader = json!({"read_only": true, "destructive": false, "idempotent": true, "open_world": false});
    assert_eq!(told["annotations"], reader, "{told}");
    let evidence = &told["evidence"];
    assert_eq!((&evidence["executions"], &evidence["needed"], &evidence["seen"]), (&json!(10), &json!(10), &json!(["read"])));
    assert!(evidence["since"].as_str() < evidence["until"].as_str(), "{evidence}");
    assert_eq!(told["is_confirmed"], false);

    admin.patch(&format!("/mcp_user_tool/{id}"), json!({"annotations": reader})).await.expect(200);
    assert_eq!(proposed(admin, &id).await["is_confirmed"], true);
    assert!(app.agent("admin").tools().await[0].annotations.read_only, "what was confirmed is listed");

    let other = script("system.setting('a').save(value=1)");
    admin.patch(&format!("/flow/{flow}"), json!({"description": "Another word."})).await.expect(200);
    assert_eq!(proposed(admin, &id).await["evidence"]["executions"], 10, "the script is the same");
    admin.patch(&format!("/flow/{flow}"), json!({"script": other})).await.expect(200);
    assert_eq!(proposed(admin, &id).await, Value::Null, "nothing is known of another script");
    run(admin, "look").await;
    let record = shown(admin, &id).await;
    assert_eq!(record["proposed_annotations"]["annotations"], json!({"read_only": false}), "{record}");
    let of_input = "/input_schema";
    assert_eq!(pointers(&record), ["/annotations/read_only", of_input], "one execution contradicts what was confirmed");
    run(admin, "look").await;
    let record = shown(admin, &id).await;
    assert_eq!(record["proposed_annotations"]["annotations"], json!({"read_only": false, "destructive": true}), "{record}");
    assert_eq!(record["proposed_annotations"]["evidence"]["seen"], json!(["created", "changed"]));
    assert_eq!(pointers(&record), ["/annotations/read_only", "/annotations/destructive", of_input]);
}

#[tokio::test]
async fn what_a_flow_did_is_told_by_its_calls_and_by_those_of_its_children() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.make("setting", json!({"name": "old", "value": 1})).await;
    assert_eq!(seen(admin, "quiet", "this.save(message='hello')\nthis.sleep(0)").await, json!([]));
    assert_eq!(seen(admin, "remover", "system.setting('old').delete()").await, json!(["deleted"]));
    assert_eq!(seen(admin, "refused", "system.setting('not there').delete()").await, json!([]), "what failed did nothing");
    assert_eq!(seen(admin, "stepper", "return this.step('one', lambda: 1)").await, json!(["stepped"]));
    let reaches = "import socket\nsocket.socket().connect_ex(('127.0.0.1', 9))";
    assert_eq!(seen(admin, "reacher", reaches).await, json!(["escaped"]));
    assert_eq!(seen(admin, "writer", "system.file('f').save_text_content('x')").await, json!(["created"]));
    assert_eq!(seen(admin, "parent", "this.flow('writer')").await, json!(["changed"]));
    assert_eq!(seen(admin, "grandparent", "this.flow('parent')\nthis.flow('stepper')").await, json!(["changed", "stepped"]));
    assert_eq!(seen(admin, "fails", "this.flow('writer')\nraise ValueError()").await, json!(["changed"]));
    let orphan = seen(admin, "leaver", "this.flow('quiet', orphan=True)").await;
    assert_eq!(orphan, json!(["unseen"]), "what goes on by itself is not followed");
}

#[tokio::test]
async fn a_retry_is_not_counted_and_a_run_before_the_tool_was_made_is() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.flow("once", &script("system.setting('s').save(value=1)\nthis.flow('not there')")).await;
    let failed = run(admin, "once").await;
    assert_eq!(failed["status"], "ENDED_ERROR", "{failed}");
    let flow = failed["flow_id"].clone();
    let tool = admin.make("mcp_user_tool", json!({"name": "once", "flow_id": flow})).await;
    admin.flow("not there", &script("pass")).await;
    let again = admin.post(&format!("/execution/{}/retry?wait=true&plain=true", failed["id"].as_str().unwrap()), Value::Null).await;
    let again = again.expect(201);
    assert_eq!(again["status"], "ENDED_SUCCESS", "{again}");
    let evidence = &proposed(admin, &tool).await["evidence"];
    assert_eq!((&evidence["executions"], &evidence["succeeded"]), (&json!(1), &json!(0)), "{evidence}");
    assert_eq!(evidence["seen"], json!(["created"]), "what it took over was made once");
    admin.delete(&format!("/flow/{}?permanently=true", flow.as_str().unwrap())).await;
    assert_eq!(proposed(admin, &tool).await, Value::Null);
}

#[tokio::test]
async fn what_was_done_before_the_server_ended_counts_once_after_it() {
    let mut server = Server::start().await;
    let body = "system.setting('s').save(value=1)\nthis.flow('child')\nthis.sleep(100000 if inputs else 0)";
    server.flow("child", &script("system.setting('gone').save(value=1)\nsystem.setting('gone').delete()"), &json!({})).await;
    server.flow("long", &script(&body.replace("100000 if inputs else 0", "3")), &json!({})).await;
    let flow = server.get("/flow/long?by=name&plain=true").await.body["id"].clone();
    let made = server.post("/mcp_user_tool?plain=true", &json!({"name": "long", "flow_id": flow})).await.body;
    let id = server.launch("long", &Value::Null).await;
    server.until(&id, |record| record["status"] == "SLEEPING").await;
    server.kill9().await;
    server.restart().await;
    let ended = server.ended(&id).await;
    assert_eq!(ended["status"], "ENDED_SUCCESS", "{ended}");
    let path = format!("/mcp_user_tool/{}?plain=true", made["id"].as_str().expect("an id"));
    let told = server.get(&path).await.body["proposed_annotations"].clone();
    assert_eq!(told["evidence"]["seen"], json!(["created", "deleted"]), "{told}");
    assert_eq!((&told["evidence"]["executions"], &told["evidence"]["succeeded"]), (&json!(1), &json!(1)), "{told}");
}

#[tokio::test]
async fn a_connection_is_outside_and_a_harmless_one_destroys_nothing() {
    let (server, far) = (Server::start().await, FarSide::start().await);
    for (name, method) in [("get", "GET"), ("put", "PUT")] {
        let body = format!("this.connect(connector_type='REST', inputs={{'url': '{}/echo/x', 'method': '{method}'}})", far.url);
        server.flow(name, &script(&body), &json!({})).await;
        let flow = server.get(&format!("/flow/{name}?by=name&plain=true")).await.body["id"].clone();
        let tool = json!({"name": name, "flow_id": flow, "annotations": {"destructive": false, "open_world": false}});
        let tool = server.post("/mcp_user_tool?plain=true", &tool).await.body;
        let ended = server.run(name, &Value::Null).await;
        assert_eq!(ended["status"], "ENDED_SUCCESS", "{ended}");
        let path = format!("/mcp_user_tool/{}?plain=true", tool["id"].as_str().expect("an id"));
        let tool = server.get(&path).await.body;
        let told = &tool["proposed_annotations"];
        if method == "GET" {
            assert_eq!(told["evidence"]["seen"], json!(["connected"]));
            assert_eq!(told["annotations"], json!({"open_world": true}));
            assert_eq!(pointers(&tool), ["/description", "/annotations/open_world", "/input_schema"], "{tool}");
        } else {
            assert_eq!(told["annotations"], json!({"read_only": false, "destructive": true, "open_world": true}), "{told}");
        }
    }
}

#[tokio::test]
async fn an_agent_may_make_its_tool_look_worse_and_a_person_makes_it_look_better() {
    let app = TestApp::new().start().await;
    let (admin, agent) = (app.admin(), app.agent("admin"));
    let (id, flow) = tool(admin, "greet", "pass").await;
    let change = |annotations: Value| json!({"record_type": "MCP_USER_TOOL", "name": "greet", "payload": {"annotations": annotations}});
    for (word, value) in [("read_only", true), ("destructive", false), ("idempotent", true), ("open_world", false)] {
        let refused = agent.refused("update_record", change(json!({ word: value })), "forbidden").await;
        assert!(refused.sentence.contains(&format!("`{word}` {value}")) && refused.sentence.contains("risk"), "{refused:?}");
        assert_eq!(refused.line["field"], format!("/payload/annotations/{word}"));
        let payload = json!({"flow_id": flow, "annotations": { word: value }});
        agent.refused("create_record", json!({"record_type": "MCP_USER_TOOL", "name": "new", "payload": payload}), "forbidden").await;
    }
    agent.ok("update_record", change(json!({"title": "Greet", "read_only": false, "destructive": true}))).await;

    let confirmed = json!({"title": "Greet", "read_only": true});
    admin.patch(&format!("/mcp_user_tool/{id}"), json!({"annotations": confirmed})).await.expect(200);
    agent.ok("update_record", change(json!({"title": "Greets", "read_only": true}))).await;
    agent.refused("update_record", change(json!({"read_only": true, "open_world": false})), "forbidden").await;

    let me = admin.get("/auth/me").await.expect(200);
    let user = me["identity_id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let mut actor = Actor::user(user, "admin", Door::Mcp);
    let tools = Toolset::parse("author,risk", "/tools").expect("words that exist");
    actor.key = Some(KeyUse { id: user, scopes: None, tools });
    app.agent_of(actor).ok("update_record", change(json!({"read_only": true, "open_world": false}))).await;
}
