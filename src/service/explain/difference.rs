//! How two runs of a flow differ: their scripts, their inputs, the order of their calls.

use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::shape::{Change, ScriptChange, StepChange, VALUE, head};
use crate::store::StepName;

/// Characters of a difference between scripts.
const DIFF: usize = 4_000;
/// Scripts longer than this are not compared line by line, bytes.
const LONGEST: usize = 500_000;
/// How long a comparison may take before it becomes coarse.
const PATIENCE: Duration = Duration::from_millis(200);
/// Places in the inputs that are listed.
const LISTED: usize = 20;

/// The lines that changed, with two around them.
pub(super) fn scripts(then: &str, now: &str) -> ScriptChange {
    if then == now {
        return ScriptChange { changed: false, diff: None, truncated: false };
    }
    if then.len() > LONGEST || now.len() > LONGEST {
        return ScriptChange { changed: true, diff: None, truncated: true };
    }
    let compared = similar::TextDiff::configure().timeout(PATIENCE).diff_lines(then, now);
    let whole = compared.unified_diff().context_radius(2).header("then", "now").to_string();
    let kept = match whole.char_indices().nth(DIFF) {
        // At the end of a line.
        Some((at, _)) => &whole[..whole[..at].rfind('\n').map_or(at, |end| end + 1)],
        None => &whole,
    };
    ScriptChange { changed: true, truncated: kept.len() < whole.len(), diff: Some(kept.to_owned()) }
}

/// Every place where the inputs differ, the first ones in full, and how many more there are.
pub(super) fn inputs(then: &Value, now: &Value) -> (Vec<Change>, usize) {
    let mut found = (Vec::new(), 0);
    compare(then, now, "", &mut found);
    found
}

fn compare(then: &Value, now: &Value, pointer: &str, found: &mut (Vec<Change>, usize)) {
    match (then, now) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                let place = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                match after.get(key) {
                    Some(other) => compare(value, other, &place, found),
                    None => note(&place, (Some(value), None), found),
                }
            }
            for (key, value) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
                let place = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                note(&place, (None, Some(value)), found);
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            for at in 0..before.len().max(after.len()) {
                let place = format!("{pointer}/{at}");
                match (before.get(at), after.get(at)) {
                    (Some(value), Some(other)) => compare(value, other, &place, found),
                    pair => note(&place, pair, found),
                }
            }
        }
        _ if then == now => {}
        _ => note(pointer, (Some(then), Some(now)), found),
    }
}

fn note(pointer: &str, (then, now): (Option<&Value>, Option<&Value>), (listed, more): &mut (Vec<Change>, usize)) {
    if listed.len() == LISTED {
        *more += 1;
        return;
    }
    let kind = match (then, now) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    let shown = |value: &Value| head(&value.to_string(), VALUE);
    listed.push(Change { pointer: head(pointer, VALUE), kind, then: then.map(shown), now: now.map(shown) });
}

/// Where the calls of two runs part. Ids differ from run to run and are not compared.
pub(super) fn steps(then: &[StepName], now: &[StepName], is_cut: bool) -> StepChange {
    let same = then.iter().zip(now).take_while(|(a, b)| a.op == b.op && target(a) == target(b)).count();
    let shown = |steps: &[StepName]| {
        let step = steps.get(same)?;
        Some(head(format!("{} {}", step.op, step.target).trim_end(), VALUE))
    };
    StepChange { same, then: then.len(), now: now.len(), truncated: is_cut, then_came: shown(then), now_came: shown(now) }
}

fn target(step: &StepName) -> &str {
    if Uuid::try_parse(&step.target).is_ok() { "" } else { &step.target }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn inputs_are_compared_place_by_place() {
        let (listed, more) = inputs(
            &json!({"a": 1, "gone": true, "rows": [1, 2, 3], "same": {"x": [1]}}),
            &json!({"a": 2, "rows": [1, 5], "same": {"x": [1]}, "new/one": null}),
        );
        let short: Vec<(&str, &str)> = listed.iter().map(|c| (c.pointer.as_str(), c.kind)).collect();
        assert_eq!(
            short,
            [("/a", "changed"), ("/gone", "removed"), ("/rows/1", "changed"), ("/rows/2", "removed"), ("/new~1one", "added")]
        );
        assert_eq!((listed[0].then.as_deref(), listed[0].now.as_deref(), more), (Some("1"), Some("2"), 0));
    }

    #[test]
    fn many_differences_are_counted() {
        let (listed, more) = inputs(&json!([]), &json!((0..50).collect::<Vec<_>>()));
        assert_eq!((listed.len(), more), (20, 30));
    }

    #[test]
    fn a_difference_between_scripts_is_short() {
        let then = (0..1_000).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat();
        let one = scripts(&then, &then.replace("line 500\n", "another\n"));
        let diff = one.diff.unwrap();
        assert!(diff.contains("-line 500\n+another\n") && diff.lines().count() == 9 && !one.truncated, "{diff}");
        let many = scripts(&then, &then.replace("line", "other"));
        assert!(many.truncated && many.diff.unwrap().chars().count() <= DIFF);
        assert!(!scripts(&then, &then).changed);
    }

    #[test]
    fn calls_part_where_they_differ_and_ids_do_not_count() {
        let call = |op: &str, target: &str| StepName { op: op.to_owned(), target: target.to_owned() };
        let then = [call("save", ""), call("cancel", &Uuid::from_u128(1).to_string()), call("child", "a")];
        let now = [call("save", ""), call("cancel", &Uuid::from_u128(2).to_string()), call("child", "b"), call("save", "")];
        let found = steps(&then, &now, false);
        assert_eq!((found.same, found.then, found.now), (2, 3, 4));
        assert_eq!((found.then_came.as_deref(), found.now_came.as_deref()), (Some("child a"), Some("child b")));
    }
}
