//! Schedules: a timer for each that is enabled, and what becomes of them when it goes off.
//!
//! The store says what a schedule has to do; here is only when it is asked again. So a start of the server asks once for each, and then
//! nothing is asked before it is due.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::sync::mpsc;
use uuid::Uuid;

use super::core::Core;
use super::event::Event;
use super::live::instant_of;
use super::timer::{Due, TimerKey};
use crate::clock::{Clock, Instant};
use crate::error::{Error, Result};
use crate::records::Status;
use crate::service::{NewExecution, Present, Turn};

/// After a run of a scheduler's script that failed, and where it cannot be found out what a schedule has to do.
const PAUSE: Duration = Duration::from_secs(60);
/// Between the starts of two runs of a script that ends at once.
const APART: Duration = Duration::from_secs(1);

/// A schedule that is enabled.
#[derive(Default)]
struct Planned {
    timer: Option<TimerKey>,
    /// It is being asked what it has to do.
    asking: bool,
    /// It was changed meanwhile, and is asked again.
    again: bool,
    /// The run of its scheduler's script, and when that was started.
    iteration: Option<(Uuid, Instant)>,
    /// That run was cancelled, since it is to be another one.
    replaced: bool,
}

/// All of them, by id.
#[derive(Default)]
pub(super) struct Schedules(HashMap<Uuid, Planned>);

/// Tells the loop whenever the wall clock was set; ends with it.
pub(super) async fn watch_clock(clock: Clock, events: mpsc::UnboundedSender<Event>) {
    let mut jumps = clock.jumps();
    loop {
        jumps.next().await;
        if events.send(Event::ClockJumped).is_err() {
            return;
        }
    }
}

impl Core {
    /// The wall clock was set: what waits for a time of it may have passed it, or may have longer to wait.
    pub(super) fn on_clock_jumped(&mut self) {
        let waiting: Vec<Uuid> = self.schedules.0.iter().filter(|(_, planned)| planned.timer.is_some()).map(|(id, _)| *id).collect();
        for id in waiting {
            self.plan(id);
        }
    }

    /// The enabled schedules, and no others, at the start and after a commit that failed.
    pub(super) fn plan_all(&mut self, enabled: Vec<Uuid>) {
        self.schedules = Schedules::default();
        let now = self.clock.instant();
        let running: Vec<(Uuid, Uuid, bool)> = self.live.values().filter_map(|live| Some((live.schedule?, live.id, live.paused))).collect();
        let mut asked: HashSet<Uuid> = enabled.into_iter().collect();
        for (schedule, id, is_paused) in running {
            self.schedules.0.entry(schedule).or_default().iteration = Some((id, now));
            // One that is paused, as after a restore, is left alone: its end would run code of it.
            asked.extend(Some(schedule).filter(|_| !is_paused));
        }
        for id in asked {
            self.plan(id);
        }
    }

    /// Finds out what a schedule has to do now: its time has come, or it was written.
    pub(super) fn plan(&mut self, id: Uuid) {
        if self.draining || self.fenced {
            return;
        }
        let planned = self.schedules.0.entry(id).or_default();
        if let Some(timer) = planned.timer.take() {
            self.timers.cancel(timer);
        }
        if planned.asking {
            planned.again = true;
            return;
        }
        planned.asking = true;
        let present = Present { wall: self.clock.now(), steady: self.steady.now() };
        let (service, events) = (self.service.clone(), self.events.clone());
        tokio::task::spawn_local(async move {
            let turn = service.schedule_turn(id, present).await;
            let _ = events.send(Event::ScheduleAsked(id, turn));
        });
    }

    pub(super) fn on_schedule_asked(&mut self, id: Uuid, turn: Result<Turn>) {
        // What was written is found at the next start, or when the store is read again.
        if self.draining || self.fenced {
            return;
        }
        let Some(planned) = self.schedules.0.get_mut(&id) else { return };
        planned.asking = false;
        let is_changed = std::mem::take(&mut planned.again);
        match turn {
            Ok(Turn::Start(new, commit)) => {
                let execution = new.id;
                self.admit(*new);
                self.publish_after(commit, execution);
                self.plan(id);
            }
            Ok(Turn::Failed(execution, commit)) => {
                self.publish_after(commit, execution);
                self.plan(id);
            }
            Ok(Turn::Again) => self.plan(id),
            _ if is_changed => self.plan(id),
            Ok(Turn::Off) => self.schedule_off(id),
            Ok(Turn::Wait { until, steady }) => {
                if let Some(iteration) = planned.iteration {
                    // It has no scheduler any more.
                    self.cancel(iteration.0, "Cancelled because its schedule was changed.".to_owned());
                }
                if let Some(at) = until {
                    let due = if steady { self.steady.instant_of(at) } else { instant_of(&self.clock, at) };
                    self.ask_at(id, due);
                }
            }
            Ok(Turn::Iterate(new)) => self.iterate(id, *new),
            Err(error) => self.schedule_unclear(id, &error),
        }
    }

    fn schedule_unclear(&mut self, id: Uuid, error: &Error) {
        tracing::warn!(schedule = %id, %error, "what a schedule has to do could not be found out");
        self.ask_at(id, self.clock.instant().plus(PAUSE));
    }

    fn ask_at(&mut self, id: Uuid, due: Instant) {
        let timer = self.timers.set(due, Due::Schedule { schedule: id });
        if let Some(earlier) = self.schedules.0.entry(id).or_default().timer.replace(timer) {
            self.timers.cancel(earlier);
        }
    }

    /// Its timer has gone off.
    pub(super) fn on_schedule_due(&mut self, id: Uuid) {
        if let Some(planned) = self.schedules.0.get_mut(&id) {
            planned.timer = None;
            self.plan(id);
        }
    }

    /// It is disabled or gone. The run of its scheduler's script ends; a flow that was started goes on.
    fn schedule_off(&mut self, id: Uuid) {
        let iteration = self.schedules.0.get(&id).and_then(|planned| planned.iteration);
        match iteration {
            Some((execution, _)) => self.cancel(execution, "Cancelled because its schedule was disabled.".to_owned()),
            None => drop(self.schedules.0.remove(&id)),
        }
    }

    /// Makes sure that this run of a scheduler's script, or one like it, is under way.
    fn iterate(&mut self, id: Uuid, mut new: NewExecution) {
        let Some(planned) = self.schedules.0.get_mut(&id) else { return };
        let running = planned.iteration.and_then(|(execution, _)| self.live.get(&execution));
        if let Some(live) = running {
            if live.script == new.script && live.inputs == new.inputs {
                return;
            }
            planned.replaced = true;
            let execution = live.id;
            self.cancel(execution, "Cancelled because its schedule was changed.".to_owned());
            return;
        }
        let execution = new.id;
        planned.iteration = Some((execution, self.clock.instant()));
        let commit = self.submit_lazy(std::mem::take(&mut new.writes));
        self.admit(new);
        self.publish_after(commit, execution);
    }

    /// A run of a scheduler's script has ended: after a while, there is to be another one.
    pub(super) fn on_iteration_ended(&mut self, id: Uuid, status: Status) {
        let Some(planned) = self.schedules.0.get_mut(&id) else { return };
        let began = planned.iteration.take().map_or_else(Instant::default, |(_, at)| at);
        let is_replaced = std::mem::take(&mut planned.replaced);
        if status == Status::EndedSuccess || is_replaced {
            self.ask_at(id, began.plus(APART));
        } else {
            self.ask_at(id, self.clock.instant().plus(PAUSE));
        }
    }
}
