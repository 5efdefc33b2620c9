//! A long run under mixed load: do memory and descriptors of the server and its zygotes stay where they are? `make soak` writes `bench/SOAK.md`.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::load::Target;
use super::server::Server;
use super::{case, process};

/// Between two looks at the processes.
const LOOK: Duration = Duration::from_secs(10);
/// Pause of a caller between two requests: the load is to go on for long, not to fill the machine.
const PAUSE: Duration = Duration::from_millis(100);
/// A run's first part fills caches and pools, and is left out of the slopes.
const WARM_UP: f64 = 1.0 / 3.0;

/// Reads and writes records, makes steps, sleeps, has a child, prints, and leaves a file in its work directory.
const MIXED: &str = "
import os

def handler(system, this, inputs):
    n = inputs['n']
    system.setting(f'soak-{n % 50}').save(value={'n': n, 'text': 'x' * 2000})
    for i in range(5):
        this.step('count', lambda: i)
    with open('note.txt', 'w') as f:
        f.write('y' * 10_000)
    print('line', n)
    this.sleep(0.05)
    child = this.flow('noop', wait=False)
    this.wait_for(child)
    return {'n': n, 'text': 'z' * (n % 3000)}
";
const FAILS: &str = "
def handler(system, this, inputs):
    held = [b'q' * 1000 for _ in range(1000)]
    raise ValueError(f'the {len(held)} things of {inputs}')
";
const ASYNC: &str = "
import asyncio

async def handler(system, this, inputs):
    await asyncio.gather(*[this.sleep_async(0.02) for _ in range(5)])
    await this.flow_async('noop')
";

/// What was seen at one moment.
struct Look {
    hours: f64,
    server_kb: u64,
    server_files: usize,
    zygotes_kb: u64,
    zygote_files: usize,
}

/// Runs the load for `length` and gives the page.
pub async fn run(folder: tempfile::TempDir, length: Duration) -> String {
    let server = Arc::new(Server::start_in(folder, &[]).await);
    case::prepare(&server).await;
    for (name, script) in [("mixed", MIXED), ("fails", FAILS), ("gather", ASYNC)] {
        server.flow(name, script, &Value::Null).await;
    }
    let (over, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut callers = JoinSet::new();
    for kind in 0..6 {
        callers.spawn(call_on(kind, server.clone(), over.clone(), count.clone()));
    }
    let begun = Instant::now();
    let mut looks = Vec::new();
    while begun.elapsed() < length {
        tokio::time::sleep(LOOK).await;
        looks.push(look(&server, begun));
        while let Some(ended) = callers.try_join_next() {
            ended.expect("a caller does not fail");
        }
    }
    over.store(true, Ordering::Relaxed);
    while let Some(ended) = callers.join_next().await {
        ended.expect("a caller does not fail");
    }
    page(&looks, count.load(Ordering::Relaxed), length)
}

/// One caller of its kind, until it is over.
async fn call_on(kind: u64, server: Arc<Server>, over: Arc<AtomicBool>, count: Arc<AtomicU64>) {
    let listing = tool(&server, "list_records", &json!({ "record_type": "EXECUTION", "limit": 20 }));
    let running = tool(&server, "run_flow", &json!({ "flow_name": "noop", "wait_sec": 20 }));
    while !over.load(Ordering::Relaxed) {
        let n = count.fetch_add(1, Ordering::Relaxed);
        match kind {
            0 | 1 => ends(&server, "mixed", &json!({ "n": n }), "ENDED_SUCCESS").await,
            2 => ends(&server, "fails", &json!({ "n": n }), "ENDED_ERROR").await,
            3 => ends(&server, "gather", &Value::Null, "ENDED_SUCCESS").await,
            4 => {
                let answer = running.once().await + &listing.once().await;
                assert!(!answer.contains(r#""isError":true"#), "a tool failed: {answer}");
            }
            _ => {
                let answer = server.get("/execution?limit=50&order=-created_at").await;
                assert_eq!(answer.status, 200, "{answer:?}");
                let id = server.launch("fresh", &Value::Null).await;
                server.logs(&id).await;
                server.ended(&id).await;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn ends(server: &Server, flow: &str, input: &Value, status: &str) {
    let record = server.run(flow, input).await;
    assert_eq!(record["status"], status, "{flow}: {record}");
}

fn tool(server: &Server, name: &str, arguments: &Value) -> Target {
    let headers = [format!("Authorization: Bearer {}", server.key), "MCP-Protocol-Version: 2025-11-25".to_owned()];
    let params = json!({ "name": name, "arguments": arguments });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }).to_string();
    Target::post(&format!("{}/api/latest/mcp", server.url), pid(server), &headers, &body)
}

fn pid(server: &Server) -> u32 {
    server.child.id().expect("the server runs")
}

fn look(server: &Server, begun: Instant) -> Look {
    let pid = pid(server);
    let zygotes = process::children(pid);
    Look {
        hours: begun.elapsed().as_secs_f64() / 3600.0,
        server_kb: process::resident_kb(pid),
        server_files: process::open_files(pid),
        zygotes_kb: zygotes.iter().map(|z| process::resident_kb(*z)).sum(),
        zygote_files: zygotes.iter().map(|z| process::open_files(*z)).sum(),
    }
}

/// What a line through the points rises by in an hour (least squares).
fn slope(looks: &[Look], value: impl Fn(&Look) -> f64) -> f64 {
    let count = looks.len() as f64;
    let (mean_x, mean_y) = (looks.iter().map(|l| l.hours).sum::<f64>() / count, looks.iter().map(&value).sum::<f64>() / count);
    let above: f64 = looks.iter().map(|l| (l.hours - mean_x) * (value(l) - mean_y)).sum();
    above / looks.iter().map(|l| (l.hours - mean_x).powi(2)).sum::<f64>()
}

fn page(looks: &[Look], requests: u64, length: Duration) -> String {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let settled = &looks[(looks.len() as f64 * WARM_UP) as usize..];
    let (Some(first), Some(last)) = (settled.first(), settled.last()) else { return "The run was too short to look twice.\n".to_owned() };
    let mut out = String::from("# Measured by `make soak`\n\n");
    let _ = writeln!(out, "{}\n", process::machine());
    let _ = writeln!(
        out,
        "Mixed load for {} minutes ({requests} turns of six callers: flows with records, steps, files, sleeps and children; failing ones; async ones; fresh \
         slots; tools over MCP; lists and logs over REST). The slopes are of a line through the looks after the first third.\n",
        length.as_secs() / 60
    );
    out.push_str("| what | after a third | at the end | slope in an hour | goal |\n|---|---|---|---|---|\n");
    let mib = |kb: u64| kb as f64 / 1024.0;
    let memory = [
        ("server, resident", mib(first.server_kb), mib(last.server_kb), slope(settled, |l| mib(l.server_kb)), "below 16 MiB"),
        ("zygotes, resident", mib(first.zygotes_kb), mib(last.zygotes_kb), slope(settled, |l| mib(l.zygotes_kb)), "below 4 MiB"),
    ];
    for (what, from, to, rise, goal) in memory {
        let _ = writeln!(out, "| {what} | {from:.1} MiB | {to:.1} MiB | {rise:+.1} MiB | {goal} |");
    }
    let files = [
        ("server, open files", first.server_files, last.server_files, slope(settled, |l| l.server_files as f64)),
        ("zygotes, open files", first.zygote_files, last.zygote_files, slope(settled, |l| l.zygote_files as f64)),
    ];
    for (what, from, to, rise) in files {
        let _ = writeln!(out, "| {what} | {from} | {to} | {rise:+.1} | below 10 |");
    }
    out
}
