//! Executions that reached outside flow_api: what they did is on disk before they do it, and decides what a loss means.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::core::Core;
use super::event::SlotId;
use super::live::{Ending, Live, OnLoss};
use super::row;
use crate::clock;
use crate::protocol::Escape;
use crate::records::Status;

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
}

impl Escaped {
    /// Reads the column; an act of an earlier epoch is over and done.
    pub fn read(column: Option<&Value>, epoch: u32) -> Option<Escaped> {
        let escaped = Escaped::deserialize(column?).ok()?;
        (escaped.epoch == epoch).then_some(escaped)
    }
}

impl Core {
    /// A thread of the flow stands at the gate: it may pass once its act is on disk.
    pub(super) fn on_escape(&mut self, slot: SlotId, seq: u32, act: Escape) {
        let (now, writer) = (self.clock.now(), self.pool.writer(slot));
        let Some(id) = self.execution_in(slot) else { return };
        let (Some(live), Some(writer)) = (self.live.get_mut(&id), writer) else { return };
        let at = clock::format(now);
        let escaped = live.escape.get_or_insert(Escaped { epoch: live.epoch, attempt: live.attempt, after: seq, at, act: act.capped() });
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
                writer.open_gate();
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

/// Whether a replay could bring it back, were its slot ended now.
pub(super) fn is_replayable(live: &Live) -> bool {
    match live.on_loss {
        OnLoss::Resume => true,
        OnLoss::Auto => live.escape.is_none() && !live.has_threads,
        OnLoss::Restart | OnLoss::Fail => false,
    }
}
