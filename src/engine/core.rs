//! The loop and the state it owns. Handlers in the sibling files are methods of [`Core`], one noun a file.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::EngineSettings;
use super::bound::Home;
use super::departure::Departures;
use super::event::{CallRef, Event};
use super::live::Live;
use super::lock::Locks;
use super::pool::Pool;
use super::ready::Ready;
use super::sample::Look;
use super::schedule::Schedules;
use super::state::{self, Step};
use super::steady::Steady;
use super::suspend::Parked;
use super::timer::{Due, Timers};
use crate::clock::Clock;
use crate::records::Status;
use crate::service::{EngineStats, Service, Stat};
use crate::store::{Commit, Store, Unit, Write};

/// Idle slots older than this leave, so that an idle server holds no processes for long.
const IDLE_SLOT_AGE: Duration = Duration::from_secs(60);
/// Journals read at a time, for each slot that computes. Many more would be replayed at once after a restart, and hold up the
/// look-ups of those that run.
const READ_AHEAD: usize = 2;

/// A commit, and the execution whose subscribers are told of it.
pub(super) type News = (Commit, Uuid);

/// The sending ends that the core keeps.
pub(super) struct Channels {
    pub events: mpsc::UnboundedSender<Event>,
    /// Read by [`publish`].
    pub news: mpsc::UnboundedSender<News>,
    pub runtime: Handle,
}

/// The engine's whole state.
pub struct Core {
    pub(super) service: Service,
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) steady: Steady,
    pub(super) config: EngineSettings,
    pub(super) stats: Arc<EngineStats>,
    /// On the heap one by one: a table of thousands has room for twice as many, and moves what is in it when it grows.
    pub(super) live: HashMap<Uuid, Box<Live>>,
    pub(super) ready: Ready,
    pub(super) timers: Timers,
    pub(super) pool: Pool,
    pub(super) locks: Locks,
    pub(super) schedules: Schedules,
    pub(super) parked: Parked,
    /// Executions that wait for the end of another, by that other.
    pub(super) watchers: HashMap<Uuid, HashSet<Uuid>>,
    /// Executions that wait for the answer to a message, by message.
    pub(super) asking: HashMap<Uuid, HashSet<Uuid>>,
    /// Compiled scripts by (domain, script hash), as base64 of `marshal`.
    pub(super) codes: HashMap<(super::live::Domain, String), Arc<str>>,
    pub(super) checks: HashMap<super::event::SlotId, super::check::Checking>,
    /// Scripts to be checked once their domain has a zygote.
    pub(super) waiting_checks: Vec<super::check::Waiting>,
    /// Who wants to know where the flow of a slot stands.
    pub(super) looks: super::look::Looks,
    pub(super) dirty_logs: HashSet<Uuid>,
    /// Executions whose journals are being read: soon they compute.
    pub(super) reading: HashMap<Uuid, Home>,
    pub(super) sandbox_told: bool,
    pub(super) log_timer: bool,
    pub(super) retire_timer: bool,
    pub(super) look: Look,
    /// Connections on their way out.
    pub(super) departures: Departures,
    pub(super) draining: bool,
    /// A commit failed, and what is on disk has not been read yet.
    pub(super) fenced: bool,
    /// How often everything was read anew after a commit that failed: what was read before that is out of date.
    pub(super) life: u32,
    /// Executions to be adopted that the engine heard of while it was fenced.
    pub(super) orphaned: Vec<Uuid>,
    pub(super) events: mpsc::UnboundedSender<Event>,
    news: mpsc::UnboundedSender<News>,
    /// Where work goes that is none of the loop's: the server's own threads.
    pub(super) runtime: Handle,
    order: u64,
    computing: usize,
    /// The audit entry of a request: it goes into the unit of the first change that the request makes.
    entry: RefCell<Option<Write>>,
}

impl Core {
    /// A core without executions; [`Core::run`] starts with those of the store.
    pub fn new(service: Service, store: Store, config: EngineSettings, pool: Pool, channels: Channels) -> Core {
        let Channels { events, news, runtime } = channels;
        Core {
            clock: service.clock().clone(),
            steady: Steady::begin(service.clock().clone()),
            stats: service.stats().clone(),
            service,
            store,
            config,
            pool,
            events,
            news,
            runtime,
            live: HashMap::new(),
            ready: Ready::default(),
            timers: Timers::default(),
            locks: Locks::default(),
            schedules: Schedules::default(),
            parked: Parked::default(),
            watchers: HashMap::new(),
            asking: HashMap::new(),
            codes: HashMap::new(),
            checks: HashMap::new(),
            waiting_checks: Vec::new(),
            looks: super::look::Looks::default(),
            dirty_logs: HashSet::new(),
            reading: HashMap::new(),
            sandbox_told: false,
            log_timer: false,
            retire_timer: false,
            look: Look::default(),
            departures: Departures::default(),
            draining: false,
            fenced: false,
            life: 0,
            orphaned: Vec::new(),
            order: 0,
            computing: 0,
            entry: RefCell::new(None),
        }
    }

    /// The loop: one event, then whatever became possible by it. Ends when drained.
    pub async fn run(mut self, mut events: mpsc::UnboundedReceiver<Event>, mut slots: mpsc::Receiver<Event>) {
        loop {
            let due = self.timers.next();
            let clock = self.clock.clone();
            let sleep = async move {
                match due {
                    Some(at) => clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                Some(event) = events.recv() => self.handle(event),
                Some(event) = slots.recv() => self.handle(event),
                () = sleep => self.handle(Event::TimerDue),
            }
            self.dispatch();
            self.tell_held_back();
            self.gauge();
            if self.draining && self.is_drained() {
                break;
            }
        }
        self.shut_down().await;
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Command(command) => self.on_command(command),
            Event::Slot(slot, event) => self.on_slot(slot, event),
            Event::Hatched(domain, zygote) => self.on_hatched(&domain, zygote),
            Event::Sandbox(report) => self.on_sandbox(&report),
            Event::Zygote(domain, message) => self.on_zygote(&domain, message),
            Event::TimerDue => self.on_timers(),
            Event::Measured(usages) => self.on_measured(usages),
            Event::Answered(call, answer) => self.on_answered(call, answer),
            Event::Adopted(life, read) => self.on_adopted(life, read),
            Event::ConnectionTold(at, line) => self.on_connection_told(at, line),
            Event::Connected(at, carried) => self.on_connected(at, carried),
            Event::ChildReady(call, asked, child) => self.on_child_ready(call, asked, child),
            Event::StatesRead(call, states) => self.on_states_read(call, states),
            Event::JournalRead(id, attempt, journal) => self.on_journal_read(id, attempt, journal),
            Event::SavepointsRead(call, read) => self.on_savepoints_read(call, read),
            Event::LockReady(call, setting) => self.on_lock_ready(call, setting),
            Event::MessageRead(call, state, look) => self.on_message_read(call, state, look),
            Event::LimitsRead(limits) => self.on_limits_read(limits),
            Event::ClockJumped => self.on_clock_jumped(),
            Event::ScheduleAsked(id, turn) => self.on_schedule_asked(id, turn),
            Event::Recovered(found) => self.on_recovered(found),
            Event::CommitFailed => self.on_commit_failed(),
            Event::Deposed => self.on_deposed(),
            Event::Drain => self.on_drain(),
        }
    }

    fn on_timers(&mut self) {
        let now = self.clock.instant();
        while let Some(due) = self.timers.pop(now) {
            match due {
                Due::Sleep { execution, seq } => self.on_sleep_over(execution, seq),
                Due::WaitTimeout { execution, seq } => self.on_wait_timeout(execution, seq),
                Due::LockTimeout { execution, seq } => self.on_lock_timeout(execution, seq),
                Due::MessageTimeout { execution, seq } => self.on_message_timeout(execution, seq),
                Due::Grace { execution } => self.on_grace_over(execution),
                Due::Deadline { execution } => self.on_deadline(execution),
                Due::Release { execution } => self.on_release(execution),
                Due::Schedule { schedule } => self.on_schedule_due(schedule),
                Due::Hung { slot } => self.on_hung(slot),
                Due::CheckOver { slot } => self.on_check_over(slot),
                Due::FlushLogs => self.on_flush_logs(),
                Due::Retire => self.on_retire(),
                Due::Sample => self.on_sample(),
            }
        }
    }

    /// The next order number; older executions have smaller ones.
    pub(super) fn next_order(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    /// Hands writes to the one writer; never waits.
    pub(super) fn submit(&self, writes: Vec<Write>) -> Commit {
        self.store.submit(Unit { writes: self.with_entry(writes), lazy: false })
    }

    /// As [`Core::submit`], for writes that nobody outside waits for: they ride with the next commit.
    pub(super) fn submit_lazy(&self, writes: Vec<Write>) -> Commit {
        self.store.submit(Unit { writes: self.with_entry(writes), lazy: true })
    }

    /// What is submitted next tells of itself with this entry of the audit log.
    pub(super) fn tell_with(&self, entry: Write) {
        self.entry.replace(Some(entry));
    }

    /// The entry, when nothing has taken it along.
    pub(super) fn untold(&self) -> Option<Write> {
        self.entry.take()
    }

    fn with_entry(&self, mut writes: Vec<Write>) -> Vec<Write> {
        writes.extend(self.entry.take());
        writes
    }

    /// Tells subscribers of `id` to look again, once `commit` is on disk.
    pub(super) fn publish_after(&self, commit: Commit, id: Uuid) {
        // The receiver lives as long as the loop; at shutdown nobody listens any more.
        let _ = self.news.send((commit, id));
    }

    /// The live execution that `call` belongs to, unless that attempt is over.
    pub(super) fn live_call(&mut self, call: CallRef) -> Option<&mut Live> {
        self.live.get_mut(&call.execution).map(Box::as_mut).filter(|live| live.attempt == call.attempt)
    }

    /// Moves an execution through the state machine and keeps the counts. Returns whether it moved.
    pub(super) fn step(&mut self, id: Uuid, step: Step) -> bool {
        let Some(live) = self.live.get_mut(&id) else { return false };
        let Some(to) = state::next(live.status, step) else {
            tracing::debug!(execution = %id, from = live.status.name(), ?step, "a step that cannot happen here was left out");
            return false;
        };
        let before = live.is_computing();
        live.status = to;
        let after = live.is_computing();
        let home = live.home();
        if !to.is_waiting() && to != Status::Paused {
            self.parked.remove(id);
        }
        self.count_computing(home, before, after);
        true
    }

    /// Keeps the number of computing slots right around a change of slot or state.
    pub(super) fn count_computing(&mut self, home: Home, before: bool, after: bool) {
        if before != after {
            self.computing = if after { self.computing + 1 } else { self.computing.saturating_sub(1) };
            self.ready.count_running(home, after);
            if after {
                self.sample_later();
            }
        }
    }

    /// No slot computes.
    pub(super) fn forget_counts(&mut self) {
        self.computing = 0;
        self.reading.clear();
    }

    /// Whether another execution may compute.
    pub(super) fn has_room(&self) -> bool {
        self.computing < self.config.slots && self.reading.len() < self.config.slots * READ_AHEAD
    }

    pub(super) fn retire_later(&mut self) {
        if !self.retire_timer {
            self.retire_timer = true;
            self.timers.set(self.clock.instant().plus(IDLE_SLOT_AGE), Due::Retire);
        }
    }

    fn on_retire(&mut self) {
        self.retire_timer = false;
        if self.pool.retire_idle(self.clock.instant(), IDLE_SLOT_AGE) {
            self.retire_later();
        }
    }

    fn gauge(&self) {
        let in_slots = self.pool.busy_count();
        let set = |stat, value: usize| self.stats.set(stat, value as u64);
        set(Stat::Live, self.live.len());
        set(Stat::Pending, self.ready.len());
        set(Stat::Running, self.computing);
        set(Stat::Parked, in_slots.saturating_sub(self.computing));
        set(Stat::Slots, self.pool.slot_count());
        set(Stat::Zygotes, self.pool.zygote_count());
    }

    /// Statuses in which a slotless execution may go on when a time has come.
    pub(super) fn waits_without_slot(live: &Live) -> bool {
        live.slot.is_none() && (live.status.is_waiting() || live.status == Status::Created)
    }
}

/// Publishes wake-ups in commit order.
pub(super) async fn publish(mut receiver: mpsc::UnboundedReceiver<News>, service: Service) {
    while let Some((commit, id)) = receiver.recv().await {
        if commit.wait().await.is_ok() {
            service.events().publish(id);
        }
    }
}
