//! The last good run of the same flow, and what was different about it.

use serde_json::{Value, json};

use super::{cancel, explain, launch, run, until_status};
use crate::app::TestApp;

const GOOD: &str = "def handler(system, this, inputs):\n    this.save(message='one')\n    this.uuid()\n    return inputs['n']\n";

#[tokio::test]
async fn the_differences_are_named_place_by_place() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let flow = admin.flow("report", GOOD).await;
    run(admin, "report", json!({"n": 1, "who": ["anna"]}), "ENDED_SUCCESS").await;
    let good = run(admin, "report", json!({"n": 2, "who": ["anna"]}), "ENDED_SUCCESS").await;
    let script = GOOD.replace("    this.uuid()\n", "    this.now()\n    1 / 0\n");
    admin.patch(&format!("/flow/{flow}"), json!({"script": script})).await.expect(200);
    let id = run(admin, "report", json!({"n": 2, "who": ["bob"], "more": true}), "ENDED_ERROR").await;
    let explained = explain(admin, &id).await;
    let last = &explained["last_good"];
    assert_eq!(last["execution_id"], good, "the last one before it: {explained:#}");
    assert_eq!(last["script"]["changed"], true);
    let diff = last["script"]["diff"].as_str().unwrap();
    assert!(diff.contains("-    this.uuid()\n+    this.now()\n+    1 / 0\n"), "{diff}");
    let places: Vec<(&Value, &Value)> = last["inputs"].as_array().unwrap().iter().map(|at| (&at["pointer"], &at["kind"])).collect();
    assert_eq!(places, [(&json!("/who/0"), &json!("changed")), (&json!("/more"), &json!("added"))], "{last:#}");
    assert_eq!((&last["inputs"][0]["then"], &last["inputs"][0]["now"]), (&json!("\"anna\""), &json!("\"bob\"")));
    let steps = &last["steps"];
    assert_eq!((&steps["same"], &steps["then_came"], &steps["now_came"]), (&json!(1), &json!("uuid"), &json!("now")), "{last:#}");
    assert!(last["duration"]["then_ms"].is_i64() && last["duration"]["now_ms"].is_i64(), "{last:#}");
}

#[tokio::test]
async fn the_same_script_with_the_same_inputs_has_no_differences() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let setting = admin.make("setting", json!({"name": "seconds", "value": 0})).await;
    admin.flow("report", "def handler(system, this, inputs):\n    this.sleep(system.setting('seconds').get('value'))\n").await;
    let good = run(admin, "report", json!({"n": 1}), "ENDED_SUCCESS").await;
    admin.patch(&format!("/setting/{setting}"), json!({"value": 3600})).await.expect(200);
    let id = launch(admin, "report", json!({"n": 1})).await;
    until_status(admin, &id, "SLEEPING").await;
    let last = explain(admin, &id).await["last_good"].clone();
    assert_eq!(
        (&last["execution_id"], &last["script"], &last["inputs"]),
        (&json!(good), &json!({"changed": false}), &json!([])),
        "{last:#}"
    );
    assert_eq!((&last["steps"]["same"], &last["steps"]["now_came"]), (&json!(2), &Value::Null), "{last:#}");
    cancel(admin, &id).await;
}

#[tokio::test]
async fn a_flow_that_never_went_well_is_compared_with_nothing() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.flow("fails", "def handler(system, this):\n    1 / 0\n").await;
    run(admin, "fails", Value::Null, "ENDED_ERROR").await;
    let id = run(admin, "fails", Value::Null, "ENDED_ERROR").await;
    assert_eq!(explain(admin, &id).await["last_good"], Value::Null);
}
