//! What the calls of an execution say of its effects, made now or recorded; what a child did, its parent did too.

use serde_json::Value;
use uuid::Uuid;

use super::core::Core;
use super::live::Live;
use super::row;
use crate::protocol::{Call, Op, Recorded, Reply, SHOWN};
use crate::service::Effects;
use crate::store::Write;

/// What a call does whatever it is answered. Children tell of themselves when they end.
pub(super) fn of_begun(live: &Live, call: &Call) -> Effects {
    begun(live, call.op, &call.target)
}

fn begun(live: &Live, op: Op, target: &str) -> Effects {
    match op {
        Op::StepBegin => Effects::STEPPED,
        Op::MessageWait | Op::MessageLink => Effects::ASKED,
        Op::RecordGet | Op::RecordExists | Op::RecordList | Op::RecordExport | Op::FileRead => Effects::READ,
        Op::Cancel | Op::Pause if !is_own(live, target) => Effects::CONTROLLED,
        _ => Effects::default(),
    }
}

fn is_own(live: &Live, target: &str) -> bool {
    Uuid::parse_str(target).is_ok_and(|id| id == live.id || live.children.contains_key(&id))
}

/// What a call has done that was answered so: what failed did nothing.
pub(super) fn of_answered(op: Op, reply: &Reply) -> Effects {
    let Reply::Ok(answer) = reply else { return Effects::default() };
    match op {
        Op::RecordSave | Op::FileWrite => {
            let is_new = serde_json::from_str::<Value>(answer.get()).is_ok_and(|answer| answer["created"] == true);
            if is_new { Effects::CREATED } else { Effects::CHANGED }
        }
        Op::RecordRestore => Effects::CHANGED,
        Op::RecordDelete => Effects::DELETED,
        _ => Effects::default(),
    }
}

/// What a call did that stands in the journal.
pub(super) fn of_recorded(live: &Live, call: &Recorded) -> Effects {
    let answered = call.reply.as_ref().map_or_else(Effects::default, |reply| of_answered(call.op, reply));
    let is_unseen = call.op == Op::Child && (live.retried.is_some() || is_orphan(&call.shown));
    let unseen = if is_unseen { Effects::UNSEEN } else { Effects::default() };
    begun(live, call.op, &call.target) | answered | unseen
}

/// Whether the arguments of a child's making say so, as far as they are kept.
fn is_orphan(shown: &str) -> bool {
    serde_json::from_str::<Value>(shown).map_or(shown.len() >= SHOWN, |args| args["orphan"] == true)
}

impl Core {
    /// Adds what an ended child did to its parent, which waits for it; the write for the parent's row where that is new.
    pub(super) fn pass_on_effects(&mut self, child: &Live) -> Option<Write> {
        let parent = self.live.get_mut(&child.parent?).filter(|parent| parent.open_children.contains(&child.id))?;
        let all = parent.effects | child.effects;
        if all == parent.effects {
            return None;
        }
        parent.effects = all;
        Some(row::ExecutionUpdate::new(parent.id).number("effects", all.number()).write(self.clock.now()))
    }
}

impl Live {
    /// Its journal is not read any more, so that what it did in this epoch stays unknown.
    pub(super) fn settle_effects(&mut self) {
        if std::mem::take(&mut self.is_unread) {
            self.effects = self.effects | Effects::UNSEEN;
        }
    }
}
