//! Failures: the first cause in the tree, the flow's own lines, what escaped, and how often it was tried.

use serde_json::{Value, json};

use super::{explain, run, tools};
use crate::app::TestApp;

const FAILS: &str =
    "def helper(rows):\n    return rows['total']\n\ndef handler(system, this, inputs):\n    this.log('adding up')\n    helper({})\n";

fn parent_of(flow: &str) -> String {
    format!("def handler(system, this):\n    this.flow('{flow}')\n")
}

#[tokio::test]
async fn a_failed_grandchild_is_the_first_cause() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.flow("adds up", FAILS).await;
    admin.flow("middle", &parent_of("adds up")).await;
    admin.flow("top", &parent_of("middle")).await;
    let id = run(admin, "top", Value::Null, "ENDED_ERROR").await;
    let explained = explain(admin, &id).await;
    let cause = &explained["first_cause"];
    assert_eq!((&cause["flow_name"], &cause["message"]), (&json!("adds up"), &json!("KeyError: 'total'")), "{explained:#}");
    let path: Vec<&Value> = cause["path"].as_array().unwrap().iter().map(|step| &step["name"]).collect();
    assert_eq!(path, ["middle", "adds up"]);
    assert_eq!(cause["path"][1]["known_by"], "named in the message");
    let frames: Vec<(&Value, &Value)> = cause["frames"].as_array().unwrap().iter().map(|at| (&at["line"], &at["source"])).collect();
    assert_eq!(frames, [(&json!(6), &json!("helper({})")), (&json!(2), &json!("return rows['total']"))]);
    assert_eq!(explained["error"]["frames"][0]["source"], "this.flow('middle')", "its own lines stand beside: {explained:#}");
    let summary = explained["summary"].as_str().unwrap();
    assert!(summary.contains("2 levels below) failed at line 2: return rows['total']: KeyError: 'total'"), "{summary}");
    assert_eq!(explained["next"][1]["arguments"]["execution_id"], cause["execution_id"], "{explained:#}");
    let below = explain(admin, cause["execution_id"].as_str().unwrap()).await;
    assert_eq!((&below["first_cause"], tools(&below)[1]), (&Value::Null, "get_record"), "it failed by itself: {below:#}");
}

#[tokio::test]
async fn a_failure_told_in_other_words_is_still_found() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.flow("adds up", FAILS).await;
    let told = "import flow_api\ndef handler(system, this):\n    try:\n        this.flow('adds up')\n    except flow_api.DependencyFailedError:\n        \
                this.error('the report could not be made')\n";
    admin.flow("tells", told).await;
    let survives = "import flow_api\ndef handler(system, this):\n    try:\n        this.flow('adds up')\n    except \
                    flow_api.DependencyFailedError:\n        pass\n    for n in range(5):\n        this.save(message=str(n))\n    raise \
                    ValueError('something else')\n";
    admin.flow("survives", survives).await;
    let id = run(admin, "tells", Value::Null, "ENDED_ERROR").await;
    let explained = explain(admin, &id).await;
    let step = &explained["first_cause"]["path"][0];
    assert_eq!((&step["name"], &step["known_by"]), (&json!("adds up"), &json!("the last call that failed")), "{explained:#}");
    let id = run(admin, "survives", Value::Null, "ENDED_ERROR").await;
    let explained = explain(admin, &id).await;
    assert_eq!(explained["first_cause"], Value::Null, "it got over that failure: {explained:#}");
    assert_eq!(explained["error"]["message"], "ValueError: something else");
}

#[tokio::test]
async fn an_exception_that_led_to_another_is_kept() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let script =
        "def handler(system, this):\n    try:\n        {}['a']\n    except KeyError as error:\n        raise ValueError('b') from error\n";
    admin.flow("chained", script).await;
    let id = run(admin, "chained", Value::Null, "ENDED_ERROR").await;
    let error = &explain(admin, &id).await["error"];
    assert_eq!((&error["message"], &error["frames"][0]["line"]), (&json!("ValueError: b"), &json!(5)), "{error:#}");
    let first = &error["caused_by"];
    assert_eq!((&first["message"], &first["frames"][0]["source"]), (&json!("KeyError: 'a'"), &json!("{}['a']")), "{error:#}");
}

#[tokio::test]
async fn what_escaped_is_shown_with_its_line() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let script = "import subprocess\ndef handler(system, this):\n    this.save(message='before')\n    subprocess.run(['true'])\n    raise \
                  ValueError('after')\n";
    admin.flow("reaches", script).await;
    let id = run(admin, "reaches", Value::Null, "ENDED_ERROR").await;
    let escaped = explain(admin, &id).await["escaped"].clone();
    assert_eq!((&escaped["line"], &escaped["source"]), (&json!(4), &json!("subprocess.run(['true'])")), "{escaped:#}");
    assert!(escaped["words"].as_str().unwrap().starts_with("line 4 of reaches (in handler):"), "{escaped:#}");
    assert_eq!(escaped["after"], 1);
}

#[tokio::test]
async fn lost_processes_are_counted_and_told() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.flow("leaves", "import os\ndef handler(system, this):\n    this.save(message='here')\n    os._exit(7)\n").await;
    let id = run(admin, "leaves", Value::Null, "ENDED_ERROR").await;
    let attempts = explain(admin, &id).await["attempts"].clone();
    let losses = attempts["losses"].as_array().unwrap();
    assert!(losses.len() >= 2, "{attempts:#}");
    assert_eq!((&attempts["count"], &attempts["on_loss"]), (&json!(losses.len() + 1), &json!("auto")), "{attempts:#}");
    assert!(losses[0]["message"].as_str().unwrap().contains("exit code 7"), "{attempts:#}");
}
