//! Children: made once per call number, started at once or later, cancelled with their parent unless orphans.

use serde_json::{Value, json};
use uuid::Uuid;

use super::call::{derived_id, ok, unreadable};
use super::core::Core;
use super::event::{CallRef, Event};
use super::hold::WaitsFor;
use super::live::{Live, Pending, instant_of};
use super::row;
use super::state::Step;
use super::timer::Due;
use super::wait::WaitFor;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::protocol::{Call, ChildArgs, ChildState, ReturnWhen};
use crate::records::Status;
use crate::service::{Effects, NewExecution, ParentRef, Stat};
use crate::store::Write;

/// What the call that makes a child asks besides.
#[derive(Clone, Copy)]
pub struct Child {
    /// It goes on whatever becomes of the execution that made it.
    is_orphan: bool,
    /// The call waits for it.
    wait: Option<ReturnWhen>,
    /// Seconds that the wait may take.
    timeout: Option<f64>,
}

impl Core {
    /// Takes a new execution into memory and starts it when it may start now. Its row must be submitted before.
    pub(super) fn admit(&mut self, new: NewExecution) -> Uuid {
        let order = self.next_order();
        let run = new.run;
        let due = new.row.text("scheduled_for").and_then(crate::clock::parse).filter(|at| *at > self.clock.now());
        let live = Live::new(new, order);
        let id = live.id;
        self.live.insert(id, Box::new(live));
        self.stats.add(Stat::Started, 1);
        match (run, due) {
            (true, Some(at)) => self.release_at(id, at),
            (true, None) => self.enqueue(id),
            (false, _) => {}
        }
        id
    }

    /// Leaves an execution without a slot until the wall clock shows `at`.
    pub(super) fn release_at(&mut self, id: Uuid, at: jiff::Timestamp) {
        let due = instant_of(&self.clock, at);
        self.release_when(id, due);
    }

    /// Leaves an execution without a slot until `due`.
    pub(super) fn release_when(&mut self, id: Uuid, due: Instant) {
        self.timers.set(due, Due::Release { execution: id });
    }

    /// The time of a slotless execution has come.
    pub(super) fn on_release(&mut self, id: Uuid) {
        let Some(live) = self.live.get(&id) else { return };
        if !Core::waits_without_slot(live) {
            return;
        }
        if live.status == Status::Created { self.release(id) } else { self.requeue(id) }
    }

    /// CREATED becomes PENDING.
    pub(super) fn release(&mut self, id: Uuid) {
        if !self.step(id, Step::Release) {
            return;
        }
        let update = row::ExecutionUpdate::new(id).text("status", Status::Pending.name()).write(self.clock.now());
        let commit = self.submit_lazy(vec![update]);
        self.publish_after(commit, id);
        self.enqueue(id);
    }

    pub(super) fn call_child(&mut self, at: CallRef, call: Call) {
        let mut args: ChildArgs = match serde_json::from_str(call.args.get()) {
            Ok(args) => args,
            Err(error) => return self.answer_error(at, &call, &unreadable(&error)),
        };
        let id = self.child_id(at);
        let (limit, most) = (self.config.max_depth, self.config.max_children);
        let Some(live) = self.live_call(at) else { return };
        if live.started.contains_key(&at.seq) {
            // Child and journal row were written in one transaction: it exists.
            let Some(return_when) = args.wait else {
                let state = ChildState { id, name: args.name.unwrap_or_default(), status: Status::Pending.name().to_owned(), reason: None };
                return self.answer_value(at, &call, &json!([state]));
            };
            return self.wait_for(at, &call, WaitFor { ids: vec![id], return_when, timeout: args.timeout });
        }
        let depth = live.depth + 1;
        if depth > limit {
            let error = Error::invalid(format!(
                "This would be the {depth}th level of child executions; the limit is {limit}. A flow that starts itself should use this.restart(inputs) instead."
            ));
            return self.answer_error(at, &call, &error);
        }
        if live.open_children.len() >= most {
            let error =
                Error::invalid(format!("This execution has {most} live children, which is the limit; wait for some before it makes more."));
            return self.answer_error(at, &call, &error);
        }
        // What a scheduler starts is the schedule's, and goes on whatever becomes of the script.
        args.orphan |= live.schedule.is_some();
        let parent = ParentRef { id: at.execution, root: live.root, depth };
        let actor = live.actor.clone();
        let asked = Child { is_orphan: args.orphan, wait: args.wait.filter(|_| args.run), timeout: args.timeout };
        let request = match self.service.child_request(&call.target, args, parent, id) {
            Ok(request) => request,
            Err(error) => return self.answer_error(at, &call, &error),
        };
        if let Some(live) = self.live_call(at) {
            live.pending.insert(at.seq, Pending::Service { call: Box::new(call) });
        }
        let (service, events) = (self.service.clone(), self.events.clone());
        tokio::task::spawn_local(async move {
            let made = service.execution_prepare(&actor, request).await.map(Box::new);
            let _ = events.send(Event::ChildReady(at, asked, made));
        });
    }

    fn child_id(&self, at: CallRef) -> Uuid {
        derived_id(at.execution, &format!("child/{}/{}", self.epoch(at), at.seq))
    }

    pub(super) fn on_child_ready(&mut self, at: CallRef, asked: Child, made: Result<Box<NewExecution>>) {
        let Some(live) = self.live_call(at) else { return };
        let Some(Pending::Service { call }) = live.pending.remove(at.seq) else { return };
        let mut new = match made {
            Ok(new) => *new,
            Err(error) => return self.answer_error(at, &call, &error),
        };
        let state = ChildState {
            id: new.id,
            name: new.row.text("name").unwrap_or_default().to_owned(),
            status: new.row.text("status").unwrap_or_default().to_owned(),
            reason: None,
        };
        live.children.insert(new.id, state.clone());
        if asked.is_orphan {
            // It may go on when this one has ended.
            live.effects = live.effects | Effects::UNSEEN;
        } else {
            live.open_children.insert(new.id);
        }
        let mut writes: Vec<Write> = std::mem::take(&mut new.writes);
        let child = new.id;
        match asked.wait {
            None => {
                let reply = ok(&json!([state]));
                writes.push(self.journal(at, &call, Some(&reply), None));
                self.submit_lazy(writes);
                self.admit(new);
                self.reply(at, reply);
            }
            Some(return_when) => {
                let due = self.wait_due(asked.timeout);
                let waits = WaitsFor::Executions { ids: vec![child], return_when };
                writes.push(self.journal_wait(at, &call, due, &waits));
                self.submit_lazy(writes);
                self.admit(new);
                if let Some(live) = self.live_call(at) {
                    live.started.insert(at.seq, due);
                }
                self.wait_for(at, &call, WaitFor { ids: vec![child], return_when, timeout: asked.timeout });
            }
        }
    }

    pub(super) fn call_child_run(&mut self, at: CallRef, call: &Call) {
        #[derive(serde::Deserialize)]
        struct Args {
            ids: Vec<Uuid>,
            #[serde(default)]
            wait: Option<Wait>,
            #[serde(default)]
            timeout: Option<f64>,
        }
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Wait {
            Until(ReturnWhen),
            Plain(bool),
        }
        let args: Args = match serde_json::from_str(call.args.get()) {
            Ok(args) => args,
            Err(error) => return self.answer_error(at, call, &unreadable(&error)),
        };
        for id in &args.ids {
            match self.live.get(id) {
                Some(child) if child.parent != Some(at.execution) && *id != at.execution => {
                    let error = Error::invalid(format!(
                        "Execution {id} is not a child of this execution; only its own children can be run with run()."
                    ));
                    return self.answer_error(at, call, &error);
                }
                Some(child) if child.paused => self.resume(*id),
                Some(_) => self.release(*id),
                None => {}
            }
        }
        let wait = match args.wait {
            Some(Wait::Until(return_when)) => Some(return_when),
            Some(Wait::Plain(true)) => Some(ReturnWhen::AllSucceeded),
            Some(Wait::Plain(false)) | None => None,
        };
        match wait {
            None => {
                let states: Vec<Value> = args.ids.iter().filter_map(|id| self.state_of(at.execution, *id)).map(|s| json!(s)).collect();
                self.answer_value(at, call, &Value::Array(states));
            }
            Some(return_when) => self.wait_for(at, call, WaitFor { ids: args.ids, return_when, timeout: args.timeout }),
        }
    }

    /// What is known of an execution: live, or remembered by `watcher`.
    pub(super) fn state_of(&self, watcher: Uuid, id: Uuid) -> Option<ChildState> {
        self.live.get(&id).map(|live| live.state()).or_else(|| self.live.get(&watcher).and_then(|l| l.children.get(&id).cloned()))
    }
}
