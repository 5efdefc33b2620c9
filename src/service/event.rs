//! Wake-ups by execution: "look again", without anything to act on, so that a lost one costs time and never truth.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use uuid::Uuid;

/// What there is to look at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// The status, or anything else in the EXECUTION row.
    State,
    /// The log.
    Log,
    /// The journal.
    Steps,
}

/// Brings wake-ups from the engine to whoever waits. Cheap to clone.
#[derive(Clone, Default)]
pub struct Events {
    topics: Arc<Mutex<HashMap<(Uuid, Topic), watch::Sender<u64>>>>,
}

impl Events {
    pub fn new() -> Events {
        Events::default()
    }

    /// Wakes everyone who subscribed. Call it after the commit, or they look too early.
    pub fn notify(&self, execution: Uuid, topic: Topic) {
        if let Some(sender) = self.topics.lock().expect("no panic happens under this lock").get(&(execution, topic)) {
            sender.send_modify(|n| *n += 1);
        }
    }

    /// Subscribe first, look at the store second, wait third: then nothing is missed.
    pub fn subscribe(&self, execution: Uuid, topic: Topic) -> Subscription {
        let mut topics = self.topics.lock().expect("no panic happens under this lock");
        let receiver = topics.entry((execution, topic)).or_insert_with(|| watch::Sender::new(0)).subscribe();
        Subscription { events: self.clone(), key: (execution, topic), receiver: Some(receiver) }
    }
}

/// One listener; leaving it forgets the topic when it was the last.
pub struct Subscription {
    events: Events,
    key: (Uuid, Topic),
    receiver: Option<watch::Receiver<u64>>,
}

impl Subscription {
    /// Returns once there was a wake-up since the last call, or since the subscription. Cancel safe.
    pub async fn changed(&mut self) {
        let receiver = self.receiver.as_mut().expect("only drop takes it");
        // The sender lives in the map as long as there is a receiver.
        let _ = receiver.changed().await;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut topics = self.events.topics.lock().expect("no panic happens under this lock");
        self.receiver = None;
        if topics.get(&self.key).is_some_and(|sender| sender.receiver_count() == 0) {
            topics.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wake_up_between_subscribing_and_waiting_is_not_missed() {
        let events = Events::new();
        let id = Uuid::from_u128(7);
        let mut subscription = events.subscribe(id, Topic::State);
        events.notify(id, Topic::Log);
        events.notify(id, Topic::State);
        subscription.changed().await;
        drop(subscription);
        assert!(events.topics.lock().unwrap().is_empty());
        events.notify(id, Topic::State);
    }
}
