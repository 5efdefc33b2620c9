//! Where a live flow stands now, whatever it does.

use serde_json::{Value, json};

use super::{cancel, explain, launch, tools, until, until_status};
use crate::app::TestApp;

#[tokio::test]
async fn a_busy_loop_is_seen_at_its_line_and_goes_on() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin
        .flow(
            "busy",
            "def spin():\n    while True:\n        pass\n\ndef handler(system, this):\n    this.save(message='ready')\n    spin()\n",
        )
        .await;
    let id = launch(admin, "busy", Value::Null).await;
    until(admin, &id, |record| record["message"] == "ready").await;
    // Right after its call it may still be on its way there.
    while explain(admin, &id).await["stands"]["frames"].as_array().is_none_or(|frames| frames.len() < 2) {}
    for _ in 0..3 {
        let explained = explain(admin, &id).await;
        let stands = &explained["stands"];
        assert_eq!((&stands["where"], &stands["frames"][0]["source"]), (&json!("flow"), &json!("spin()")), "{explained:#}");
        assert_eq!(stands["frames"][1]["function"], "spin", "{explained:#}");
        assert!(explained["summary"].as_str().unwrap().starts_with("It computes. It is at line"), "{explained:#}");
        assert_eq!(tools(&explained), ["get_execution_logs", "wait_for_executions", "cancel_execution"]);
    }
    cancel(admin, &id).await;
}

#[tokio::test]
async fn native_code_is_reported_after_a_moment() {
    let app = TestApp::new().config(|config| config.engine.grace_seconds = 0.1).start().await;
    let admin = app.admin();
    let script = "import collections, itertools\ndef handler(system, this):\n    this.save(message='ready')\n    \
                  collections.deque(itertools.repeat(None), maxlen=0)\n";
    admin.flow("native", script).await;
    let id = launch(admin, "native", Value::Null).await;
    until(admin, &id, |record| record["message"] == "ready").await;
    // Right after its call it may still be seen in Python.
    let stands = loop {
        let stands = explain(admin, &id).await["stands"].clone();
        if stands["where"] != "flow" {
            break stands;
        }
    };
    assert_eq!((&stands["where"], &stands["frames"]), (&json!("native code"), &json!([])), "{stands:#}");
    cancel(admin, &id).await;
}

#[tokio::test]
async fn tasks_of_an_async_handler_are_seen_where_they_await() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let script = "import asyncio\n\nasync def part(this, seconds):\n    await this.sleep_async(seconds)\n\nasync def handler(system, this):\n    \
                  await asyncio.gather(part(this, 3600), part(this, 7200))\n";
    admin.flow("async", script).await;
    let id = launch(admin, "async", Value::Null).await;
    until_status(admin, &id, "SLEEPING").await;
    let explained = explain(admin, &id).await;
    let tasks = explained["stands"]["tasks"].as_array().unwrap();
    let last = |task: &Value| task["frames"].as_array().and_then(|frames| frames.last()).map(|at| at["source"].clone());
    assert_eq!(tasks.len(), 3, "{explained:#}");
    assert_eq!(last(&tasks[1]), Some(json!("await this.sleep_async(seconds)")), "{explained:#}");
    assert!(explained["stands"]["words"].as_str().unwrap().contains("3 tasks await"), "{explained:#}");
    cancel(admin, &id).await;
}

#[tokio::test]
async fn a_flow_that_took_the_signal_for_itself_is_left_alone() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let script = "import signal, time\ndef handler(system, this):\n    for number in range(34, 65):\n        signal.signal(number, \
                  signal.SIG_DFL)\n    this.save(message='ready')\n    while not this.get('is_productive'):\n        this.sleep(0.05)\n    \
                  return 'whole'\n";
    admin.flow("deaf", script).await;
    let id = launch(admin, "deaf", Value::Null).await;
    until(admin, &id, |record| record["message"] == "ready").await;
    let explained = explain(admin, &id).await;
    assert_eq!(explained["stands"]["where"], "unknown", "{explained:#}");
    admin.patch(&format!("/execution/{id}"), json!({"is_productive": true})).await.expect(200);
    let ended = admin.get(&format!("/execution/{id}/wait?timeout=60&plain=true")).await.expect(200);
    assert_eq!((&ended["output_value"], &ended["attempt"]), (&json!("whole"), &json!(1)), "{ended}");
}
