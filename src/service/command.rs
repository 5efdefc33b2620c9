//! What the service asks of the engine, and the news that comes back: wake-ups without a payload to act on.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::Actor;
use super::news::{Listeners, News};
use crate::error::{Error, Kind, Result};
use crate::protocol::{Checked, Stack};
use crate::store::{Commit, LimitOf, Row, Write};

/// An execution ready to be made: rights, schema, location and limits are settled.
pub struct NewExecution {
    pub id: Uuid,
    /// Every column of the EXECUTION row, as it will be inserted.
    pub row: Row,
    /// The pinned source.
    pub script: Arc<str>,
    /// `inputs` of the handler as JSON text: `input_value` with the schema's defaults filled in.
    pub inputs: Arc<str>,
    /// Who its flow_api calls act as.
    pub actor: Actor,
    /// Start at once; else it stays CREATED until `run()` or its time.
    pub run: bool,
    /// Everything that makes it, in one unit: the insert of `row`, the script's blob, an idempotency row. Empty when it was loaded.
    pub writes: Vec<Write>,
}

/// The execution that makes a child.
#[derive(Clone, Copy, Debug)]
pub struct ParentRef {
    pub id: Uuid,
    pub root: Uuid,
    /// Of the child.
    pub depth: u32,
}

/// A request to the engine. Each has one receiver: the engine's loop.
pub enum Command {
    /// Takes an execution over. The answer is the commit of its row.
    Start {
        execution: Box<NewExecution>,
        lazy: bool,
        reply: oneshot::Sender<Result<Commit>>,
    },
    /// Takes over an execution whose row was written together with what set it off. Nobody waits for it: one that the engine
    /// does not hear of stays PENDING in the store, and is found there at the next start.
    Adopt {
        id: Uuid,
    },
    /// Starts one that is CREATED.
    Run {
        id: Uuid,
        /// The audit entry of the request, here and below: in one unit with what it tells of.
        entry: Write,
        reply: oneshot::Sender<Result<Commit>>,
    },
    /// Cancels one and its children; the commit is of the request, not of the end.
    Cancel {
        id: Uuid,
        by: String,
        entry: Write,
        reply: oneshot::Sender<Result<Commit>>,
    },
    Pause {
        id: Uuid,
        entry: Write,
        reply: oneshot::Sender<Result<Commit>>,
    },
    Resume {
        id: Uuid,
        entry: Write,
        reply: oneshot::Sender<Result<Commit>>,
    },
    /// Asks a running flow where it stands. The first answer says whether that can be known.
    Look {
        id: Uuid,
        reply: oneshot::Sender<Result<Look>>,
    },
    /// Something was written that may say how many executions run at once. Nobody waits for it.
    LimitChanged {
        of: LimitOf,
        /// There is a limit now.
        is_set: bool,
    },
    /// A message was answered, or deleted. Nobody waits for it.
    MessageChanged {
        id: Uuid,
    },
    /// A schedule was written or deleted. Nobody waits for it.
    ScheduleChanged {
        id: Uuid,
    },
    /// Compiles a script in a worker without running it. `place` is where the script lives.
    Check {
        script: String,
        script_name: String,
        /// Also find out what it says about itself, for which it may be imported.
        describe: bool,
        place: String,
        /// The key of the environment it is imported with.
        environment: Option<String>,
        reply: oneshot::Sender<Result<Checked>>,
    },
}

/// What comes of [`Command::Look`].
#[derive(Debug)]
pub enum Look {
    /// It has no process at the moment.
    Nowhere,
    /// Its process cannot be asked: it is not ready yet, or its code took the signal for itself.
    Deaf,
    /// It was asked. Code that does not come back to Python does not answer; one that ends drops the sender.
    Asked(oneshot::Receiver<Stack>),
}

/// The sending end towards the engine; empty in commands that run without one.
#[derive(Clone, Default)]
pub struct Commands(Option<mpsc::UnboundedSender<Command>>);

impl Commands {
    /// A channel pair: the handle for the service and the receiver for the engine.
    pub fn channel() -> (Commands, mpsc::UnboundedReceiver<Command>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Commands(Some(sender)), receiver)
    }

    /// No engine: every request is refused as unavailable.
    pub fn none() -> Commands {
        Commands(None)
    }

    /// Whether an engine was attached.
    pub fn is_attached(&self) -> bool {
        self.0.is_some()
    }

    /// Tells the engine, if there is one, something that it does not answer.
    pub fn tell(&self, command: Command) {
        if let Some(sender) = &self.0 {
            // An engine that is gone needs no news.
            let _ = sender.send(command);
        }
    }

    /// Sends what `make` builds around a reply channel and waits for the engine's answer.
    pub async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<Result<T>>) -> Command) -> Result<T> {
        let away = || Error::new(Kind::Unavailable, "The engine is not running here; start the server with `flowstead serve`.");
        let sender = self.0.as_ref().ok_or_else(away)?;
        let (reply, answer) = oneshot::channel();
        sender.send(make(reply)).map_err(|_| away())?;
        answer.await.map_err(|_| away())?
    }
}

/// Wake-ups per execution: "look again". A missed one costs latency, never truth.
#[derive(Clone, Default)]
pub struct Events {
    inner: Arc<Mutex<HashMap<Uuid, watch::Sender<u64>>>>,
    listeners: Listeners,
}

/// A subscription to one execution's wake-ups.
pub struct Subscription {
    events: Events,
    id: Uuid,
    receiver: watch::Receiver<u64>,
}

impl Events {
    /// Wake-ups that `listeners` hear of too.
    pub fn new(listeners: Listeners) -> Events {
        Events { inner: Arc::default(), listeners }
    }

    /// Subscribes before looking, so that nothing between look and wait is missed.
    pub fn subscribe(&self, id: Uuid) -> Subscription {
        let mut map = self.inner.lock().expect("no panic happens under this lock");
        let receiver = map.entry(id).or_insert_with(|| watch::Sender::new(0)).subscribe();
        Subscription { events: self.clone(), id, receiver }
    }

    /// Tells whoever waits for `id` to look again.
    pub fn publish(&self, id: Uuid) {
        let map = self.inner.lock().expect("no panic happens under this lock");
        if let Some(sender) = map.get(&id) {
            sender.send_modify(|n| *n += 1);
        }
        drop(map);
        self.listeners.tell(&News::Execution(id));
    }
}

impl Subscription {
    /// Resolves at the next wake-up after the last one seen.
    pub async fn changed(&mut self) {
        if self.receiver.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut map = self.events.inner.lock().expect("no panic happens under this lock");
        if map.get(&self.id).is_some_and(|sender| sender.receiver_count() <= 1) {
            map.remove(&self.id);
        }
    }
}

/// Counters of the engine, for `/metrics` and health. Written by the engine's loop alone.
#[derive(Default)]
pub struct EngineStats {
    counters: [AtomicU64; Stat::COUNT],
}

/// One counter or gauge of [`EngineStats`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Stat {
    /// Gauge: executions not ended.
    Live,
    /// Gauge: executions that want a slot.
    Pending,
    /// Gauge: executions computing in a slot.
    Running,
    /// Gauge: executions parked in a slot while they wait.
    Parked,
    /// Gauge: slot processes.
    Slots,
    /// Gauge: zygote processes.
    Zygotes,
    /// Counters since the start.
    Started,
    Succeeded,
    Failed,
    Cancelled,
    Forks,
    Replays,
    /// Waiting executions that gave up their process.
    Suspended,
    Calls,
    LogEntries,
}

impl Stat {
    pub const COUNT: usize = 15;
    /// Every counter with its Prometheus name, and whether it is a gauge.
    pub const ALL: [(Stat, &'static str, bool); Stat::COUNT] = [
        (Stat::Live, "flowstead_executions_live", true),
        (Stat::Pending, "flowstead_executions_pending", true),
        (Stat::Running, "flowstead_executions_running", true),
        (Stat::Parked, "flowstead_executions_parked", true),
        (Stat::Slots, "flowstead_slots", true),
        (Stat::Zygotes, "flowstead_zygotes", true),
        (Stat::Started, "flowstead_executions_started_total", false),
        (Stat::Succeeded, "flowstead_executions_succeeded_total", false),
        (Stat::Failed, "flowstead_executions_failed_total", false),
        (Stat::Cancelled, "flowstead_executions_cancelled_total", false),
        (Stat::Forks, "flowstead_forks_total", false),
        (Stat::Replays, "flowstead_replays_total", false),
        (Stat::Suspended, "flowstead_suspensions_total", false),
        (Stat::Calls, "flowstead_calls_total", false),
        (Stat::LogEntries, "flowstead_log_entries_total", false),
    ];
}

impl EngineStats {
    pub fn get(&self, stat: Stat) -> u64 {
        self.counters[stat as usize].load(Ordering::Relaxed)
    }

    pub fn set(&self, stat: Stat, value: u64) {
        self.counters[stat as usize].store(value, Ordering::Relaxed);
    }

    pub fn add(&self, stat: Stat, by: u64) {
        self.counters[stat as usize].fetch_add(by, Ordering::Relaxed);
    }
}
