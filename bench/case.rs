//! What is measured on the server: each function drives it over loopback HTTP with a bounded count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::baseline::FIB;
use super::process;
use super::server::Server;

/// A flow that does nothing.
pub const NOOP: &str = "def handler(system, this, inputs):\n    return None\n";
const CHILDREN: &str = "
import time

def handler(system, this, inputs):
    begun = time.perf_counter()
    this.wait_for(*[this.flow('noop', wait=False) for _ in range(inputs['count'])])
    return time.perf_counter() - begun
";
const STEPS: &str = "
import time

def handler(system, this, inputs):
    begun = time.perf_counter()
    for n in range(inputs['count']):
        this.step('one', int)
    return time.perf_counter() - begun
";
const CALLS: &str = "
import time

def handler(system, this, inputs):
    this.now()
    begun = time.perf_counter()
    for _ in range(inputs['count']):
        this.now()
    return (time.perf_counter() - begun) / inputs['count']
";
const SLEEPER: &str = "
import time

def handler(system, this, inputs):
    this.sleep_until(inputs['due'])
    return time.time() - inputs['due']
";

/// Saves the flows that the cases run, and runs each once, so that zygote and code are there.
pub async fn prepare(server: &Server) {
    let fib = format!("{FIB}\ndef handler(system, this, inputs):\n    return fib(24)\n");
    let flows = [("noop", NOOP), ("children", CHILDREN), ("steps", STEPS), ("calls", CALLS), ("sleeper", SLEEPER), ("fib", &fib)];
    for (name, script) in flows {
        server.flow(name, script, &Value::Null).await;
    }
    server.flow("fresh", NOOP, &json!({ "isolation": "fresh" })).await;
    for (name, input) in [("noop", json!({})), ("children", json!({ "count": 10 })), ("steps", json!({ "count": 10 })), ("fib", json!({}))]
    {
        timed(server, name, &input).await;
    }
}

/// Starts a flow, waits for its end in the same request; gives the seconds that took and the execution.
pub async fn timed(server: &Server, flow: &str, input: &Value) -> (f64, Value) {
    let begun = Instant::now();
    let body = json!({ "flow_name": flow, "input_value": input });
    let done = server.post("/execution?plain=true&wait=true&timeout=120", &body).await;
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!(done.body["status"], "ENDED_SUCCESS", "{flow}: {done:?}");
    (seconds, done.body)
}

/// Seconds of each of `count` executions, one after the other.
pub async fn one_caller(server: &Server, flow: &str, count: usize) -> Vec<f64> {
    let mut seconds = Vec::with_capacity(count);
    for _ in 0..count {
        seconds.push(timed(server, flow, &Value::Null).await.0);
    }
    seconds
}

/// Seconds that `count` executions take when `callers` start them side by side.
pub async fn many_callers(server: &Arc<Server>, flow: &'static str, callers: usize, count: usize) -> f64 {
    let left = Arc::new(AtomicUsize::new(count));
    let begun = Instant::now();
    let mut set = JoinSet::new();
    for _ in 0..callers {
        let (server, left) = (server.clone(), left.clone());
        set.spawn(async move {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
                timed(&server, flow, &Value::Null).await;
            }
        });
    }
    while let Some(done) = set.join_next().await {
        done.expect("a caller does not fail");
    }
    begun.elapsed().as_secs_f64()
}

/// Seconds that a flow measured itself.
pub async fn inside(server: &Server, flow: &str, count: u32) -> f64 {
    let (_, record) = timed(server, flow, &json!({ "count": count })).await;
    record["output_value"].as_f64().expect("the flow returns seconds")
}

/// CPU seconds of the worker side for one execution in a fresh slot: fork, run, end.
pub async fn fork_cpu(server: &Server, count: u32) -> f64 {
    let pid = server.child.id().expect("the server runs");
    // Zygotes are children of the server; slots that ended count as their children's time.
    let cpu = || process::below(pid).into_iter().map(process::cpu_seconds).sum::<f64>();
    timed(server, "fresh", &Value::Null).await;
    let before = cpu();
    for _ in 0..count {
        timed(server, "fresh", &Value::Null).await;
    }
    // The last slot's end is told to its zygote a moment after the answer.
    tokio::time::sleep(Duration::from_millis(300)).await;
    (cpu() - before) / f64::from(count)
}

/// What many sleeping executions cost, and how late each woke.
pub struct Sleepers {
    pub resident_kb: u64,
    pub processes: usize,
    pub late: Vec<f64>,
}

/// Puts `count` executions to sleep, then has them due at `rate` a second.
pub async fn sleepers(server: &Arc<Server>, count: u32, rate: f64, lead_seconds: f64) -> Sleepers {
    let now = std::time::UNIX_EPOCH.elapsed().expect("the clock is set").as_secs_f64();
    let next = Arc::new(AtomicUsize::new(0));
    let mut set = JoinSet::new();
    for _ in 0..16 {
        let (server, next) = (server.clone(), next.clone());
        set.spawn(async move {
            let mut ids = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= count as usize {
                    return ids;
                }
                ids.push(server.launch("sleeper", &json!({ "due": now + lead_seconds + n as f64 / rate })).await);
            }
        });
    }
    let mut ids = Vec::new();
    while let Some(some) = set.join_next().await {
        ids.extend(some.expect("a caller does not fail"));
    }
    let pid = server.child.id().expect("the server runs");
    let (resident_kb, processes) = (process::resident_kb(pid), process::below(pid).len());
    let mut late = Vec::new();
    for id in ids {
        late.push(server.ended(&id).await["output_value"].as_f64().expect("the flow returns seconds"));
    }
    Sleepers { resident_kb, processes, late }
}
