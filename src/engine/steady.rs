//! Time for waits that are so many seconds long: the wall clock as it stood once, carried on by the boot clock. Whatever the
//! wall clock does meanwhile, no such wait ends early or late, also over restarts of the server.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clock::{Clock, Instant};
use crate::error::Result;
use crate::store::Store;

/// The fact in the store: which boot, and the microseconds between its boot clock and the steady time.
const FACT: &str = "steady_time";

/// Steady time. It differs from the wall clock by the jumps of that since the first server of this boot.
#[derive(Clone)]
pub struct Steady {
    clock: Clock,
    /// Steady time at the beginning of the boot clock.
    origin: Timestamp,
}

impl Steady {
    /// Steady time from now on, equal to the wall clock.
    pub fn begin(clock: Clock) -> Steady {
        let origin = back(clock.now(), clock.instant().since(Instant::default()));
        Steady { clock, origin }
    }

    /// As an earlier server of the same boot kept it; else it begins.
    pub async fn open(clock: Clock, store: &Store) -> Result<Steady> {
        let Some(boot) = clock.boot() else { return Ok(Steady::begin(clock)) };
        let begun = Steady::begin(clock.clone());
        let fact = format!("{boot} {}", begun.origin.as_microsecond());
        let kept = store.meta(FACT, &fact).await?;
        let known = kept.split_once(' ').filter(|(of, _)| *of == boot).and_then(|(_, origin)| origin.parse().ok());
        match known.and_then(|origin| Timestamp::from_microsecond(origin).ok()) {
            Some(origin) => Ok(Steady { clock, origin }),
            None => {
                store.meta_set(FACT, &fact).await?;
                Ok(begun)
            }
        }
    }

    pub fn now(&self) -> Timestamp {
        ahead(self.origin, self.clock.instant().since(Instant::default()))
    }

    /// So many seconds from now.
    pub fn after(&self, seconds: f64) -> Timestamp {
        Duration::try_from_secs_f64(seconds.max(0.0)).map_or(Timestamp::MAX, |by| ahead(self.now(), by))
    }

    /// The steady time when the wall clock will show `at`, unless it jumps.
    pub fn of_wall(&self, at: Timestamp) -> Timestamp {
        self.now().saturating_add(at.duration_since(self.clock.now())).unwrap_or(Timestamp::MAX)
    }

    /// What the wall clock will show at a steady time, unless it jumps.
    pub fn wall_of(&self, at: Timestamp) -> Timestamp {
        self.clock.now().saturating_add(at.duration_since(self.now())).unwrap_or(Timestamp::MAX)
    }

    /// A steady time on the boot clock; now if it is over.
    pub fn instant_of(&self, at: Timestamp) -> Instant {
        self.clock.instant().plus(Duration::try_from(at.duration_since(self.now())).unwrap_or_default())
    }
}

fn ahead(from: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| from.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}

fn back(from: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| from.checked_sub(by).ok()).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_time_goes_with_the_boot_clock() {
        let clock = Clock::manual(Timestamp::from_second(1_000).unwrap());
        let steady = Steady::begin(clock.clone());
        assert_eq!(steady.now(), clock.now());
        let due = steady.after(10.0);
        clock.advance(Duration::from_secs(4));
        assert_eq!(steady.instant_of(due).since(clock.instant()), Duration::from_secs(6));
        clock.jump(SignedDuration::from_hours(-3));
        assert_eq!(steady.instant_of(due).since(clock.instant()), Duration::from_secs(6));
        assert_eq!(steady.wall_of(due), clock.now() + SignedDuration::from_secs(6));
        assert_eq!(steady.of_wall(steady.wall_of(due)), due);
    }

    #[test]
    fn what_lies_beyond_all_time_is_its_end() {
        let steady = Steady::begin(Clock::manual(Timestamp::from_second(1_000).unwrap()));
        assert_eq!(steady.after(1e300), Timestamp::MAX);
        assert_eq!(steady.after(-1.0), steady.now());
    }
}
