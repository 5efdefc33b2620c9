//! How many tool calls a key may make in a minute and in a day.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use serde_json::json;

use crate::clock::{Clock, Instant};
use crate::config;
use crate::error::{Error, Kind, Result};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Calls after which keys that were quiet for long are forgotten.
const SWEEP: u32 = 10_000;

type Limiter = RateLimiter<String, DefaultKeyedStateStore<String>, Ticks, NoOpMiddleware<Nanos>>;

/// The server's clock as the limiter reads it.
#[derive(Clone)]
struct Ticks {
    clock: Clock,
    begin: Instant,
}

impl governor::clock::Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.clock.instant().since(self.begin).into()
    }
}

/// Counts calls by key. All that may be made in the time may be made at once; then they come back one by one.
pub(super) struct Quotas {
    limits: Vec<(Limiter, &'static str)>,
    ticks: Ticks,
    calls: AtomicU32,
}

impl Quotas {
    pub(super) fn new(clock: &Clock, config: &config::Mcp) -> Quotas {
        let ticks = Ticks { clock: clock.clone(), begin: clock.instant() };
        let limits = [(config.calls_per_minute, Duration::from_secs(60), "calls_per_minute"), (config.calls_per_day, DAY, "calls_per_day")];
        let limiter = |(most, period, name): (u32, Duration, &'static str)| {
            let most = NonZeroU32::new(most)?;
            let quota = Quota::with_period(period / most.get())?.allow_burst(most);
            Some((RateLimiter::new(quota, DefaultKeyedStateStore::default(), ticks.clone()), name))
        };
        Quotas { limits: limits.into_iter().filter_map(limiter).collect(), ticks, calls: AtomicU32::new(0) }
    }

    /// Counts a call of `key`. Over a limit it is refused, with `details.retry_after` in seconds.
    pub(super) fn take(&self, key: &str) -> Result<()> {
        if self.calls.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limits.iter().for_each(|(limiter, _)| limiter.retain_recent());
        }
        let key = key.to_owned();
        for (limiter, name) in &self.limits {
            if let Err(refused) = limiter.check_key(&key) {
                let seconds = refused.wait_time_from(self.ticks.now()).as_secs() + 1;
                let most = refused.quota().burst_size();
                let text = format!("This key has made its {most} tool calls (mcp.{name}); the next one is possible in {seconds} seconds.");
                return Err(Error::new(Kind::Throttled, text).details(json!({ "retry_after": seconds, "limit": most.get() })));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotas(clock: &Clock, calls_per_minute: u32, calls_per_day: u32) -> Quotas {
        Quotas::new(clock, &config::Mcp { calls_per_minute, calls_per_day, ..config::Mcp::default() })
    }

    #[test]
    fn a_key_that_called_too_often_waits_and_others_do_not() {
        let clock = Clock::manual("2026-11-21T09:00:00Z".parse().unwrap());
        let quotas = quotas(&clock, 3, 0);
        assert!((0..3).all(|_| quotas.take("a").is_ok()));
        let refused = quotas.take("a").unwrap_err();
        assert_eq!((refused.kind(), &refused.detail_value().unwrap()["limit"]), (Kind::Throttled, &json!(3)));
        assert!(refused.message().contains("mcp.calls_per_minute"), "{refused}");
        assert!(quotas.take("b").is_ok());
        clock.advance(Duration::from_secs(21));
        assert!(quotas.take("a").is_ok() && quotas.take("a").is_err());
    }

    #[test]
    fn a_day_has_its_own_limit_and_nothing_sets_none() {
        let clock = Clock::manual("2026-11-21T09:00:00Z".parse().unwrap());
        let daily = quotas(&clock, 0, 2);
        assert!(daily.take("a").is_ok() && daily.take("a").is_ok());
        clock.advance(Duration::from_secs(3600));
        let refused = daily.take("a").unwrap_err();
        assert!(refused.detail_value().unwrap()["retry_after"].as_u64().is_some_and(|wait| wait > 30_000), "{refused}");
        let free = quotas(&clock, 0, 0);
        assert!((0..20_000).all(|_| free.take("a").is_ok()));
    }
}
