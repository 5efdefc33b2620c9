//! Limits that the kernel does not keep for an execution as a whole: its processes are looked at while it runs, never while nothing does.

use std::time::Duration;

use super::core::Core;
use super::escape::too_many;
use super::event::{Event, SlotId};
use super::timer::{Due, TimerKey};
use super::usage::{self, Subject, Usage};
use crate::folder::Content;

/// Time from one look to the next.
const EVERY: Duration = Duration::from_millis(100);
/// The same for what may go on while its handler waits.
const WAITING_EVERY: Duration = Duration::from_secs(1);
/// A folder with so many entries is looked through every second time, with twice as many every third, and so on: a large one takes
/// its time.
const SMALL_FOLDER: u64 = 2000;

/// The next look at what runs.
#[derive(Clone, Copy, Debug, Default)]
pub enum Look {
    /// Nothing runs.
    #[default]
    None,
    Set(TimerKey),
    /// It takes place on another thread.
    Underway,
}

impl Core {
    /// Something computes: it will be looked at.
    pub(super) fn sample_later(&mut self) {
        self.look_in(EVERY);
    }

    fn look_in(&mut self, time: Duration) {
        let when = self.clock.instant().plus(time);
        match self.look {
            Look::Underway => return,
            Look::Set(key) if key.0 <= when => return,
            Look::Set(key) => self.timers.cancel(key),
            Look::None => {}
        }
        self.look = Look::Set(self.timers.set(when, Due::Sample));
    }

    /// As long as anything may still grow.
    fn look_again(&mut self) {
        self.look = Look::None;
        if self.live.values().any(|live| live.is_computing()) {
            self.look_in(EVERY);
        } else if self.live.values().filter_map(|live| live.slot).any(|slot| self.pool.has_company(slot)) {
            self.look_in(WAITING_EVERY);
        }
    }

    pub(super) fn on_sample(&mut self) {
        let subjects: Vec<Subject> = self.subjects();
        if subjects.is_empty() {
            self.look_again();
            return;
        }
        self.look = Look::Underway;
        let events = self.events.clone();
        tokio::task::spawn_local(async move {
            let measured = tokio::task::spawn_blocking(move || subjects.into_iter().map(usage::measure).collect()).await;
            // At shutdown nobody listens any more.
            let _ = events.send(Event::Measured(measured.unwrap_or_default()));
        });
    }

    pub(super) fn on_measured(&mut self, usages: Vec<Usage>) {
        for usage in usages {
            self.judge(&usage);
        }
        // After a fence it began anew.
        if matches!(self.look, Look::Underway) {
            self.look_again();
        }
    }

    /// Executions in a slot that compute, or that have processes or threads which may go on while the handler waits.
    fn subjects(&mut self) -> Vec<Subject> {
        let limits = &self.config.limits;
        let content = Content { bytes: limits.work_bytes, entries: limits.work_files };
        let memory = limits.memory_bytes;
        let mut subjects = Vec::new();
        for live in self.live.values().filter(|live| live.stop.is_none()) {
            let Some(slot) = live.slot else { continue };
            let computes = live.is_computing();
            let Some((pid, folder, with_folder)) = self.pool.sampled(slot, computes, WAITING_EVERY) else { continue };
            let attempt = live.attempt;
            subjects.push(Subject { execution: live.id, attempt, slot, computes, pid, folder, with_folder, memory, content });
        }
        subjects
    }

    fn judge(&mut self, usage: &Usage) {
        let Subject { execution, attempt, slot, content, .. } = usage.subject;
        if !self.live.get(&execution).is_some_and(|live| live.slot == Some(slot) && live.attempt == attempt) {
            return;
        }
        self.keep_sample(slot, usage);
        let processes = self.config.limits.processes as usize;
        let memory = self.config.limits.memory_bytes;
        let message = if usage.threads > processes {
            too_many(processes)
        } else if usage.memory > memory {
            format!(
                "The execution's processes held more than {} MiB of memory together and it was ended. limits.memory_bytes raises the limit.",
                memory >> 20
            )
        } else {
            match usage.content.filter(|found| found.exceeds(content)) {
                Some(found) => crate::folder::too_much(found, content),
                None => return,
            }
        };
        self.stop(execution, message);
    }

    fn keep_sample(&mut self, slot: SlotId, usage: &Usage) {
        let Some(state) = self.pool.slot(slot) else { return };
        // What computes may yet start others before it waits.
        state.has_company = usage.subject.computes || usage.threads > 1;
        if let Some(content) = usage.content {
            state.folder_rest = u32::try_from(content.entries / SMALL_FOLDER).unwrap_or(u32::MAX);
        }
    }
}
