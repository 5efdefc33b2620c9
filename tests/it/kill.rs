//! The server is killed without warning, or its disk takes nothing more for a while, while executions with steps,
//! children and sleeps are on their way: all end rightly, and what was recorded happened once.

use std::time::Duration;

use serde_json::{Value, json};

use super::server::Server;

const EXECUTIONS: usize = 30;
const KILLS: usize = 3;
/// Steps of each execution.
const ROUNDS: i64 = 6;

/// Every round counts a setting up through flow_api, which is exactly once; runs a step, whose Python part may be
/// repeated but whose result is the recorded one; starts a child; and sleeps.
const PARENT: &str = "
def handler(system, this, inputs):
    counter = system.setting(f'counter {inputs[\"n\"]}').save(value=0)
    ids, stamps, sums = [], [], []
    for round in range(inputs['rounds']):
        with counter:
            counter.save(value=counter.get('value') + 1)
        stamps.append(this.now())
        ids.append(this.uuid())
        sums.append(this.step(f'round {round}', lambda a, b: a + b, round, inputs['n']))
        child = this.flow('child', n=inputs['n'], round=round)
        assert child.get_outputs() == {'product': inputs['n'] * round}, child.get_outputs()
        this.log(f'round {round}')
        this.sleep(0.15)
    assert stamps == sorted(stamps) and len(set(ids)) == len(ids)
    return {'sums': sums, 'counted': counter.get('value'), 'draw': len(str(this.random())) > 0}
";
const CHILD: &str = "
def handler(system, this, inputs):
    marks = system.setting(f'child {inputs[\"n\"]} {inputs[\"round\"]}').save(value=0)
    marks.save(value=marks.get('value') + 1)
    this.sleep(0.05)
    assert marks.get('value') == 1, marks.get('value')
    return {'product': this.step('multiply', lambda: inputs['n'] * inputs['round'])}
";

#[tokio::test]
async fn thirty_executions_end_rightly_over_three_kills_of_the_server() {
    let mut server = Server::start().await;
    server.flow("parent", PARENT, &json!({ "on_loss": "resume" })).await;
    server.flow("child", CHILD, &json!({ "on_loss": "resume" })).await;
    let mut ids = Vec::new();
    for n in 0..EXECUTIONS {
        ids.push(server.launch("parent", &json!({ "n": n, "rounds": ROUNDS })).await);
    }
    for kill in 0..KILLS {
        // Each kill falls into the middle of the work: after so many children have ended.
        let share = EXECUTIONS * usize::try_from(ROUNDS).expect("a small number") * (kill + 1) / (KILLS + 2);
        ended_children(&server, share).await;
        assert!(unfinished(&server).await > 0, "everything had ended before kill {kill}");
        server.kill9().await;
        server.restart().await;
    }
    all_ended_rightly(&server, &ids).await;
}

#[tokio::test]
async fn executions_go_on_from_what_is_on_disk_after_commits_that_failed() {
    const EXECUTIONS: usize = 6;
    let server = Server::start().await;
    server.flow("parent", PARENT, &json!({ "on_loss": "resume" })).await;
    server.flow("child", CHILD, &json!({ "on_loss": "resume" })).await;
    let mut ids = Vec::new();
    for n in 0..EXECUTIONS {
        ids.push(server.launch("parent", &json!({ "n": n, "rounds": ROUNDS })).await);
    }
    for round in 1..=2 {
        ended_children(&server, EXECUTIONS * round).await;
        // As on a full disk, no write of the database's log succeeds.
        limit_files(&server, "4096");
        until_failures(&server, round).await;
        let refused = server.send("POST", "/execution", &json!({ "flow_name": "parent" })).await;
        assert_eq!((refused.status, refused.body["code"].as_str()), (503, Some("unavailable")), "{refused:?}");
        limit_files(&server, "unlimited");
    }
    all_ended_rightly(&server, &ids).await;
}

/// Sets how large a file of the server may become, in bytes.
pub fn limit_files(server: &Server, limit: &str) {
    let server = server.child.id().expect("the server runs").to_string();
    let done = std::process::Command::new("prlimit").args(["--pid", &server, &format!("--fsize={limit}:")]).status();
    assert!(done.expect("prlimit is part of every Linux").success());
}

pub async fn until_failures(server: &Server, count: usize) {
    for _ in 0..600 {
        if server.whole_log().matches("live executions are taken back").count() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no commit failed");
}

async fn all_ended_rightly(server: &Server, ids: &[String]) {
    let mut wrong = Vec::new();
    for (n, id) in ids.iter().enumerate() {
        let record = server.ended(id).await;
        let expected = json!({ "sums": (0..ROUNDS).map(|r| r + i64::try_from(n).expect("a small number")).collect::<Vec<_>>(), "counted": ROUNDS, "draw": true });
        if record["status"] != "ENDED_SUCCESS" || record["output_value"] != expected {
            wrong.push(format!("{n}: {} {} {}", record["status"], record["output_value"], record["status_message"]));
        }
        wrong.extend(check_once(server, n, id).await);
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// Each recorded effect happened once: the counters, the children, the log lines.
async fn check_once(server: &Server, n: usize, id: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let counter = server.get(&format!("/setting/counter%20{n}?by=name&plain=true")).await;
    if counter.body["value"] != json!(ROUNDS) {
        wrong.push(format!("{n}: the counter stands at {}", counter.body["value"]));
    }
    let filter = json!({ "field": "parent_execution_id", "op": "eq", "value": id }).to_string();
    let children = server.request("GET", "/execution").query(&[("filter", filter.as_str()), ("limit", "1000")]);
    let children = super::server::answer(children).await;
    if children.body["total"] != json!(ROUNDS) {
        wrong.push(format!("{n}: {} children instead of {ROUNDS}", children.body["total"]));
    }
    let entries = server.logs(id).await;
    for round in 0..ROUNDS {
        let seen = entries.iter().filter(|e| e["message"] == format!("round {round}")).count();
        if seen != 1 {
            wrong.push(format!("{n}: 'round {round}' is {seen} times in the log"));
        }
    }
    wrong
}

async fn total(server: &Server, filter: &Value) -> u64 {
    let filter = filter.to_string();
    let page = super::server::answer(server.request("GET", "/execution").query(&[("filter", filter.as_str()), ("limit", "1")])).await;
    page.body["total"].as_u64().unwrap_or_else(|| panic!("no total in {page:?}"))
}

/// Returns once so many children have ended.
async fn ended_children(server: &Server, count: usize) {
    let filter = json!({ "and": [
        { "field": "flow_name", "op": "eq", "value": "child" },
        { "field": "status", "op": "eq", "value": "ENDED_SUCCESS" },
    ] });
    for _ in 0..2400 {
        if total(server, &filter).await >= count as u64 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not even {count} children ended; the server's log ends with:\n{}", server.log());
}

async fn unfinished(server: &Server) -> u64 {
    let ended = ["ENDED_SUCCESS", "ENDED_ERROR", "ENDED_CANCELLED"];
    total(
        server,
        &json!({ "and": [
        { "field": "flow_name", "op": "eq", "value": "parent" },
        { "field": "status", "op": "notin", "value": ended },
    ] }),
    )
    .await
}

#[tokio::test]
async fn an_execution_whose_flow_says_fail_ends_when_the_server_was_killed() {
    let mut server = Server::start().await;
    let script = "def handler(system, this, inputs):\n    this.log('begun')\n    while True:\n        pass\n";
    server.flow("once", script, &json!({ "on_loss": "fail" })).await;
    let id = server.launch("once", &Value::Null).await;
    for _ in 0..600 {
        if !server.logs(&id).await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.kill9().await;
    server.restart().await;
    let record = server.ended(&id).await;
    assert_eq!(record["status"], "ENDED_ERROR", "{record}");
    assert!(record["status_message"].as_str().unwrap_or_default().contains("on_loss"), "{record}");
}

async fn until_logged(server: &Server, id: &str) {
    for _ in 0..600 {
        if !server.logs(id).await.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing was logged");
}

#[tokio::test]
async fn the_log_says_where_an_execution_went_on_after_the_server_was_killed() {
    let mut server = Server::start().await;
    let script = "
import time

def handler(system, this, inputs):
    this.log('begun')
    while not system.setting('go').get('value'):
        time.sleep(0.02)
    this.log('done')
";
    server.flow("waits", script, &Value::Null).await;
    server.post("/setting", &json!({ "name": "go", "value": false })).await;
    let id = server.launch("waits", &Value::Null).await;
    until_logged(&server, &id).await;
    server.kill9().await;
    server.restart().await;
    server.send("PATCH", "/setting/go?by=name", &json!({ "value": true })).await;
    let record = server.ended(&id).await;
    assert_eq!(record["status"], "ENDED_SUCCESS", "{record}");
    let said = server.messages(&id).await;
    assert_eq!((said.len(), said[0].as_str(), said[2].as_str()), (3, "begun", "done"), "{said:?}");
    assert!(said[1].starts_with("The process of this execution was lost (the server ended); it goes on by replay after call "), "{said:?}");
}

#[tokio::test]
async fn an_execution_that_starts_from_the_top_keeps_the_log_of_what_was_before() {
    let mut server = Server::start().await;
    let script = "
def handler(system, this, inputs):
    tries = system.setting('tries')
    count = tries.get('value') + 1
    tries.save(value=count)
    this.log(f'try {count}')
    while count == 1:
        pass
    return count
";
    server.flow("again", script, &json!({ "on_loss": "restart" })).await;
    server.post("/setting", &json!({ "name": "tries", "value": 0 })).await;
    let id = server.launch("again", &Value::Null).await;
    until_logged(&server, &id).await;
    server.kill9().await;
    server.restart().await;
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!(2)), "{record}");
    let said = server.messages(&id).await;
    let lost = "The process of this execution was lost (the server ended); it starts from the top (on_loss = 'restart').";
    assert_eq!(said, ["try 1", lost, "try 2"]);
}
