//! Another life of the server: what waited waits on without a process, what ran is replayed, and a server that is told to leave
//! keeps nobody waiting who can be brought back.

use serde_json::{Value, json};

use super::server::Server;

/// Holds the setting `gate` until it is cancelled.
const HOLDER: &str = "
def handler(system, this, inputs):
    system.setting('gate').acquire()
    this.sleep(100000)
";
const WAITER: &str = "
def handler(system, this, inputs):
    order = system.setting('order')
    with system.setting('gate'):
        order.save(value=order.get('value') + [inputs['n']])
    return inputs['n']
";
const PARENT: &str = "
def handler(system, this, inputs):
    first = this.flow('waiter', n=inputs['n'], wait=False)
    return [child.get('output_value') for child in this.wait_for(first)] + [this.flow('waiter', n=inputs['n'] + 1).get('output_value')]
";

async fn status(server: &Server, id: &str, wanted: &str) {
    server.until(id, |record| record["status"] == wanted).await;
}

async fn seeded(config: &[&str]) -> Server {
    let server = Server::start_with(config).await;
    for (name, script) in [("holder", HOLDER), ("waiter", WAITER), ("parent", PARENT)] {
        server.flow(name, script, &json!({})).await;
    }
    server.post("/setting", &json!({ "name": "gate", "value": 0 })).await;
    server.post("/setting", &json!({ "name": "order", "value": [] })).await;
    server
}

/// A holder, three that stand in line for its lock, and a parent that waits for one of them.
async fn queue(server: &Server) -> (String, Vec<String>) {
    let holder = server.launch("holder", &Value::Null).await;
    status(server, &holder, "SLEEPING").await;
    let mut waiting = Vec::new();
    for n in [1, 2] {
        let id = server.launch("waiter", &json!({ "n": n })).await;
        status(server, &id, "WAITING_LOCK").await;
        waiting.push(id);
    }
    let parent = server.launch("parent", &json!({ "n": 3 })).await;
    status(server, &parent, "WAITING_DEPENDENCY").await;
    waiting.push(parent);
    (holder, waiting)
}

/// They wait as before, and nobody has a process.
async fn all_wait_without_a_process(server: &Server, (holder, waiting): &(String, Vec<String>)) {
    for (id, wanted) in
        [(holder, "SLEEPING"), (&waiting[0], "WAITING_LOCK"), (&waiting[1], "WAITING_LOCK"), (&waiting[2], "WAITING_DEPENDENCY")]
    {
        let record = server.get(&format!("/execution/{id}?plain=true")).await.body;
        assert_eq!((&record["status"], &record["attempt"]), (&json!(wanted), &json!(1)), "{record}");
        assert!(record["blocked_on"].is_string(), "{record}");
    }
    for none in ["flowstead_replays_total", "flowstead_forks_total", "flowstead_slots"] {
        assert_eq!(server.metric(none).await, 0, "{none}");
    }
}

/// The holder goes: each goes on in the order it came.
async fn all_go_on(server: &Server, (holder, waiting): &(String, Vec<String>)) {
    server.post(&format!("/execution/{holder}/cancel"), &Value::Null).await;
    for (id, output) in [(&waiting[0], json!(1)), (&waiting[1], json!(2)), (&waiting[2], json!([3, 4]))] {
        let record = server.ended(id).await;
        assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &output), "{record}");
        let said = server.messages(id).await;
        assert!(said.iter().any(|m| m.starts_with("It waited when the server ended; it goes on by replay after call ")), "{said:?}");
    }
    let order = server.get("/setting/order?by=name&plain=true").await.body;
    assert_eq!(order["value"], json!([1, 2, 3, 4]));
}

#[tokio::test]
async fn what_waits_for_a_lock_or_a_child_waits_on_without_a_process_after_a_kill_of_the_server() {
    let mut server = seeded(&[]).await;
    let all = queue(&server).await;
    server.kill9().await;
    server.restart().await;
    all_wait_without_a_process(&server, &all).await;
    // And once more: they have no process that could write anything new.
    server.kill9().await;
    server.restart().await;
    all_wait_without_a_process(&server, &all).await;
    all_go_on(&server, &all).await;
}

#[tokio::test]
async fn a_server_that_leaves_lets_go_at_once_what_waits() {
    let mut server = seeded(&["[server]", "drain_seconds = 3600"]).await;
    let all = queue(&server).await;
    server.stop().await;
    server.restart().await;
    all_wait_without_a_process(&server, &all).await;
    all_go_on(&server, &all).await;
}

#[tokio::test]
async fn what_begins_to_wait_while_the_server_leaves_is_let_go_then() {
    let mut server = Server::start_with(&["[server]", "drain_seconds = 3600"]).await;
    let script = "
import os, time
def handler(system, this, inputs):
    this.log(f'pid {os.getpid()}')
    time.sleep(2)
    this.set_output('computed', True)
    this.sleep(100000)
";
    server.flow("computes", script, &json!({})).await;
    let id = server.launch("computes", &Value::Null).await;
    server.pids(&id, 1).await;
    server.stop().await;
    server.restart().await;
    let record = server.get(&format!("/execution/{id}?plain=true")).await.body;
    let expected = (&json!("SLEEPING"), &json!(1), &json!({ "computed": true }));
    assert_eq!((&record["status"], &record["attempt"], &record["output_value"]), expected, "{record}");
}

#[tokio::test]
async fn what_runs_when_its_grace_is_over_is_replayed_by_the_next_server() {
    let mut server = Server::start_with(&["[server]", "drain_seconds = 1"]).await;
    let script = "
import os, time
def handler(system, this, inputs):
    this.log(f'pid {os.getpid()}')
    while this.step('look', lambda: None) is None and not system.setting('go').get('value'):
        time.sleep(0.1)
    return 'done'
";
    server.post("/setting", &json!({ "name": "go", "value": false })).await;
    server.flow("runs", script, &json!({})).await;
    let id = server.launch("runs", &Value::Null).await;
    server.pids(&id, 1).await;
    server.stop().await;
    server.restart().await;
    server.send("PATCH", "/setting/go?by=name", &json!({ "value": true })).await;
    let record = server.ended(&id).await;
    let expected = (&json!("ENDED_SUCCESS"), &json!("done"), &json!(2));
    assert_eq!((&record["status"], &record["output_value"], &record["attempt"]), expected, "{record}");
    assert_eq!(server.pids(&id, 1).await.len(), 1, "a line is logged once");
}

#[tokio::test]
async fn what_waits_inside_a_step_keeps_its_process_while_the_server_leaves() {
    let mut server = Server::start_with(&["[server]", "drain_seconds = 3600"]).await;
    let script = "
import os
def handler(system, this, inputs):
    def work():
        this.log(f'pid {os.getpid()}')
        this.sleep(2)
        return 'worked'
    worked = this.step('work', work)
    this.sleep(100000)
";
    server.flow("steps", script, &json!({})).await;
    let id = server.launch("steps", &Value::Null).await;
    server.until(&id, |record| record["status"] == "SLEEPING").await;
    server.stop().await;
    server.restart().await;
    let steps = server.get(&format!("/execution/{id}/events")).await.body;
    let result = steps["items"].as_array().and_then(|all| all.iter().find(|s| s["op"] == "step_begin")).map(|s| s["result"].clone());
    assert_eq!(result, Some(json!("worked")), "the step was let finish: {steps}");
}

#[tokio::test]
async fn a_child_that_ended_while_there_was_no_server_to_tell_is_found() {
    // The child is killed for good by the same server start that takes its parent up: its policy forbids a replay.
    let mut server = Server::start().await;
    server.flow("fragile", "def handler(system, this, inputs):\n    this.sleep(100000)\n", &json!({ "on_loss": "fail" })).await;
    let parent = "
import flow_api
def handler(system, this, inputs):
    try:
        this.flow('fragile')
    except flow_api.DependencyFailedError as failure:
        return 'on_loss' in str(failure)
";
    server.flow("outer", parent, &json!({})).await;
    let id = server.launch("outer", &Value::Null).await;
    server.until(&id, |record| record["status"] == "WAITING_DEPENDENCY").await;
    server.kill9().await;
    server.restart().await;
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!(true)), "{record}");
}

#[tokio::test]
async fn a_paused_execution_stays_so_and_a_wait_with_a_limit_ends_on_time_in_the_next_life() {
    let mut server = seeded(&[]).await;
    let holder = server.launch("holder", &Value::Null).await;
    status(&server, &holder, "SLEEPING").await;
    let limited = "
import flow_api
def handler(system, this, inputs):
    try:
        system.setting('gate').acquire(timeout=3)
    except flow_api.LockTimeoutError:
        return 'not free'
";
    server.flow("limited", limited, &json!({})).await;
    let id = server.launch("limited", &Value::Null).await;
    status(&server, &id, "WAITING_LOCK").await;
    server.post(&format!("/execution/{holder}/pause"), &Value::Null).await;
    server.kill9().await;
    server.restart().await;
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!("not free")), "{record}");
    assert_eq!(server.get(&format!("/execution/{holder}?plain=true")).await.body["status"], "PAUSED");
    server.post(&format!("/execution/{holder}/resume"), &Value::Null).await;
    status(&server, &holder, "SLEEPING").await;
}
