//! SCHEDULER scripts: kept running while their schedule is enabled, they say when its flow starts.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{DEADLINE, User, answer};
use crate::schedule::schedule;

const SLOW: &str = "def handler(system, this, inputs):\n    this.sleep(50)\n    return inputs\n";
/// Starts the flow every so many seconds.
const RECURRING: &str = "
def handler(system, this, inputs):
    this.sleep(inputs['configuration']['seconds'])
    this.flow(inputs['flow_id'], inputs=inputs['input_value'], wait=False)
";

/// The executions of a schedule's scheduler (`SCHEDULE`) or of its flow, once they are as wanted.
async fn until(admin: &User, filter: Value, what: &str, holds: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let filter = filter.to_string();
    let last = std::cell::RefCell::new(Vec::new());
    let seen = async {
        loop {
            let request = admin.request("GET", "/execution?plain=true&limit=1000&order=created_at").query(&[("filter", &filter)]);
            let found = answer(request).await.expect(200).as_array().expect("a list").clone();
            if holds(&found) {
                return found;
            }
            *last.borrow_mut() = found;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, seen).await.unwrap_or_else(|_| panic!("{what}: {:?}", last.borrow()))
}

fn of_type(name: &str) -> Value {
    json!({ "field": "type", "op": "eq", "value": name })
}

fn of_flow() -> Value {
    json!({ "field": "flow_name", "op": "eq", "value": "timed" })
}

/// The run of the script that is under way, asleep.
async fn asleep(admin: &User, count: usize) -> Value {
    let is_asleep = |found: &[Value]| found.len() == count && found[count - 1]["status"] == "SLEEPING";
    until(admin, of_type("SCHEDULE"), "the scheduler's script waits", is_asleep).await.remove(count - 1)
}

async fn scheduler(app: &TestApp, script: &str) -> String {
    let schema = json!({ "type": "object", "properties": { "seconds": { "type": "number" } }, "required": ["seconds"] });
    let body = json!({ "name": "recurring", "script": script, "configuration_schema": schema });
    let id = app.admin().make("scheduler", body).await;
    let columns = json!({ "scheduler_id": id, "configuration": { "seconds": 600 }, "input_value": { "n": 7 } });
    schedule(app.admin(), SLOW, columns).await
}

#[tokio::test]
async fn a_scheduler_starts_the_flow_and_is_started_again() {
    let app = TestApp::new().manual_clock().start().await;
    let admin = app.admin();
    let id = scheduler(&app, RECURRING).await;
    let first = asleep(admin, 1).await;
    assert_eq!((&first["schedule_id"], &first["created_by"], &first["parent_execution_id"]), (&json!(id), &json!(id), &Value::Null));
    assert_eq!(first["input_value"]["configuration"], json!({ "seconds": 600 }));
    app.clock.advance(Duration::from_secs(600));
    let second = asleep(admin, 2).await;
    assert_ne!(first["id"], second["id"]);
    let flows = until(admin, of_flow(), "the flow runs", |found| found.first().is_some_and(|flow| flow["status"] == "SLEEPING")).await;
    assert_eq!((flows.len(), &flows[0]["parent_execution_id"]), (1, &first["id"]));

    // Disabled: the script ends, the flow goes on.
    admin.patch(&format!("/schedule/{id}"), json!({ "is_enabled": false })).await.expect(200);
    let ended = |found: &[Value]| found.iter().all(|run| run["status"].as_str().is_some_and(|status| status.starts_with("ENDED_")));
    let all = until(admin, of_type("SCHEDULE"), "the script ends", ended).await;
    assert_eq!((&all[0]["status"], &all[1]["status"]), (&json!("ENDED_SUCCESS"), &json!("ENDED_CANCELLED")));
    assert!(all[1]["status_message"].as_str().is_some_and(|text| text.contains("schedule was disabled")), "{all:?}");
    app.clock.advance(Duration::from_secs(50));
    let flows = until(admin, of_flow(), "the flow ends", ended).await;
    assert_eq!((&flows[0]["status"], &flows[0]["output_value"]), (&json!("ENDED_SUCCESS"), &json!({ "n": 7 })));
    app.clock.advance(Duration::from_secs(6000));
    assert_eq!(until(admin, of_type("SCHEDULE"), "", |_| true).await.len(), 2);
}

#[tokio::test]
async fn a_scheduler_that_fails_is_started_again_a_minute_later() {
    let app = TestApp::new().manual_clock().start().await;
    let id = scheduler(&app, "def handler(system, this, inputs):\n    raise ValueError('broken')\n").await;
    let failed =
        |count: usize| move |found: &[Value]| found.len() >= count && found[..count].iter().all(|run| run["status"] == "ENDED_ERROR");
    for count in 1..4 {
        until(app.admin(), of_type("SCHEDULE"), "the script fails", failed(count)).await;
        // Its end is on disk a moment before the engine sets the timer.
        let next = |found: &[Value]| found.len() > count;
        if count == 3 {
            break;
        }
        let mut advanced = 0;
        while !next(&until(app.admin(), of_type("SCHEDULE"), "", |_| true).await) {
            app.clock.advance(Duration::from_secs(20));
            advanced += 20;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(advanced >= 60, "it waited {advanced} seconds");
    }
    app.admin().delete(&format!("/schedule/{id}")).await.expect(204);
}

#[tokio::test]
async fn a_scheduler_whose_configuration_changes_is_started_anew_at_once_and_for_another_name_not() {
    let app = TestApp::new().manual_clock().start().await;
    let admin = app.admin();
    let id = scheduler(&app, RECURRING).await;
    asleep(admin, 1).await;
    let wrong = admin.patch(&format!("/schedule/{id}"), json!({ "configuration": {} })).await;
    assert_eq!(wrong.status, 422, "{wrong:?}");
    admin.patch(&format!("/schedule/{id}"), json!({ "description": "another text" })).await.expect(200);
    admin.patch(&format!("/schedule/{id}"), json!({ "configuration": { "seconds": 60 } })).await.expect(200);
    let cancelled = |found: &[Value]| found[0]["status"] == "ENDED_CANCELLED";
    until(admin, of_type("SCHEDULE"), "the first one ends", cancelled).await;
    app.clock.advance(Duration::from_secs(1));
    let second = asleep(admin, 2).await;
    assert_eq!(second["input_value"]["configuration"], json!({ "seconds": 60 }));
    admin.patch(&format!("/schedule/{id}"), json!({ "is_enabled": false })).await.expect(200);
    let ended = |found: &[Value]| found.len() == 2 && found.iter().all(|run| run["status"] == "ENDED_CANCELLED");
    until(admin, of_type("SCHEDULE"), "the second one ends", ended).await;
}
