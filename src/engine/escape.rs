//! Executions that reached outside flow_api: what they did is on disk before they do it, and decides what a loss means.

use std::cell::Cell;
use std::rc::Rc;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::core::Core;
use super::event::SlotId;
use super::knock;
use super::live::{Ending, Live, OnLoss};
use super::row;
use super::slot::{Knock, SlotWriter};
use crate::clock;
use crate::protocol::Escape;
use crate::records::Status;
use crate::service::Effects;

/// The first act outside of an epoch, as it stands in the column `escaped`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Escaped {
    pub epoch: u32,
    pub attempt: u32,
    /// The number of the call before it.
    pub after: u32,
    pub at: String,
    #[serde(flatten)]
    pub act: Escape,
    /// It is on disk.
    #[serde(skip)]
    kept: Rc<Cell<bool>>,
}

impl Escaped {
    /// Reads the column; an act of an earlier epoch is over and done.
    pub fn read(column: Option<&Value>, epoch: u32) -> Option<Escaped> {
        let escaped = Escaped::deserialize(column?).ok()?;
        escaped.kept.set(true);
        (escaped.epoch == epoch).then_some(escaped)
    }
}

impl Core {
    /// A thread of the flow stands at the gate: it may pass once its act is on disk.
    pub(super) fn on_escape(&mut self, slot: SlotId, seq: u32, act: Escape) {
        if let Some(id) = self.execution_in(slot) {
            self.keep_escape(id, (slot, seq), act, SlotWriter::open_gate);
        }
    }

    /// The kernel holds a call of native code, in the slot or in what it started: it may pass once it is on disk.
    pub(super) fn on_knock(&mut self, slot: SlotId, knock: Knock) {
        let Some(writer) = self.pool.writer(slot) else { return };
        // What is left of an execution that has ended is killed, and an idle slot does nothing.
        let Some(id) = self.execution_in(slot) else { return writer.pass(&knock) };
        if knock.makes_process && !self.may_fork(id, slot) {
            return writer.refuse(&knock, Errno::EAGAIN);
        }
        let Some(live) = self.live.get(&id) else { return writer.pass(&knock) };
        if knock.is_excused || live.escape.as_ref().is_some_and(|escaped| escaped.kept.get()) {
            return writer.pass(&knock);
        }
        let act = Escape {
            event: knock.call.to_owned(),
            argument: knock.argument.clone(),
            file: live.script_name.clone(),
            line: 0,
            function: String::new(),
        };
        let seq = live.last_seq;
        self.keep_escape(id, (slot, seq), act, move |writer| writer.pass(&knock));
    }

    /// Whether an execution may have one process or thread more; if not, it is ended.
    fn may_fork(&mut self, id: Uuid, slot: SlotId) -> bool {
        let most = self.config.limits.processes as usize;
        if self.live.get(&id).is_none_or(|live| live.stop.is_some()) {
            return false;
        }
        let Some(state) = self.pool.slot(slot) else { return false };
        state.forks += 1;
        // Counting them takes its time, so it is done when there could be too many.
        if state.forks < most {
            return true;
        }
        let count = state.pid.map_or(0, |pid| knock::count_threads(pid, most));
        state.forks = count + 1;
        if count < most {
            return true;
        }
        self.stop(id, too_many(most));
        false
    }

    /// Puts the first act of an epoch on disk, then lets it happen.
    fn keep_escape(&mut self, id: Uuid, (slot, seq): (SlotId, u32), act: Escape, pass: impl FnOnce(&SlotWriter) + 'static) {
        let (now, writer) = (self.clock.now(), self.pool.writer(slot));
        let (Some(live), Some(writer)) = (self.live.get_mut(&id), writer) else { return };
        let at = clock::format(now);
        let (epoch, attempt, kept) = (live.epoch, live.attempt, Rc::default());
        live.effects = live.effects | Effects::ESCAPED;
        let escaped = live.escape.get_or_insert(Escaped { epoch, attempt, after: seq, at, act: act.capped(), kept });
        let kept = escaped.kept.clone();
        tracing::debug!(execution = %id, act = %escaped.act, "an execution reaches outside");
        let update = row::ExecutionUpdate::new(id).json("escaped", json!(escaped));
        if !is_replayable(live) {
            // It may wait: then it is another thread that acts.
            self.parked.pin(id);
        }
        let commit = self.submit(vec![update.write(now)]);
        tokio::task::spawn_local(async move {
            // After a commit that failed, every slot is ended, and with it the act that did not happen.
            if commit.wait().await.is_ok() {
                kept.set(true);
                pass(&writer);
            }
        });
    }

    /// Whether an execution whose slot is gone must end, and how; `None` if it may be run again.
    pub(super) fn loss(&self, id: Uuid, what: &str) -> Option<Ending> {
        let live = self.live.get(&id)?;
        let message = match (live.on_loss, &live.escape) {
            (OnLoss::Fail, _) => format!("The execution's process was lost ({what}), and its flow says on_loss = 'fail'."),
            (OnLoss::Auto, Some(escaped)) => format!(
                "The execution's process was lost ({what}) after it had reached outside flow_api at {}. Whether that took effect is not \
                 known, and running the flow again could repeat it. Three ways to make it safe: put it into this.step('a name', function), \
                 whose result is recorded; use a connector; or set the flow's on_loss to 'resume' if a repeat does no harm, or to 'restart' \
                 or 'fail'.",
                escaped.act
            ),
            _ => return None,
        };
        let data = live.escape.as_ref().map(|escaped| json!({ "escaped": escaped }));
        Some(Ending { status: Status::EndedError, message: Some(message), hint: None, data })
    }

    /// Stops an execution without a slot from being run again if its policy says so. Returns whether it was stopped.
    pub(super) fn end_if_lost(&mut self, id: Uuid, what: &str) -> bool {
        let Some(live) = self.live.get(&id).filter(|live| !live.is_new_epoch) else { return false };
        let is_cancelled = live.cancel.is_some();
        let Some(ending) = self.loss(id, what) else { return false };
        if is_cancelled {
            self.end_cancelled(id);
        } else {
            self.end(id, ending);
        }
        true
    }
}

/// What an execution ends with that had more processes than it may.
pub(super) fn too_many(most: usize) -> String {
    format!("The execution had more than {most} processes and threads at once and was ended. limits.processes raises the limit.")
}

/// Whether a replay could bring it back, were its slot ended now.
pub(super) fn is_replayable(live: &Live) -> bool {
    match live.on_loss {
        OnLoss::Resume => true,
        OnLoss::Auto => live.escape.is_none() && !live.has_threads,
        OnLoss::Restart | OnLoss::Fail => false,
    }
}
