//! Flows in the style of years ago, each run to the end that its first line says, also when the server is killed under all of them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::connector::far_side::FarSide;
use crate::dice::Dice;
use crate::environment::shelf::default_packages;
use crate::server::Server;

const MARK: &str = "# expect: ";
const SEED: u64 = 1_811;
/// Kills of one run, and the longest time before each.
const KILLS: usize = 3;
const LONGEST: usize = 1_200;

/// The first line of a flow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    status: String,
    output: Option<Value>,
    /// A piece of `status_message`.
    message: Option<String>,
    /// Pieces of its log.
    #[serde(default)]
    logs: Vec<String>,
    #[serde(default)]
    input: Value,
    /// What people answer its messages, in this order.
    #[serde(default)]
    answers: Vec<Value>,
    /// It is behind a webhook, which is called so.
    webhook: Option<Called>,
    /// It sleeps for ever, until somebody cancels it.
    #[serde(default)]
    asleep: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Called {
    path: String,
    form: Option<String>,
    json: Option<Value>,
    status: u16,
    /// Pieces of the answer.
    contains: Vec<String>,
}

/// A flow that is run for itself.
#[derive(Clone, Debug)]
struct Legacy {
    name: String,
    expect: Expect,
}

/// A server with all the flows, what they connect to, and their webhooks.
async fn furnished() -> (Server, Vec<Legacy>, FarSide) {
    let uv = Path::new(env!("CARGO_MANIFEST_DIR")).join(".uv/bin/uv");
    let config = [
        "[environments]".to_owned(),
        format!("uv = '{}'", uv.display()),
        "index_url = 'none'".to_owned(),
        "offline = true".to_owned(),
        format!("find_links = ['{}']", default_packages().display()),
    ];
    let config: Vec<&str> = config.iter().map(String::as_str).collect();
    let server = Server::start_in(TempDir::new().expect("a temporary folder can be made"), &config).await;
    let far_side = FarSide::start().await;
    server.post("/setting", &json!({ "name": "far side", "value": far_side.url })).await;
    let mut flows = Vec::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows/legacy")).expect("it can be listed") {
        let path = entry.expect("it can be listed").path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("file names are text").to_owned();
        let script = std::fs::read_to_string(&path).expect("a script can be read");
        server.flow(&name, &script, &Value::Null).await;
        let first = script.lines().next().unwrap_or_default();
        let Some(line) = first.strip_prefix(MARK) else {
            assert!(name.starts_with("child_"), "{name}: the first line must begin with '{MARK}'");
            continue;
        };
        let expect: Expect = serde_json::from_str(line).unwrap_or_else(|e| panic!("{name}: the first line cannot be read: {e}"));
        if expect.webhook.is_some() {
            webhook(&server, &name).await;
        }
        flows.push(Legacy { name, expect });
    }
    flows.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(flows.len() >= 20, "only {} flows", flows.len());
    (server, flows, far_side)
}

/// Webhooks of older flows may do what their makers may.
async fn webhook(server: &Server, name: &str) {
    let flow = server.get(&format!("/flow/{name}?by=name&plain=true")).await.body["id"].clone();
    let hook = json!({ "name": name, "flow_id": flow, "is_enabled": true, "is_key_required": false });
    let made = server.post("/webhook?plain=true", &hook).await;
    assert_eq!(made.status, 201, "{made:?}");
    let role = server.get("/role/Developer?by=name&plain=true").await.body["id"].clone();
    let given = json!({ "identity_id": made.body["id"], "role_id": role, "propagate": true });
    assert_eq!(server.post("/identity_role", &given).await.status, 201);
}

/// Calls the webhook of a flow; an answer that never comes is none.
async fn call(server: &Server, flow: &Legacy) -> Option<(u16, String)> {
    let called = flow.expect.webhook.as_ref()?;
    let address = format!("{}/api/latest/webhook/{}/call{}", server.url, flow.name, called.path);
    let client = reqwest::Client::builder().no_proxy().build().expect("a client can be built");
    let request = match (&called.form, &called.json) {
        (Some(form), _) => client.post(address).header("content-type", "application/x-www-form-urlencoded").body(form.clone()),
        (None, Some(json)) => client.post(address).json(json),
        (None, None) => client.get(address),
    };
    let answer = request.send().await.ok()?;
    Some((answer.status().as_u16(), answer.text().await.ok()?))
}

/// Starts a flow, or lets its webhook start it, and gives the execution.
async fn started(server: &Server, flow: &Legacy) -> (String, Vec<String>) {
    let mut wrong = Vec::new();
    let Some(called) = &flow.expect.webhook else { return (server.launch(&flow.name, &flow.expect.input).await, wrong) };
    match call(server, flow).await {
        Some((status, text)) if status == called.status && called.contains.iter().all(|piece| text.contains(piece)) => {}
        other => wrong.push(format!("{}: the webhook answered {other:?}", flow.name)),
    }
    (last_of(server, &flow.name).await.expect("the webhook started it"), wrong)
}

/// The last execution of a flow that nobody's child is.
async fn last_of(server: &Server, flow: &str) -> Option<String> {
    let filter = json!({ "and": [
        { "field": "flow_name", "op": "eq", "value": flow },
        { "field": "parent_execution_id", "op": "unset" },
    ]});
    let request = server.request("GET", "/execution?plain=true&order=-created_at&limit=1").query(&[("filter", filter.to_string())]);
    let found = crate::server::answer(request).await.body;
    found[0]["id"].as_str().map(str::to_owned)
}

/// Does what people do, waits for the end, and tells what is not as it should be.
async fn ended(server: &Server, flow: &Legacy, id: &str) -> Vec<String> {
    let expect = &flow.expect;
    for answer in &expect.answers {
        respond(server, id, answer).await;
    }
    if expect.asleep {
        server.until(id, |record| record["status"] == "SLEEPING").await;
        server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
    }
    let record = server.ended(id).await;
    let message = record["status_message"].as_str().unwrap_or_default();
    let mut wrong = Vec::new();
    if record["status"] != expect.status.as_str() {
        wrong.push(format!("{}: {} instead of {}: {message}", flow.name, record["status"], expect.status));
        return wrong;
    }
    if expect.output.as_ref().is_some_and(|output| record["output_value"] != *output) {
        wrong.push(format!("{}: its output is {}", flow.name, record["output_value"]));
    }
    if expect.message.as_ref().is_some_and(|piece| !message.contains(piece)) {
        wrong.push(format!("{}: its message is {message}", flow.name));
    }
    if !expect.logs.is_empty() {
        let logs = server.logs(id).await;
        let text = Value::Array(logs).to_string();
        wrong.extend(
            expect.logs.iter().filter(|piece| !text.contains(*piece)).map(|piece| format!("{}: no '{piece}' in {text}", flow.name)),
        );
    }
    wrong
}

/// Answers the message that an execution waits for.
async fn respond(server: &Server, execution: &str, response: &Value) {
    let filter = json!({ "and": [
        { "field": "execution_id", "op": "eq", "value": execution },
        { "field": "is_submitted", "op": "neq", "value": true },
    ]});
    for _ in 0..1200 {
        let request = server.request("GET", "/message?plain=true").query(&[("filter", filter.to_string())]);
        if let Some(id) = crate::server::answer(request).await.body[0]["id"].as_str() {
            let given = server.post(&format!("/message/{id}/answer"), &json!({ "response": response })).await;
            assert_eq!(given.status, 200, "{given:?}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("execution {execution} asks nothing");
}

async fn all_ended(server: Server, executions: Vec<(Legacy, String)>) -> Vec<String> {
    let server = Arc::new(server);
    let mut runs = JoinSet::new();
    for (flow, id) in executions {
        let server = server.clone();
        runs.spawn(async move { ended(&server, &flow, &id).await });
    }
    let mut wrong = Vec::new();
    while let Some(found) = runs.join_next().await {
        wrong.extend(found.expect("a run does not panic"));
    }
    wrong.sort();
    wrong
}

#[tokio::test]
async fn flows_of_the_older_contract_end_as_they_always_did() {
    let (server, flows, _far_side) = furnished().await;
    let (mut executions, mut wrong) = (Vec::new(), Vec::new());
    for flow in flows {
        let (id, found) = started(&server, &flow).await;
        wrong.extend(found);
        executions.push((flow, id));
    }
    wrong.extend(all_ended(server, executions).await);
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn flows_of_the_older_contract_end_the_same_over_kills_of_the_server() {
    let (mut server, flows, _far_side) = furnished().await;
    let mut dice = Dice::new(SEED);
    let mut executions = Vec::new();
    for flow in &flows {
        if flow.expect.webhook.is_none() {
            executions.push((flow.clone(), server.launch(&flow.name, &flow.expect.input).await));
        }
    }
    for _ in 0..KILLS {
        let calls = flows.iter().filter(|flow| flow.expect.webhook.is_some()).map(|flow| call(&server, flow));
        let calls = futures_util::future::join_all(calls);
        let pause = Duration::from_millis(u64::try_from(dice.below(LONGEST)).expect("a small number"));
        // Whoever has called a webhook then has no answer; its execution ends all the same.
        let _ = tokio::time::timeout(pause, calls).await;
        server.kill9().await;
        server.restart().await;
    }
    for flow in flows.iter().filter(|flow| flow.expect.webhook.is_some()) {
        let id = match last_of(&server, &flow.name).await {
            Some(id) => id,
            None => started(&server, flow).await.0,
        };
        executions.push((flow.clone(), id));
    }
    let wrong = all_ended(server, executions).await;
    assert!(wrong.is_empty(), "{} differences with seed {SEED}:\n{}", wrong.len(), wrong.join("\n"));
}
