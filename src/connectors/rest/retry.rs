//! What of HTTP is safe to try again, and when.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde::Deserialize;

use super::super::http;
use crate::clock::{Clock, Instant};

/// How tries are spaced: seconds, and how much longer each pause is than the one before.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default)]
pub(super) struct Spacing {
    initial: f64,
    maximum: f64,
    multiplier: f64,
    deadline: f64,
}

impl Default for Spacing {
    fn default() -> Spacing {
        Spacing { initial: 1.0, maximum: 60.0, multiplier: 2.0, deadline: 600.0 }
    }
}

/// Another try is in place.
pub(super) struct Again {
    /// A clause: `the server answered 503 Service Unavailable`.
    pub why: String,
    pub not_before: Duration,
}

/// An answer that says "not now". Everything may be repeated that was not begun (429); what the gateway or the server gave up on
/// (502, 503, 504) only if doing it twice is as good as once.
pub(super) fn after_status(response: &Response, is_repeatable: bool) -> Option<Again> {
    let is_not_now = match response.status() {
        StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => is_repeatable,
        _ => false,
    };
    let not_before = http::retry_after(response).unwrap_or_default();
    is_not_now.then(|| Again { why: format!("the server answered {}", response.status()), not_before })
}

/// No answer. A request that never left may be repeated, whatever it is; one that may have been carried out only if it is repeatable.
/// What is wrong with the certificate or the redirects stays wrong.
pub(super) fn after_error(error: &reqwest::Error, is_repeatable: bool) -> Option<()> {
    let is_lasting = error.is_redirect() || error.is_builder() || http::is_about_certificates(error);
    (!is_lasting && (error.is_connect() || is_repeatable)).then_some(())
}

/// The pauses between tries.
pub(super) struct Backoff {
    spacing: Spacing,
    next: f64,
    begun: Instant,
    clock: Clock,
}

impl Backoff {
    pub fn begin(spacing: &Spacing, clock: Clock) -> Backoff {
        Backoff { next: spacing.initial, spacing: spacing.clone(), begun: clock.instant(), clock }
    }

    /// How long to wait before another try; `None` when that would be after the deadline. A little less than the spacing says, by
    /// chance, so that many who failed together do not come back together.
    pub fn pause(&mut self, not_before: Duration) -> Option<Duration> {
        let planned = self.next.min(self.spacing.maximum);
        self.next = (self.next * self.spacing.multiplier).min(self.spacing.maximum);
        let pause = Duration::try_from_secs_f64(planned * (1.0 - chance() / 4.0)).ok()?.max(not_before);
        let spent = self.clock.instant().since(self.begun);
        (spent.as_secs_f64() + pause.as_secs_f64() <= self.spacing.deadline).then_some(pause)
    }

    pub async fn wait(&self, pause: Duration) {
        self.clock.sleep_until(self.clock.instant().plus(pause)).await;
    }
}

/// From 0 to 1.
fn chance() -> f64 {
    let mut byte = [0];
    // Without chance, pauses are whole.
    let _ = getrandom::fill(&mut byte);
    f64::from(byte[0]) / 255.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_most_and_end_at_the_deadline() {
        let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let spacing = Spacing { initial: 1.0, maximum: 4.0, multiplier: 2.0, deadline: 20.0 };
        let mut backoff = Backoff::begin(&spacing, clock.clone());
        for planned in [1.0, 2.0, 4.0, 4.0] {
            let pause = backoff.pause(Duration::ZERO).expect("before the deadline");
            assert!(pause.as_secs_f64() <= planned && pause.as_secs_f64() >= planned * 0.75, "{pause:?}");
        }
        assert_eq!(backoff.pause(Duration::from_secs(9)), Some(Duration::from_secs(9)), "the server knows better");
        clock.advance(Duration::from_secs(18));
        assert_eq!(backoff.pause(Duration::ZERO), None, "it would be after the deadline");
    }
}
