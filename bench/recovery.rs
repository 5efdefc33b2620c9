//! A thousand live executions: how soon they run again when their slot, their zygote or the server is killed.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::json;

use super::kill_suite::outside::Outside;
use super::kill_suite::process;
use super::server::Server;
use super::table::{Table, ms, quantile};

const LIVE: usize = 1_000;
/// Slots that are killed one after another.
const SLOTS: usize = 100;
/// Kills of the zygote, and of the server.
const ROUNDS: usize = 3;
/// How long any of it may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// Each attempt says that it runs, replays some steps, says that it has, and then neither ends nor waits for anything of ours. It takes
/// the socket of C: what a flow imports by itself, a thousand times over, is not what is measured.
const LIVING: &str = "
import _socket, os, time

def tell(inputs, what):
    peer = _socket.socket()
    peer.connect(('127.0.0.1', inputs['port']))
    peer.send(f'{inputs[\"key\"]} {os.getpid()} {what}\\n'.encode())
    peer.recv(100)
    peer.close()

def handler(system, this, inputs):
    tell(inputs, 'runs')
    for n in range(10):
        this.step(f'step {n}', int)
    tell(inputs, 'waits')
    time.sleep(86400)
";

/// Executions that run, and how they say so.
struct Living {
    outside: Outside,
    /// Acts seen so far, and the last process of each execution.
    seen: usize,
    runs: HashMap<String, i32>,
}

impl Living {
    /// Returns once `count` executions have replayed their steps: seconds from `begun` to when each ran.
    async fn again(&mut self, count: usize, begun: Instant) -> Vec<f64> {
        let (mut first, mut through) = (HashMap::new(), HashSet::new());
        let until = Instant::now() + DEADLINE;
        while through.len() < count {
            assert!(Instant::now() < until, "only {} of {count} executions run, {} through their steps", first.len(), through.len());
            tokio::time::sleep(Duration::from_millis(2)).await;
            for act in self.outside.since(self.seen) {
                self.seen += 1;
                let [key, pid, what] = act.key.split(' ').collect::<Vec<_>>().try_into().expect("a key, a process and a word");
                self.runs.insert(key.to_owned(), pid.parse().expect("a process number"));
                first.entry(key.to_owned()).or_insert(act.at.saturating_duration_since(begun).as_secs_f64());
                if what == "waits" {
                    through.insert(key.to_owned());
                }
            }
        }
        first.into_values().collect()
    }
}

/// Measures and adds three lines.
pub async fn measure(server: &mut Server, table: &mut Table) {
    server.flow("living", LIVING, &json!({ "on_loss": "resume" })).await;
    let mut living = Living { outside: Outside::open(), seen: 0, runs: HashMap::new() };
    for n in 0..LIVE {
        server.launch("living", &json!({ "key": format!("live-{n}"), "port": living.outside.port })).await;
    }
    living.again(LIVE, Instant::now()).await;
    let mut slots = Vec::new();
    for n in 0..SLOTS {
        let pid = living.runs[&format!("live-{}", n * LIVE / SLOTS)];
        let begun = Instant::now();
        assert!(process::signal(pid, Signal::SIGKILL), "process {pid} is gone");
        slots.extend(living.again(1, begun).await);
    }
    let (mut zygotes, mut servers) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let pid = i32::try_from(server.child.id().expect("the server runs")).expect("a process number is small");
        let above = process::family(pid).zygotes.into_iter().filter(|zygote| !process::family(*zygote).all.is_empty());
        let begun = Instant::now();
        for zygote in above {
            process::signal(zygote, Signal::SIGKILL);
        }
        zygotes.extend(living.again(LIVE, begun).await);
        server.kill9().await;
        let begun = Instant::now();
        server.restart().await;
        servers.extend(living.again(LIVE, begun).await);
    }
    let shown = |seconds: &mut Vec<f64>| {
        let [p50, p95, last] = [0.5, 0.95, 1.0].map(|share| quantile(seconds, share));
        format!("p50 {}, p95 {}, last {}", ms(p50), ms(p95), ms(last))
    };
    table.add("1,000 live: running again after the kill of a slot", shown(&mut slots), "within 1 s at p95");
    table.add("1,000 live: all running again after the kill of their zygote", shown(&mut zygotes), "");
    table.add("1,000 live: all running again after the server's start, which was killed", shown(&mut servers), "within 5 s at p95");
}
