//! Changes on their way to those who listen: a `subscriptions/listen` stream, or the GET stream of a session.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::{ResourceUpdatedNotificationParam, SubscriptionFilter};
use rmcp::service::SubscriptionContext;
use rmcp::{Peer, RoleServer};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::behaviour::{Behaviour, Change};
use crate::told::Told;

/// Resources a session asked to hear of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subscriptions(Arc<Mutex<HashSet<String>>>);

impl Subscriptions {
    pub(crate) fn add(&self, uri: String) {
        self.lock().insert(uri);
    }

    pub(crate) fn remove(&self, uri: &str) {
        self.lock().remove(uri);
    }

    fn contains(&self, uri: &str) -> bool {
        self.lock().contains(uri)
    }

    fn all(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        // A set of texts is whole after every single step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next changes, or all there may have been where some were missed. None once there will be no more.
async fn next(changes: &mut Receiver<Change>, uris: impl FnOnce() -> Vec<String>) -> Option<Vec<Change>> {
    match changes.recv().await {
        Ok(change) => Some(vec![change]),
        Err(RecvError::Closed) => None,
        Err(RecvError::Lagged(_)) => {
            let mut all = vec![Change::Tools, Change::Prompts, Change::Resources];
            all.extend(uris().into_iter().map(Change::Resource));
            Some(all)
        }
    }
}

/// Feeds a `subscriptions/listen` stream until the client leaves or the server closes.
pub(crate) async fn listen<B: Behaviour>(
    (behaviour, caller): (&B, &B::Caller),
    mut changes: Receiver<Change>,
    (stream, tasks): (&SubscriptionContext, &mut Told),
    closing: &CancellationToken,
) {
    let accepted = stream.accepted();
    let sink = stream.sink();
    // A task may have gone on before anybody listened.
    for uri in tasks.resources() {
        tasks.look(behaviour, caller, (&uri, sink)).await;
    }
    let watched =
        |tasks: &Told| -> Vec<String> { accepted.resource_subscriptions.iter().flatten().cloned().chain(tasks.resources()).collect() };
    loop {
        let news = tokio::select! {
            () = closing.cancelled() => return,
            () = stream.cancelled() => return,
            news = next(&mut changes, || watched(tasks)) => news,
        };
        let Some(news) = news else {
            // Nothing will ever change; the stream stays until somebody ends it.
            tokio::select! {
                () = closing.cancelled() => return,
                () = stream.cancelled() => return,
            }
        };
        for change in news {
            if let Change::Resource(uri) = &change {
                tasks.look(behaviour, caller, (uri, sink)).await;
            }
            if !is_wanted(accepted, &change) || !behaviour.sees(caller, &change).await {
                continue;
            }
            let sent = match change {
                Change::Tools => sink.notify_tool_list_changed().await,
                Change::Prompts => sink.notify_prompt_list_changed().await,
                Change::Resources => sink.notify_resource_list_changed().await,
                Change::Resource(uri) => sink.notify_resource_updated(uri).await,
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

fn is_wanted(filter: &SubscriptionFilter, change: &Change) -> bool {
    match change {
        Change::Tools => filter.tools_list_changed == Some(true),
        Change::Prompts => filter.prompts_list_changed == Some(true),
        Change::Resources => filter.resources_list_changed == Some(true),
        Change::Resource(uri) => filter.resource_subscriptions.as_ref().is_some_and(|uris| uris.contains(uri)),
    }
}

/// Feeds the streams of a session until it ends.
pub(crate) async fn tell<B: Behaviour>(
    behaviour: Arc<B>,
    caller: B::Caller,
    peer: Peer<RoleServer>,
    mut changes: Receiver<Change>,
    (subscriptions, ended): (Subscriptions, CancellationToken),
) {
    loop {
        let news = tokio::select! {
            () = ended.cancelled() => return,
            news = next(&mut changes, || subscriptions.all()) => news,
        };
        let Some(news) = news else { return };
        for change in news {
            let is_wanted = match &change {
                Change::Resource(uri) => subscriptions.contains(uri),
                _ => true,
            };
            if !is_wanted || !behaviour.sees(&caller, &change).await {
                continue;
            }
            let sent = match change {
                Change::Tools => peer.notify_tool_list_changed().await,
                Change::Prompts => peer.notify_prompt_list_changed().await,
                Change::Resources => peer.notify_resource_list_changed().await,
                Change::Resource(uri) => peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await,
            };
            if sent.is_err() {
                return;
            }
        }
    }
}
