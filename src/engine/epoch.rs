//! Epochs: `this.restart` and a lost process under `on_loss = 'restart'` end one journal and begin the next, empty one.

use serde_json::Value;
use uuid::Uuid;

use super::core::Core;
use super::live::OnLoss;
use super::row;

impl Core {
    /// `this.restart(inputs)`: the same execution with an empty journal.
    pub(super) fn on_restart(&mut self, id: Uuid, inputs: String) {
        let Some(live) = self.live.get_mut(&id) else { return };
        if live.cancel.is_some() {
            self.end_cancelled(id);
            return;
        }
        live.inputs = inputs.into();
        live.deaths = (0, 0);
        live.kills = (0, 0);
        let value = serde_json::from_str(&live.inputs).unwrap_or(Value::Null);
        let update = row::ExecutionUpdate::new(id).json("input_value", value);
        self.begin_epoch(id, update, "cancelled because its parent called this.restart and starts from the top");
        self.requeue(id);
    }

    /// Its process was lost: it is run again, from the top if its flow says so.
    pub(super) fn run_again(&mut self, id: Uuid) {
        if self.live.get(&id).is_some_and(|live| live.on_loss == OnLoss::Restart) {
            let update = row::ExecutionUpdate::new(id);
            self.begin_epoch(id, update, "cancelled because its parent lost its process and starts from the top");
        }
        self.requeue(id);
    }

    /// Opens an empty journal; `update` is written with it. What the epoch before held and started is no part of the new one.
    fn begin_epoch(&mut self, id: Uuid, update: row::ExecutionUpdate, cause: &str) {
        self.forget_waits(id);
        // What is buffered belongs to the epoch so far.
        self.flush_logs(id);
        let now = self.clock.now();
        let Some(live) = self.live.get_mut(&id) else { return };
        live.epoch += 1;
        live.is_new_epoch = true;
        live.started.clear();
        live.escape = None;
        live.settle_effects();
        live.children.clear();
        let children: Vec<Uuid> = live.open_children.iter().copied().collect();
        let update = update.number("epoch", i64::from(live.epoch)).json("escaped", Value::Null).number("effects", live.effects.number());
        let commit = self.submit_lazy(vec![update.write(now)]);
        self.publish_after(commit, id);
        self.drop_locks(id);
        for child in children {
            self.cancel(child, cause.to_owned());
        }
    }
}
