//! The agents' door: calls beside a bare axum handler and beside fastmcp, long lists, streams, sessions, open waits.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;
use tokio::task::JoinSet;

use super::bare::{Other, ROLE};
use super::case::NOOP;
use super::load::{Load, Target};
use super::process;
use super::server::Server;
use super::table::{Table, ms, quantile, times, us};

const REVISION: &str = "2026-07-28";

/// How much of everything; the whole is `Size::full`, `Size::small` only shows that it works.
#[derive(Clone, Copy)]
pub struct Size {
    rounds: usize,
    calls: usize,
    slow_calls: usize,
    tools: usize,
    initializes: usize,
    waits: usize,
}

impl Size {
    pub fn full() -> Size {
        Size { rounds: 5, calls: 4_000, slow_calls: 320, tools: 1_000, initializes: 10_000, waits: 1_000 }
    }

    pub fn small() -> Size {
        Size { rounds: 2, calls: 160, slow_calls: 32, tools: 20, initializes: 100, waits: 20 }
    }
}

/// All of it, on a server with flows in it.
pub async fn measure(server: &Arc<Server>, table: &mut Table, size: Size) {
    let saved = server.post("/flow?plain=true", &json!({ "name": "measured", "script": NOOP })).await;
    let id = saved.body["id"].as_str().unwrap_or_else(|| panic!("no flow was saved: {saved:?}")).to_owned();
    calls(server, table, size, &id).await;
    streams(server, table, size, &id).await;
    lists(server, table, size, &id).await;
    waits(server, table, size, &id).await;
    initializes(server, table, size).await;
}

fn pid(server: &Server) -> u32 {
    server.child.id().expect("the server runs")
}

/// A request of the older era, without a session.
fn legacy(server: &Server, method: &str, params: &Value) -> Target {
    let headers = [format!("Authorization: Bearer {}", server.key), "MCP-Protocol-Version: 2025-11-25".to_owned()];
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    Target::post(&format!("{}/api/latest/mcp", server.url), pid(server), &headers, &body)
}

/// A request of the newer era.
fn modern(server: &Server, method: &str, params: &Value) -> Target {
    let mut headers = vec![format!("Authorization: Bearer {}", server.key), format!("MCP-Protocol-Version: {REVISION}")];
    headers.push(format!("Mcp-Method: {method}"));
    if let Some(name) = params["name"].as_str() {
        headers.push(format!("Mcp-Name: {name}"));
    }
    let mut params = params.clone();
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": REVISION,
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    Target::post(&format!("{}/api/latest/mcp", server.url), pid(server), &headers, &body)
}

fn get_record(id: &str) -> Value {
    json!({ "name": "get_record", "arguments": { "record_type": "FLOW", "record_id": id } })
}

async fn calls(server: &Arc<Server>, table: &mut Table, size: Size, id: &str) {
    let database = server.folder().join("flowstead.db");
    let mut command = Command::new(std::env::current_exe().expect("a program knows its file"));
    let bare = Other::start({
        command.arg(ROLE).arg(&database);
        command
    })
    .await;
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": get_record(id) }).to_string();
    let bare_call = Target::post(&format!("{}/call", bare.url), bare.pid(), &[], &body);
    let python = fastmcp(&database).await;
    let python_call = python.as_ref().map(|p| Target::post(&format!("{}/call", p.url), p.pid(), &[], &body));
    let ours =
        [("older era", legacy(server, "tools/call", &get_record(id))), ("2026-07-28", modern(server, "tools/call", &get_record(id)))];
    for target in ours.iter().map(|(_, target)| target).chain([&bare_call]).chain(&python_call) {
        let answer = target.once().await;
        assert!(answer.contains(id) && !answer.contains(r#""isError":true"#), "a call was answered with {answer}");
    }
    for callers in [1, 16] {
        let (mut base, mut other) = (Load::default(), Load::default());
        let mut loads = [Load::default(), Load::default()];
        for _ in 0..size.rounds {
            base.round(&bare_call, callers, size.calls).await;
            for (load, (_, target)) in loads.iter_mut().zip(&ours) {
                load.round(target, callers, size.calls).await;
            }
            if let Some(target) = &python_call {
                other.round(target, callers, size.slow_calls).await;
            }
        }
        for (load, (era, _)) in loads.iter_mut().zip(&ours) {
            compare(table, &format!("tools/call get_record, {era}, {callers} callers"), load, ("bare axum", &mut base), "CPU at most 4x");
            if python_call.is_some() {
                compare(table, &format!("the same, {era}, {callers} callers"), load, ("fastmcp", &mut other), "");
            }
        }
    }
}

/// fastmcp as a server, where its environment is installed.
async fn fastmcp(database: &Path) -> Option<Other> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join(".venv/clients/bin/python");
    if !python.exists() {
        eprintln!("fastmcp is not installed, so nothing is compared with it; `make clients` installs it");
        return None;
    }
    let mut command = Command::new(python);
    command.arg(root.join("bench/fastmcp_server.py")).arg(database);
    Some(Other::start(command).await)
}

/// CPU and rate of two loads beside each other.
fn compare(table: &mut Table, what: &str, load: &mut Load, (name, base): (&str, &mut Load), goal: &str) {
    let (cpu, bare_cpu) = (quantile(&mut load.cpu, 0.5), quantile(&mut base.cpu, 0.5));
    let (rate, bare_rate) = (quantile(&mut load.requests_per_second, 0.5), quantile(&mut base.requests_per_second, 0.5));
    table.compare(
        what,
        format!(
            "{} of CPU, {rate:.0} a second, p50 {}, p99 {}",
            us(cpu),
            ms(quantile(&mut load.waits, 0.5)),
            ms(quantile(&mut load.waits, 0.99))
        ),
        (
            format!("{name} {}, {bare_rate:.0} a second", us(bare_cpu)),
            format!("CPU {}, rate {}", times(cpu / bare_cpu), times(rate / bare_rate)),
        ),
        goal,
    );
}

/// The same call answered as JSON and, in a session, as an event stream.
async fn streams(server: &Arc<Server>, table: &mut Table, size: Size, id: &str) {
    let session = session(server).await;
    let plain = legacy(server, "tools/call", &get_record(id));
    let headers = [
        format!("Authorization: Bearer {}", server.key),
        "MCP-Protocol-Version: 2025-11-25".to_owned(),
        format!("Mcp-Session-Id: {session}"),
    ];
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": get_record(id) }).to_string();
    let stream = Target::post(&format!("{}/api/latest/mcp", server.url), pid(server), &headers, &body);
    assert!(stream.once().await.contains("data:"), "a session's call was not answered as an event stream");
    let (mut json, mut sse) = (Load::default(), Load::default());
    for _ in 0..size.rounds {
        json.round(&plain, 1, size.calls / 4).await;
        sse.round(&stream, 1, size.calls / 4).await;
    }
    let (json, sse) = (quantile(&mut json.waits, 0.5), quantile(&mut sse.waits, 0.5));
    table.compare(
        "answer as an event stream",
        format!("p50 {}", ms(sse)),
        (format!("as JSON p50 {}", ms(json)), times(sse / json)),
        "within 2x",
    );
}

/// Opens a session: only clients that can be asked something get one.
async fn session(server: &Server) -> String {
    let params = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": { "elicitation": {} },
        "clientInfo": { "name": "bench", "version": "1" },
    });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
    let request = server.request("POST", "/mcp").header("accept", "application/json, text/event-stream");
    let answer = request.json(&body).send().await.expect("an answer");
    let id = answer.headers().get("mcp-session-id").and_then(|v| v.to_str().ok()).expect("a session has an id").to_owned();
    answer.bytes().await.expect("the answer ends");
    let request = server.request("POST", "/mcp").header("accept", "application/json, text/event-stream").header("mcp-session-id", &id);
    request.json(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).send().await.expect("an answer");
    id
}

async fn lists(server: &Arc<Server>, table: &mut Table, size: Size, id: &str) {
    for n in 0..size.tools {
        let tool = json!({ "name": format!("tool_{n:04}"), "flow_id": id, "description": "One of many", "is_enabled": true });
        let made = server.post("/mcp_user_tool?plain=true", &tool).await;
        assert_eq!(made.status, 201, "a user tool was answered with {made:?}");
    }
    let list = legacy(server, "tools/list", &json!({}));
    let bytes = list.once().await;
    assert!(bytes.matches("tool_0").count() >= size.tools.min(1_000), "the list is not whole");
    let bare = Other::start({
        let mut command = Command::new(std::env::current_exe().expect("a program knows its file"));
        command.arg(ROLE).arg(server.folder().join("flowstead.db"));
        command
    })
    .await;
    let length = bytes.len();
    reqwest::Client::new().post(format!("{}/keep", bare.url)).body(bytes).send().await.expect("an answer");
    let kept = Target::post(&format!("{}/kept", bare.url), bare.pid(), &[], "{}");
    let (mut load, mut base) = (Load::default(), Load::default());
    for _ in 0..size.rounds {
        load.round(&list, 1, size.calls / 40).await;
        base.round(&kept, 1, size.calls / 40).await;
    }
    let what = format!("tools/list, {} user tools, {} KiB", size.tools, length / 1024);
    compare(table, &what, &mut load, ("bare axum, same bytes", &mut base), "CPU at most 2x");
}

/// Many callers who wait for one execution, and what that does to others.
async fn waits(server: &Arc<Server>, table: &mut Table, size: Size, id: &str) {
    let script = "def handler(system, this, inputs):\n    this.sleep(600)\n";
    server.flow("waited_for", script, &Value::Null).await;
    let execution = server.launch("waited_for", &Value::Null).await;
    let call = legacy(server, "tools/call", &get_record(id));
    let mut before = Load::default();
    before.round(&call, 1, size.calls).await;
    let resident = process::resident_kb(pid(server));
    let arguments = json!({ "execution_ids": [execution], "timeout_sec": 300 });
    let wait = legacy(server, "tools/call", &json!({ "name": "wait_for_executions", "arguments": arguments }));
    let mut set = JoinSet::new();
    for _ in 0..size.waits {
        let wait = wait.clone();
        set.spawn(async move { wait.once().await });
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let grown = process::resident_kb(pid(server)).saturating_sub(resident);
    let mut during = Load::default();
    during.round(&call, 1, size.calls).await;
    let cancelled = server.post(&format!("/execution/{execution}/cancel"), &Value::Null).await;
    assert!(cancelled.status < 300, "cancelling was answered with {cancelled:?}");
    while let Some(answer) = set.join_next().await {
        assert!(answer.expect("a waiter does not fail").contains("ENDED_CANCELLED"), "a wait ended without the execution's end");
    }
    let (alone, beside) = (quantile(&mut before.waits, 0.5), quantile(&mut during.waits, 0.5));
    table.add(&format!("{} open waits, memory", size.waits), format!("{:.1} MiB more", grown as f64 / 1024.0), "below 50 MB");
    let what = format!("a call beside {} open waits", size.waits);
    table.compare(&what, format!("p50 {}", ms(beside)), (format!("alone p50 {}", ms(alone)), times(beside / alone)), "no effect");
}

/// Clients that come and never say goodbye, half of them such that a session is due to them.
async fn initializes(server: &Arc<Server>, table: &mut Table, size: Size) {
    let pid = pid(server);
    for (what, capabilities) in [("of plain clients", json!({})), ("of clients that can be asked", json!({ "elicitation": {} }))] {
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": capabilities,
            "clientInfo": { "name": "bench", "version": "1" },
        });
        let target = legacy(server, "initialize", &params);
        let (mut stream, mut buffer) = (target.connect().await, Vec::new());
        for _ in 0..100 {
            target.ask(&mut stream, &mut buffer).await;
        }
        let (before, mut refused) = (process::resident_kb(pid), 0);
        for _ in 0..size.initializes / 2 {
            target.ask(&mut stream, &mut buffer).await;
            refused += usize::from(!buffer.starts_with(b"HTTP/1.1 200"));
        }
        let grown = process::resident_kb(pid).saturating_sub(before);
        table.add(
            &format!("{} initialize without DELETE {what}", size.initializes / 2),
            format!("{:.1} MiB more, {refused} refused", grown as f64 / 1024.0),
            "memory stays flat",
        );
    }
}
