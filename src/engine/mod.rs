//! The engine: one loop over one closed enum of events, the only owner of every live execution's state.

mod adopt;
mod ask;
mod bound;
mod call;
mod check;
mod child;
mod connection;
mod control;
mod core;
mod departure;
mod dispatch;
mod drain;
mod effect;
mod ending;
mod epoch;
mod escape;
mod event;
mod fence;
mod hatch;
mod hold;
mod knock;
mod live;
mod lock;
mod log;
mod look;
mod lost;
mod message;
mod numbered;
mod nursery;
pub mod output;
mod park;
mod pool;
mod ready;
mod recover;
pub mod restore;
mod row;
mod sample;
mod savepoint;
mod schedule;
pub mod slot;
pub mod state;
mod steady;
mod suspend;
mod timer;
pub mod travel;
mod turn;
pub mod usage;
pub mod user;
mod wait;
pub mod zygote;

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::config;
use crate::error::{Error, Result};
use crate::service::{Command, Service};
use crate::store::Store;
use event::Event;

pub use nursery::is_flow;

/// Frames of slots that wait for the loop; a full channel holds the slots back.
const SLOT_EVENTS: usize = 1024;
/// Compiled scripts kept for slots to come.
const CACHED_SCRIPTS: usize = 1_000;

/// What the engine is told about itself.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// Executions that compute at the same time.
    pub slots: usize,
    pub idle_slots: usize,
    pub runs_per_slot: u32,
    /// Between a cancel and the kill.
    pub grace: Duration,
    /// Between the request to shut down and the kill of computing slots.
    pub drain: Duration,
    pub max_depth: u32,
    /// Live children of one execution.
    pub max_children: usize,
    /// Waiting executions that keep their processes, and the memory of these.
    pub max_parked: usize,
    pub max_parked_bytes: u64,
    pub cached_scripts: usize,
    pub limits: config::Limits,
    pub hash_seed: u32,
    /// Users that flows may run as, where the server is root.
    pub user_ids: Option<RangeInclusive<u32>>,
    /// Work directories of zygotes and slots.
    pub work_root: PathBuf,
    /// The binary that is run in the zygote role.
    pub binary: PathBuf,
}

impl EngineSettings {
    /// From the configuration; `0` slots means the number of CPUs.
    pub fn new(config: &config::Config, hash_seed: u32) -> EngineSettings {
        let cpus = std::thread::available_parallelism().map_or(2, usize::from);
        let slots = if config.engine.slots == 0 { cpus } else { config.engine.slots };
        let data = config.server.data.canonicalize().or_else(|_| std::path::absolute(&config.server.data));
        let data = data.unwrap_or_else(|_| config.server.data.clone());
        EngineSettings {
            slots,
            idle_slots: if config.engine.idle_slots == 0 { slots * 2 } else { config.engine.idle_slots },
            runs_per_slot: config.engine.runs_per_slot,
            grace: Duration::try_from_secs_f64(config.engine.grace_seconds).unwrap_or(Duration::from_secs(5)),
            drain: Duration::from_secs(config.server.drain_seconds),
            max_depth: config.engine.max_depth,
            max_children: usize::try_from(config.engine.max_children).unwrap_or(usize::MAX),
            max_parked: config.engine.max_parked,
            max_parked_bytes: config.engine.max_parked_bytes,
            cached_scripts: CACHED_SCRIPTS,
            limits: config.limits.clone(),
            hash_seed,
            user_ids: config.user_ids(),
            work_root: data.join("work"),
            binary: PathBuf::from("/proc/self/exe"),
        }
    }
}

/// The running engine. Dropped without [`Engine::shut_down`], it ends with the process.
pub struct Engine {
    events: mpsc::UnboundedSender<Event>,
    thread: std::thread::JoinHandle<()>,
    work_root: PathBuf,
}

impl Engine {
    /// Starts the engine on a thread of its own, with what was live in the store. Returns when that is taken up.
    pub async fn start(
        store: Store,
        service: Service,
        commands: mpsc::UnboundedReceiver<Command>,
        settings: EngineSettings,
    ) -> Result<Engine> {
        let fence = store.fence();
        let steady = steady::Steady::open(service.clock().clone(), &store).await?;
        let found = recover::find(&store, &service, "the server ended").await?;
        let (events, receiver) = mpsc::unbounded_channel();
        let work_root = settings.work_root.clone();
        let (started, running) = oneshot::channel();
        let (news, heard) = mpsc::unbounded_channel();
        // Not on the engine's thread: whoever commits and whoever waits for it are here.
        tokio::spawn(core::publish(heard, service.clone()));
        let (own, server) = (events.clone(), tokio::runtime::Handle::current());
        let thread = std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || {
                let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        let _ = started.send(Err(Error::internal("the engine's runtime could not be built").source_error(error)));
                        return;
                    }
                };
                let local = tokio::task::LocalSet::new();
                local.block_on(&runtime, async move {
                    let (slot_sender, slot_receiver) = mpsc::channel(SLOT_EVENTS);
                    let limits = pool::PoolLimits {
                        idle_slots: settings.idle_slots,
                        runs_per_slot: settings.runs_per_slot,
                        hash_seed: settings.hash_seed,
                        open_files: settings.limits.open_files,
                        processes: processes(&settings),
                        shared_memory_bytes: settings.limits.memory_bytes,
                        users: user::Users::new(store.clone(), settings.user_ids.clone(), settings.hash_seed),
                        binary: settings.binary.clone(),
                        zygotes: service.config().environments.zygotes,
                        service: Some(service.clone()),
                    };
                    let channels = (own.clone(), slot_sender);
                    // A server that was killed left its folders.
                    nursery::removed(settings.work_root.clone()).await;
                    let pool = pool::Pool::new(settings.work_root.clone(), limits, service.clock().clone(), channels);
                    tokio::task::spawn_local(forward(commands, own.clone()));
                    tokio::task::spawn_local(fence::watch(fence, store.clone(), service.clone(), own.clone()));
                    tokio::task::spawn_local(schedule::watch_clock(service.clock().clone(), own.clone()));
                    let _ = own.send(Event::Recovered(found));
                    let _ = started.send(Ok(()));
                    let mut core = core::Core::new(service, store, settings, pool, core::Channels { events: own, news, runtime: server });
                    core.steady = steady;
                    core.run(receiver, slot_receiver).await;
                });
            })
            .map_err(|e| Error::internal("the engine's thread could not be started").source_error(e))?;
        running.await.map_err(|_| Error::internal("the engine's thread ended at its start"))??;
        Ok(Engine { events, thread, work_root })
    }

    /// Drains: waiting executions are left for the next start, computing ones get their grace. Returns when all is on disk.
    pub async fn shut_down(self) {
        let _ = self.events.send(Event::Drain);
        let thread = self.thread;
        if tokio::task::spawn_blocking(move || thread.join()).await.is_err() {
            tracing::error!("the engine's thread could not be joined");
        }
        nursery::removed(self.work_root).await;
    }
}

/// Processes and threads that a domain's flows may have together: far more than its executions may, and yet an end for what is not counted
/// otherwise.
fn processes(settings: &EngineSettings) -> u64 {
    let executions = (settings.slots + settings.idle_slots + settings.max_parked) as u64;
    (executions * u64::from(settings.limits.processes)).max(4096)
}

async fn forward(mut commands: mpsc::UnboundedReceiver<Command>, events: mpsc::UnboundedSender<Event>) {
    while let Some(command) = commands.recv().await {
        if events.send(Event::Command(command)).is_err() {
            return;
        }
    }
}
