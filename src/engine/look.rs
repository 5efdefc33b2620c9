//! Where the flow of a slot stands: the slot is asked by a signal, and whoever asked is told what it sends.

use std::collections::HashMap;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::core::Core;
use super::event::SlotId;
use crate::protocol::{LOOK_SIGNAL, Stack};
use crate::service::Look;

/// Who waits for the answer of a slot.
pub(super) type Looks = HashMap<SlotId, Vec<oneshot::Sender<Stack>>>;

impl Core {
    /// Asks the process of an execution where its flow stands.
    pub(super) fn look_into(&mut self, id: Uuid) -> Look {
        let Some(slot) = self.live.get(&id).and_then(|live| live.slot) else { return Look::Nowhere };
        if !self.pool.catches(slot, LOOK_SIGNAL) {
            return Look::Deaf;
        }
        let (tell, told) = oneshot::channel();
        let waiting = self.looks.entry(slot).or_default();
        // Those who gave up are forgotten, or a slot that never answers would gather them.
        waiting.retain(|other| !other.is_closed());
        waiting.push(tell);
        self.pool.signal(slot, LOOK_SIGNAL);
        Look::Asked(told)
    }

    pub(super) fn on_stack(&mut self, slot: SlotId, stack: Stack) {
        // A late signal meets the slot's next execution, whose stack nobody asked for.
        if self.execution_in(slot) != Some(stack.execution_id) {
            return;
        }
        let stack = stack.capped();
        for waiting in self.looks.remove(&slot).unwrap_or_default() {
            let _ = waiting.send(stack.clone());
        }
    }
}

/// The signals that a process handles, as a mask.
pub(super) fn caught(pid: i32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let mask = text.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}
