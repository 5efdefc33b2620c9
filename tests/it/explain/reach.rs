//! What an explanation may tell whom, and how large it may become.

use serde_json::{Value, json};

use super::{cancel, check, explain, launch, run, tools, until_status};
use crate::app::TestApp;
use crate::client::User;

/// A user who may do these in one project.
async fn limited(app: &TestApp, name: &str, project: &str, operations: &[&str]) -> User {
    let admin = app.admin();
    let user = app.user(name).clone();
    let role = admin.make("role", json!({"name": format!("role of {name}")})).await;
    for operation in operations {
        let permission = json!({"role_id": role, "operation": operation, "permission_record_type": "EXECUTION", "project_id": project});
        admin.make("role_permission", permission).await;
    }
    let me = user.get("/auth/me").await.expect(200);
    admin.make("identity_role", json!({"identity_id": me["identity_id"], "role_id": role})).await;
    user
}

async fn flow_in(admin: &User, project: &str, name: &str, script: &str) {
    admin.make("flow", json!({"name": name, "script": script, "project_id": project})).await;
}

#[tokio::test]
async fn what_one_may_not_read_is_counted_and_not_told() {
    let app = TestApp::new().user("anna").start().await;
    let admin = app.admin();
    let here = admin.make("project", json!({"name": "here"})).await;
    let there = admin.make("project", json!({"name": "there"})).await;
    flow_in(admin, &there, "secret part", "def handler(system, this):\n    raise ValueError('a secret')\n").await;
    flow_in(admin, &there, "secret nap", "def handler(system, this):\n    this.sleep(3600)\n").await;
    let child = |flow: &str| format!("def handler(system, this):\n    this.flow('{flow}', location_inheritance='resource')\n");
    flow_in(admin, &here, "open", &child("secret part")).await;
    flow_in(admin, &here, "open nap", &child("secret nap")).await;
    let anna = limited(&app, "anna", &here, &["READ"]).await;

    let id = run(admin, "open", Value::Null, "ENDED_ERROR").await;
    let explained = explain(&anna, &id).await;
    assert_eq!(explained["first_cause"], Value::Null, "{explained:#}");
    assert_eq!(explain(admin, &id).await["first_cause"]["message"], "ValueError: a secret", "who may read it is told");
    assert_eq!(tools(&explained), ["get_execution_logs"], "she may change nothing: {explained:#}");

    let id = launch(admin, "open nap", Value::Null).await;
    until_status(admin, &id, "WAITING_DEPENDENCY").await;
    let waits = explain(&anna, &id).await["waits"].clone();
    assert_eq!((&waits["path"], &waits["hidden"]), (&json!([]), &json!(1)), "{waits:#}");
    cancel(admin, &id).await;
}

#[tokio::test]
async fn what_does_not_exist_for_somebody_is_not_explained() {
    let app = TestApp::new().user("anna").start().await;
    let admin = app.admin();
    admin.flow("fine", "def handler(system, this):\n    pass\n").await;
    let id = run(admin, "fine", Value::Null, "ENDED_SUCCESS").await;
    app.user("anna").get(&format!("/execution/{id}/explain")).await.refusal(404, "not_found");
    let explained = explain(admin, &id).await;
    assert_eq!((&explained["summary"], tools(&explained)), (&json!("It succeeded."), vec!["get_execution"]));
}

#[tokio::test]
async fn a_big_tree_has_a_small_explanation() {
    let app = TestApp::new().start().await;
    let (admin, agent) = (app.admin(), app.agent("admin"));
    let long = "x".repeat(3_000);
    admin.flow("leaf", &format!("def handler(system, this, inputs):\n    raise ValueError('{long}')\n")).await;
    let many = "def handler(system, this, inputs):\n    children = [this.flow('leaf', wait=False, inputs=inputs) for _ in range(60)]\n    \
                this.wait_for(*children, return_when=system.return_when.ALL_ENDED)\n    this.wait_for(*children)\n";
    admin.flow("many", many).await;
    let deep =
        "def handler(system, this, inputs):\n    inputs['n'] -= 1\n    this.flow('deep' if inputs['n'] else 'many', inputs=inputs)\n";
    admin.flow("deep", deep).await;
    let wide: Value = (0..2_000).map(|n| (format!("key {n}"), json!("y".repeat(100)))).collect::<serde_json::Map<_, _>>().into();
    let id = run(admin, "deep", json!({"n": 5, "wide": wide}), "ENDED_ERROR").await;
    let explained = explain(admin, &id).await;
    assert_eq!(explained["first_cause"]["flow_name"], "leaf", "{explained:#}");
    assert_eq!(explained["first_cause"]["path"].as_array().unwrap().len(), 6, "{explained:#}");
    let mut as_tool = agent.ok("explain_execution", json!({"execution_id": id})).await;
    check(&as_tool);
    let mut as_rest = explained;
    for one in [&mut as_tool, &mut as_rest] {
        one["last_good"] = Value::Null;
    }
    assert_eq!(as_tool, as_rest, "both doors say the same");
}
