//! `flowstead replay`: an execution is run again on its journal alone, and its variables are shown where it stands.

use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use super::server::Server;
use crate::client::DEADLINE;

async fn flowstead(arguments: &[&str], data: &Path) -> Output {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_flowstead"));
    command.arg("replay").args(arguments).arg("--data").arg(data).kill_on_drop(true);
    command.output().await.expect("the binary can be started")
}

/// What it prints for people.
async fn told(arguments: &[&str], data: &Path) -> String {
    let output = flowstead(arguments, data).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

async fn shown(arguments: &[&str], data: &Path) -> Value {
    let text = told(&[arguments, &["--json"]].concat(), data).await;
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// The value of a variable in the innermost frame.
fn variable<'a>(shown: &'a Value, name: &str) -> &'a str {
    let frames = shown["standing"]["frames"].as_array().unwrap_or_else(|| panic!("it stands nowhere: {shown}"));
    let variables = frames.last().expect("a frame")["variables"].as_array().expect("a list");
    let found = variables.iter().find(|pair| pair[0] == name).unwrap_or_else(|| panic!("no variable {name}: {variables:?}"));
    found[1].as_str().expect("a text")
}

async fn ended(server: &Server, name: &str, script: &str) -> String {
    server.flow(name, script, &json!({})).await;
    let path = "/execution?wait=true&plain=true";
    let ended = server.post(path, &json!({ "flow_name": name })).await;
    assert_eq!(ended.status, 201, "{ended:?}");
    ended.body["id"].as_str().expect("an id").to_owned()
}

/// Asks again until the answer is as wanted.
async fn until(server: &Server, path: &str, is_wanted: impl Fn(&Value) -> bool) {
    let asking = async { while !is_wanted(&server.get(path).await.body) {} };
    tokio::time::timeout(DEADLINE, asking).await.expect("it happens before the deadline");
}

const ADDS: &str = "
def add(ledger, n):
    ledger.save(value=ledger.get('value') + 1)
    return n * 10
def handler(system, this, inputs):
    ledger = system.setting('ledger')
    total = 0
    for n in range(1, 5):
        total += this.step(f'add {n}', add, ledger, n)
    rates = {'EUR': total}
    return rates['USD']
";

async fn add(server: &Server) -> String {
    assert_eq!(server.post("/setting", &json!({"name": "ledger", "value": 0})).await.status, 201);
    ended(server, "adds", ADDS).await
}

#[tokio::test]
async fn the_variables_at_a_call_are_shown_while_the_server_runs_and_after() {
    let mut server = Server::start().await;
    let id = add(&server).await;
    let steps = server.get(&format!("/execution/{id}/events?limit=100")).await.body;
    let third = steps["items"].as_array().unwrap().iter().find(|step| step["target"] == "add 3").expect("a step")["seq"].to_string();
    let seen = shown(&[&id, "--to", &third], &server.folder()).await;
    assert_eq!((variable(&seen, "total"), variable(&seen, "n")), ("30", "3"), "{seen}");
    assert_eq!((&seen["standing"]["why"], &seen["standing"]["frames"][0]["line"]), (&json!("reached"), &json!(9)), "{seen}");
    assert_eq!(server.get("/setting/ledger?by=name&plain=true").await.body["value"], 4, "nothing was done again");

    server.stop().await;
    let text = told(&[&id, "--to", &third], &server.folder()).await;
    let marked = text.lines().find(|line| line.starts_with("> ")).expect("a line is marked");
    assert!(marked.contains("step_begin 'add 3'") && marked.contains("line 9") && marked.ends_with("30"), "{text}");
    for part in ["In handler, line 9 of adds:", ">    9          total += this.step(", "  total  = 30\n", "nothing real happened"] {
        assert!(text.contains(part), "'{part}' is not in:\n{text}");
    }
}

#[tokio::test]
async fn without_a_call_it_goes_to_where_the_flow_failed() {
    let mut server = Server::start().await;
    let id = add(&server).await;
    server.stop().await;
    let seen = shown(&[&id], &server.folder()).await;
    assert_eq!((variable(&seen, "rates"), &seen["standing"]["frames"][0]["line"]), ("{'EUR': 100}", &json!(11)), "{seen}");
    assert!(seen["end"]["error"]["message"].as_str().unwrap().contains("KeyError: 'USD'"), "{seen}");
    let text = told(&[&id, "--to", "999"], &server.folder()).await;
    assert!(text.contains("It made no call 999") && text.contains("rates  = {'EUR': 100}"), "{text}");
}

#[tokio::test]
async fn one_that_is_under_way_stands_before_the_call_that_has_no_answer() {
    let server = Server::start().await;
    let script = "def handler(system, this, inputs):\n    seen = [this.now()]\n    this.sleep(1000)\n";
    server.flow("sleeps", script, &json!({})).await;
    let id = server.launch("sleeps", &json!({})).await;
    until(&server, &format!("/execution/{id}?plain=true"), |found| found["status"] == "SLEEPING").await;
    let seen = shown(&[&id], &server.folder()).await;
    let standing = &seen["standing"];
    assert_eq!(
        (&standing["why"], &standing["seq"], &standing["call"]["op"]),
        (&json!("journal_end"), &json!(2), &json!("sleep")),
        "{seen}"
    );
    assert!(variable(&seen, "seen").starts_with("['20"), "{seen}");
    assert_eq!(server.get(&format!("/execution/{id}?plain=true")).await.body["status"], "SLEEPING", "it was only looked at");
}

#[tokio::test]
async fn an_act_outside_is_refused_and_reported() {
    let server = Server::start().await;
    let peer = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = peer.local_addr().expect("it is bound").port();
    let script = format!(
        "import socket, subprocess\ndef handler(system, this, inputs):\n    at = this.now()\n    if inputs.get('first'):\n        return at\n    \
         subprocess.run(['true'])\n    socket.create_connection(('127.0.0.1', {port})).close()\n    this.now()\n    return 'done'\n"
    );
    let id = ended(&server, "reaches", &script).await;
    peer.accept().expect("the execution itself connected");
    peer.set_nonblocking(true).expect("a listener can be set so");
    let seen = shown(&[&id], &server.folder()).await;
    assert_eq!((&seen["refused"][0]["line"], &seen["status"]), (&json!(6), &json!("ENDED_SUCCESS")), "{seen}");
    assert!(seen["end"]["error"]["message"].as_str().unwrap().contains("A replay reaches nothing outside"), "{seen}");
    assert!(variable(&seen, "at").starts_with("'20"), "{seen}");
    let careless = script
        .replace("    subprocess", "    try:\n        subprocess")
        .replace("['true'])\n", "['true'])\n    except BaseException:\n        pass\n");
    let id = ended(&server, "careless", &careless).await;
    assert!(peer.accept().is_ok(), "the execution itself connected");
    let text = told(&[&id], &server.folder()).await;
    assert_eq!(text.matches("It was kept from reaching outside at line").count(), 2, "{text}");
    assert!(peer.accept().is_err(), "no replay connected");
}

const ASYNC: &str = "
import asyncio
async def branch(this, name, seconds):
    await this.sleep_async(seconds)
    drawn = this.uuid()
    await this.sleep_async(1000)
async def handler(system, this, inputs):
    whole = await asyncio.gather(branch(this, 'slow', 0.05), branch(this, 'quick', 0.01))
";

#[tokio::test]
async fn the_tasks_of_an_async_flow_are_shown_where_they_await() {
    let server = Server::start().await;
    server.flow("async", ASYNC, &json!({})).await;
    let id = server.launch("async", &json!({})).await;
    let has_all = |found: &Value| found["items"].as_array().is_some_and(|steps| steps.len() == 6);
    until(&server, &format!("/execution/{id}/events?limit=100"), has_all).await;
    let seen = shown(&[&id], &server.folder()).await;
    assert_eq!(seen["standing"]["why"], "waits", "{seen}");
    let tasks = seen["standing"]["tasks"].as_array().unwrap();
    let text = Value::from(tasks.clone()).to_string();
    assert!(tasks.len() == 3 && text.contains("\"'slow'\"") && text.contains("\"'quick'\"") && text.contains("\"drawn\""), "{seen}");

    let uuids: Vec<&Value> = seen["steps"].as_array().unwrap().iter().filter(|step| step["op"] == "uuid").collect();
    let second = uuids[1]["seq"].to_string();
    let seen = shown(&[&id, "--to", &second], &server.folder()).await;
    assert_eq!((variable(&seen, "name"), &seen["standing"]["call"]["line"]), ("'slow'", &json!(5)), "the quick one came first: {seen}");
    assert!(server.post(&format!("/execution/{id}/cancel"), &Value::Null).await.status == 200);
}

#[tokio::test]
async fn a_retry_is_replayed_on_what_it_took_over() {
    let server = Server::start().await;
    let id = add(&server).await;
    let retry = server.post(&format!("/execution/{id}/retry?wait=true&plain=true"), &json!({"script": ADDS.replace("USD", "EUR")})).await;
    assert_eq!(retry.body["status"], "ENDED_SUCCESS", "{retry:?}");
    let seen = shown(&[retry.body["id"].as_str().unwrap()], &server.folder()).await;
    assert_eq!(seen["end"]["success"]["output"], 100, "{seen}");
}

#[tokio::test]
async fn what_is_not_there_is_said_and_nothing_is_made() {
    let server = Server::start().await;
    let nobody = "00000000-0000-0000-0000-000000000001";
    let output = flowstead(&[nobody], &server.folder()).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("no execution") && said.contains(nobody), "{said}");
    let folder = server.folder().join("nothing");
    let output = flowstead(&[nobody], &folder).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("--data") && !folder.exists(), "{said}");
}
