//! The beginning of a server's life: what was live is taken up again.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::core::Core;
use super::escape;
use super::live::Live;
use super::row;
use crate::clock;
use crate::error::Result;
use crate::protocol::ChildState;
use crate::records::Status;
use crate::service::{NewExecution, Service};
use crate::store::{OpenCall, RunLimit, Store};

/// What was found in the store: at the start, and after a commit that failed.
pub struct Found {
    /// What ended the processes that ran them, for logs and messages.
    pub cause: &'static str,
    pub executions: Vec<NewExecution>,
    /// Handlers that had decided their end already.
    pub endings: HashMap<Uuid, (super::live::Ending, super::live::Results)>,
    /// Calls that executions wait in.
    pub open: HashMap<Uuid, Vec<OpenCall>>,
    /// Setting, holder, count.
    pub locks: Vec<(Uuid, Uuid, u32)>,
    pub limits: Vec<RunLimit>,
    /// Schedules that are enabled.
    pub schedules: Vec<Uuid>,
}

/// Reads everything that has not ended.
pub async fn find(store: &Store, service: &Service, cause: &'static str) -> Result<Found> {
    let (open, locks, limits) = (store.open_calls().await?, store.locks().await?, store.run_limits().await?);
    let schedules = service.schedules_enabled().await?;
    let mut found = Found { cause, executions: Vec::new(), endings: HashMap::new(), open, locks, limits, schedules };
    for row in store.execution_live().await? {
        let Some(id) = row.id() else { continue };
        let epoch = row.integer("epoch").and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
        if row.text("started_at").is_some() {
            let last = store.steps_after(id, epoch, Some(row::OUTCOME_SEQ - 1), 1).await?;
            if let Some(ending) = last.first().and_then(row::ending_of) {
                found.endings.insert(id, ending);
            }
        }
        match service.execution_load(row).await {
            Ok(execution) => found.executions.push(execution),
            Err(error) => tracing::error!(execution = %id, %error, "a live execution cannot be taken up"),
        }
    }
    Ok(found)
}

impl Core {
    /// Takes up what was live when the server ended: nothing is lost, nothing is doubled.
    pub(super) fn on_recovered(&mut self, found: Found) {
        self.fenced = false;
        self.ready.set_limits(found.limits);
        for (setting, holder, count) in found.locks {
            self.locks.restore(setting, holder, count);
        }
        let (mut ids, mut until) = (Vec::new(), HashMap::new());
        let (now, steady) = (self.clock.now(), self.steady.now());
        for execution in found.executions {
            let wait_until = execution.row.text("wait_until").and_then(clock::parse);
            let scheduled = execution.row.text("scheduled_for").and_then(clock::parse);
            let order = self.next_order();
            let mut live = Live::new(execution, order);
            live.loss = live.status.is_waiting().then(|| format!("It waited when {}", found.cause));
            until.extend(wait_until.map(|at| (live.id, at)));
            ids.push((live.id, live.status, scheduled));
            self.live.insert(live.id, Box::new(live));
        }
        self.relate(ids.iter().map(|(id, ..)| *id));
        // Before anything ends, so that no end is missed.
        let waits = self.hold(found.open, &until);
        let held: HashSet<Uuid> = waits.iter().map(|at| at.execution).collect();
        for (id, status, scheduled) in ids {
            // Its handler has ended: nothing of it is run again, whatever its policy.
            if found.endings.contains_key(&id) {
                continue;
            }
            match status {
                Status::Paused => {}
                Status::Created => {
                    if let Some(at) = scheduled.filter(|_| self.live.get(&id).is_some_and(|l| l.run)) {
                        self.release_at(id, at.max(now));
                    }
                }
                Status::Pending => self.enqueue(id),
                _ if held.contains(&id) => {}
                // Its process is gone, and it could not go on when it is due.
                _ if self.end_if_lost(id, found.cause) => {}
                // Its process is gone anyway, so it costs nothing until it is due.
                Status::Sleeping
                    if self.live.get(&id).is_some_and(|live| escape::is_replayable(live))
                        && until.get(&id).is_some_and(|at| *at > steady) =>
                {
                    let due = self.steady.instant_of(until.get(&id).copied().unwrap_or(steady));
                    self.release_when(id, due);
                }
                _ => self.take_up(id, found.cause),
            }
        }
        let mut endings: Vec<_> = found.endings.into_iter().collect();
        endings.sort_by_key(|(id, _)| *id);
        for (id, ending) in endings {
            self.ready.remove(id);
            self.resume_ending(id, ending);
        }
        self.cancel_requested();
        self.look_at_held(waits);
        for id in std::mem::take(&mut self.orphaned) {
            self.adopt(id);
        }
        self.plan_all(found.schedules);
    }

    fn take_up(&mut self, id: Uuid, cause: &str) {
        if self.end_if_lost(id, cause) {
            return;
        }
        if let Some(live) = self.live.get_mut(&id) {
            live.loss = Some(super::lost::lost(cause));
        }
        self.run_again(id);
    }

    /// Children find their parents again.
    fn relate(&mut self, ids: impl Iterator<Item = Uuid>) {
        for id in ids {
            let Some(live) = self.live.get(&id) else { continue };
            let (parent, orphan, state): (Option<Uuid>, bool, ChildState) = (live.parent, live.orphan, live.state());
            if let Some(parent) = parent.and_then(|p| self.live.get_mut(&p)) {
                parent.children.insert(id, state);
                if !orphan {
                    parent.open_children.insert(id);
                }
            }
        }
    }

    /// Cancels that were asked for before the server ended are brought to their end.
    fn cancel_requested(&mut self) {
        let asked: Vec<Uuid> = self.live.values().filter(|l| l.cancel.is_some() && l.ending.is_none()).map(|l| l.id).collect();
        for id in asked {
            self.pursue_cancel(id);
        }
    }
}
