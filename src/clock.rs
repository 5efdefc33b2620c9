//! Time as a parameter: the wall clock and the boot clock, real or moved by hand. Nothing else reads a clock.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;

/// A point on the boot clock: time since an arbitrary start, never set back, running through suspend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Instant(Duration);

impl Instant {
    /// The point `after` later; saturates instead of overflowing.
    #[must_use]
    pub fn plus(self, after: Duration) -> Instant {
        Instant(self.0.saturating_add(after))
    }

    /// The time from `earlier` to `self`, zero if `earlier` is later.
    pub fn since(self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// The clock handed to everything that asks for the time. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<Manual>),
}

struct Manual {
    state: Mutex<(Timestamp, Instant)>,
    moved: watch::Sender<u64>,
    jumped: watch::Sender<u64>,
}

/// Tells when the wall clock was set, so that what goes by it can look again.
pub struct Jumps(Jumping);

enum Jumping {
    /// A timer of the kernel's that is never due, and that setting the wall clock cancels; `None` where there is none.
    System(Option<AsyncFd<OwnedFd>>),
    Manual(watch::Receiver<u64>),
}

impl Jumps {
    /// Resolves at the next time the wall clock is set, or was since the last.
    pub async fn next(&mut self) {
        let told = match &mut self.0 {
            Jumping::System(Some(timer)) => is_cancelled(timer).await,
            Jumping::System(None) => false,
            Jumping::Manual(jumped) => jumped.changed().await.is_ok(),
        };
        if !told {
            std::future::pending::<()>().await;
        }
    }
}

/// Waits for it; false if it cannot be waited for.
async fn is_cancelled(timer: &AsyncFd<OwnedFd>) -> bool {
    loop {
        let Ok(mut ready) = timer.readable().await else { return false };
        let read = nix::unistd::read(timer.get_ref(), &mut [0; 8]);
        ready.clear_ready();
        match read {
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Ok(_) | Err(Errno::ECANCELED) => return true,
            Err(_) => return false,
        }
    }
}

#[allow(unsafe_code, reason = "the descriptor is the timer's alone")]
fn jump_timer() -> Option<AsyncFd<OwnedFd>> {
    let timer = TimerFd::new(ClockId::CLOCK_REALTIME, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC).ok()?;
    let never = Expiration::OneShot(TimeSpec::new(i64::from(i32::MAX) * 4, 0));
    timer.set(never, TimerSetTimeFlags::TFD_TIMER_ABSTIME | TimerSetTimeFlags::TFD_TIMER_CANCEL_ON_SET).ok()?;
    // SAFETY: an OwnedFd gives the same descriptor as long as it lives.
    unsafe { AsyncFd::register(OwnedFd::from(timer)) }.ok()
}

impl Clock {
    /// The machine's clocks.
    pub fn system() -> Clock {
        Clock(Source::System)
    }

    /// A clock that stands still at `start` until [`Clock::advance`] moves it. For tests.
    pub fn manual(start: Timestamp) -> Clock {
        let state = Mutex::new((start, Instant::default()));
        Clock(Source::Manual(Arc::new(Manual { state, moved: watch::Sender::new(0), jumped: watch::Sender::new(0) })))
    }

    /// The wall clock: what people call the time. It may jump.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => system_now(),
            Source::Manual(manual) => manual.state.lock().expect("no panic happens under this lock").0,
        }
    }

    /// The boot clock: for durations. It never jumps.
    pub fn instant(&self) -> Instant {
        match &self.0 {
            Source::System => boot_now(),
            Source::Manual(manual) => manual.state.lock().expect("no panic happens under this lock").1,
        }
    }

    /// Names the start that the boot clock counts from, where that outlives this process.
    pub fn boot(&self) -> Option<String> {
        let Source::System = self.0 else { return None };
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Lets the wall time of a manual clock jump, and nothing else. The system clock ignores it.
    pub fn jump(&self, by: SignedDuration) {
        if let Source::Manual(manual) = &self.0 {
            let mut state = manual.state.lock().expect("no panic happens under this lock");
            state.0 = state.0.saturating_add(by).unwrap_or(Timestamp::MAX);
            drop(state);
            manual.jumped.send_modify(|n| *n += 1);
        }
    }

    /// News of the wall clock being set. Within a runtime.
    pub fn jumps(&self) -> Jumps {
        Jumps(match &self.0 {
            Source::System => Jumping::System(jump_timer()),
            Source::Manual(manual) => Jumping::Manual(manual.jumped.subscribe()),
        })
    }

    /// Moves a manual clock forward and wakes everyone who sleeps on it. The system clock ignores it.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(manual) = &self.0 {
            let mut state = manual.state.lock().expect("no panic happens under this lock");
            state.0 = state.0.saturating_add(SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX)).unwrap_or(Timestamp::MAX);
            state.1 = state.1.plus(by);
            drop(state);
            manual.moved.send_modify(|n| *n += 1);
        }
    }

    /// Sleeps until the boot clock reads `due`.
    pub async fn sleep_until(&self, due: Instant) {
        match &self.0 {
            Source::System => tokio::time::sleep(due.since(self.instant())).await,
            Source::Manual(manual) => {
                let mut moved = manual.moved.subscribe();
                while self.instant() < due {
                    if moved.changed().await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
fn system_now() -> Timestamp {
    Timestamp::now()
}

fn boot_now() -> Instant {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME).expect("CLOCK_BOOTTIME exists since Linux 2.6.39");
    Instant(Duration::from(time))
}

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// A time stamp as every answer, row and flow sees it: `2026-11-21T09:15:00.000000+00:00`.
pub fn format(at: Timestamp) -> String {
    PRINTER.timestamp_with_offset_to_string(&at, Offset::UTC)
}

/// Reads an ISO 8601 time stamp with an offset.
pub fn parse(text: &str) -> Option<Timestamp> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_stamp_survives_its_text_form() {
        let at: Timestamp = "2026-11-21T09:15:00.000001Z".parse().expect("valid");
        assert_eq!(format(at), "2026-11-21T09:15:00.000001+00:00");
        assert_eq!(parse(&format(at)), Some(at));
    }
}
