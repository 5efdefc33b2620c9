//! `this.step` and its own `on_loss`, `this.restart`, and code that ends its own process again and again.

use serde_json::{Value, json};

use super::server::Server;

fn kill(pid: i32) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).expect("it runs");
}

/// A step with a call inside, that hangs in its first attempt.
const STEP: &str = "
import os, time
import flow_api

def handler(system, this, inputs):
    def work(idempotency_key):
        count = system.setting('count')
        count.save(value=count.get('value') + 1)
        this.log(f'pid {os.getpid()}')
        while inputs['hangs'] == 'inside' and count.get('value') == 1:
            time.sleep(0.05)
        return idempotency_key

    try:
        outcome = this.step('work', work, on_loss=inputs['on_loss'])
    except flow_api.InternalError as error:
        outcome = str(error)
    stamp = this.now()
    this.log(f'pid {os.getpid()}')
    this.sleep(1)
    return {'outcome': outcome, 'same': stamp == this.get('message') or this.save(message=stamp) is not None}
";

async fn prepared() -> Server {
    let server = Server::start().await;
    server.post("/setting", &json!({ "name": "count", "value": 0 })).await;
    server.flow("step", STEP, &json!({})).await;
    server
}

#[tokio::test]
async fn a_step_that_says_fail_is_not_begun_again_and_the_flow_goes_on_from_its_error() {
    let server = prepared().await;
    let id = server.launch("step", &json!({ "hangs": "inside", "on_loss": "fail" })).await;
    kill(server.pids(&id, 1).await[0]);
    // The replay after this one passes the failed step and what was called in it.
    kill(server.pids(&id, 2).await[1]);
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["attempt"]), (&json!("ENDED_SUCCESS"), &json!(3)), "{record}");
    let outcome = record["output_value"]["outcome"].as_str().unwrap_or_default();
    assert!(outcome.contains("The step 'work' was interrupted"), "{record}");
    assert_eq!(server.get("/setting/count?by=name&plain=true").await.body["value"], 1);
}

#[tokio::test]
async fn a_step_that_was_interrupted_runs_again_with_the_same_key_and_its_calls_are_not_repeated() {
    let server = prepared().await;
    let id = server.launch("step", &json!({ "hangs": "inside", "on_loss": "retry" })).await;
    kill(server.pids(&id, 1).await[0]);
    // What it called is recorded, so it hangs as before; a value that changed meanwhile is read by a new call only.
    server.send("PATCH", "/setting/count?by=name", &json!({ "value": 2 })).await;
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["attempt"]), (&json!("ENDED_SUCCESS"), &json!(2)), "{record}");
    assert_eq!(record["output_value"]["outcome"].as_str().map(str::len), Some(36), "{record}");
    assert_eq!(server.get("/setting/count?by=name&plain=true").await.body["value"], 2, "counted once by the flow, once by us");
}

#[tokio::test]
async fn code_that_ends_its_process_at_one_place_is_tried_three_times_and_calls_before_do_not_count() {
    let server = Server::start().await;
    let script = "
import os
def handler(system, this, inputs):
    for number in range(3):
        this.step(f'step {number}', lambda: number)
    this.log('about to leave')
    os._exit(9)
";
    server.flow("poison", script, &json!({})).await;
    let record = server.run("poison", &Value::Null).await;
    assert_eq!((&record["status"], &record["attempt"]), (&json!("ENDED_ERROR"), &json!(3)), "{record}");
    let message = record["status_message"].as_str().unwrap_or_default();
    assert!(message.contains("own code ended its process 3 times after its call number 5") && message.contains("exit code 9"), "{message}");
}

#[tokio::test]
async fn kills_from_outside_do_not_count_as_its_own_doing() {
    let server = Server::start().await;
    let script = "
import os
def handler(system, this, inputs):
    this.step('one', lambda: 1)
    attempts = system.setting('attempts')
    this.log(f'pid {os.getpid()}')
    attempts.acquire()
    return 'done'
";
    let holder = "def handler(system, this, inputs):\n    system.setting('attempts').acquire()\n    this.sleep(100000)\n";
    server.post("/setting", &json!({ "name": "attempts", "value": 0 })).await;
    server.flow("holder", holder, &json!({})).await;
    server.flow("killed", script, &json!({})).await;
    let holding = server.launch("holder", &Value::Null).await;
    server.until(&holding, |record| record["status"] == "SLEEPING").await;
    let id = server.launch("killed", &Value::Null).await;
    let zygote_child = |attempt: u64| move |record: &Value| record["attempt"] == attempt && record["status"] == "WAITING_LOCK";
    for attempt in 1..=5 {
        server.until(&id, zygote_child(attempt)).await;
        kill(newest_slot(&server));
    }
    server.until(&id, zygote_child(6)).await;
    server.post(&format!("/execution/{holding}/cancel"), &Value::Null).await;
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!("done")), "{record}");
}

/// The process that was forked last below the server.
fn newest_slot(server: &Server) -> i32 {
    let own = i32::try_from(server.child.id().expect("the server runs")).expect("a process number is small");
    let children = |of: i32| {
        let tasks = std::fs::read_dir(format!("/proc/{of}/task")).into_iter().flatten().flatten();
        let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
        lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let slots = children(own).into_iter().flat_map(children);
    slots.max_by_key(|pid| started(*pid)).expect("there is a slot")
}

/// When a process began, in ticks.
fn started(pid: i32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(19)).and_then(|ticks| ticks.parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn a_restart_opens_one_epoch_whatever_the_flow_says_about_losses_and_ends_the_children_of_the_one_before() {
    // A cancel reaches a child that has just been started: nothing waits for this grace.
    let server = Server::start_with(&["[engine]", "grace_seconds = 3600"]).await;
    let script = "
def handler(system, this, inputs):
    if inputs['round'] < 3:
        this.flow('child', wait=False)
        this.restart({'round': inputs['round'] + 1})
    this.now()
    return inputs['round']
";
    server.flow("child", "def handler(system, this, inputs):\n    this.sleep(100000)\n", &json!({})).await;
    for on_loss in ["auto", "restart"] {
        server.flow("again", script, &json!({ "on_loss": on_loss })).await;
        let id = server.launch("again", &json!({ "round": 1 })).await;
        let record = server.ended(&id).await;
        assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!(3)), "{record}");
        let steps = server.get(&format!("/execution/{id}/events")).await.body;
        // The outcome is a row too while children are still ending.
        let calls = steps["items"].as_array().unwrap().iter().filter(|step| step["op"] != "outcome");
        let epochs: Vec<&Value> = calls.map(|step| &step["epoch"]).collect();
        assert_eq!((&record["attempt"], epochs), (&json!(3), vec![&json!(1), &json!(2), &json!(3)]), "{record}");
        let filter = json!({ "field": "parent_execution_id", "op": "eq", "value": id }).to_string();
        let children = super::server::answer(server.request("GET", "/execution").query(&[("filter", filter.as_str())])).await.body;
        assert_eq!(children["total"], 2, "{children}");
        for child in children["items"].as_array().unwrap() {
            let said = child["status_message"].as_str().unwrap_or_default();
            assert!(child["status"] == "ENDED_CANCELLED" && said.contains("this.restart"), "{child}");
        }
        server.send("DELETE", "/flow/again?by=name", &Value::Null).await;
    }
}
