//! News for those who listen: a list or a resource is not what it was.

use flowstead_wire::Change;
use tokio::sync::broadcast;
use uuid::Uuid;

use super::Mcp;
use crate::service::{Actor, News, PROMPT_PREFIX, Selector, Service};

/// News kept for a listener that is slow; one that misses some is told to look at everything again.
const KEPT: usize = 256;
/// What the URIs of executions begin with.
pub(super) const EXECUTION: &str = "execution://";

/// Turns the service's news into changes of what this door shows.
pub(super) fn listen(service: &Service) -> broadcast::Sender<Change> {
    let (sender, _) = broadcast::channel(KEPT);
    let told = sender.clone();
    service.listeners().add(move |news| {
        if told.receiver_count() == 0 {
            return;
        }
        for change in changes_of(news) {
            // Whoever has gone meanwhile need not be told.
            let _ = told.send(change);
        }
    });
    sender
}

/// The executions that ask something from now on.
pub(super) fn asked(service: &Service) -> broadcast::Sender<Uuid> {
    let (sender, _) = broadcast::channel(KEPT);
    let told = sender.clone();
    service.listeners().add(move |news| {
        if let News::Asked { execution } = news {
            // Nobody waits: nobody need be told.
            let _ = told.send(*execution);
        }
    });
    sender
}

fn changes_of(news: &News) -> Vec<Change> {
    match news {
        News::UserTools => vec![Change::Tools],
        News::Rights => vec![Change::Tools, Change::Prompts, Change::Resources],
        News::Metadata { key, .. } if key.starts_with(PROMPT_PREFIX) => vec![Change::Prompts],
        // That something is asked shows in its execution.
        News::Metadata { .. } | News::Asked { .. } => Vec::new(),
        News::Execution(id) => vec![Change::Resource(format!("{EXECUTION}{id}"))],
    }
}

/// Lists are announced to all: that one may have changed says nothing of what is in it, and whoever lost a right has to be
/// told as well as who got one.
pub(super) async fn sees(mcp: &Mcp, actor: &Actor, change: &Change) -> bool {
    match change {
        // Who looks after the news must find the new state on disk.
        Change::Tools | Change::Prompts | Change::Resources => mcp.service().settled().await.is_ok(),
        Change::Resource(uri) => match uri.strip_prefix(EXECUTION).and_then(|id| Uuid::parse_str(id).ok()) {
            Some(id) => {
                let executions = crate::records::find("EXECUTION").expect("it is a declared type");
                mcp.service().record_exists(actor, executions, &Selector::Id(id)).await.unwrap_or(false)
            }
            None => false,
        },
    }
}
