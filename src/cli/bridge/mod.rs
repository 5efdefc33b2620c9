//! `flowstead mcp`: a bridge for clients that only start programs. JSON-RPC lines on standard input go to a server's MCP
//! endpoint, what it answers comes out as lines. Standard output carries JSON-RPC and nothing else.

mod event;
mod exchange;
mod header;

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::error::{Error, Kind, Result};

use super::client::{Remote, Server};
use exchange::Exchange;

/// Runs until standard input ends and every request that came in has its answer.
pub(super) async fn run(remote: Remote) -> Result<()> {
    let (out, lines) = mpsc::unbounded_channel();
    let printer = tokio::spawn(print(lines));
    let mut bridge = Bridge { exchange: Arc::new(Exchange::new(Server::new(remote)?, out)), tasks: JoinSet::new(), running: Vec::new() };
    let mut input = BufReader::new(tokio::io::stdin()).lines();
    let unreadable = |e| Error::new(Kind::Malformed, format!("Standard input cannot be read: {e}."));
    while let Some(line) = input.next_line().await.map_err(unreadable)? {
        if !line.trim().is_empty() {
            bridge.take(&line).await;
        }
    }
    while bridge.tasks.join_next().await.is_some() {}
    bridge.exchange.leave().await;
    drop(bridge);
    printer.await.map_err(|e| Error::internal("the printer of the bridge failed").source_error(e))?
}

/// Writes each message as one line.
async fn print(mut lines: mpsc::UnboundedReceiver<Value>) -> Result<()> {
    let gone = |e| Error::new(Kind::Unavailable, format!("Standard output cannot be written to: {e}."));
    let mut output = tokio::io::stdout();
    while let Some(message) = lines.recv().await {
        output.write_all(format!("{message}\n").as_bytes()).await.map_err(gone)?;
        output.flush().await.map_err(gone)?;
    }
    Ok(())
}

/// A request under way.
struct Running {
    id: Value,
    is_modern: bool,
    task: AbortHandle,
}

struct Bridge {
    exchange: Arc<Exchange>,
    tasks: JoinSet<()>,
    running: Vec<Running>,
}

impl Bridge {
    /// Takes one line. Requests run side by side; the handshake and notifications keep their order.
    async fn take(&mut self, line: &str) {
        while self.tasks.try_join_next().is_some() {}
        self.running.retain(|running| !running.task.is_finished());
        let message: Value = match serde_json::from_str(line) {
            Ok(message) => message,
            Err(error) => {
                let error = json!({"code": -32700, "message": format!("The line is not JSON: {error}.")});
                return self.exchange.say(json!({"jsonrpc": "2.0", "id": null, "error": error}));
            }
        };
        if self.stops_one(&message) {
            return;
        }
        let method = message["method"].as_str();
        let is_request = method.is_some() && !message["id"].is_null();
        if !is_request || method == Some("initialize") {
            return self.exchange.clone().deliver(message).await;
        }
        let (id, is_modern) = (message["id"].clone(), header::revision(&message).is_some());
        let task = self.tasks.spawn(self.exchange.clone().deliver(message));
        self.running.push(Running { id, is_modern, task });
    }

    /// Over HTTP, a client of 2026-07-28 cancels a request by closing its answer; there is nothing to send.
    fn stops_one(&mut self, message: &Value) -> bool {
        if message["method"] != "notifications/cancelled" {
            return false;
        }
        let wanted = &message["params"]["requestId"];
        let found = self.running.iter().position(|running| running.id == *wanted && running.is_modern);
        if let Some(at) = found {
            self.running.swap_remove(at).task.abort();
        }
        found.is_some()
    }
}
