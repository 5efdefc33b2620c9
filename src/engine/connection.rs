//! Executions that are connections: carried out by the server itself, without a slot, each as a task that ends with its execution.

use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::core::Core;
use super::event::{CallRef, Event};
use super::live::Ending;
use super::state::Step;
use super::timer::Due;
use crate::connectors::Line;
use crate::records::Status;
use crate::service::Carried;
use crate::store::Row;

/// What a connection has instead of a slot.
pub struct Link {
    /// Of the EXECUTION row, what it takes to carry it out.
    row: Row,
    work: Option<AbortOnDropHandle<()>>,
}

impl Link {
    /// The link of an execution that is a connection.
    pub fn of(row: &Row) -> Option<Link> {
        if row.text("type") != Some("CONNECTION") {
            return None;
        }
        let mut needed = Row::new();
        for column in ["id", "connector_type", "protected", "trace_id", "root_execution_id"] {
            needed.set(column, row.json(column).cloned().unwrap_or_default());
        }
        Some(Link { row: needed, work: None })
    }

    /// Whether it is being carried out.
    pub fn is_busy(&self) -> bool {
        self.work.is_some()
    }

    /// What it waits for while it is carried out.
    pub fn words(&self) -> String {
        format!("an answer of the other side ({})", self.kind())
    }

    fn kind(&self) -> &str {
        self.row.text("connector_type").unwrap_or_default()
    }
}

impl Core {
    /// Carries a PENDING connection out. One that may have been carried out in an earlier life of the server is done again only if
    /// that does no more than once.
    pub(super) fn connect(&mut self, id: Uuid) {
        if self.draining {
            return;
        }
        let Some(live) = self.live.get_mut(&id) else { return };
        if live.cancel.is_some() {
            return self.end_cancelled(id);
        }
        let Some(link) = &live.link else { return };
        let inputs: serde_json::Value = serde_json::from_str(&live.inputs).unwrap_or_default();
        live.effects = live.effects | self.service.connection_effects(link.kind(), &inputs);
        if !live.is_new_epoch && !self.service.connection_is_repeatable(link.kind(), &inputs) {
            let what = live.loss.take().unwrap_or_else(|| "The server ended".to_owned());
            let message = format!(
                "{what} while this {} connection was being carried out: whether it took effect is not known, and to do it twice may do \
                 harm. Look at the other side, and start it again if it is missing there.",
                link.kind()
            );
            return self.end_with_error(id, message);
        }
        live.attempt += 1;
        live.is_new_epoch = false;
        let at = CallRef { execution: id, attempt: live.attempt, seq: 0 };
        let (actor, row, loss) = (live.actor.clone(), link.row.clone(), live.loss.take());
        if let Some(what) = loss {
            self.say(id, format!("{what}; what it does is safe to repeat, and is done again."));
        }
        self.step(id, Step::Dispatch);
        self.record_start(id);
        let (service, events) = (self.service.clone(), self.events.clone());
        let mut ticket = self.departures.ticket(&self.store);
        let work = self.runtime.spawn(async move {
            // If that fails, everything is read anew.
            if !ticket.leave().await {
                return;
            }
            let (lines, mut told) = mpsc::unbounded_channel();
            let mut carried = Box::pin(service.connection_carry_out(&actor, &row, &inputs, lines));
            let carried = loop {
                tokio::select! {
                    biased;
                    Some(line) = told.recv() => drop(events.send(Event::ConnectionTold(at, line))),
                    carried = &mut carried => break carried,
                }
            };
            while let Ok(line) = told.try_recv() {
                let _ = events.send(Event::ConnectionTold(at, line));
            }
            let _ = events.send(Event::Connected(at, carried));
        });
        if let Some(link) = self.live.get_mut(&id).and_then(|live| live.link.as_mut()) {
            link.work = Some(AbortOnDropHandle::new(work));
        }
    }

    pub(super) fn on_connection_told(&mut self, at: CallRef, line: Line) {
        if self.live_call(at).is_some() {
            self.log_line(at.execution, line.level, line.message);
        }
    }

    pub(super) fn on_connected(&mut self, at: CallRef, carried: Carried) {
        let limit = self.config.limits.value_bytes;
        let Some(live) = self.live_call(at) else { return };
        live.effects = live.effects | carried.effects;
        let Some(link) = &mut live.link else { return };
        link.work = None;
        let kind = link.kind().to_owned();
        let size = carried.output.as_ref().map_or(0, |output| output.to_string().len() as u64);
        if size > limit {
            let text = format!("The {kind} connection gave {size} bytes of output; the limit is {limit}. Have it kept in a file.");
            return self.end_with_error(at.execution, text);
        }
        live.output = carried.output;
        let status = if carried.error.is_none() { Status::EndedSuccess } else { Status::EndedError };
        self.end(at.execution, Ending { status, message: carried.error, hint: None, data: None });
    }

    /// The server ends. What may be done again is left to the next one; the rest gets its grace.
    pub(super) fn let_connections_go(&mut self, until: crate::clock::Instant) {
        let busy: Vec<Uuid> = self.live.values().filter(|live| live.link.as_ref().is_some_and(Link::is_busy)).map(|live| live.id).collect();
        for id in busy {
            let Some(live) = self.live.get_mut(&id) else { continue };
            let inputs = serde_json::from_str(&live.inputs).unwrap_or_default();
            let Some(link) = &mut live.link else { continue };
            if self.service.connection_is_repeatable(link.kind(), &inputs) {
                link.work = None;
            } else {
                self.timers.set(until, Due::Grace { execution: id });
            }
        }
    }

    /// Its grace is over: the next server finds it as it would after a crash.
    pub(super) fn cut_connection(&mut self, id: Uuid) {
        if let Some(link) = self.live.get_mut(&id).and_then(|live| live.link.as_mut()) {
            link.work = None;
        }
    }
}
