//! The flows around changes of custom objects: what they are told, what they may set, and that nothing waits for itself.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::User;

/// What the hook was told, kept in a setting for each kind of change.
const NOTE: &str = "def handler(system, this, inputs):\n    system.setting(inputs['operation'])\\\n        .save(value={**inputs, 'of': this.get('custom_object_id')})\n";
const NUMBER: &str = "def handler(system, this, inputs):\n    if inputs['value'].get('color') == 'red':\n        this.error('no red cars')\n    \
                      return {'value': {'number': len(inputs['name'])}}\n";

/// A template with two attributes, `note` silent.
async fn template(admin: &User, hooks: &[(&str, &str)]) -> String {
    let mut body = json!({"name": "car"});
    for (hook, flow) in hooks {
        body[hook] = json!(flow);
    }
    let id = admin.make("object_template", body).await;
    for (name, datatype, silent) in [("color", "STRING", false), ("number", "INTEGER", false), ("note", "TEXT", true)] {
        let body = json!({"object_template_id": id, "name": name, "datatype": datatype, "silent_update": silent});
        admin.make("object_template_attribute", body).await;
    }
    id
}

/// The ended executions of an object, oldest first.
async fn ended(admin: &User) -> Vec<Value> {
    let list = admin.get("/execution?plain=true&order=id&limit=100").await.expect(200);
    let mut done = Vec::new();
    for execution in list.as_array().expect("a list") {
        let id = execution["id"].as_str().expect("an id");
        done.push(admin.get(&format!("/execution/{id}/wait?plain=true")).await.expect(200));
    }
    done
}

async fn noted(admin: &User, hook: &str) -> Value {
    admin.get(&format!("/setting/{hook}?by=name&plain=true")).await.expect(200)["value"].clone()
}

#[tokio::test]
async fn each_change_of_an_object_starts_the_flow_of_its_template() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let flow = admin.flow("note", NOTE).await;
    let template = template(admin, &[("on_create", &flow), ("on_update", &flow), ("on_delete", &flow)]).await;
    let id = admin.make("custom_object", json!({"name": "mini", "object_template_id": template, "value": {"color": "blue"}})).await;
    let path = format!("/custom_object/{id}");
    assert_eq!(ended(admin).await.len(), 1);
    let told = noted(admin, "on_create").await;
    assert_eq!((&told["custom_object_id"], &told["of"], &told["name"]), (&json!(id), &json!(id), &json!("mini")));
    assert_eq!(told["value"], json!({"color": "blue", "number": null, "note": null}));

    admin.patch(&path, json!({"value": {"note": "dent"}})).await.expect(200);
    admin.patch(&path, json!({"value": {"color": "blue"}})).await.expect(200);
    assert_eq!(ended(admin).await.len(), 1, "one attribute is silent, the other was not changed");
    admin.patch(&path, json!({"value": {"color": "green"}})).await.expect(200);
    assert_eq!(ended(admin).await.len(), 2);
    let told = noted(admin, "on_update").await;
    assert_eq!(
        (&told["changed"], &told["old_value"]["color"], &told["value"]["color"]),
        (&json!(["color"]), &json!("blue"), &json!("green"))
    );

    admin.delete(&path).await.expect(204);
    admin.delete(&format!("{path}?permanently=true")).await.expect(204);
    assert_eq!(ended(admin).await.len(), 3, "it is deleted once");
    assert_eq!(noted(admin, "on_delete").await["custom_object_id"], json!(id));
}

#[tokio::test]
async fn the_flow_before_an_object_sets_values_or_refuses_it() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let flow = admin.flow("number", NUMBER).await;
    let template = template(admin, &[("before_create", &flow)]).await;
    let body = |color: &str| json!({"name": "mini", "object_template_id": template, "value": {"color": color, "number": 0}});
    let refused = admin.post("/custom_object", body("red")).await.expect(422);
    assert!(refused["error_message"].as_str().is_some_and(|text| text.contains("no red cars")), "{refused}");
    admin.get("/custom_object/mini?by=name").await.refusal(404, "not_found");
    let made = admin.post("/custom_object?plain=true", body("blue")).await.expect(201);
    assert_eq!(made["value"], json!({"color": "blue", "number": 4, "note": null}));
    admin.post("/custom_object", body("red")).await.expect(200);
    assert_eq!(ended(admin).await.len(), 2, "one that is there is updated, not created");
}

#[tokio::test]
async fn who_may_not_start_the_flow_of_a_template_changes_no_object_of_it() {
    let app = TestApp::new().user("clerk").start().await;
    let admin = app.admin();
    let role = admin.make("role", json!({"name": "clerk"})).await;
    for (operation, of) in [(Value::Null, "CUSTOM_OBJECT"), (json!("READ"), "OBJECT_TEMPLATE"), (json!("READ"), "PROJECT")] {
        admin.make("role_permission", json!({"role_id": role, "operation": operation, "permission_record_type": of})).await;
    }
    let me = app.user("clerk").get("/auth/me").await.expect(200);
    admin.make("identity_role", json!({"identity_id": me["identity_id"], "role_id": role})).await;
    let flow = admin.flow("note", NOTE).await;
    let template = template(admin, &[("on_create", &flow)]).await;
    let body = json!({"name": "mini", "object_template_id": template});
    let refused = app.user("clerk").post("/custom_object", body).await.expect(404);
    assert!(refused["error_message"].as_str().is_some_and(|text| text.contains("on_create")), "{refused}");
    admin.get("/custom_object/mini?by=name").await.refusal(404, "not_found");
}

#[tokio::test]
async fn a_flow_that_saves_an_object_leaves_its_turn_to_the_flow_before_it() {
    let app = TestApp::new().config(|config| config.engine.slots = 1).start().await;
    let admin = app.admin();
    let flow = admin.flow("number", NUMBER).await;
    let template = template(admin, &[("before_create", &flow)]).await;
    let script = format!(
        "def handler(system, this):\n    car = system.custom_object('mini').save(object_template_id='{template}', value={{'color': 'blue'}})\n    \
         car.save(value={{'note': 'new'}})\n    return {{'value': car.get('value'), 'of': car.object_template().get('name')}}\n"
    );
    admin.flow("makes", &script).await;
    let run = admin.post("/execution?wait=true&plain=true", json!({"flow_name": "makes"})).await.expect(201);
    assert_eq!(run["status"], "ENDED_SUCCESS", "{run}");
    assert_eq!(run["output_value"], json!({"value": {"color": "blue", "number": 4, "note": "new"}, "of": "car"}));
}
