//! What must not be left when all executions have ended: processes, locks, folders, and executions that have not.

use std::time::Duration;

use flowstead::store::{Durability, Options, Store};
use serde_json::json;

use super::havoc::Seen;
use super::process;
use super::program::left_behind;
use crate::server::{Server, answer};

const TRIES: usize = 400;
const BETWEEN: Duration = Duration::from_millis(50);

/// Waits a while for those that nobody waited for; what has not ended then is at fault.
pub async fn live_executions(server: &Server) -> Vec<String> {
    let filter = json!({ "field": "status", "op": "notin", "value": ["ENDED_SUCCESS", "ENDED_ERROR", "ENDED_CANCELLED"] }).to_string();
    let mut last = Vec::new();
    for _ in 0..TRIES {
        let query = [("filter", filter.as_str()), ("plain", "true"), ("limit", "100")];
        let page = answer(server.request("GET", "/execution").query(&query)).await;
        let live = page.body.as_array().unwrap_or_else(|| panic!("listing what is live: {page:?}"));
        let words = live.iter().map(|e| format!("{} {} has not ended: {}, {}", e["id"], e["input_value"], e["status"], e["blocked_on"]));
        last = words.collect();
        if last.is_empty() {
            return last;
        }
        tokio::time::sleep(BETWEEN).await;
    }
    last
}

/// Looks at the processes, then stops the server and looks at its data folder.
pub async fn faults(server: &mut Server, seen: &Seen, port: u16) -> Vec<String> {
    let mut faults = daemons(port).await;
    let refused = server.whole_log().lines().filter(|line| line.contains("refused by the database")).count();
    if refused > 0 {
        faults.push(format!("{refused} writes were refused by the database"));
    }
    let pid = i32::try_from(server.child.id().expect("the server runs")).expect("a process number is small");
    let now = process::family(pid).all;
    server.stop().await;
    let mut living = Vec::new();
    for _ in 0..TRIES {
        living = seen.processes.iter().chain(&now).filter(|named| process::lives(**named)).collect();
        if living.is_empty() {
            break;
        }
        tokio::time::sleep(BETWEEN).await;
    }
    faults.extend(living.into_iter().map(|(pid, _)| format!("process {pid} outlived the server")));
    faults.extend(folders(server));
    faults.extend(rows(server).await);
    faults
}

/// What flows started and left behind.
async fn daemons(port: u16) -> Vec<String> {
    let words = left_behind(port);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut living = Vec::new();
    for _ in 0..TRIES {
        living = process::started_as(&words);
        if living.is_empty() {
            break;
        }
        tokio::time::sleep(BETWEEN).await;
    }
    living.into_iter().map(|pid| format!("process {pid}, which a flow left behind, still runs")).collect()
}

fn folders(server: &Server) -> Vec<String> {
    let work = server.folder().join("work");
    let left = std::fs::read_dir(work).into_iter().flatten().flatten();
    left.map(|entry| format!("the work folder {} was left", entry.path().display())).collect()
}

async fn rows(server: &Server) -> Vec<String> {
    let store = match Store::open(Options { folder: server.folder(), durability: Durability::Normal }).await {
        Ok(store) => store,
        Err(error) => return vec![format!("the store does not open: {error:?}")],
    };
    let locks = store.locks().await.expect("the store can be read");
    let live = store.execution_live().await.expect("the store can be read");
    store.close().await;
    let mut faults: Vec<String> = locks.iter().map(|(setting, holder, _)| format!("{holder} still holds the lock on {setting}")).collect();
    faults.extend(live.iter().filter_map(flowstead::store::Row::id).map(|id| format!("{id} is live in the store")));
    faults
}
