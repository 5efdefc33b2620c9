//! Counters of the door, and the Prometheus text of everything that is counted.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;

use super::state::HttpState;
use crate::service::{Kept, Retained, Stat};

/// Upper bounds of the duration buckets, milliseconds.
const BUCKETS: [u64; 10] = [1, 2, 5, 10, 25, 100, 250, 1_000, 10_000, 60_000];

/// Requests by class of status and by duration.
#[derive(Default)]
pub(super) struct RequestMetrics {
    classes: [AtomicU64; 5],
    buckets: [AtomicU64; BUCKETS.len()],
    count: AtomicU64,
    micros: AtomicU64,
    in_flight: AtomicU64,
}

/// A request that is not answered yet; dropped with its answer, or when its client goes away.
pub(super) struct InFlight<'m>(&'m RequestMetrics);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl RequestMetrics {
    /// Counts a request as long as the guard lives.
    pub(super) fn begin(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self)
    }

    /// Counts one answer; `took` ends where the body begins, so a live stream counts as quick.
    pub(super) fn record(&self, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.classes[class].fetch_add(1, Ordering::Relaxed);
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        for (bucket, _) in self.buckets.iter().zip(BUCKETS).filter(|(_, bound)| millis < *bound) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// Everything that is counted, in Prometheus's text format.
pub(super) fn text(state: &HttpState) -> String {
    let mut out = String::with_capacity(4096);
    for (stat, name, is_gauge) in Stat::ALL {
        sample(&mut out, name, if is_gauge { "gauge" } else { "counter" }, state.stats().get(stat));
    }
    sample(&mut out, "flowstead_store_statements_total", "counter", state.service().statements());
    purges(&mut out, state.service().retained());
    requests(&mut out, state.requests());
    out
}

fn sample(out: &mut String, name: &str, kind: &str, value: u64) {
    let _ = writeln!(out, "# TYPE {name} {kind}\n{name} {value}");
}

/// What retention deleted since the start.
fn purges(out: &mut String, retained: &Retained) {
    sample(out, "flowstead_purges_total", "counter", retained.purges());
    let _ = writeln!(out, "# TYPE flowstead_purged_total counter");
    for (kept, name, _) in Kept::ALL {
        let _ = writeln!(out, "flowstead_purged_total{{kind=\"{name}\"}} {}", retained.count(kept));
    }
}

fn requests(out: &mut String, metrics: &RequestMetrics) {
    sample(out, "flowstead_http_requests_in_flight", "gauge", metrics.in_flight.load(Ordering::Relaxed));
    let _ = writeln!(out, "# TYPE flowstead_http_requests_total counter");
    for (class, counter) in metrics.classes.iter().enumerate() {
        let _ = writeln!(out, "flowstead_http_requests_total{{status=\"{}xx\"}} {}", class + 1, counter.load(Ordering::Relaxed));
    }
    let name = "flowstead_http_request_duration_seconds";
    let _ = writeln!(out, "# TYPE {name} histogram");
    for (counter, bound) in metrics.buckets.iter().zip(BUCKETS) {
        let _ = writeln!(out, "{name}_bucket{{le=\"{}\"}} {}", bound as f64 / 1e3, counter.load(Ordering::Relaxed));
    }
    let count = metrics.count.load(Ordering::Relaxed);
    let _ = writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {count}");
    let _ = writeln!(out, "{name}_sum {}", metrics.micros.load(Ordering::Relaxed) as f64 / 1e6);
    let _ = writeln!(out, "{name}_count {count}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_count_everything_below_them() {
        let metrics = RequestMetrics::default();
        metrics.record(StatusCode::OK, Duration::from_micros(1500));
        metrics.record(StatusCode::NOT_FOUND, Duration::from_secs(100));
        let mut out = String::new();
        requests(&mut out, &metrics);
        for line in [
            "flowstead_http_requests_total{status=\"4xx\"} 1",
            "flowstead_http_request_duration_seconds_bucket{le=\"0.001\"} 0",
            "flowstead_http_request_duration_seconds_bucket{le=\"0.002\"} 1",
            "flowstead_http_request_duration_seconds_bucket{le=\"60\"} 1",
            "flowstead_http_request_duration_seconds_bucket{le=\"+Inf\"} 2",
        ] {
            assert!(out.contains(line), "{line}\n{out}");
        }
    }
}
