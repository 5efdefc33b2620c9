//! What connections share that go to a host: its name, and how long things may take.

use std::time::Duration;

use serde_json::Value;

use crate::clock::Clock;
use crate::error::{Error, Result};

/// The host that inputs lead to. Nothing else than a name or an address: a path would be a socket of this machine.
pub(super) fn host(inputs: &Value) -> Result<String> {
    let host = inputs.get("host").and_then(Value::as_str).unwrap_or_default();
    let wrong = |text: &str| Err(Error::invalid(text).field("/host"));
    if host.contains(['(', ')']) {
        return wrong("The host of a connection stands in its inputs as it is; it cannot be a secret.");
    }
    let is_of_host = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if host.is_empty() || !host.chars().all(is_of_host) {
        return wrong("'host' takes the name or the address of a server alone: 'db.example.com', '10.0.0.7', 'fd00::7'.");
    }
    Ok(host.trim_end_matches('.').to_lowercase())
}

/// The outcome of `work`, unless that takes longer than `seconds`.
pub(super) async fn within<T, E>(
    clock: &Clock,
    seconds: f64,
    work: impl Future<Output = Result<T, E>>,
    late: impl FnOnce() -> E,
) -> Result<T, E> {
    let limit = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    let until = clock.instant().plus(limit);
    tokio::select! {
        biased;
        done = work => done,
        () = clock.sleep_until(until) => Err(late()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_host_is_a_name_and_no_path() {
        let host = |text: &str| host(&json!({ "host": text })).ok();
        assert_eq!(host("DB.example.com.").as_deref(), Some("db.example.com"));
        assert_eq!(host("fd00::7").as_deref(), Some("fd00::7"));
        for wrong in ["", "/run/postgresql", "db/other", "secret(host)", "@abstract", "db?host=x", "a b"] {
            assert_eq!(host(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn what_takes_too_long_is_given_up_when_its_time_is_over() {
        let clock = Clock::manual("2026-11-21T09:00:00Z".parse().expect("a time"));
        let late = within(&clock, 5.0, std::future::pending::<Result<(), &str>>(), || "late");
        tokio::pin!(late);
        assert!(futures_util::poll!(&mut late).is_pending());
        clock.advance(Duration::from_secs(6));
        assert_eq!(late.await, Err("late"));
        assert_eq!(within(&clock, 5.0, async { Ok::<_, &str>(1) }, || "late").await, Ok(1));
    }
}
