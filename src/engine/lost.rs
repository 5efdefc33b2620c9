//! What a slot's socket and its zygote report, and what the loss of a slot means for its execution.

use std::time::Duration;

use uuid::Uuid;

use super::core::Core;
use super::event::SlotId;
use super::live::Domain;
use super::pool::SlotState;
use super::slot::SlotEvent;
use super::timer::Due;
use super::zygote::{SlotExit, Zygote, ZygoteEvent};
use crate::error::Result;
use crate::protocol::{Await, Call, Checked, Code, Differs, Done, EXIT_SOCKET_LOST, Escape, FrameKind, Log, Progress, SandboxLine, Stack};

/// How long a slot whose socket closed may take to end by itself before it is killed.
const HUNG_AFTER: Duration = Duration::from_secs(2);
/// Deaths by its own doing at one place after which an execution is not tried again.
const DEATHS_AT_ONE_PLACE: u32 = 3;
/// Kills from outside at one place after which it is given up: a flow that kills itself looks the same, and nothing is retried forever.
const KILLS_AT_ONE_PLACE: u32 = 20;

impl Core {
    pub(super) fn on_slot(&mut self, slot: SlotId, event: SlotEvent) {
        match event {
            SlotEvent::Frame { kind, seq, payload } => {
                if let Err(reason) = self.on_frame(slot, (kind, seq), &payload) {
                    self.on_bad_frame(slot, &reason);
                }
            }
            SlotEvent::Knock(knock) => self.on_knock(slot, knock),
            SlotEvent::Line { channel, text } => self.on_raw_line(slot, channel.name(), text),
            SlotEvent::Closed { reason } => self.on_closed(slot, reason),
        }
    }

    fn on_frame(&mut self, slot: SlotId, (kind, seq): (FrameKind, u32), payload: &[u8]) -> Result<(), String> {
        fn read<'a, T: serde::Deserialize<'a>>(payload: &'a [u8]) -> Result<T, String> {
            serde_json::from_slice(payload).map_err(|e| e.to_string())
        }
        match kind {
            FrameKind::Call => self.on_call(slot, seq, read::<Call>(payload)?),
            FrameKind::Log => self.on_log(slot, seq, read::<Log>(payload)?),
            FrameKind::Progress => self.on_progress(slot, &read::<Progress>(payload)?),
            FrameKind::Done => self.on_done(slot, read::<Done>(payload)?),
            FrameKind::Code => self.on_code(slot, read::<Code>(payload)?),
            FrameKind::Escape => self.on_escape(slot, seq, read::<Escape>(payload)?),
            FrameKind::Checked => self.on_checked(slot, read::<Checked>(payload)?),
            FrameKind::Await => self.on_await(slot, seq, read::<Await>(payload)?),
            FrameKind::Abandon => self.on_abandon(slot, seq),
            FrameKind::Differs => self.on_differs(slot, seq, &read::<Differs>(payload)?),
            FrameKind::Stack => self.on_stack(slot, read::<Stack>(payload)?),
            FrameKind::Run | FrameKind::Reply | FrameKind::Check | FrameKind::Exit => {
                return Err(format!("{kind:?} is a frame that only the server sends"));
            }
            FrameKind::Travel => return Err("its execution is not run to be looked at".to_owned()),
        }
        Ok(())
    }

    /// The execution that a slot runs now. A slot of an older attempt runs none: what it still says is not heard.
    pub(super) fn execution_in(&mut self, slot: SlotId) -> Option<Uuid> {
        let id = self.pool.slot(slot).and_then(|s| s.execution)?;
        self.live.get(&id).is_some_and(|live| live.slot == Some(slot)).then_some(id)
    }

    fn on_code(&mut self, slot: SlotId, code: Code) {
        if let Some(state) = self.pool.slot(slot) {
            let key = (state.key.domain.clone(), state.key.script_hash.clone());
            if self.codes.len() >= self.config.cached_scripts {
                self.codes.clear();
            }
            self.codes.entry(key).or_insert_with(|| code.code.into());
        }
    }

    fn on_bad_frame(&mut self, slot: SlotId, reason: &str) {
        tracing::warn!(slot, reason, "a slot sent what is not a frame and is ended");
        if let Some(state) = self.pool.slot(slot) {
            state.fault = Some(format!("the flow wrote on the connection between its process and the server ({reason})"));
        }
        self.pool.kill(slot);
    }

    fn on_closed(&mut self, slot: SlotId, reason: Option<String>) {
        let Some(state) = self.pool.slot(slot) else { return };
        state.closed = true;
        if let Some(reason) = reason {
            self.on_bad_frame(slot, &reason);
        } else if state.exit.is_none() {
            self.timers.set(self.clock.instant().plus(HUNG_AFTER), Due::Hung { slot });
        }
        self.settle(slot);
    }

    pub(super) fn on_hung(&mut self, slot: SlotId) {
        let Some(state) = self.pool.slot(slot) else { return };
        if state.exit.is_none() && !state.killed {
            state.fault =
                Some("the flow closed the connection between its process and the server (a descriptor it did not open)".to_owned());
            self.pool.kill(slot);
        }
    }

    /// What of the sandbox does not hold here is said once, never silently skipped.
    pub(super) fn on_sandbox(&mut self, report: &[SandboxLine]) {
        if std::mem::replace(&mut self.sandbox_told, true) {
            return;
        }
        for line in report.iter().filter(|line| !line.holds) {
            tracing::warn!(part = line.part, detail = line.detail, "a part of the sandbox does not hold on this machine");
        }
    }

    /// The zygote of a domain is there, or cannot be: whoever waited for it goes on.
    pub(super) fn on_hatched(&mut self, domain: &Domain, zygote: Result<Zygote>) {
        let (zygote, error) = match zygote {
            Ok(zygote) => (Some(zygote), None),
            Err(error) => (None, Some(error)),
        };
        let waiters = self.pool.hatched(domain, zygote);
        if let Some(error) = error {
            tracing::error!(%domain, %error, "a zygote could not be started");
            for id in waiters {
                self.end_with_error(id, format!("No Python process could be started for this execution: {error}"));
            }
            self.checks_refused(domain, &error);
            return;
        }
        for id in waiters {
            self.enqueue(id);
        }
        self.checks_begin(domain);
    }

    pub(super) fn on_zygote(&mut self, domain: &Domain, message: ZygoteEvent) {
        match message {
            ZygoteEvent::Forked { slot, pid } => {
                if let Some(state) = self.pool.slot(slot) {
                    state.pid = Some(pid);
                }
            }
            ZygoteEvent::Refused { slot, reason } => {
                if let Some(state) = self.pool.slot(slot) {
                    state.fault = Some(format!("no process could be forked: {reason}"));
                    state.exit = Some(SlotExit { code: None, signal: None, cpu_ms: 0, peak_memory_bytes: 0 });
                }
                self.settle(slot);
            }
            ZygoteEvent::Exited { slot, exit } => {
                if let Some(state) = self.pool.slot(slot) {
                    state.exit = Some(exit);
                }
                self.settle(slot);
            }
            ZygoteEvent::Gone { reason } => {
                let lost = self.pool.zygote_lost(domain);
                if !lost.is_empty() {
                    tracing::warn!(%domain, reason, slots = lost.len(), "a zygote is gone, and its slots with it");
                }
                for slot in lost {
                    self.settle(slot);
                }
            }
        }
    }

    /// Once a slot's socket is closed and its exit is known, decides what that means.
    fn settle(&mut self, slot: SlotId) {
        let Some(state) = self.pool.remove_if_gone(slot) else { return };
        self.check_lost(slot);
        self.looks.remove(&slot);
        let Some(id) = state.execution else {
            self.count_abandoned(&state);
            return;
        };
        if self.live.get(&id).is_some_and(|live| live.slot == Some(slot)) {
            self.on_lost(id, &state);
        }
    }

    /// What a suspended execution used before counts as well.
    fn count_abandoned(&mut self, state: &SlotState) {
        let exit = state.exit.zip(state.abandoned_by.and_then(|id| self.live.get_mut(&id)));
        if let Some((exit, live)) = exit {
            live.cpu_ms += exit.cpu_ms;
            live.peak_memory_bytes = live.peak_memory_bytes.max(exit.peak_memory_bytes);
        }
    }

    /// Takes the slot away from an execution and drops what hung on it.
    pub(super) fn unslot(&mut self, id: Uuid) {
        let Some(live) = self.live.get_mut(&id) else { return };
        let before = live.is_computing();
        live.slot = None;
        self.parked.remove(id);
        let home = live.home();
        let queued = std::mem::take(&mut live.queues);
        let pending: Vec<u32> = live.pending.keys().collect();
        live.held.clear();
        live.parking = super::park::Parking::default();
        if let Some(cancel) = &mut live.cancel {
            cancel.signalled = false;
            if let Some(grace) = cancel.grace.take() {
                self.timers.cancel(grace);
            }
        }
        self.count_computing(home, before, false);
        if queued {
            self.ready.remove(id);
        }
        for seq in pending {
            self.drop_pending(id, seq);
        }
    }

    /// Counts a kill from outside; false when there were too many at one place.
    fn survives_kill(&mut self, id: Uuid) -> bool {
        let Some(live) = self.live.get_mut(&id) else { return true };
        let seq = live.place();
        live.kills = if live.kills.0 == seq { (seq, live.kills.1 + 1) } else { (seq, 1) };
        live.kills.1 < KILLS_AT_ONE_PLACE
    }

    fn on_lost(&mut self, id: Uuid, state: &SlotState) {
        let exit = state.exit.unwrap_or(SlotExit { code: None, signal: None, cpu_ms: 0, peak_memory_bytes: 0 });
        self.unslot(id);
        let Some(live) = self.live.get_mut(&id) else { return };
        live.cpu_ms += exit.cpu_ms;
        live.peak_memory_bytes = live.peak_memory_bytes.max(exit.peak_memory_bytes);
        if let Some(message) = live.stop.take() {
            self.end_with_error(id, message);
            return;
        }
        if live.cancel.is_some() {
            self.end_cancelled(id);
            return;
        }
        if self.draining {
            return;
        }
        live.exit_status = exit_status(&exit);
        if exit.signal == Some(libc::SIGXCPU) {
            let seconds = self.config.limits.cpu_seconds;
            self.end_with_error(id, format!("The execution used more than {seconds} seconds of CPU time and was ended."));
            return;
        }
        let own_doing = own_doing(state, &exit);
        if let Some(what) = &own_doing {
            let seq = live.place();
            live.deaths = if live.deaths.0 == seq { (seq, live.deaths.1 + 1) } else { (seq, 1) };
            if live.deaths.1 >= DEATHS_AT_ONE_PLACE {
                let place = if seq == 0 { "before its first flow_api call".to_owned() } else { format!("after its call number {seq}") };
                self.end_with_error(id, format!("The execution's own code ended its process {DEATHS_AT_ONE_PLACE} times {place}: {what}."));
                return;
            }
        }
        if own_doing.is_none() && !self.survives_kill(id) {
            let what = exit_text(&exit);
            self.end_with_error(
                id,
                format!("The execution's process was killed {KILLS_AT_ONE_PLACE} times at the same place without getting on ({what})."),
            );
            return;
        }
        let what = own_doing.unwrap_or_else(|| exit_text(&exit));
        if self.end_if_lost(id, &what) {
            return;
        }
        tracing::info!(execution = %id, exit = exit_text(&exit), "a slot was lost; its execution is replayed");
        if let Some(live) = self.live.get_mut(&id) {
            live.exit_status = None;
            live.loss = Some(lost(&what));
        }
        self.run_again(id);
    }
}

/// What the flow's own code did to its process, or `None` when it was ended from outside.
fn own_doing(state: &SlotState, exit: &SlotExit) -> Option<String> {
    if let Some(fault) = &state.fault {
        return Some(fault.clone());
    }
    if state.killed || exit.signal == Some(libc::SIGKILL) {
        return None;
    }
    (exit.code.is_some() || exit.signal.is_some()).then(|| exit_text(exit))
}

/// How a process ended, in short.
fn exit_status(exit: &SlotExit) -> Option<String> {
    let name = |signal| nix::sys::signal::Signal::try_from(signal).map_or("unknown", nix::sys::signal::Signal::as_str);
    let by_signal = || exit.signal.map(|signal| format!("signal {signal} ({})", name(signal)));
    exit.code.map(|code| format!("exit code {code}")).or_else(by_signal)
}

/// The loss of a process, as its log tells it.
pub(super) fn lost(what: &str) -> String {
    format!("The process of this execution was lost ({what})")
}

/// How a process ended, in words.
fn exit_text(exit: &SlotExit) -> String {
    match (exit.code, exit.signal) {
        (Some(EXIT_SOCKET_LOST), _) => {
            "it closed the connection between its process and the server (a descriptor it did not open)".to_owned()
        }
        (Some(code), _) => {
            format!("it left with exit code {code} without returning from its handler (os._exit, or a C library that exits)")
        }
        (None, Some(signal)) => {
            let name = nix::sys::signal::Signal::try_from(signal).map_or("unknown", nix::sys::signal::Signal::as_str);
            let hint = match signal {
                libc::SIGSEGV | libc::SIGBUS => "; a C extension or ctypes touched memory that is not its own, or the C stack ran out",
                libc::SIGABRT => "; a C library or the interpreter aborted",
                libc::SIGKILL => "; killed from outside, or out of memory",
                _ => "",
            };
            format!("it was ended by signal {signal} ({name}){hint}")
        }
        (None, None) => "it vanished with its zygote".to_owned(),
    }
}
