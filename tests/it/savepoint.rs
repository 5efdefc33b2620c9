//! Savepoints, and what a replay may do otherwise than was recorded.

use serde_json::{Value, json};

use super::server::{Server, answer};

fn kill(pid: i32) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).expect("it runs");
}

async fn steps(server: &Server, id: &str) -> Vec<Value> {
    server.get(&format!("/execution/{id}/events")).await.body["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn going_back_gives_up_later_locks_and_children_and_survives_the_loss_of_the_process() {
    let server = Server::start().await;
    let script = "
import os
def handler(system, this, inputs):
    early, late = system.setting('early'), system.setting('late')
    early.acquire()
    kept = this.flow('child', wait=False, name='kept')
    again = this.save_dump('here')
    late.acquire()
    early.acquire()
    this.flow('child', wait=False, name=f'later {again}')
    if again < 1:
        this.load_dump('here')
    this.log(f'pid {os.getpid()}')
    this.sleep(1)
    this.step('look', lambda: None)
    return {'again': again, 'holds': [early.release(), early.release(), late.release()], 'kept': kept.get('status')}
";
    for name in ["early", "late"] {
        server.post("/setting", &json!({ "name": name, "value": 0 })).await;
    }
    server.flow("child", "def handler(system, this, inputs):\n    this.sleep(100000)\n", &json!({})).await;
    server.flow("back", script, &json!({})).await;
    let id = server.launch("back", &Value::Null).await;
    kill(server.pids(&id, 1).await[0]);
    let record = server.ended(&id).await;
    // A third release of a lock would be refused.
    let expected = json!({ "again": 1, "holds": [null, null, null], "kept": "SLEEPING" });
    assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &expected), "{record}");
    let filter = json!({ "field": "parent_execution_id", "op": "eq", "value": id }).to_string();
    let children = answer(server.request("GET", "/execution").query(&[("filter", filter.as_str())])).await.body;
    let end = |name: &str| {
        let all = children["items"].as_array().into_iter().flatten();
        all.filter(|c| c["name"] == name).map(|c| c["status_message"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert!(end("later 0").iter().all(|m| m.contains("went back to the savepoint 'here'")), "{children}");
    assert_eq!((end("kept").len(), end("later 0").len(), end("later 1").len()), (1, 1, 1), "{children}");
    assert!(end("later 1").iter().all(|m| m.contains("parent ended")), "{children}");
}

#[tokio::test]
async fn as_many_savepoints_are_kept_as_the_flow_says_and_are_read_as_records() {
    let server = Server::start().await;
    let script = "
import flow_api
def handler(system, this, inputs):
    for number in range(5):
        this.save_dump(f'number {number}')
    this.save_dump('number 3')
    try:
        this.load_dump('number 2')
    except flow_api.ResourceNotFoundError:
        return 'gone'
";
    server.flow("many", script, &json!({ "savepoint_retention": 2 })).await;
    let record = server.run("many", &Value::Null).await;
    assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!("gone")), "{record}");
    let filter = json!({ "field": "execution_id", "op": "eq", "value": record["id"] }).to_string();
    let kept = answer(server.request("GET", "/savepoint").query(&[("filter", filter.as_str()), ("plain", "true")])).await.body;
    let mut names: Vec<&str> = kept.as_array().into_iter().flatten().filter_map(|s| s["name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["number 3", "number 4"], "{kept}");
}

#[tokio::test]
async fn no_way_leads_back_over_an_act_outside() {
    let server = Server::start().await;
    let script = "
import flow_api, os
def handler(system, this, inputs):
    if inputs['first']:
        os.system('true')
    again = this.save_dump('here')
    if not inputs['first'] and not again:
        os.system('true')
    try:
        if not again:
            this.load_dump('here')
    except flow_api.InvalidInputError as error:
        return str(error)
    return again
";
    server.flow("acts", script, &json!({})).await;
    let before = server.run("acts", &json!({ "first": true })).await;
    assert!(before["output_value"].as_str().unwrap_or_default().contains("reached outside flow_api before"), "{before}");
    let after = server.run("acts", &json!({ "first": false })).await;
    assert_eq!((&after["output_value"], &after["escaped"]), (&json!(1), &Value::Null), "{after}");
}

#[tokio::test]
async fn what_may_differ_in_a_replay_is_shown_with_its_step() {
    let server = Server::start().await;
    let script = "
import os
def handler(system, this, inputs):
    this.save(message=f'in process {os.getpid()}')
    this.save(message='the same')
    this.log(f'pid {os.getpid()}')
    this.sleep(1)
    return 'done'
";
    server.flow("soft", script, &json!({})).await;
    let id = server.launch("soft", &Value::Null).await;
    kill(server.pids(&id, 1).await[0]);
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["attempt"]), (&json!("ENDED_SUCCESS"), &json!(2)), "{record}");
    let steps = steps(&server, &id).await;
    let (args, now) = (steps[0]["args"].as_str().unwrap_or_default(), steps[0]["replayed_args"].as_str().unwrap_or_default());
    assert!(args.contains("in process") && now.contains("in process") && args != now, "{steps:?}");
    assert_eq!(steps[1]["replayed_args"], Value::Null, "{steps:?}");
    assert_eq!(record["message"], "the same", "what was recorded stands");
}

#[tokio::test]
async fn a_step_or_an_output_with_other_arguments_is_another_way_and_both_are_shown() {
    let server = Server::start().await;
    for (name, call) in [("step", "this.step('work', lambda item: item, os.getpid())"), ("output", "this.set_output('by', os.getpid())")] {
        let script = format!(
            "import os\ndef handler(system, this, inputs):\n    {call}\n    this.log(f'pid {{os.getpid()}}')\n    this.sleep(100000)\n"
        );
        server.flow(name, &script, &json!({})).await;
        let id = server.launch(name, &Value::Null).await;
        let pid = server.pids(&id, 1).await[0];
        kill(pid);
        let record = server.ended(&id).await;
        assert_eq!(record["status"], "ENDED_ERROR", "{record}");
        let message = record["status_message"].as_str().unwrap_or_default();
        assert!(message.contains("went another way at call 1") && message.matches(name_of(name)).count() >= 2, "{message}");
        assert!(message.contains(&pid.to_string()), "the recorded argument is shown: {message}");
    }
}

fn name_of(call: &str) -> &'static str {
    if call == "step" { "step_begin" } else { "save with" }
}
