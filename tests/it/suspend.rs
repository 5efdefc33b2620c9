//! Executions that wait give up their processes when there are too many of them, and go on when they are due.

use std::time::Duration;

use serde_json::{Value, json};

use super::server::{Server, answer};

const SLEEPER: &str = "
def handler(system, this, inputs):
    this.log('begun')
    drawn = this.uuid()
    try:
        this.sleep(inputs['seconds'])
        return this.uuid() != drawn
    finally:
        this.log('leaving')
";

async fn status_of(server: &Server, id: &str) -> Value {
    server.get(&format!("/execution/{id}?plain=true")).await.body
}

async fn until(server: &Server, id: &str, holds: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let record = status_of(server, id).await;
        if holds(&record) {
            return record;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it stays {}", status_of(server, id).await)
}

#[tokio::test]
async fn three_hundred_sleepers_keep_few_processes_and_all_wake_rightly() {
    const COUNT: usize = 300;
    let server = Server::start_with(&["[engine]", "max_parked = 8"]).await;
    server.flow("sleeper", SLEEPER, &Value::Null).await;
    let mut ids = Vec::new();
    for _ in 0..COUNT {
        ids.push(server.launch("sleeper", &json!({ "seconds": 12 })).await);
    }
    until(&server, &ids[COUNT - 1], |record| record["status"] == "SLEEPING").await;
    assert!(server.metric("flowstead_suspensions_total").await >= COUNT as u64 - 8 - 1);
    let parked = server.metric("flowstead_executions_parked").await;
    assert!(parked <= 8, "{parked} executions are parked in processes");
    for id in &ids {
        let record = server.ended(id).await;
        assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!(true)), "{record}");
        assert_eq!(server.messages(id).await, ["begun", "leaving"], "each line is there once");
    }
}

#[tokio::test]
async fn a_suspended_execution_can_be_cancelled_and_its_finally_runs() {
    let server = Server::start_with(&["[engine]", "max_parked = 0"]).await;
    server.flow("sleeper", SLEEPER, &Value::Null).await;
    let id = server.launch("sleeper", &json!({ "seconds": 3600 })).await;
    until(&server, &id, |record| record["status"] == "SLEEPING").await;
    server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
    let record = server.ended(&id).await;
    assert_eq!(record["status"], "ENDED_CANCELLED", "{record}");
    assert_eq!(server.messages(&id).await, ["begun", "leaving"]);
}

#[tokio::test]
async fn a_suspended_execution_can_be_paused_and_goes_on_where_it_was() {
    let server = Server::start_with(&["[engine]", "max_parked = 0"]).await;
    server.flow("sleeper", SLEEPER, &Value::Null).await;
    let id = server.launch("sleeper", &json!({ "seconds": 2 })).await;
    until(&server, &id, |record| record["status"] == "SLEEPING").await;
    server.post(&format!("/execution/{id}/pause"), &Value::Null).await;
    until(&server, &id, |record| record["status"] == "PAUSED").await;
    // Its time passes while it is paused: it stays so.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(status_of(&server, &id).await["status"], "PAUSED");
    server.post(&format!("/execution/{id}/resume"), &Value::Null).await;
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!(true)), "{record}");
    assert_eq!(server.messages(&id).await, ["begun", "leaving"]);
}

#[tokio::test]
async fn suspended_executions_wake_in_the_next_life_of_the_server() {
    let mut server = Server::start_with(&["[engine]", "max_parked = 0"]).await;
    server.flow("sleeper", SLEEPER, &Value::Null).await;
    let mut ids = Vec::new();
    for seconds in [2, 4] {
        ids.push(server.launch("sleeper", &json!({ "seconds": seconds })).await);
    }
    for id in &ids {
        until(&server, id, |record| record["status"] == "SLEEPING").await;
    }
    server.kill9().await;
    server.restart().await;
    for id in &ids {
        let record = server.ended(id).await;
        assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!(true)), "{record}");
    }
}

/// Two that may not be replayed fill the budget: a further root waits and says why, the child of one of them is let in.
#[tokio::test]
async fn roots_wait_for_room_that_executions_without_replay_hold_and_children_do_not() {
    let server = Server::start_with(&["[engine]", "max_parked = 2"]).await;
    let parent = "
def handler(system, this, inputs):
    this.sleep(1.5)
    return this.flow('child').get_outputs()
";
    server.flow("parent", parent, &json!({ "on_loss": "fail" })).await;
    server.flow("child", "def handler(system, this, inputs):\n    return {'from': 'child'}\n", &Value::Null).await;
    let first = [server.launch("parent", &Value::Null).await, server.launch("parent", &Value::Null).await];
    for id in &first {
        until(&server, id, |record| record["status"] == "SLEEPING").await;
    }
    let third = server.launch("child", &Value::Null).await;
    let waiting = until(&server, &third, |record| !record["blocked_on"].is_null() || record["status"] == "ENDED_SUCCESS").await;
    assert_eq!(waiting["status"], "PENDING", "{waiting}");
    assert!(waiting["blocked_on"].as_str().is_some_and(|words| words.contains("engine.max_parked")), "{waiting}");
    for id in &first {
        let record = server.ended(id).await;
        assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!({ "from": "child" })), "{record}");
    }
    let record = server.ended(&third).await;
    assert_eq!((&record["status"], &record["blocked_on"]), (&json!("ENDED_SUCCESS"), &Value::Null), "{record}");
}

#[tokio::test]
async fn the_processor_time_of_a_suspended_execution_counts() {
    let server = Server::start_with(&["[engine]", "max_parked = 0"]).await;
    let script = "
import time

def handler(system, this, inputs):
    while time.process_time() < 0.2:
        pass
    this.sleep(1.5)
";
    server.flow("busy", script, &Value::Null).await;
    let record = server.run("busy", &Value::Null).await;
    assert_eq!(record["status"], "ENDED_SUCCESS", "{record}");
    assert!(record["attempt"].as_u64() >= Some(2), "it was replayed: {record}");
    // Both attempts used that much.
    assert!(record["cpu_ms"].as_u64() >= Some(300), "{record}");
    let filter = json!({ "field": "parent_execution_id", "op": "eq", "value": record["id"] }).to_string();
    assert_eq!(answer(server.request("GET", "/execution").query(&[("filter", filter.as_str())])).await.body["total"], 0);
}
