//! Limits that the kernel does not keep for an execution as a whole: its processes are looked at while it runs, never while nothing does.

use std::time::Duration;

use super::core::Core;
use super::escape::too_many;
use super::event::{Event, SlotId};
use super::live::Live;
use super::timer::Due;
use super::usage::{self, Subject, Usage};
use crate::folder::Content;

/// Time from one look to the next.
const EVERY: Duration = Duration::from_millis(100);
/// A folder with so many entries is looked through every second time, with twice as many every third, and so on: a large one takes
/// its time.
const SMALL_FOLDER: u64 = 2000;

impl Core {
    /// Something computes: it will be looked at.
    pub(super) fn sample_later(&mut self) {
        if !self.sample_timer {
            self.sample_timer = true;
            self.timers.set(self.clock.instant().plus(EVERY), Due::Sample);
        }
    }

    pub(super) fn on_sample(&mut self) {
        let subjects: Vec<Subject> = self.subjects();
        if subjects.is_empty() {
            self.sample_timer = false;
            return;
        }
        let events = self.events.clone();
        tokio::task::spawn_local(async move {
            let measured = tokio::task::spawn_blocking(move || subjects.into_iter().map(usage::measure).collect()).await;
            // At shutdown nobody listens any more.
            let _ = events.send(Event::Measured(measured.unwrap_or_default()));
        });
    }

    pub(super) fn on_measured(&mut self, usages: Vec<Usage>) {
        self.sample_timer = false;
        for usage in usages {
            self.judge(&usage);
        }
        if self.live.values().any(Live::is_computing) {
            self.sample_later();
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
            let Some((pid, folder, with_folder)) = self.pool.sampled(slot, live.is_computing()) else { continue };
            let attempt = live.attempt;
            subjects.push(Subject { execution: live.id, attempt, slot, pid, folder, with_folder, memory, content });
        }
        subjects
    }

    fn judge(&mut self, usage: &Usage) {
        let Subject { execution, attempt, slot, content, .. } = usage.subject;
        let is_same = |live: &Live| live.slot == Some(slot) && live.attempt == attempt;
        if !self.live.get(&execution).is_some_and(is_same) {
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
        state.has_company = usage.threads > 1;
        if let Some(content) = usage.content {
            state.folder_rest = u32::try_from(content.entries / SMALL_FOLDER).unwrap_or(u32::MAX);
        }
    }
}
