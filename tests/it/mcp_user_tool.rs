//! User tools: flows that agents call by a name of their own.

use flowstead_wire::{Era, Tool};
use serde_json::{Value, json};

use crate::agent::{Agent, call, call_with_progress, refusal, text};
use crate::app::TestApp;
use crate::client::{DEADLINE, User};

const GREET: &str = "def handler(system, this, inputs):\n    return {'text': f\"Hello {inputs['name']}!\"}\n";

/// A tool over a flow of the same name.
async fn tool(admin: &User, name: &str, flow: Value) -> (String, String) {
    let mut flow = flow;
    flow["name"] = name.into();
    let flow = admin.make("flow", flow).await;
    let tool = admin.make("mcp_user_tool", json!({"name": name, "flow_id": flow, "description": "Greets."})).await;
    (tool, flow)
}

async fn greet(admin: &User) -> (String, String) {
    let flow = json!({
        "script": GREET,
        "input_schema": {"type": "object", "required": ["name"], "properties": {"name": {"$ref": "#/$defs/name"}}, "$defs": {"name": {"type": "string"}}},
        "output_schema": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
    });
    tool(admin, "greet", flow).await
}

async fn names(agent: &Agent) -> Vec<String> {
    let built_in = |name: &str| flowstead::service::reserved(name).is_some();
    agent.tools().await.into_iter().map(|tool| tool.name).filter(|name| !built_in(name)).collect()
}

async fn problem(admin: &User, id: &str) -> Value {
    admin.get(&format!("/mcp_user_tool/{id}?plain=true")).await.expect(200)["problem"].clone()
}

/// A user with exactly these rights.
async fn grant(app: &TestApp, name: &str, rights: &[(&str, &str)]) {
    let admin = app.admin();
    let role = admin.make("role", json!({"name": format!("of {name}")})).await;
    for (operation, of) in rights {
        admin.make("role_permission", json!({"role_id": role, "operation": operation, "permission_record_type": of})).await;
    }
    let me = app.user(name).get("/auth/me").await.expect(200);
    admin.make("identity_role", json!({"identity_id": me["identity_id"], "role_id": role, "propagate": true})).await;
}

#[tokio::test]
async fn a_flow_becomes_a_tool_with_its_schemas_and_answers_with_its_output() {
    let app = TestApp::new().start().await;
    let (id, flow) = greet(app.admin()).await;
    let agent = app.agent("admin");
    let tools = agent.tools().await;
    let listed: &Tool = tools.first().expect("user tools come first");
    assert_eq!((listed.name.as_str(), listed.description.as_str()), ("greet", "Greets."));
    assert_eq!(listed.input_schema["properties"], json!({"name": {"type": "string"}}));
    assert_eq!(listed.output_schema.as_ref().expect("the flow has one")["required"], json!(["text"]));
    assert!(listed.annotations.destructive && listed.annotations.open_world && !listed.annotations.read_only);
    assert_eq!(agent.ok("greet", json!({"name": "Ada"})).await, json!({"text": "Hello Ada!"}));
    let made = app.admin().get("/execution?plain=true&fields=flow_id,mcp_user_tool_id,origin,input_value").await.expect(200);
    assert_eq!((&made[0]["flow_id"], &made[0]["mcp_user_tool_id"]), (&json!(flow), &json!(id)));
    assert_eq!((&made[0]["origin"]["kind"], &made[0]["input_value"]), (&json!("mcp"), &json!({"name": "Ada"})));
}

#[tokio::test]
async fn arguments_that_do_not_fit_start_nothing_and_every_breach_is_told() {
    let app = TestApp::new().start().await;
    let schema = json!({"type": "object", "required": ["a"], "additionalProperties": false, "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}});
    tool(app.admin(), "add", json!({"script": GREET, "input_schema": schema})).await;
    let refused = app.agent("admin").refused("add", json!({"b": 1, "c": 2}), "schema_violation").await;
    let mut places: Vec<&str> =
        refused.line["details"]["breaches"].as_array().expect("a list").iter().filter_map(|b| b["pointer"].as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["/a", "/b", "/c"]);
    assert!(refused.sentence.starts_with("The arguments do not fit the tool 'add' in 3 places: "), "{}", refused.sentence);
    assert_eq!(app.admin().get("/execution").await.expect(200)["total"], 0);
}

#[tokio::test]
async fn a_flow_that_fails_tells_the_real_error() {
    let app = TestApp::new().start().await;
    tool(app.admin(), "divide", json!({"script": "def handler(system, this, inputs):\n    return 1 / 0\n"})).await;
    let refused = app.agent("admin").refused("divide", json!({}), "execution_failed").await;
    assert_eq!(refused.sentence, "The flow 'divide' failed: ZeroDivisionError: division by zero (line 2, in handler)");
    let id = refused.line["execution_id"].as_str().expect("an id").to_owned();
    assert_eq!(app.admin().get(&format!("/execution/{id}?plain=true")).await.expect(200)["status"], "ENDED_ERROR");
}

#[tokio::test]
async fn an_output_that_breaks_its_schema_is_an_error_and_never_data() {
    let app = TestApp::new().start().await;
    let schema = json!({"type": "object", "required": ["text"]});
    tool(app.admin(), "mute", json!({"script": "def handler(system, this, inputs):\n    return {}\n", "output_schema": schema})).await;
    let refused = app.agent("admin").refused("mute", json!({}), "execution_failed").await;
    assert!(refused.sentence.contains("output"), "{}", refused.sentence);
}

#[tokio::test]
async fn a_call_that_takes_too_long_says_how_to_go_on_and_the_execution_lives() {
    let app = TestApp::new().manual_clock().start().await;
    let script = "import flow_api\n\ndef handler(system, this, inputs):\n    this.set_progress(1, 4, 'one of four')\n    this.sleep(1000)\n    return 'late'\n";
    let (id, _) = tool(app.admin(), "late", json!({"script": script})).await;
    app.admin().patch(&format!("/mcp_user_tool/{id}"), json!({"timeout_sec": 5})).await.expect(200);
    let agent = app.agent("admin");
    let (call, mut heard) = call_with_progress("late", json!({}));
    let waiting = tokio::spawn({
        let agent = agent.clone();
        async move { agent.send(call).await }
    });
    let first = tokio::time::timeout(DEADLINE, async {
        loop {
            let progress = heard.recv().await.expect("there is progress");
            if progress.message.as_deref() == Some("one of four") {
                return progress;
            }
        }
    });
    assert_eq!(first.await.expect("it comes").total, Some(4.0));
    app.clock.advance(std::time::Duration::from_secs(6));
    let result = waiting.await.expect("no panic").expect("there is such a tool");
    let refused = refusal(&result);
    assert_eq!((&refused.line["code"], &refused.line["retryable"]), (&json!("timeout"), &json!(false)));
    let id = refused.line["execution_id"].as_str().expect("an id");
    assert!(refused.line["hint"].as_str().is_some_and(|hint| hint.contains("wait_for_executions") && hint.contains(id)), "{refused:?}");
    app.clock.advance(std::time::Duration::from_secs(1000));
    let ended = app.admin().get(&format!("/execution/{id}/wait?plain=true")).await.expect(200);
    assert_eq!(ended["output_value"], "late");
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_wait_only() {
    let app = TestApp::new().start().await;
    let script = "def handler(system, this, inputs):\n    this.save(message='here')\n    this.sleep(3600)\n";
    tool(app.admin(), "long", json!({"script": script})).await;
    let (call, mut heard) = call_with_progress("long", json!({}));
    let gone = call.gone.clone();
    let agent = app.agent("admin");
    let waiting = tokio::spawn(async move { agent.send(call).await });
    while heard.recv().await.expect("there is progress").message.as_deref() != Some("here") {}
    gone.cancel();
    let result = waiting.await.expect("no panic").expect("there is such a tool");
    let id = refusal(&result).line["execution_id"].as_str().expect("an id").to_owned();
    let stands = app.admin().get(&format!("/execution/{id}?plain=true")).await.expect(200);
    assert_eq!(stands["ended_at"], Value::Null);
    app.admin().post(&format!("/execution/{id}/cancel"), Value::Null).await.expect(200);
    app.admin().get(&format!("/execution/{id}/wait")).await.expect(200);
}

#[tokio::test]
async fn an_output_that_is_no_object_is_wrapped_for_older_clients_only() {
    let app = TestApp::new().start().await;
    let script = "def handler(system, this, inputs):\n    return [inputs, 'b']\n";
    let flow =
        json!({"script": script, "input_schema": {"type": "string"}, "output_schema": {"type": "array", "items": {"type": "string"}}});
    tool(app.admin(), "pair", flow).await;
    tool(app.admin(), "word", json!({"script": "def handler(system, this, inputs):\n    return 'just text'\n"})).await;
    let agent = app.agent("admin");
    assert_eq!(agent.tools().await[0].input_schema["required"], json!(["result"]));
    assert_eq!(agent.ok("pair", json!({"result": "a"})).await, json!(["a", "b"]));
    let mut older = call("pair", json!({"result": "a"}));
    older.era = Era::Legacy;
    let result = agent.send(older).await.expect("there is such a tool");
    assert_eq!((result.structured.as_ref(), text(&result)), (Some(&json!({"result": ["a", "b"]})), r#"["a","b"]"#));
    let result = agent.call("word", json!({})).await.expect("there is such a tool");
    assert_eq!((text(&result), result.structured.as_ref()), ("just text", Some(&json!("just text"))));
    agent.refused("pair", json!({"name": "a"}), "invalid").await;
}

#[tokio::test]
async fn a_tool_is_there_only_for_who_may_use_all_of_it() {
    let app = TestApp::new().user("none").user("agent").user("blind").user_with("runner", &["Agent runner"]).start().await;
    greet(app.admin()).await;
    let minimum = [("READ", "MCP_USER_TOOL"), ("CREATE", "EXECUTION"), ("READ", "EXECUTION"), ("READ", "FLOW")];
    grant(&app, "agent", &minimum).await;
    grant(&app, "blind", &minimum[..3]).await;
    assert_eq!(names(&app.agent("none")).await, [""; 0]);
    assert_eq!(names(&app.agent("blind")).await, [""; 0]);
    assert!(app.agent("blind").call("greet", json!({"name": "Ada"})).await.is_none());
    for user in ["agent", "runner"] {
        assert_eq!(names(&app.agent(user)).await, ["greet"], "{user}");
        assert_eq!(app.agent(user).ok("greet", json!({"name": "Ada"})).await["text"], "Hello Ada!");
    }
}

#[tokio::test]
async fn a_flow_that_is_gone_or_broken_takes_its_tool_with_it_and_the_record_says_why() {
    let app = TestApp::new().start().await;
    let (admin, agent) = (app.admin(), app.agent("admin"));
    let (id, flow) = greet(admin).await;
    assert_eq!((names(&agent).await, problem(admin, &id).await), (vec!["greet".to_owned()], Value::Null));
    for (change, back, said) in [
        (json!({"script": "def handler(:"}), json!({"script": GREET}), "cannot be compiled"),
        (json!({"input_schema": {"properties": {"größe": {}}}}), json!({"input_schema": null}), "names a property 'größe'"),
    ] {
        let saved = admin.patch(&format!("/flow/{flow}"), change).await;
        assert_eq!(saved.status, 200, "a flow is saved all the same");
        assert!(names(&agent).await.is_empty());
        let why = problem(admin, &id).await;
        assert!(why.as_str().is_some_and(|text| text.contains(said)), "{why}");
        let checked = agent.ok("validate_flow", json!({"flow_id": flow})).await;
        let told = checked["problems"].as_array().into_iter().flatten().filter_map(|problem| problem["message"].as_str());
        let told: Vec<&str> = told.filter(|text| !text.starts_with("As a user tool, at")).collect();
        assert_eq!(told.len(), 1, "validation says it too: {checked}");
        admin.patch(&format!("/flow/{flow}"), back).await.expect(200);
        assert_eq!(names(&agent).await, ["greet"]);
    }
    admin.patch(&format!("/mcp_user_tool/{id}"), json!({"is_enabled": false})).await.expect(200);
    assert!(names(&agent).await.is_empty() && agent.call("greet", json!({})).await.is_none());
    admin.patch(&format!("/mcp_user_tool/{id}"), json!({"is_enabled": true})).await.expect(200);
    admin.delete(&format!("/flow/{flow}")).await.expect(204);
    assert!(names(&agent).await.is_empty());
    assert_eq!(problem(admin, &id).await, "Its flow is not there: it was deleted, or you may not read it.");
    admin.post(&format!("/flow/{flow}/restore"), Value::Null).await.expect(200);
    assert_eq!(names(&agent).await, ["greet"]);
}

#[tokio::test]
async fn a_change_of_the_flow_shows_in_the_next_list() {
    let app = TestApp::new().start().await;
    let (_, flow) = greet(app.admin()).await;
    let agent = app.agent("admin");
    assert!(agent.tools().await[0].input_schema["properties"].get("name").is_some());
    let schema = json!({"type": "object", "properties": {"who": {"type": "string"}}});
    app.admin().patch(&format!("/flow/{flow}"), json!({"input_schema": schema})).await.expect(200);
    assert_eq!(agent.tools().await[0].input_schema["properties"], json!({"who": {"type": "string"}}));
}

#[tokio::test]
async fn a_name_that_agents_cannot_use_is_refused() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let flow = admin.flow("f", GREET).await;
    for (name, said) in [
        ("Run-Flow", "built-in tool"),
        ("call_service", "built-in tool"),
        ("two words", "cannot be the name"),
        ("x.y", "cannot be the name"),
    ] {
        let refused = admin.post("/mcp_user_tool", json!({"name": name, "flow_id": flow})).await.refusal(422, "invalid");
        assert!(refused.contains(said), "{refused}");
    }
    let missing = json!({"name": "ok", "flow_id": "0190a6f0-0000-7000-8000-000000000000"});
    admin.post("/mcp_user_tool", missing).await.refusal(404, "not_found");
    admin.post("/mcp_user_tool", json!({"name": "ok", "flow_id": flow, "timeout_sec": 4000})).await.refusal(422, "invalid");
    let copied = admin.make("mcp_user_tool", json!({"name": "ok", "flow_id": flow})).await;
    let copy = admin.post(&format!("/mcp_user_tool/{copied}/clone?plain=true"), json!({})).await.expect(201);
    assert!(copy["name"].as_str().is_some_and(|name| name.starts_with("ok-copy-")), "{copy}");
}

#[tokio::test]
async fn a_long_output_without_a_schema_is_cut_and_says_how_to_read_on() {
    let app = TestApp::new().start().await;
    let script = "def handler(system, this, inputs):\n    return {'rows': [{'n': n, 'text': 'x' * 100} for n in range(1000)]}\n";
    tool(app.admin(), "rows", json!({"script": script})).await;
    let open = json!({"script": script, "output_schema": {"type": "object"}});
    tool(app.admin(), "all_rows", open).await;
    let agent = app.agent("admin");
    let result = agent.call("rows", json!({})).await.expect("there is such a tool");
    let data = result.structured.as_ref().expect("a success has data");
    assert_eq!((&data["truncated"], &data["cuts"][0]["length"]), (&json!(true), &json!(1000)));
    assert!(text(&result).len() < 30_000);
    let next = &data["cuts"][0]["next"];
    let rest = agent.ok(next["tool"].as_str().expect("a name"), next["arguments"].clone()).await;
    let shown = data["rows"].as_array().expect("a list").len();
    assert_eq!(rest["value"][0]["n"], shown);
    assert_eq!(agent.ok("all_rows", json!({})).await["rows"].as_array().map(Vec::len), Some(1000), "a schema is kept whole");
}
