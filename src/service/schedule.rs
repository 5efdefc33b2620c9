//! When schedules are due: cron expressions, intervals and lists of times. Pure; the clock is the caller's.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::clock;
use crate::error::{Error, Result, did_you_mean};

/// Times shown in `next_runs`.
const SHOWN: usize = 5;
/// The keys of a configuration.
const KEYS: &[&str] = &["cron", "timezone", "interval_seconds", "times", "missed"];

/// A `configuration` that was read.
enum Plan {
    Cron(Box<Cron>, TimeZone),
    Interval(SignedDuration),
    Times(Vec<Timestamp>),
}

/// Refuses a configuration that is none of the three kinds.
pub(super) fn check(configuration: &Value) -> Result<()> {
    plan(configuration).map(|_| ())
}

/// The next times after `now`, as rows hold them. An interval counts from `last`.
pub(super) fn next_runs(configuration: &Value, (last, now): (Timestamp, Timestamp)) -> Value {
    let Ok(plan) = plan(configuration) else { return json!([]) };
    json!(plan.after((last, now)).into_iter().map(clock::format).collect::<Vec<_>>())
}

impl Plan {
    fn after(&self, (last, now): (Timestamp, Timestamp)) -> Vec<Timestamp> {
        match self {
            Plan::Cron(cron, zone) => cron.iter_after(now.to_zoned(zone.clone())).take(SHOWN).map(|at| at.timestamp()).collect(),
            Plan::Interval(step) => {
                let passed = now.duration_since(last).max(SignedDuration::ZERO);
                let done = passed.as_micros() / step.as_micros();
                let at = |n: i128| {
                    let micros = i64::try_from(n.checked_mul(step.as_micros())?).ok()?;
                    last.checked_add(SignedDuration::from_micros(micros)).ok()
                };
                (1..=SHOWN as i128).map_while(|n| at(done + n)).collect()
            }
            Plan::Times(times) => times.iter().copied().filter(|at| *at > now).take(SHOWN).collect(),
        }
    }
}

fn plan(configuration: &Value) -> Result<Plan> {
    let place = |key: &str| format!("/configuration/{key}");
    let empty = Map::new();
    let given = configuration.as_object().unwrap_or(&empty);
    if let Some(key) = given.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let near = did_you_mean(key, KEYS.iter().copied());
        return Err(Error::invalid(format!("A schedule's configuration has no '{key}'.{near}")).field(place(key)));
    }
    if given.get("missed").is_some_and(|missed| missed != "run_once" && missed != "skip") {
        return Err(Error::invalid("'missed' is 'run_once' or 'skip'.").field(place("missed")));
    }
    if given.contains_key("timezone") && !given.contains_key("cron") {
        return Err(Error::invalid("'timezone' goes with 'cron' only.").field(place("timezone")));
    }
    match (given.get("cron"), given.get("interval_seconds"), given.get("times")) {
        (Some(cron), None, None) => self::cron(cron, given.get("timezone")),
        (None, Some(seconds), None) => match seconds.as_f64() {
            Some(seconds) if (1.0..=31_622_400.0).contains(&seconds) => Ok(Plan::Interval(SignedDuration::from_secs_f64(seconds))),
            _ => Err(Error::invalid("'interval_seconds' is a number from 1 to 31622400, a year.").field(place("interval_seconds"))),
        },
        (None, None, Some(times)) => self::times(times),
        _ => {
            let text = "A schedule's configuration has one of 'cron', 'interval_seconds' and 'times', or its schedule a 'scheduler_id'.";
            Err(Error::invalid(text).field("/configuration"))
        }
    }
}

fn cron(expression: &Value, zone: Option<&Value>) -> Result<Plan> {
    let wrong = |why: &str| {
        let text = format!("'cron' is five fields: minute, hour, day of the month, month, day of the week, such as '0 8 * * 1-5'.{why}");
        Error::invalid(text).field("/configuration/cron")
    };
    let expression = expression.as_str().ok_or_else(|| wrong(""))?;
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron = parser.parse(expression).map_err(|e| wrong(&format!(" {e}.")))?;
    let zone = match zone {
        None | Some(Value::Null) => TimeZone::UTC,
        Some(name) => name.as_str().and_then(|name| TimeZone::get(name).ok()).ok_or_else(|| {
            Error::invalid("'timezone' is the name of a time zone, such as Europe/Vienna. Without it, times are UTC.")
                .field("/configuration/timezone")
        })?,
    };
    Ok(Plan::Cron(Box::new(cron), zone))
}

fn times(list: &Value) -> Result<Plan> {
    let place = |n: usize| format!("/configuration/times/{n}");
    let list = list.as_array().ok_or_else(|| Error::invalid("'times' is a list of time stamps.").field("/configuration/times"))?;
    let mut times = Vec::with_capacity(list.len());
    for (n, item) in list.iter().enumerate() {
        let at = item.as_str().and_then(clock::parse);
        let wrong = || Error::invalid("A time is ISO 8601 with an offset, such as 2026-12-24T18:00:00+01:00.").field(place(n));
        times.push(at.ok_or_else(wrong)?);
    }
    times.sort_unstable();
    Ok(Plan::Times(times))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(configuration: &Value, last: &str, now: &str) -> Vec<String> {
        let times = (last.parse().unwrap(), now.parse().unwrap());
        let next = next_runs(configuration, times);
        next.as_array().unwrap().iter().map(|at| at.as_str().unwrap()[..19].to_owned()).collect()
    }

    #[test]
    fn a_cron_expression_follows_the_clocks_of_its_time_zone() {
        let daily = json!({ "cron": "30 8 * * *", "timezone": "Europe/Vienna" });
        let found = next(&daily, "2026-10-23T00:00:00Z", "2026-10-23T12:00:00Z");
        assert_eq!(found[..2], ["2026-10-24T06:30:00", "2026-10-25T07:30:00"], "summer time ends on the 25th");
        assert_eq!(next(&json!({ "cron": "0 8 * * 1-5" }), "2026-11-20T00:00:00Z", "2026-11-20T08:00:00Z")[0], "2026-11-23T08:00:00");
    }

    #[test]
    fn an_interval_counts_from_the_last_run() {
        let found = next(&json!({ "interval_seconds": 60 }), "2026-11-21T09:00:10Z", "2026-11-21T09:05:00Z");
        assert_eq!(found[..2], ["2026-11-21T09:05:10", "2026-11-21T09:06:10"]);
    }

    #[test]
    fn of_a_list_of_times_those_to_come_are_shown_in_order() {
        let times = json!({ "times": ["2026-12-25T00:00:00Z", "2026-12-24T18:00:00+01:00", "2020-01-01T00:00:00Z"] });
        assert_eq!(next(&times, "2026-11-21T09:00:00Z", "2026-11-21T09:00:00Z"), ["2026-12-24T17:00:00", "2026-12-25T00:00:00"]);
    }

    #[test]
    fn what_is_no_configuration_is_refused_with_its_place() {
        for (configuration, pointer) in [
            (json!({}), "/configuration"),
            (json!({ "cron": "0 8 * * *", "interval_seconds": 5 }), "/configuration"),
            (json!({ "cron": "0 8 * *" }), "/configuration/cron"),
            (json!({ "cron": "61 8 * * *" }), "/configuration/cron"),
            (json!({ "cron": 5 }), "/configuration/cron"),
            (json!({ "cron": "0 8 * * *", "timezone": "Vienna" }), "/configuration/timezone"),
            (json!({ "interval_seconds": 0 }), "/configuration/interval_seconds"),
            (json!({ "interval_seconds": 60, "timezone": "UTC" }), "/configuration/timezone"),
            (json!({ "times": ["tomorrow"] }), "/configuration/times/0"),
            (json!({ "corn": "0 8 * * *" }), "/configuration/corn"),
            (json!({ "times": [], "missed": "never" }), "/configuration/missed"),
        ] {
            let error = check(&configuration).unwrap_err();
            assert_eq!(error.field_pointer(), Some(pointer), "{configuration}: {error}");
        }
    }
}
