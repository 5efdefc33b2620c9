//! Zygotes and slots: which process can take which execution, and when one must leave.

mod room;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use uuid::Uuid;

use super::event::{Event, SlotId};
use super::hatch::{self, Egg};
use super::live::Domain;
use super::slot::{SlotEvent, SlotReader, SlotWriter};
use super::usage;
use super::user::Users;
use super::zygote::{SlotExit, Zygote, ZygoteOptions};
use crate::clock::{Clock, Instant};
use crate::error::{Error, Result};
use crate::protocol::FrameKind;
use crate::service::Service;

/// What a warm slot may run again: the same script in the same domain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SlotKey {
    pub domain: Domain,
    pub script_hash: String,
}

/// One slot process.
pub struct SlotState {
    pub key: SlotKey,
    pub execution: Option<Uuid>,
    /// Whose it was until it was killed to make room.
    pub abandoned_by: Option<Uuid>,
    /// Known once the zygote has forked it.
    pub pid: Option<i32>,
    writer: SlotWriter,
    runs: u32,
    /// Processes and threads it had when they were counted, and made since.
    pub forks: usize,
    idle_since: Instant,
    /// It may have other processes or threads, which go on while its handler waits.
    pub has_company: bool,
    looked_at: Instant,
    /// Looks at it that leave its folder out.
    pub folder_rest: u32,
    /// The engine killed it: its end is no fault of the flow.
    pub killed: bool,
    pub exit: Option<SlotExit>,
    pub closed: bool,
    /// Why the flow's own doing cut the connection: a bad frame, or a closed descriptor.
    pub fault: Option<String>,
}

enum Nest {
    /// Being started; these wait for it.
    Starting(Vec<Uuid>),
    /// Last asked for then.
    Ready(Zygote, Instant),
    /// Told to stop, and not gone yet; these want another one. It is started then: the end of this one would be taken for its.
    Leaving(Vec<Uuid>),
}

/// Every zygote and slot of this server.
pub struct Pool {
    limits: PoolLimits,
    clock: Clock,
    work_root: PathBuf,
    nests: HashMap<Domain, Nest>,
    slots: HashMap<SlotId, SlotState>,
    idle: HashMap<SlotKey, Vec<SlotId>>,
    idle_count: usize,
    next_zygote: u32,
    next_slot: SlotId,
    events: mpsc::UnboundedSender<Event>,
    slot_events: mpsc::Sender<Event>,
}

/// How many slots wait warm, how long one lives, and what every zygote shares.
#[derive(Clone)]
pub struct PoolLimits {
    pub idle_slots: usize,
    pub runs_per_slot: u32,
    /// Persisted, so that a replay sees sets in the same order.
    pub hash_seed: u32,
    /// Descriptors that a process of a flow may have.
    pub open_files: u64,
    /// Processes and threads of one zygote's user.
    pub processes: u64,
    pub shared_memory_bytes: u64,
    /// Whom flows run as; `None`: the server's own user.
    pub users: Option<Users>,
    /// The binary to run as zygote.
    pub binary: PathBuf,
    /// Zygotes kept at a time, as far as executions allow.
    pub zygotes: usize,
    /// Where the environments of domains are asked for.
    pub service: Option<Service>,
}

impl Pool {
    /// A pool without processes. `work_root` is emptied zygote by zygote.
    pub fn new(
        work_root: PathBuf,
        limits: PoolLimits,
        clock: Clock,
        channels: (mpsc::UnboundedSender<Event>, mpsc::Sender<Event>),
    ) -> Pool {
        Pool {
            limits,
            clock,
            work_root,
            nests: HashMap::new(),
            slots: HashMap::new(),
            idle: HashMap::new(),
            idle_count: 0,
            next_zygote: 0,
            next_slot: 0,
            events: channels.0,
            slot_events: channels.1,
        }
    }

    pub fn slot_count(&self) -> usize {
        self.slots.len()
    }

    pub fn busy_count(&self) -> usize {
        self.slots.len() - self.idle_count
    }

    pub fn zygote_count(&self) -> usize {
        self.nests.len()
    }

    pub fn slot(&mut self, id: SlotId) -> Option<&mut SlotState> {
        self.slots.get_mut(&id)
    }

    /// Whether the domain has a zygote. If not, one is started, and [`Pool::hatched`] will name `waiter`.
    pub fn is_ready(&mut self, domain: &Domain, waiter: Uuid) -> bool {
        match self.nests.get_mut(domain) {
            Some(Nest::Ready(_, used)) => {
                *used = self.clock.instant();
                true
            }
            Some(Nest::Starting(waiters) | Nest::Leaving(waiters)) => {
                waiters.push(waiter);
                false
            }
            None => {
                self.make_room();
                self.nests.insert(domain.clone(), Nest::Starting(vec![waiter]));
                self.next_zygote += 1;
                let mut options = ZygoteOptions::new(self.work_root.join(self.next_zygote.to_string()));
                options.hash_seed = self.limits.hash_seed;
                options.open_files = self.limits.open_files;
                options.processes = self.limits.processes;
                options.shared_memory_bytes = self.limits.shared_memory_bytes;
                options.binary.clone_from(&self.limits.binary);
                let users = self.limits.users.clone();
                let egg = Egg::new(options, users, self.limits.service.clone());
                tokio::task::spawn_local(hatch::raise(egg, domain.clone(), self.clock.clone(), self.events.clone()));
                false
            }
        }
    }

    /// The zygote of a domain is there, or cannot be: returns who waited.
    pub fn hatched(&mut self, domain: &Domain, zygote: Option<Zygote>) -> Vec<Uuid> {
        let nest = match zygote {
            Some(zygote) => self.nests.insert(domain.clone(), Nest::Ready(zygote, self.clock.instant())),
            None => self.nests.remove(domain),
        };
        match nest {
            Some(Nest::Starting(waiters)) => waiters,
            _ => Vec::new(),
        }
    }

    /// A slot for `execution`: a warm one of the same script and domain unless `fresh`, else a new fork.
    /// The second value tells whether it was forked.
    pub fn take(&mut self, key: &SlotKey, execution: Uuid, fresh: bool) -> Result<(SlotId, bool)> {
        if !fresh && let Some(id) = self.idle.get_mut(key).and_then(Vec::pop) {
            self.idle_count -= 1;
            let slot = self.slots.get_mut(&id).expect("an idle slot is in the table until it is closed");
            slot.execution = Some(execution);
            slot.has_company = true;
            return Ok((id, false));
        }
        let Some(Nest::Ready(zygote, _)) = self.nests.get(&key.domain) else {
            return Err(Error::internal("a slot was asked of a zygote that is not ready"));
        };
        self.next_slot += 1;
        let id = self.next_slot;
        let (writer, reader) = zygote.fork(id)?;
        tokio::task::spawn_local(listen(id, reader, self.slot_events.clone()));
        let state = SlotState {
            key: key.clone(),
            execution: Some(execution),
            abandoned_by: None,
            pid: None,
            writer,
            runs: 0,
            forks: 0,
            idle_since: self.clock.instant(),
            has_company: true,
            looked_at: self.clock.instant(),
            folder_rest: 0,
            killed: false,
            exit: None,
            closed: false,
            fault: None,
        };
        self.slots.insert(id, state);
        Ok((id, true))
    }

    /// Sends a frame to a slot; a slot that is gone ignores it.
    pub fn send(&self, id: SlotId, kind: FrameKind, seq: u32, payload: &[u8]) {
        if let Some(slot) = self.slots.get(&id) {
            slot.writer.send(kind, seq, payload);
        }
    }

    /// The sending half of a slot, for who answers it later.
    pub fn writer(&self, id: SlotId) -> Option<SlotWriter> {
        self.slots.get(&id).map(|slot| slot.writer.clone())
    }

    fn zygote_of(&self, id: SlotId) -> Option<&Zygote> {
        match self.nests.get(&self.slots.get(&id)?.key.domain) {
            Some(Nest::Ready(zygote, _)) => Some(zygote),
            _ => None,
        }
    }

    /// Signals a slot's main process.
    pub fn signal(&self, id: SlotId, signal: i32) {
        self.post_kill(id, signal, false);
    }

    /// Whether the slot's process handles this signal; one that is not handled would end it.
    pub fn catches(&self, id: SlotId, signal: i32) -> bool {
        self.slots.get(&id).and_then(|slot| slot.pid).and_then(super::look::caught).is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
    }

    /// Kills a slot, its process group and everything that descends from it.
    pub fn kill(&mut self, id: SlotId) {
        self.post_kill(id, libc::SIGKILL, true);
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.killed = true;
        }
    }

    /// Kills a slot whose execution is no longer its own.
    pub fn abandon(&mut self, id: SlotId) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.abandoned_by = slot.execution.take();
        }
        self.kill(id);
    }

    /// Memory of a slot's process beyond what its zygote has, bytes; 0 when it cannot be told.
    pub fn own_memory(&self, id: SlotId) -> u64 {
        let resident = |pid| usage::resident(pid).map(|(bytes, _)| bytes);
        let own = self.slots.get(&id).and_then(|slot| slot.pid).and_then(resident);
        let shared = self.zygote_of(id).and_then(|zygote| resident(zygote.pid()));
        own.unwrap_or(0).saturating_sub(shared.unwrap_or(0))
    }

    /// What to look at of a slot, if there is anything to see: its process, its folder, and whether that is looked through this time.
    /// One whose handler waits is looked at after `rest`.
    pub fn sampled(&mut self, id: SlotId, computes: bool, rest: Duration) -> Option<(i32, PathBuf, bool)> {
        let now = self.clock.instant();
        let folder = self.zygote_of(id)?.workdir(id);
        let slot = self.slots.get_mut(&id).filter(|slot| computes || slot.has_company && now.since(slot.looked_at) >= rest)?;
        slot.looked_at = now;
        let with_folder = slot.folder_rest == 0;
        slot.folder_rest = slot.folder_rest.saturating_sub(1);
        Some((slot.pid?, folder, with_folder))
    }

    /// Whether anything in a slot may go on while its handler waits.
    pub fn has_company(&self, id: SlotId) -> bool {
        self.slots.get(&id).is_some_and(|slot| slot.has_company)
    }

    fn post_kill(&self, id: SlotId, signal: i32, group: bool) {
        if let Some(zygote) = self.zygote_of(id)
            && let Err(error) = zygote.kill(id, signal, group)
        {
            tracing::warn!(slot = id, %error, "a slot could not be signalled");
        }
    }

    /// The execution in a slot ended: keep the slot warm if it is clean, else let it go.
    pub fn give_back(&mut self, id: SlotId, clean: bool) {
        let Some(slot) = self.slots.get_mut(&id) else { return };
        slot.execution = None;
        slot.runs += 1;
        slot.idle_since = self.clock.instant();
        if !clean || slot.runs >= self.limits.runs_per_slot || slot.closed {
            self.kill(id);
            return;
        }
        let key = slot.key.clone();
        self.idle.entry(key).or_default().push(id);
        self.idle_count += 1;
        if self.idle_count > self.limits.idle_slots {
            let oldest = self.idle.values().flatten().copied().min_by_key(|id| self.slots[id].idle_since);
            if let Some(oldest) = oldest {
                self.unlist(oldest);
                self.kill(oldest);
            }
        }
    }

    fn unlist(&mut self, id: SlotId) {
        let Some(slot) = self.slots.get(&id) else { return };
        let Some(list) = self.idle.get_mut(&slot.key) else { return };
        let before = list.len();
        list.retain(|other| *other != id);
        self.idle_count -= before - list.len();
        if list.is_empty() {
            let key = slot.key.clone();
            self.idle.remove(&key);
        }
    }

    /// Takes a slot out once its socket is closed and its exit is known.
    pub fn remove_if_gone(&mut self, id: SlotId) -> Option<SlotState> {
        let slot = self.slots.get(&id)?;
        if !(slot.closed && slot.exit.is_some()) {
            return None;
        }
        self.unlist(id);
        self.slots.remove(&id)
    }

    /// A zygote died, and its slots with it: returns those slots. Their sockets close by themselves.
    pub fn zygote_lost(&mut self, domain: &Domain) -> Vec<SlotId> {
        let nest = self.nests.remove(domain);
        let lost: Vec<SlotId> = self.slots.iter().filter(|(_, s)| s.key.domain == *domain).map(|(slot, _)| *slot).collect();
        for slot in &lost {
            let state = self.slots.get_mut(slot).expect("just listed");
            state.killed = true;
            state.exit.get_or_insert(SlotExit { code: None, signal: None, cpu_ms: 0, peak_memory_bytes: 0 });
        }
        if let Some(Nest::Leaving(waiters)) = nest {
            for waiter in waiters {
                self.is_ready(domain, waiter);
            }
        }
        lost
    }

    /// Stops every zygote; their slots follow.
    pub fn close(&mut self) {
        for (_, nest) in self.nests.drain() {
            if let Nest::Ready(zygote, _) = nest {
                zygote.stop();
            }
        }
        self.slots.clear();
        self.idle.clear();
        self.idle_count = 0;
    }
}

/// Passes on what a slot says; a full channel holds the slot back.
async fn listen(id: SlotId, mut reader: SlotReader, events: mpsc::Sender<Event>) {
    loop {
        let event = reader.next().await;
        let closed = matches!(event, SlotEvent::Closed { .. });
        if events.send(Event::Slot(id, event)).await.is_err() || closed {
            return;
        }
    }
}
