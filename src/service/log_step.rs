//! The lines of a log that were written during one step.

use uuid::Uuid;

use super::actor::Actor;
use super::handle::Service;
use super::identity::record_type;
use super::selector::Selector;
use crate::error::{Error, Result, near_names};
use crate::protocol::Op;
use crate::store::{StepRange, StepRow};

/// Names of steps looked through for near ones.
const NAMES: u32 = 1_000;

impl Service {
    /// The lines of a step in the present epoch, named by the number of its call or by its name: of a `this.step`, those that its
    /// function wrote; of any other call, those written after it and before the next one. A name that was given several times means
    /// the last. Needs READ on the execution.
    pub async fn execution_log_step(&self, actor: &Actor, id: Uuid, step: &str) -> Result<StepRange> {
        let row = self.record_row(actor, record_type("EXECUTION"), &Selector::Id(id)).await?;
        let epoch = row.integer("epoch").and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
        let step = step.trim();
        let found = match step.parse::<u32>() {
            Ok(0) => return Ok(StepRange { epoch, first: 0, last: 0 }),
            Ok(seq) => self.store().steps_after(id, epoch, Some(seq - 1), 1).await?.pop().filter(|found| found.seq == seq),
            Err(_) => self.store().step_named(id, epoch, step).await?,
        };
        match found {
            Some(found) => Ok(range(epoch, &found)),
            None => Err(self.no_step(id, epoch, step).await?),
        }
    }

    async fn no_step(&self, id: Uuid, epoch: u32, step: &str) -> Result<Error> {
        let known = self.store().step_names(id, epoch, NAMES).await?;
        let names: Vec<&str> = known.iter().filter(|known| known.op == Op::StepBegin.name()).map(|known| known.target.as_str()).collect();
        let near = near_names(step, names.iter().copied());
        let text = format!("The execution has no step '{step}'; 'step' is the number of a call or the name given to this.step.");
        let error = Error::not_found(text).field("/step");
        Ok(if near.is_empty() { error } else { error.details(serde_json::json!({ "near": near })) })
    }
}

/// A finished step's end has a number of its own, the one before the next call.
fn range(epoch: u32, step: &StepRow) -> StepRange {
    let last = match (step.op == Op::StepBegin.name(), step.ok) {
        (true, None) => u32::MAX,
        (true, Some(_)) => step.next.saturating_sub(2).max(step.seq),
        (false, _) => step.seq,
    };
    StepRange { epoch, first: step.seq, last }
}
