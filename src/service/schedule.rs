//! When schedules are due: cron expressions, intervals and lists of times. Pure; the clock is the caller's.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::clock;
use crate::error::{Error, Result, did_you_mean};
use crate::records::RecordType;

/// Hours that are looked back for the last time of a cron expression: enough for each minute, each day, each month, and for 29 February.
const LOOK_BACK: [i64; 4] = [1, 49, 24 * 62, 24 * 366 * 9];
/// Times shown in `next_runs`.
const SHOWN: usize = 5;
/// The keys of a configuration.
const KEYS: &[&str] = &["cron", "timezone", "interval_seconds", "times", "missed"];

/// A `configuration` that was read.
pub(super) enum Plan {
    Cron(Box<Cron>, TimeZone),
    Interval(SignedDuration),
    Times(Vec<Timestamp>),
}

/// A schedule whose times are others from now on begins anew: what was due before is not missed.
pub(super) fn begin(of: &RecordType, columns: &mut Map<String, Value>) {
    let is_other = || ["is_enabled", "configuration", "scheduler_id"].iter().any(|column| columns.contains_key(*column));
    if of.name == "SCHEDULE" && is_other() {
        columns.insert("due_after".into(), Value::Null);
    }
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
    /// A `configuration`; an error where it is none of the three kinds.
    pub(super) fn read(configuration: &Value) -> Result<Plan> {
        plan(configuration)
    }

    /// Whether its times follow the boot clock: so many seconds are so many seconds, whatever the wall clock does.
    pub(super) fn is_steady(&self) -> bool {
        matches!(self, Plan::Interval(_))
    }

    /// The first time after `now`. An interval counts from `last`.
    pub(super) fn next(&self, (last, now): (Timestamp, Timestamp)) -> Option<Timestamp> {
        self.after((last, now)).into_iter().next()
    }

    /// The latest time that is after `last` and not after `now`. An interval counts from `last`.
    pub(super) fn last(&self, (last, now): (Timestamp, Timestamp)) -> Option<Timestamp> {
        let latest = match self {
            Plan::Cron(cron, zone) => last_of(cron, zone, (last, now)),
            Plan::Interval(step) => {
                let passed = now.duration_since(last).max(SignedDuration::ZERO);
                let whole = passed.as_micros() / step.as_micros() * step.as_micros();
                let whole = i64::try_from(whole).ok().map(SignedDuration::from_micros);
                whole.and_then(|whole| last.checked_add(whole).ok())
            }
            Plan::Times(times) => times.iter().rev().find(|at| **at <= now).copied(),
        };
        latest.filter(|at| *at > last && *at <= now)
    }

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

/// The last time that `cron` meets on its way from `last` to `now`. What it meets forward counts, also where clocks change; so it
/// is not asked backward, but from a little before, then from longer before.
fn last_of(cron: &Cron, zone: &TimeZone, (last, now): (Timestamp, Timestamp)) -> Option<Timestamp> {
    for hours in LOOK_BACK {
        let from = now.saturating_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MIN).max(last);
        let met = cron.iter_after(from.to_zoned(zone.clone())).map(|at| at.timestamp()).take_while(|at| *at <= now).last();
        if met.is_some() || from == last {
            return met;
        }
    }
    None
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

    fn both(configuration: &Value, last: &str, now: &str) -> (Option<String>, Option<String>) {
        let plan = Plan::read(configuration).unwrap();
        let times = (last.parse().unwrap(), now.parse().unwrap());
        let shown = |at: Option<Timestamp>| at.map(|at| at.to_string());
        (shown(plan.last(times)), shown(plan.next(times)))
    }

    #[test]
    fn where_the_clocks_go_forward_a_time_that_is_not_there_comes_right_after() {
        let daily = json!({ "cron": "30 2 * * *", "timezone": "Europe/Vienna" });
        let (_, next) = both(&daily, "2026-03-28T12:00:00Z", "2026-03-28T12:00:00Z");
        assert_eq!(next.as_deref(), Some("2026-03-29T01:00:00Z"), "3 o'clock, an hour after 1:59");
        let (last, next) = both(&daily, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z");
        assert_eq!((last.as_deref(), next.as_deref()), (Some("2026-03-29T01:00:00Z"), Some("2026-03-30T00:30:00Z")));
        let (last, _) = both(&daily, "2026-03-28T12:00:00Z", "2026-03-29T00:59:59Z");
        assert_eq!(last, None);
    }

    #[test]
    fn where_the_clocks_go_back_a_time_that_is_there_twice_comes_once_and_each_half_hour_comes_each_half_hour() {
        let daily = json!({ "cron": "30 2 * * *", "timezone": "Europe/Vienna" });
        let (last, next) = both(&daily, "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z");
        assert_eq!((last.as_deref(), next.as_deref()), (Some("2026-10-25T00:30:00Z"), Some("2026-10-26T01:30:00Z")));
        let (last, _) = both(&daily, "2026-10-25T00:30:00Z", "2026-10-25T12:00:00Z");
        assert_eq!(last, None, "the second 2:30 is none of its times");
        let often = json!({ "cron": "*/30 * * * *", "timezone": "Europe/Vienna" });
        let found = super::tests::next(&often, "2026-10-25T00:00:00Z", "2026-10-25T00:00:00Z");
        let expected = ["2026-10-25T00:30:00", "2026-10-25T01:00:00", "2026-10-25T01:30:00", "2026-10-25T02:00:00", "2026-10-25T02:30:00"];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_last_time_is_found_however_long_ago_it_was() {
        for (cron, last) in [
            ("* * * * *", "2026-11-21T09:00:00Z"),
            ("59 9 * * *", "2026-11-20T09:59:00Z"),
            ("0 0 1 * *", "2026-11-01T00:00:00Z"),
            ("0 0 24 12 *", "2025-12-24T00:00:00Z"),
            ("0 0 29 2 *", "2024-02-29T00:00:00Z"),
        ] {
            let found = both(&json!({ "cron": cron }), "2000-01-01T00:00:00Z", "2026-11-21T09:00:30Z").0;
            assert_eq!(found.as_deref(), Some(last), "{cron}");
        }
        let interval = json!({ "interval_seconds": 0.1e1 });
        let (last, next) = both(&interval, "2026-11-21T09:00:00.25Z", "2026-11-21T09:00:07Z");
        assert_eq!((last.as_deref(), next.as_deref()), (Some("2026-11-21T09:00:06.25Z"), Some("2026-11-21T09:00:07.25Z")));
        assert_eq!(both(&interval, "2026-11-21T09:00:00Z", "2026-11-21T09:00:00.5Z").0, None);
        let times = json!({ "times": ["2026-11-21T08:00:00Z", "2026-11-21T10:00:00Z"] });
        assert_eq!(both(&times, "2026-11-21T08:00:00Z", "2026-11-21T09:00:00Z").0, None, "it is dealt with");
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
