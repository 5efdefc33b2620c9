//! What executions wait for, followed to the end of the line.

use serde_json::{Value, json};

use super::{cancel, explain, launch, tools, until, until_status};
use crate::app::TestApp;

const SLEEPER: &str = "def handler(system, this):\n    this.sleep(3600)\n";

fn child_of(flow: &str) -> String {
    format!("def handler(system, this):\n    this.flow('{flow}')\n")
}

#[tokio::test]
async fn a_line_is_followed_to_the_one_that_sleeps() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.flow("leaf", SLEEPER).await;
    admin.flow("middle", &child_of("leaf")).await;
    admin.flow("top", &child_of("middle")).await;
    let id = launch(admin, "top", Value::Null).await;
    until_status(admin, &id, "WAITING_DEPENDENCY").await;
    let leaf = until(admin, &id, |_| true).await;
    assert_eq!(leaf["status"], "WAITING_DEPENDENCY");
    let list = async || admin.get("/execution?plain=true&fields=name,status").await.expect(200);
    while !list().await.as_array().unwrap().iter().any(|one| one["name"] == "leaf" && one["status"] == "SLEEPING") {}
    let explained = explain(admin, &id).await;
    let waits = &explained["waits"];
    let path: Vec<&Value> = waits["path"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(path, ["middle", "leaf"], "{explained:#}");
    assert_eq!((&waits["path"][1]["status"], &waits["path"][0]["status"]), (&json!("SLEEPING"), &json!("WAITING_DEPENDENCY")));
    assert!(waits["path"][1]["words"].as_str().unwrap().starts_with("sleeping until") && waits["path"][1]["until"].is_string());
    let summary = explained["summary"].as_str().unwrap();
    assert!(summary.contains("Last in that line is 'leaf'") && summary.contains("sleeping until"), "{summary}");
    assert_eq!(explained["stands"]["frames"][0]["source"], "this.flow('middle')", "{explained:#}");
    cancel(admin, &id).await;
}

#[tokio::test]
async fn whoever_holds_a_lock_stands_at_the_end_of_the_line() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let setting = admin.make("setting", json!({"name": "s", "value": 1})).await;
    admin.flow("locks", "def handler(system, this):\n    system.setting('s').acquire()\n    this.sleep(3600)\n").await;
    let holder = launch(admin, "locks", Value::Null).await;
    until_status(admin, &holder, "SLEEPING").await;
    let id = launch(admin, "locks", Value::Null).await;
    until_status(admin, &id, "WAITING_LOCK").await;
    let explained = explain(admin, &id).await;
    assert_eq!(explained["waits"]["path"][0]["execution_id"], holder, "{explained:#}");
    assert!(explained["waits"]["words"].as_str().unwrap().contains(&setting), "{explained:#}");
    assert_eq!(explained["waits"]["hidden"], Value::Null, "the setting is no execution: {explained:#}");
    cancel(admin, &holder).await;
    until_status(admin, &id, "SLEEPING").await;
    cancel(admin, &id).await;
}

#[tokio::test]
async fn a_circle_is_called_one() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    for name in ["one", "two", "flag"] {
        admin.make("setting", json!({"name": name, "value": 0})).await;
    }
    let second = "def handler(system, this):\n    system.setting('two').acquire()\n    system.setting('flag').save(value=1)\n    \
                  system.setting('one').acquire()\n";
    let first = "def handler(system, this):\n    system.setting('one').acquire()\n    while system.setting('flag').get('value') != 1:\n        \
                 this.sleep(0.02)\n    system.setting('two').acquire()\n";
    admin.flow("first", first).await;
    admin.flow("second", second).await;
    let a = launch(admin, "first", Value::Null).await;
    until(admin, &a, |record| record["status"] != "PENDING" && record["status"] != "RUNNING").await;
    let b = launch(admin, "second", Value::Null).await;
    until_status(admin, &a, "WAITING_LOCK").await;
    until_status(admin, &b, "WAITING_LOCK").await;
    let explained = explain(admin, &a).await;
    assert_eq!((&explained["waits"]["circle"], explained["waits"]["path"].as_array().unwrap().len()), (&json!(true), 1), "{explained:#}");
    assert_eq!(tools(&explained)[0], "cancel_execution", "{explained:#}");
    cancel(admin, &a).await;
    cancel(admin, &b).await;
}

#[tokio::test]
async fn a_paused_child_is_what_holds_everything_up() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.flow("leaf", SLEEPER).await;
    let many =
        "def handler(system, this):\n    children = [this.flow('leaf', wait=False) for _ in range(8)]\n    this.wait_for(*children)\n";
    admin.flow("many", many).await;
    let id = launch(admin, "many", Value::Null).await;
    until_status(admin, &id, "WAITING_DEPENDENCY").await;
    let children = admin.get("/execution?plain=true&fields=id&limit=20").await.expect(200);
    let children: Vec<&str> = children.as_array().unwrap().iter().filter_map(|one| one["id"].as_str()).filter(|one| *one != id).collect();
    assert_eq!(children.len(), 8);
    for child in &children {
        until_status(admin, child, "SLEEPING").await;
    }
    // The first five are named, the last one is not.
    let last = children.iter().max().unwrap();
    admin.post(&format!("/execution/{last}/pause"), Value::Null).await.expect(200);
    let explained = explain(admin, &id).await;
    let found = &explained["waits"]["path"][0];
    assert_eq!((&found["execution_id"], &found["others"]), (&json!(last), &json!({"SLEEPING": 7})), "{explained:#}");
    let resume = json!({"execution_id": last, "action": "resume"});
    assert_eq!((&explained["next"][0]["tool"], &explained["next"][0]["arguments"]), (&json!("control_execution"), &resume));
    cancel(admin, &id).await;
}

#[tokio::test]
async fn what_was_only_made_says_so() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let made = admin.make("execution", json!({"script": SLEEPER, "run": false})).await;
    let explained = explain(admin, &made).await;
    assert_eq!(explained["waits"]["words"], "made without being started", "{explained:#}");
    cancel(admin, &made).await;
    let due = admin.make("execution", json!({"script": SLEEPER, "scheduled_for": "2999-01-01T00:00:00Z"})).await;
    let explained = explain(admin, &due).await;
    assert!(explained["summary"].as_str().unwrap().starts_with("It is not to be started before 2999-01-01"), "{explained:#}");
    cancel(admin, &due).await;
}
