//! Calls that wait for the answer to a message. The row is what counts: every news of it only makes the engine look again.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::call::{fault, ok};
use super::core::Core;
use super::event::{CallRef, Event};
use super::hold::WaitsFor;
use super::live::Pending;
use super::park::Waits;
use super::timer::Due;
use super::wait::timeout_of;
use crate::error::{Error, Result};
use crate::protocol::{Call, Fault, Reply};
use crate::records::Status;
use crate::service::MessageState;

/// Which look at a message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// When the call comes in: there must be such a message.
    First,
    /// It may have been answered, or deleted.
    Again,
    /// The time is over: an answer that is there by now still counts.
    Last,
}

impl Core {
    pub(super) fn call_message(&mut self, at: CallRef, call: Call) {
        let Ok(message) = call.target.parse::<Uuid>() else {
            let error = Error::invalid(format!("'{}' is no id of a message; ids are UUIDs.", call.target));
            return self.answer_error(at, &call, &error);
        };
        if let Some(live) = self.live_call(at) {
            live.pending.insert(at.seq, Pending::Service { call: Box::new(call) });
            self.read_message(at, message, Look::First);
        }
    }

    /// On the writer's connection: it sees what was written before, on disk or not.
    fn read_message(&mut self, at: CallRef, message: Uuid, look: Look) {
        let Some(live) = self.live_call(at) else { return };
        let (actor, service, events) = (live.actor.clone(), self.service.clone(), self.events.clone());
        tokio::task::spawn_local(async move {
            let state = service.message_state(&actor, message).await;
            let _ = events.send(Event::MessageRead(at, state, look));
        });
    }

    pub(super) fn on_message_read(&mut self, at: CallRef, state: Result<MessageState>, look: Look) {
        let Some(live) = self.live_call(at) else { return };
        match (live.pending.get(at.seq), look) {
            (Some(Pending::Service { .. }), Look::First) => {
                let Some(Pending::Service { call }) = live.pending.remove(at.seq) else { return };
                match state {
                    Err(error) => self.answer_error(at, &call, &error),
                    Ok(state) if state.is_submitted => self.answer_value(at, &call, &Value::Null),
                    Ok(state) => self.begin_to_ask(at, &call, state.id),
                }
            }
            (Some(Pending::Message { .. }), Look::Again | Look::Last) => {
                let reply = match state {
                    Err(error) => Reply::Err(fault(&error)),
                    Ok(state) if state.is_submitted => ok(&Value::Null),
                    Ok(_) if look == Look::Last => Reply::Err(timed_out()),
                    Ok(_) => return,
                };
                self.drop_pending(at.execution, at.seq);
                self.answer_wait(at, reply);
            }
            _ => {}
        }
    }

    fn begin_to_ask(&mut self, at: CallRef, call: &Call, message: Uuid) {
        let due = self.begin_wait(at, call, timeout_of(call), || WaitsFor::Message { message });
        self.await_message(at, message, due);
        let words = format!("{} {message}", crate::service::AWAITS_ANSWER);
        self.park(at, call, Waits { status: Status::WaitingMessage, words, until: due });
        // The answer may have come between the first look and now.
        self.look_at_message(at);
    }

    /// From here on what becomes of the message is this call's news.
    pub(super) fn await_message(&mut self, at: CallRef, message: Uuid, due: Option<Timestamp>) {
        let over = Due::MessageTimeout { execution: at.execution, seq: at.seq };
        let timer = due.map(|due| self.timers.set(self.steady.instant_of(due), over));
        self.asking.entry(message).or_default().insert(at.execution);
        self.pend(at, Pending::Message { message, timer });
    }

    /// Reads the message that a call waits for; nothing, where it waits for something else.
    pub(super) fn look_at_message(&mut self, at: CallRef) {
        self.look_with(at, Look::Again);
    }

    fn look_with(&mut self, at: CallRef, look: Look) {
        let Some(live) = self.live_call(at) else { return };
        if let Some(Pending::Message { message, .. }) = live.pending.get(at.seq) {
            let message = *message;
            self.read_message(at, message, look);
        }
    }

    /// A message was answered or deleted: whoever waits for it looks again.
    pub(super) fn on_message_changed(&mut self, message: Uuid) {
        let waiting: Vec<Uuid> = self.asking.get(&message).into_iter().flatten().copied().collect();
        for execution in waiting {
            let Some(live) = self.live.get(&execution) else { continue };
            let attempt = live.attempt;
            let for_it = |pending: &Pending| matches!(pending, Pending::Message { message: of, .. } if *of == message);
            let calls: Vec<u32> = live.pending.iter().filter(|(_, pending)| for_it(pending)).map(|(seq, _)| seq).collect();
            for seq in calls {
                self.look_at_message(CallRef { execution, attempt, seq });
            }
        }
    }

    /// A wait for a message is over; another call of the same execution may go on waiting for it.
    pub(super) fn forget_message(&mut self, execution: Uuid, message: Uuid) {
        let for_it = |pending: &Pending| matches!(pending, Pending::Message { message: of, .. } if *of == message);
        if self.live.get(&execution).is_some_and(|live| live.pending.values().any(for_it)) {
            return;
        }
        if let Some(waiting) = self.asking.get_mut(&message) {
            waiting.remove(&execution);
            if waiting.is_empty() {
                self.asking.remove(&message);
            }
        }
    }

    pub(super) fn on_message_timeout(&mut self, execution: Uuid, seq: u32) {
        if let Some(at) = self.call_at(execution, seq) {
            self.look_with(at, Look::Last);
        }
    }
}

fn timed_out() -> Fault {
    let message = "Nobody answered the message within the time limit; it can still be answered.".to_owned();
    Fault { exception: "MessageResponseTimeoutError".to_owned(), message, field: None, data: None }
}
