//! Logs on their way from slots to the store: numbered per execution, buffered a moment, written in chunks.

use std::time::Duration;

use uuid::Uuid;

use super::core::Core;
use super::event::SlotId;
use super::live::{Live, LogState, OnLoss};
use super::row;
use super::timer::Due;
use crate::clock::{self, Instant};
use crate::config::{Limits, Overflow};
use crate::protocol::{Log, LogKey, Progress};
use crate::service::Stat;
use crate::store::{LogChunk, LogEntry};

/// How long an entry may wait for others before it is written.
const DELAY: Duration = Duration::from_millis(50);
/// A buffer of this size is written at once.
const CHUNK_BYTES: usize = 256 << 10;
const CHUNK_ENTRIES: usize = 1_000;

/// What to do about too much log.
const WAY_OUT: &str = "Large data belongs in a file; limits.log_bytes and limits.log_lines_per_second raise the limits.";

impl LogState {
    /// Counts an entry of so many bytes in this second; says what it breaks, if anything.
    fn count_in(&mut self, bytes: u64, second: u64, limits: &Limits) -> Option<String> {
        self.bytes += bytes;
        self.second = if self.second.0 == second { (second, self.second.1 + 1) } else { (second, 1) };
        let (most, rate) = (limits.log_bytes, limits.log_lines_per_second);
        if self.bytes > most {
            let shown = if most >= 1 << 20 { format!("{} MiB", most >> 20) } else { format!("{most} bytes") };
            return Some(format!("wrote more than {shown} of log"));
        }
        (rate > 0 && self.second.1 > rate).then(|| format!("wrote more than {rate} log entries in one second"))
    }
}

impl Core {
    pub(super) fn on_log(&mut self, slot: SlotId, seq: u32, log: Log) {
        let Some(id) = self.execution_in(slot) else { return };
        let at = clock::format(self.clock.now());
        let entry =
            LogEntry { at, level: log.level, stream: log.stream, message: log.message, data: log.data, step: Some(seq), raw: false };
        if let Some(live) = self.live.get_mut(&id) {
            if live.log.last_key.seq < seq || live.log.delivered_in != live.attempt {
                live.log.delivered.clear();
                live.log.delivered_in = live.attempt;
            }
            live.log.delivered.extend(log.delivered);
        }
        self.append(id, entry, Some(LogKey { seq, n: log.n }));
    }

    /// A line written to file descriptor 1 or 2. Lines stored before a replay come again and are counted off.
    pub(super) fn on_raw_line(&mut self, slot: SlotId, stream: &'static str, line: String) {
        let Some(id) = self.execution_in(slot) else { return };
        let at = clock::format(self.clock.now());
        let Some(live) = self.live.get_mut(&id) else { return };
        live.log.raw_seen += 1;
        if live.log.raw_seen <= live.log.raw_stored {
            return;
        }
        let level = if stream == "stderr" { "warning" } else { "info" };
        let entry =
            LogEntry { at, level: level.to_owned(), stream: Some(stream.to_owned()), message: line, data: None, step: None, raw: true };
        self.append(id, entry, None);
    }

    /// Tells the author of an execution, in its own log, what took its process and where it goes on. Said when the journal
    /// is read, since only then its log can be gone on with.
    pub(super) fn tell_loss(&mut self, id: Uuid) {
        let Some(live) = self.live.get_mut(&id) else { return };
        let Some(what) = live.loss.take() else { return };
        let how = match live.on_loss {
            OnLoss::Restart => "it starts from the top (on_loss = 'restart')".to_owned(),
            OnLoss::Auto | OnLoss::Resume | OnLoss::Fail => format!("it goes on by replay after call {}", live.journal_end),
        };
        self.say(id, format!("{what}; {how}."));
    }

    /// A warning of the engine in an execution's own log.
    pub(super) fn say(&mut self, id: Uuid, message: String) {
        self.log_line(id, "warning", message);
    }

    /// A line of the engine in an execution's own log.
    pub(super) fn log_line(&mut self, id: Uuid, level: &str, message: String) {
        let (at, level, stream) = (clock::format(self.clock.now()), level.to_owned(), Some("engine".to_owned()));
        self.append(id, LogEntry { at, level, stream, message, data: None, step: None, raw: false }, None);
    }

    fn append(&mut self, id: Uuid, entry: LogEntry, key: Option<LogKey>) {
        let second = self.clock.instant().since(Instant::default()).as_secs();
        let Some(live) = self.live.get_mut(&id).filter(|l| l.stop.is_none() && !l.log.is_cut) else { return };
        let mut entry = entry;
        let size = entry.message.len() + entry.data.as_ref().map_or(0, |d| d.get().len()) + 64;
        self.stats.add(Stat::LogEntries, 1);
        if let Some(breach) = live.log.count_in(size as u64, second, &self.config.limits) {
            match self.config.limits.log_overflow {
                Overflow::End => return self.stop(id, format!("The execution {breach} and was ended. {WAY_OUT}")),
                Overflow::Truncate => {
                    live.log.is_cut = true;
                    let message = format!("The log ends here: the execution {breach}. What it logs from here on is not kept. {WAY_OUT}");
                    entry = LogEntry { message, level: "warning".to_owned(), stream: Some("engine".to_owned()), data: None, ..entry };
                }
            }
        }
        let log = &mut live.log;
        let key = key.unwrap_or(log.last_key);
        if log.buffer.is_empty() {
            log.first_key = key;
        }
        log.last_key = log.last_key.max(key);
        log.buffer.push(entry);
        log.buffered_bytes += size;
        if log.buffered_bytes >= CHUNK_BYTES || log.buffer.len() >= CHUNK_ENTRIES {
            self.flush_logs(id);
        } else {
            self.dirty_logs.insert(id);
            if !self.log_timer {
                self.log_timer = true;
                self.timers.set(self.clock.instant().plus(DELAY), Due::FlushLogs);
            }
        }
    }

    /// Hands buffered entries to the writer.
    pub(super) fn flush_logs(&mut self, id: Uuid) {
        self.dirty_logs.remove(&id);
        let Some(live) = self.live.get_mut(&id) else { return };
        let Some(chunk) = take_chunk(live) else { return };
        let commit = self.submit_lazy(vec![chunk.write()]);
        self.publish_after(commit, id);
    }

    pub(super) fn on_flush_logs(&mut self) {
        self.log_timer = false;
        for id in std::mem::take(&mut self.dirty_logs) {
            self.flush_logs(id);
        }
    }

    pub(super) fn on_progress(&mut self, slot: SlotId, progress: &Progress) {
        let Some(id) = self.execution_in(slot) else { return };
        let value = serde_json::to_value(progress).unwrap_or_default();
        let mut update = row::ExecutionUpdate::new(id).json("progress", value);
        if let Some(message) = &progress.message {
            update = update.text("message", message);
        }
        let commit = self.submit_lazy(vec![update.write(self.clock.now())]);
        self.publish_after(commit, id);
    }
}

fn take_chunk(live: &mut Live) -> Option<LogChunk> {
    let log = &mut live.log;
    if log.buffer.is_empty() {
        return None;
    }
    let entries = std::mem::take(&mut log.buffer);
    let bytes = std::mem::take(&mut log.buffered_bytes) as u64;
    let first_number = log.count + 1;
    log.count += entries.len() as u64;
    let raw_lines = entries.iter().filter(|entry| entry.raw).count() as u64;
    Some(LogChunk {
        execution: live.id,
        epoch: live.epoch,
        first_number,
        first: log.first_key,
        last: log.last_key,
        raw_lines,
        bytes,
        delivered: log.delivered.clone(),
        entries,
    })
}
