//! Wrappers: around a resource for everybody, around one call, and what comes with the server.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::User;
use crate::server::{BUNDLES, Server};

const ECHO: &str = "def handler(system, this, inputs):\n    return inputs\n";
/// Says what it is around, and adds its own mark to the output.
const MARKS: &str = "def handler(system, this, inputs):
    child = this.wrapped(wait=system.return_when.ALL_ENDED)
    this.set_output({**(child.get('output_value') or {}), inputs['mark']: child.get('name')})
    return this.success('marked')
";

async fn app() -> TestApp {
    TestApp::new().user_with("anna", &["User"]).config(|config| config.server.shipped_bundles = true).start().await
}

async fn id_of(admin: &User, of: &str, name: &str) -> String {
    let found = admin.get(&format!("/{of}/{name}?by=name&plain=true")).await.expect(200);
    found["id"].as_str().expect("an id").to_owned()
}

async fn run(user: &User, body: Value) -> Value {
    user.post("/execution?wait=true&plain=true", body).await.body
}

#[tokio::test]
async fn a_resource_runs_within_its_wrappers_whoever_runs_it_unless_he_says_unwrapped() {
    let app = app().await;
    let admin = app.admin();
    let echo = admin.flow("echo", ECHO).await;
    let marks = admin.flow("marks", MARKS).await;
    let wrapper = admin.make("wrapper", json!({ "name": "marker", "flow_id": marks })).await;
    let around = json!({ "resource_id": echo, "wrapper_id": wrapper, "input_value": { "mark": "by" } });
    let row = admin.make("resource_wrapper", around).await;
    // She may not even read the wrapper.
    let record = run(app.user("anna"), json!({ "flow_name": "echo", "input_value": { "n": 1 } })).await;
    assert_eq!(record["output_value"], json!({ "n": 1, "by": "echo" }), "{record}");
    assert_eq!((&record["wrapper_id"], &record["name"]), (&json!(wrapper), &json!("marker: echo")));
    let bare = run(admin, json!({ "flow_name": "echo", "input_value": { "n": 1 }, "unwrapped": true })).await;
    assert_eq!((&bare["output_value"], &bare["wrapper_id"]), (&json!({ "n": 1 }), &Value::Null));
    admin.flow("calls", "def handler(system, this, inputs):\n    return [this.flow('echo', n=2).get('output_value'), this.flow('echo', n=3, unwrapped=True).get('output_value')]\n").await;
    let called = run(admin, json!({ "flow_name": "calls" })).await;
    assert_eq!(called["output_value"], json!([{ "n": 2, "by": "echo" }, { "n": 3 }]), "{called}");
    // What its input must be is said before anything runs.
    admin.patch(&format!("/flow/{echo}"), json!({ "input_schema": { "required": ["n"] } })).await.expect(200);
    let refused = admin.post("/execution", json!({ "flow_name": "echo", "input_value": { "m": 1 } })).await;
    assert!(refused.status == 422 && refused.text.contains("/input_value"), "{}", refused.text);
    admin.delete(&format!("/resource_wrapper/{row}")).await;
    let after = run(admin, json!({ "flow_name": "echo", "input_value": { "n": 1 } })).await;
    assert_eq!(after["output_value"], json!({ "n": 1 }));
}

#[tokio::test]
async fn wrappers_of_one_resource_are_around_each_other_by_their_position() {
    let app = app().await;
    let admin = app.admin();
    let echo = admin.flow("echo", ECHO).await;
    let marks = admin.flow("marks", MARKS).await;
    for (name, position) in [("inner", 2), ("outer", 1)] {
        let wrapper = admin.make("wrapper", json!({ "name": name, "flow_id": marks })).await;
        let around = json!({ "resource_id": echo, "wrapper_id": wrapper, "input_value": { "mark": name }, "position": position });
        admin.make("resource_wrapper", around).await;
    }
    let record = run(admin, json!({ "flow_name": "echo" })).await;
    assert_eq!(record["output_value"], json!({ "inner": "echo", "outer": "inner: echo" }), "{record}");
}

#[tokio::test]
async fn five_wrappers_come_with_the_server_in_a_bundle() {
    let app = app().await;
    let admin = app.admin();
    let bundle = id_of(admin, "bundle", "Wrappers").await;
    let filter = json!({ "field": "bundle_id", "op": "eq", "value": bundle }).to_string();
    let listed =
        crate::client::answer(admin.request("GET", "/wrapper?plain=true&order=name").query(&[("filter", filter)])).await.expect(200);
    let names: Vec<&str> = listed.as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["cache", "interactive", "notify", "retry", "validate"]);
    for name in names {
        let flow = admin.get(&format!("/flow/wrapper%20{name}?by=name&plain=true")).await.expect(200);
        let checked = admin.post(&format!("/flow/{}/validate", flow["id"].as_str().expect("an id")), Value::Null).await;
        assert!(checked.status != 200 || checked.body["problems"].as_array().is_none_or(Vec::is_empty), "{}", checked.text);
    }
}

#[tokio::test]
async fn a_person_decides_what_becomes_of_what_failed() {
    let app = app().await;
    let admin = app.admin();
    admin.flow("fails", "def handler(system, this, inputs):\n    n = system.setting('n').get('value')\n    if n == 0:\n        return this.error('no luck')\n    return {'n': n}\n").await;
    admin.make("setting", json!({ "name": "n", "value": 0 })).await;
    admin.flow("asks", "def handler(system, this, inputs):\n    done = this.using('interactive').flow('fails', wait=False)\n    done.wait(system.return_when.ALL_ENDED)\n    return [done.get('status'), done.get('output_value')]\n").await;
    for (decision, ends) in [
        ("fail", json!(["ENDED_ERROR", null])),
        ("continue", json!(["ENDED_SUCCESS", null])),
        ("retry", json!(["ENDED_SUCCESS", { "n": 1 }])),
    ] {
        let started = admin.post("/execution?plain=true", json!({ "flow_name": "asks" })).await.expect(201);
        let message = open_message(admin).await;
        assert!(message["message"].as_str().is_some_and(|text| text.contains("no luck")), "{message}");
        let setting = id_of(admin, "setting", "n").await;
        admin.patch(&format!("/setting/{setting}"), json!({ "value": i32::from(decision == "retry") })).await.expect(200);
        let id = message["id"].as_str().expect("an id");
        admin.post(&format!("/message/{id}/answer"), json!({ "response": { "decision": decision } })).await.expect(200);
        let ended =
            admin.get(&format!("/execution/{}/wait?timeout=60&plain=true", started["id"].as_str().expect("an id"))).await.expect(200);
        assert_eq!(ended["output_value"], ends, "{decision}: {ended}");
        admin.patch(&format!("/setting/{setting}"), json!({ "value": 0 })).await.expect(200);
    }
}

/// The message that nobody has answered yet, once there is one.
async fn open_message(user: &User) -> Value {
    let filter = json!({ "field": "is_submitted", "op": "neq", "value": true }).to_string();
    for _ in 0..1200 {
        let request = user.request("GET", "/message?plain=true").query(&[("filter", &filter)]);
        let found = crate::client::answer(request).await.body;
        if let Some(message) = found.as_array().and_then(|list| list.first()) {
            return message.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("nobody asks");
}

#[tokio::test]
async fn people_or_a_flow_are_told_how_it_ended() {
    let app = app().await;
    let admin = app.admin();
    admin.flow("fails", "def handler(system, this, inputs):\n    return this.error('no luck')\n").await;
    admin.flow("told", "def handler(system, this, inputs):\n    system.setting('told').save(value=inputs['status'])\n").await;
    admin.flow("asks", "def handler(system, this, inputs):\n    for options in ({}, {'run_on_state_change': 'told'}):\n        this.using('notify', **options).flow('fails', wait=system.return_when.ALL_ENDED)\n    this.flow('told', status='last')\n    return system.setting('told').exists()\n").await;
    let record = run(admin, json!({ "flow_name": "asks" })).await;
    assert_eq!(record["output_value"], true, "{record}");
    let told = open_message(admin).await;
    assert_eq!(told["subject"], "fails: ENDED_ERROR", "{told}");
}

#[tokio::test]
async fn a_wrapper_that_is_killed_in_the_middle_goes_on_and_does_nothing_twice() {
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let mut server = Server::start_as(folder, &[], vec![(BUNDLES.to_owned(), "true".to_owned())]).await;
    server.post("/setting", &json!({ "name": "go", "value": false })).await;
    server.post("/setting", &json!({ "name": "done", "value": [] })).await;
    let inner = "def handler(system, this, inputs):
    done = system.setting('done').get('value')
    system.setting('done').save(value=[*done, len(done)])
    while not system.setting('go').get('value'): this.sleep(0.1)
    if len(done) < 2: return this.error('again')
    return {'tries': len(done) + 1}
";
    server.flow("inner", inner, &Value::Null).await;
    server.flow("outer", "def handler(system, this, inputs):\n    return this.using('cache').using('retry', delay_seconds=0.1).flow('inner').get('output_value')\n", &Value::Null).await;
    let id = server.launch("outer", &Value::Null).await;
    for _ in 0..1200 {
        let done = server.get("/setting/done?by=name&plain=true").await.body;
        if done["value"].as_array().is_some_and(|done| done.len() == 1) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    server.kill9().await;
    server.restart().await;
    server.send("PATCH", "/setting/go?by=name", &json!({ "value": true })).await;
    let record = server.ended(&id).await;
    assert_eq!(record["output_value"], json!({ "tries": 3 }), "{record}");
    assert_eq!(server.get("/setting/done?by=name&plain=true").await.body["value"], json!([0, 1, 2]));
    server.kill9().await;
    // What is shipped is shipped once.
    server.restart().await;
    let list = server.get("/wrapper?plain=true").await;
    assert_eq!(list.body.as_array().map(Vec::len), Some(5), "{list:?}");
}

#[tokio::test]
async fn a_schema_that_a_caller_gives_is_for_what_is_wrapped() {
    let app = app().await;
    let admin = app.admin();
    admin.flow("echo", ECHO).await;
    let marks = admin.flow("marks", MARKS).await;
    for name in ["one", "two"] {
        admin.make("wrapper", json!({ "name": name, "flow_id": marks })).await;
    }
    let script = "def handler(system, this, inputs):
    schema = {'type': 'object', 'properties': {'n': {'type': 'integer'}}}
    around = this.using('one', mark='one').using('two', mark='two')
    try:
        around.flow('echo', n='x', init={'input_schema': schema})
    except Exception as error:
        refused = type(error).__name__
    child = around.flow('echo', n=1, init={'input_schema': schema, 'output_schema': {'type': 'object'}})
    inner = child.get_children()[0].get_children()[0]
    return [refused, type(child.get('input_schema')).__name__, inner.get('name'), inner.get('input_schema') == schema, inner.get('output_schema')]
";
    admin.flow("calls", script).await;
    let record = run(admin, json!({ "flow_name": "calls" })).await;
    assert_eq!(record["output_value"], json!(["SchemaValidationError", "NoneType", "echo", true, { "type": "object" }]), "{record}");
}

#[tokio::test]
async fn who_calls_a_webhook_is_answered_by_the_flow_whatever_is_around_it() {
    let app = app().await;
    let admin = app.admin();
    let page = admin.flow("page", "def handler(system, this, inputs):\n    return this.webhook_response(f'hello {inputs[\"query\"][\"who\"]}', 201, {'x-by': 'page'})\n").await;
    let plain = admin.flow("plain", "def handler(system, this, inputs):\n    return {'n': 1}\n").await;
    let passes = admin
        .flow("passes", "def handler(system, this, inputs):\n    return this.end_as(this.wrapped(wait=system.return_when.ALL_ENDED))\n")
        .await;
    for name in ["one", "two"] {
        let wrapper = admin.make("wrapper", json!({ "name": name, "flow_id": passes })).await;
        for resource in [&page, &plain] {
            admin.make("resource_wrapper", json!({ "resource_id": resource, "wrapper_id": wrapper })).await;
        }
    }
    for (name, flow) in [("page", &page), ("plain", &plain)] {
        admin.make("webhook", json!({ "name": name, "flow_id": flow, "is_enabled": true, "is_key_required": false })).await;
    }
    let nobody = app.nobody();
    let answered = nobody.request("GET", "/webhook/page/call?who=you").send().await.expect("an answer");
    assert_eq!((answered.status().as_u16(), answered.headers()["x-by"].to_str().ok()), (201, Some("page")));
    assert_eq!(answered.text().await.expect("text"), "hello you");
    assert_eq!(crate::client::answer(nobody.request("GET", "/webhook/plain/call")).await.expect(200), json!({ "n": 1 }));
    // Nobody is answered with what an execution said that is none of his own.
    let other = run(admin, json!({ "flow_name": "page", "unwrapped": true, "input_value": { "query": { "who": "me" } } })).await;
    let script = format!(
        "def handler(system, this, inputs):\n    return this.end_as(system.execution('{}'))\n",
        other["id"].as_str().expect("an id")
    );
    let thief = admin.flow("thief", &script).await;
    admin.make("webhook", json!({ "name": "thief", "flow_id": thief, "is_enabled": true, "is_key_required": false })).await;
    assert_eq!(crate::client::answer(nobody.request("GET", "/webhook/thief/call")).await.expect(200), Value::Null);
}
