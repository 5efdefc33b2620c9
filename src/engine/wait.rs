//! Calls that wait: sleeps and other executions. A waiting slot is parked and takes no room.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use super::call::{fault, ok, unreadable};
use super::core::Core;
use super::event::{CallRef, Event};
use super::hold::WaitsFor;
use super::live::Pending;
use super::park::Waits;
use super::row;
use super::timer::Due;
use crate::error::{Error, Result};
use crate::protocol::{Call, ChildState, Fault, Reply, ReturnWhen};
use crate::records::Status;
use crate::store::Write;

/// What a call waits for.
#[derive(Clone, Debug)]
pub struct WaitFor {
    pub ids: Vec<Uuid>,
    pub return_when: ReturnWhen,
    /// Seconds.
    pub timeout: Option<f64>,
}

impl Core {
    /// Answers a waiting call: journal, reply.
    pub(super) fn answer_wait(&mut self, at: CallRef, reply: Reply) {
        self.answer_wait_with(at, reply, Vec::new());
    }

    /// As [`Core::answer_wait`], with what the answer does to our records in the same unit.
    pub(super) fn answer_wait_with(&mut self, at: CallRef, reply: Reply, effects: Vec<Write>) {
        let mut writes = effects;
        writes.push(row::done(at, self.epoch(at), &reply, at.seq + 1, self.clock.now()));
        self.submit_lazy(writes);
        if self.live_call(at).is_some_and(|live| live.slot.is_none()) {
            return self.bring_back(at.execution);
        }
        self.reply(at, reply);
    }

    pub(super) fn call_at(&self, execution: Uuid, seq: u32) -> Option<CallRef> {
        let live = self.live.get(&execution)?;
        live.pending.contains_key(seq).then_some(CallRef { execution, attempt: live.attempt, seq })
    }

    pub(super) fn call_sleep(&mut self, at: CallRef, call: &Call) {
        let args: Value = serde_json::from_str(call.args.get()).unwrap_or(Value::Null);
        let recorded = self.live_call(at).and_then(|l| l.started.get(&at.seq).copied()).flatten();
        let due = match (recorded, args.get("seconds").and_then(Value::as_f64), args.get("until").and_then(Value::as_f64)) {
            // It follows the wall clock, which may have jumped since it was recorded.
            (_, None, Some(unix)) if unix.is_finite() => self.steady.of_wall(at_unix(unix)),
            (Some(due), ..) => due,
            (None, Some(seconds), _) if seconds.is_finite() => self.steady.after(seconds),
            _ => {
                let error = Error::invalid("sleep takes a number of seconds, sleep_until a unix timestamp; both must be finite.");
                return self.answer_error(at, call, &error);
            }
        };
        if recorded.is_none() {
            let write = self.journal(at, call, None, Some(due));
            self.submit_lazy(vec![write]);
        }
        let timer = self.timers.set(self.steady.instant_of(due), Due::Sleep { execution: at.execution, seq: at.seq });
        if let Some(live) = self.live_call(at) {
            live.pending.insert(at.seq, Pending::Sleep { timer });
        }
        let words = format!("sleeping until {}", crate::clock::format(self.steady.wall_of(due)));
        self.park(at, call, Waits { status: Status::Sleeping, words, until: Some(due) });
    }

    pub(super) fn on_sleep_over(&mut self, execution: Uuid, seq: u32) {
        if let Some(at) = self.call_at(execution, seq) {
            self.answer_wait(at, ok(&Value::Null));
        }
    }

    /// When a wait is over: as its first attempt recorded it, or counted from now and recorded.
    pub(super) fn begin_wait(
        &mut self,
        at: CallRef,
        call: &Call,
        timeout: Option<f64>,
        waits: impl FnOnce() -> WaitsFor,
    ) -> Option<Timestamp> {
        let recorded = self.live_call(at).and_then(|live| live.started.get(&at.seq).copied());
        recorded.unwrap_or_else(|| {
            let due = self.wait_due(timeout);
            let write = self.journal_wait(at, call, due, &waits());
            self.submit_lazy(vec![write]);
            due
        })
    }

    pub(super) fn wait_due(&self, timeout: Option<f64>) -> Option<Timestamp> {
        timeout.filter(|t| t.is_finite()).map(|t| self.steady.after(t))
    }

    pub(super) fn call_wait(&mut self, at: CallRef, call: &Call) {
        #[derive(serde::Deserialize)]
        struct Args {
            ids: Vec<Uuid>,
            return_when: ReturnWhen,
            #[serde(default)]
            timeout: Option<f64>,
        }
        match serde_json::from_str::<Args>(call.args.get()) {
            Ok(Args { ids, return_when, timeout }) => self.wait_for(at, call, WaitFor { ids, return_when, timeout }),
            Err(error) => self.answer_error(at, call, &unreadable(&error)),
        }
    }

    /// Waits for executions; unknown ones are looked up first, with the rights of the caller.
    pub(super) fn wait_for(&mut self, at: CallRef, call: &Call, wait: WaitFor) {
        if wait.ids.contains(&at.execution) {
            let error = Error::invalid("An execution cannot wait for itself.");
            return self.answer_error(at, call, &error);
        }
        let waits = || WaitsFor::Executions { ids: wait.ids.clone(), return_when: wait.return_when };
        let due = self.begin_wait(at, call, wait.timeout, waits);
        let words = waiting_words(wait.return_when, &wait.ids);
        self.watch(at, wait.ids, wait.return_when, due);
        self.park(at, call, Waits { status: Status::WaitingDependency, words, until: due });
        self.look_or_read(at);
    }

    /// From here on the ends of `ids` are this call's news.
    pub(super) fn watch(&mut self, at: CallRef, ids: Vec<Uuid>, return_when: ReturnWhen, due: Option<Timestamp>) {
        let timer = due.map(|due| self.timers.set(self.steady.instant_of(due), Due::WaitTimeout { execution: at.execution, seq: at.seq }));
        for id in &ids {
            self.watchers.entry(*id).or_default().insert(at.execution);
        }
        self.pend(at, Pending::Wait { ids, return_when, timer });
    }

    /// Answers a wait if what it waits for is there, as far as is known; what is not known is read.
    pub(super) fn look_or_read(&mut self, at: CallRef) {
        let Some(live) = self.live_call(at) else { return };
        let Some(Pending::Wait { ids, .. }) = live.pending.get(at.seq) else { return };
        let ids = ids.clone();
        let is_unknown = |id: &Uuid| self.state_of(at.execution, *id).is_none_or(|s| self.is_stale(&s));
        let unknown: Vec<Uuid> = ids.into_iter().filter(is_unknown).collect();
        if unknown.is_empty() {
            self.look(at);
        } else {
            self.read_states(at, unknown);
        }
    }

    /// Remembered as live, but not in memory: it ended in an earlier life of the server.
    fn is_stale(&self, state: &ChildState) -> bool {
        !Status::from_name(&state.status).is_some_and(Status::is_ended) && !self.live.contains_key(&state.id)
    }

    fn read_states(&mut self, at: CallRef, ids: Vec<Uuid>) {
        let Some(live) = self.live_call(at) else { return };
        let (actor, service, events) = (live.actor.clone(), self.service.clone(), self.events.clone());
        tokio::task::spawn_local(async move {
            let states = service.execution_states(&actor, &ids).await;
            let _ = events.send(Event::StatesRead(at, states));
        });
    }

    pub(super) fn on_states_read(&mut self, at: CallRef, states: Result<HashMap<Uuid, ChildState>>) {
        match states {
            Ok(states) => {
                if let Some(live) = self.live_call(at) {
                    live.children.extend(states);
                }
                self.look(at);
            }
            Err(error) => self.answer_wait_if_pending(at, Reply::Err(fault(&error))),
        }
    }

    fn answer_wait_if_pending(&mut self, at: CallRef, reply: Reply) {
        if self.live_call(at).is_some_and(|l| matches!(l.pending.get(at.seq), Some(Pending::Wait { .. }))) {
            self.drop_pending(at.execution, at.seq);
            self.answer_wait(at, reply);
        }
    }

    /// Answers a wait if what it waits for is there.
    fn look(&mut self, at: CallRef) {
        let Some(live) = self.live.get(&at.execution).filter(|l| l.attempt == at.attempt) else { return };
        let Some(Pending::Wait { ids, return_when, .. }) = live.pending.get(at.seq) else { return };
        let states: Vec<ChildState> = ids.iter().filter_map(|id| self.state_of(at.execution, *id)).collect();
        if let Some(reply) = judge(&states, ids.len(), *return_when) {
            self.answer_wait_if_pending(at, reply);
        }
    }

    /// An execution ended: whoever waits for it looks again.
    pub(super) fn on_ended(&mut self, id: Uuid, state: &ChildState) {
        let watchers: HashSet<Uuid> = self.watchers.remove(&id).unwrap_or_default();
        for watcher in watchers {
            let Some(live) = self.live.get_mut(&watcher) else { continue };
            live.children.insert(id, state.clone());
            let attempt = live.attempt;
            let for_it = |p: &Pending| matches!(p, Pending::Wait { ids, .. } if ids.contains(&id));
            let waits: Vec<u32> = live.pending.iter().filter(|(_, p)| for_it(p)).map(|(seq, _)| seq).collect();
            for seq in waits {
                let at = CallRef { execution: watcher, attempt, seq };
                if !self.waits_on(at, state) {
                    self.look(at);
                }
            }
        }
    }

    /// Whether it is certain, without a look at all that are waited for, that the end of `ended` changes nothing: of a thousand
    /// children each would else ask after all others. They end about in the order they were started, hence the search from the end.
    fn waits_on(&self, at: CallRef, ended: &ChildState) -> bool {
        let Some(Pending::Wait { ids, return_when, .. }) = self.live.get(&at.execution).and_then(|live| live.pending.get(at.seq)) else {
            return false;
        };
        let wants_all = match return_when {
            ReturnWhen::AllEnded => true,
            ReturnWhen::AllSucceeded => ended.status == Status::EndedSuccess.name(),
            _ => false,
        };
        wants_all && ids.iter().rev().any(|id| *id != ended.id && self.live.get(id).is_some_and(|live| !live.status.is_ended()))
    }

    /// A wait for `ids` is over; another wait of the same execution may go on watching some of them.
    pub(super) fn unwatch(&mut self, watcher: Uuid, ids: &[Uuid]) {
        let others: HashSet<Uuid> = self.live.get(&watcher).map_or_else(HashSet::new, |live| {
            let waits = live.pending.values().filter_map(|p| if let Pending::Wait { ids, .. } = p { Some(ids) } else { None });
            waits.flatten().copied().collect()
        });
        for id in ids.iter().filter(|id| !others.contains(id)) {
            if let Some(set) = self.watchers.get_mut(id) {
                set.remove(&watcher);
                if set.is_empty() {
                    self.watchers.remove(id);
                }
            }
        }
    }

    pub(super) fn on_wait_timeout(&mut self, execution: Uuid, seq: u32) {
        let Some(at) = self.call_at(execution, seq) else { return };
        let message = "The wait passed its time limit; what it waited for goes on.".to_owned();
        self.answer_wait_if_pending(
            at,
            Reply::Err(Fault { exception: "DependencyTimeoutError".to_owned(), message, field: None, data: None }),
        );
    }
}

/// The time limit among the arguments of a call, seconds.
pub(super) fn timeout_of(call: &Call) -> Option<f64> {
    serde_json::from_str::<Value>(call.args.get()).ok()?.get("timeout")?.as_f64()
}

/// The answer of a wait, or `None` while it must go on. `states` are those known, in the order asked.
fn judge(states: &[ChildState], wanted: usize, return_when: ReturnWhen) -> Option<Reply> {
    let status = |s: &ChildState| Status::from_name(&s.status).unwrap_or(Status::Pending);
    let ended: Vec<&ChildState> = states.iter().filter(|s| status(s).is_ended()).collect();
    let failed: Vec<&ChildState> = ended.iter().copied().filter(|s| status(s) != Status::EndedSuccess).collect();
    let any_success = ended.len() > failed.len();
    let all = ended.len() == wanted;
    let done = || Some(ok(&json!(ended)));
    match return_when {
        ReturnWhen::AllSucceeded if !failed.is_empty() => Some(failure(&failed)),
        ReturnWhen::AllSucceeded | ReturnWhen::AllEnded if all => done(),
        ReturnWhen::FirstEnded if !ended.is_empty() || wanted == 0 => done(),
        ReturnWhen::FirstSucceeded if any_success || wanted == 0 => done(),
        ReturnWhen::FirstSucceeded if all => Some(failure(&failed)),
        _ => None,
    }
}

fn failure(failed: &[&ChildState]) -> Reply {
    let one = |s: &&ChildState| {
        let reason = s.reason.as_deref().map(|r| format!(": {r}")).unwrap_or_default();
        format!("Execution '{}' ({}) ended {}{reason}", s.name, s.id, s.status)
    };
    let message = failed.iter().map(one).collect::<Vec<_>>().join("; ");
    let data = RawValue::from_string(json!({ "executions": failed }).to_string()).ok();
    Reply::Err(Fault { exception: "DependencyFailedError".to_owned(), message, field: None, data })
}

fn waiting_words(return_when: ReturnWhen, ids: &[Uuid]) -> String {
    let what = match return_when {
        ReturnWhen::AllSucceeded | ReturnWhen::AllEnded => "the end of",
        ReturnWhen::FirstEnded => "the first end among",
        ReturnWhen::FirstSucceeded => "the first success among",
    };
    let shown: Vec<String> = ids.iter().take(5).map(ToString::to_string).collect();
    let more = if ids.len() > 5 { format!(" and {} more", ids.len() - 5) } else { String::new() };
    format!("waiting for {what} {}{more}", shown.join(", "))
}

fn at_unix(seconds: f64) -> Timestamp {
    #[allow(clippy::cast_possible_truncation, reason = "saturating float casts are what is wanted here")]
    let micros = (seconds * 1e6) as i64;
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
