//! How many executions run at once: each limit holds back who is one too many, says so, and lets it go on later.

use serde_json::{Value, json};

use super::server::Server;

/// Runs until it is cancelled, or returns at once.
const FLOW: &str = "
import time
def handler(system, this, inputs):
    while inputs == 'forever':
        time.sleep(0.01)
    return 'ran'
";

async fn server() -> Server {
    Server::start_with(&["[engine]", "slots = 4"]).await
}

async fn running(server: &Server, flow: &str) -> String {
    let id = server.launch(flow, &json!("forever")).await;
    server.until(&id, |record| record["status"] == "RUNNING").await;
    id
}

async fn cancel(server: &Server, id: &str) {
    let asked = server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
    assert!(asked.status < 300, "{asked:?}");
    assert_eq!(server.ended(id).await["status"], "ENDED_CANCELLED");
}

/// Waits until `id` says that it is held back, and by what.
async fn held_back(server: &Server, id: &str, words: &str) -> Value {
    let record = server.until(id, |record| record["blocked_on"].as_str().is_some_and(|w| w.starts_with("waiting for its turn"))).await;
    assert!(record["blocked_on"].as_str().is_some_and(|said| said.contains(words)), "'{words}' is not in {record}");
    record
}

async fn ran(server: &Server, id: &str) -> Value {
    let record = server.ended(id).await;
    assert_eq!((&record["status"], &record["blocked_on"]), (&json!("ENDED_SUCCESS"), &Value::Null), "{record}");
    record
}

async fn patch(server: &Server, path: &str, columns: &Value) {
    let changed = server.send("PATCH", path, columns).await;
    assert_eq!(changed.status, 200, "{changed:?}");
}

/// The first runs, the second is held back with these words, `beside` runs; then the second has its turn.
async fn holds(server: &Server, (flow, words): (&str, &str), beside: Option<&str>) {
    let first = running(server, flow).await;
    let second = server.launch(flow, &Value::Null).await;
    let record = held_back(server, &second, words).await;
    assert_eq!(record["status"], "PENDING");
    if let Some(beside) = beside {
        ran(server, &server.launch(beside, &Value::Null).await).await;
    }
    assert_eq!(server.get(&format!("/execution/{second}?plain=true")).await.body["status"], "PENDING");
    cancel(server, &first).await;
    ran(server, &second).await;
}

#[tokio::test]
async fn a_flow_that_says_how_many_run_at_once_holds_the_others_back() {
    let server = server().await;
    server.flow("single", FLOW, &json!({ "max_running": 1 })).await;
    server.flow("beside", FLOW, &Value::Null).await;
    holds(&server, ("single", "1 execution of the flow 'single' may run at once (its max_running)"), Some("beside")).await;
    let refused = server.send("PATCH", "/flow/single?by=name", &json!({ "max_running": 0 })).await;
    assert_eq!(refused.status, 422, "{refused:?}");
}

#[tokio::test]
async fn a_project_that_says_how_many_run_at_once_holds_the_others_back() {
    let server = server().await;
    let limits = json!({ "name": "small", "limits": { "max_running": 1 } });
    let made = server.post("/project?plain=true", &limits).await;
    assert_eq!(made.status, 201, "{made:?}");
    server.flow("inside", FLOW, &json!({ "project_name": "small" })).await;
    server.flow("beside", FLOW, &Value::Null).await;
    let words = "1 execution of the project 'small' may run at once (max_running in its limits)";
    holds(&server, ("inside", words), Some("beside")).await;
    let refused = server.send("PATCH", "/project/small?by=name", &json!({ "limits": { "max_running": "two" } })).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    assert_eq!(refused.body["field"], "/limits/max_running", "{refused:?}");
}

#[tokio::test]
async fn a_workspace_that_says_how_many_run_at_once_holds_the_others_back() {
    let server = server().await;
    server.flow("any", FLOW, &Value::Null).await;
    let workspaces = server.get("/workspace?plain=true").await;
    let id = workspaces.body[0]["id"].as_str().unwrap_or_else(|| panic!("{workspaces:?}")).to_owned();
    patch(&server, &format!("/workspace/{id}"), &json!({ "limits": { "max_running": 1 } })).await;
    holds(&server, ("any", "1 execution may run at once (max_running in the limits of the workspace)"), None).await;
}

#[tokio::test]
async fn a_limit_that_is_raised_or_taken_away_lets_those_go_on_that_it_held_back() {
    let server = server().await;
    server.flow("single", FLOW, &json!({ "max_running": 1 })).await;
    let first = running(&server, "single").await;
    let second = server.launch("single", &json!("forever")).await;
    let third = server.launch("single", &Value::Null).await;
    held_back(&server, &second, "1 execution of").await;
    held_back(&server, &third, "1 execution of").await;
    patch(&server, "/flow/single?by=name", &json!({ "max_running": 2 })).await;
    let record = server.until(&second, |record| record["status"] == "RUNNING").await;
    assert_eq!(record["blocked_on"], Value::Null);
    let now = |record: &Value| record["blocked_on"].as_str().is_some_and(|words| words.contains("2 executions of the flow 'single'"));
    server.until(&third, now).await;
    patch(&server, "/flow/single?by=name", &json!({ "max_running": null })).await;
    ran(&server, &third).await;
    cancel(&server, &first).await;
    cancel(&server, &second).await;
}

/// Only what computes counts, so a parent that waits for its child holds no turn that the child needs.
#[tokio::test]
async fn a_flow_that_runs_once_at_a_time_can_wait_for_a_child_of_its_own() {
    let server = server().await;
    let script = "
def handler(system, this, inputs):
    n = inputs['n']
    return 1 + (this.flow('single', inputs={'n': n - 1}).get_outputs() if n else 0)
";
    server.flow("single", script, &json!({ "max_running": 1 })).await;
    let ids = [server.launch("single", &json!({ "n": 3 })).await, server.launch("single", &json!({ "n": 3 })).await];
    for id in ids {
        assert_eq!(ran(&server, &id).await["output_value"], 4);
    }
}

#[tokio::test]
async fn one_that_waited_stands_in_line_again_and_keeps_its_process() {
    let server = server().await;
    let script = "
import time
def handler(system, this, inputs):
    while inputs == 'forever':
        time.sleep(0.01)
    this.sleep(inputs)
    return 'woke'
";
    server.flow("single", script, &json!({ "max_running": 1 })).await;
    let waits = server.launch("single", &json!(2)).await;
    server.until(&waits, |record| record["status"] == "SLEEPING").await;
    let runs = running(&server, "single").await;
    let record = held_back(&server, &waits, "1 execution of the flow 'single'").await;
    assert_eq!((&record["status"], &record["wait_until"]), (&json!("SLEEPING"), &Value::Null), "its sleep is over");
    cancel(&server, &runs).await;
    assert_eq!(ran(&server, &waits).await["attempt"], 1, "it was not replayed");
    // And it can be ended where it stands.
    let waits = server.launch("single", &json!(2)).await;
    server.until(&waits, |record| record["status"] == "SLEEPING").await;
    let runs = running(&server, "single").await;
    held_back(&server, &waits, "1 execution of").await;
    cancel(&server, &waits).await;
    cancel(&server, &runs).await;
}

#[tokio::test]
async fn whom_a_limit_held_back_it_holds_back_after_a_restart_too() {
    let mut server = server().await;
    server.flow("single", FLOW, &json!({ "max_running": 1 })).await;
    let first = running(&server, "single").await;
    let second = server.launch("single", &Value::Null).await;
    held_back(&server, &second, "1 execution of").await;
    server.kill9().await;
    server.restart().await;
    server.until(&first, |record| record["status"] == "RUNNING" && record["attempt"] == 2).await;
    held_back(&server, &second, "1 execution of").await;
    cancel(&server, &first).await;
    ran(&server, &second).await;
}

/// Ten of them compute, wait and compute again; each says when, by one clock.
#[tokio::test]
async fn no_more_run_at_once_than_a_limit_says_however_often_they_wait() {
    let server = server().await;
    let body = "
import time
def busy():
    begin = time.monotonic()
    time.sleep(0.03)
    return [begin, time.monotonic()]
";
    let blocking = format!(
        "{body}\ndef handler(system, this, inputs):\n    times = [busy()]\n    for n in range(3):\n        this.sleep(0.02)\n        times.append(busy())\n    return times\n"
    );
    let awaiting = blocking.replace("def handler", "async def handler").replace("this.sleep(", "await this.sleep_async(");
    for (flow, script) in [("blocking", blocking), ("awaiting", awaiting)] {
        server.flow(flow, &script, &json!({ "max_running": 2 })).await;
        let mut ids = Vec::new();
        for _ in 0..10 {
            ids.push(server.launch(flow, &Value::Null).await);
        }
        let mut edges = Vec::new();
        for id in ids {
            let record = ran(&server, &id).await;
            for times in record["output_value"].as_array().expect("a list of times") {
                edges.push((times[0].as_f64().expect("a time"), 1));
                edges.push((times[1].as_f64().expect("a time"), -1));
            }
        }
        edges.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut most = 0;
        edges.iter().fold(0, |now, (_, step)| {
            most = most.max(now + step);
            now + step
        });
        assert_eq!(most, 2, "{flow}: so many ran at once");
    }
}
