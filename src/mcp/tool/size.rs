//! Large values in answers: cut between their parts, with a note of what was left out, so that a model's context lasts.

use serde_json::{Map, Value, json};

/// Characters one value may have in an answer, unless more are asked for.
pub(super) const VALUE: usize = 8_000;
/// Characters of a whole answer.
pub(super) const RESULT: usize = 30_000;
/// Characters that can be asked for at once.
pub(super) const MOST: u64 = 100_000;
/// Cuts listed in one answer; the first show what to ask for.
const LISTED: usize = 10;
/// An entry of an object that gets less is left out.
const LEAST: usize = 24;

/// A place where something was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// JSON pointer.
    pub(super) pointer: String,
    /// Of the whole, in `unit`.
    pub(super) length: usize,
    pub(super) unit: &'static str,
    /// How much of it is shown, counted from its beginning.
    pub(super) shown: usize,
}

impl Cut {
    /// As an answer lists it; `next` is the call that shows what comes after.
    pub(super) fn note(&self, next: &Value) -> Value {
        json!({ "path": self.pointer, "length": self.length, "unit": self.unit, "shown": self.shown, "next": next })
    }
}

/// Characters of a value as compact JSON.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::Null => 4,
        Value::Bool(_) => 5,
        Value::Number(n) => n.to_string().len(),
        Value::String(text) => text_size(text),
        Value::Array(list) => 2 + list.iter().map(|v| size(v) + 1).sum::<usize>(),
        Value::Object(map) => 2 + map.iter().map(|(k, v)| text_size(k) + size(v) + 2).sum::<usize>(),
    }
}

fn text_size(text: &str) -> usize {
    2 + text.chars().map(letter_size).sum::<usize>()
}

const fn letter_size(letter: char) -> usize {
    match letter {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => 1,
    }
}

/// `value` within `budget` characters, or so few that nothing would be left. What was left out is added to `cuts`.
pub(super) fn shrink(value: Value, budget: usize, pointer: &str, cuts: &mut Vec<Cut>) -> Value {
    if size(&value) <= budget {
        return value;
    }
    match value {
        Value::String(text) => shrink_text(&text, budget, pointer, cuts),
        Value::Array(list) => shrink_list(list, budget, pointer, cuts),
        Value::Object(map) => shrink_object(map, budget, pointer, cuts),
        small => small,
    }
}

fn shrink_text(text: &str, budget: usize, pointer: &str, cuts: &mut Vec<Cut>) -> Value {
    let mut room = budget.saturating_sub(2);
    let (mut end, mut shown) = (0, 0);
    for (at, letter) in text.char_indices() {
        let Some(left) = room.checked_sub(letter_size(letter)) else { break };
        room = left;
        end = at + letter.len_utf8();
        shown += 1;
    }
    // At the end of a line, if that does not cost much.
    if let Some(line) = text[..end].rfind('\n').filter(|line| *line > end / 5 * 4) {
        shown -= text[line + 1..end].chars().count();
        end = line + 1;
    }
    cuts.push(Cut { pointer: pointer.to_owned(), length: text.chars().count(), unit: "characters", shown });
    Value::from(&text[..end])
}

fn shrink_list(list: Vec<Value>, budget: usize, pointer: &str, cuts: &mut Vec<Cut>) -> Value {
    let length = list.len();
    let mut room = budget.saturating_sub(2);
    let mut kept = Vec::new();
    let mut inner = Vec::new();
    for value in list {
        let needed = size(&value) + 1;
        if needed <= room {
            room -= needed;
            kept.push(value);
        } else {
            // One that is too large by itself is shown in part, or nobody would ever see it.
            if kept.is_empty() && room > LEAST {
                kept.push(shrink(value, room - 1, &format!("{pointer}/0"), &mut inner));
            }
            break;
        }
    }
    if kept.len() < length {
        cuts.push(Cut { pointer: pointer.to_owned(), length, unit: "items", shown: kept.len() });
    }
    cuts.append(&mut inner);
    Value::Array(kept)
}

/// Small entries whole, large ones with an equal share of what is left; too many of them: the first.
fn shrink_object(map: Map<String, Value>, budget: usize, pointer: &str, cuts: &mut Vec<Cut>) -> Value {
    let length = map.len();
    let sizes: Vec<usize> = map.iter().map(|(k, v)| text_size(k) + size(v) + 2).collect();
    let share = fair_share(&sizes, budget.saturating_sub(2));
    let mut room = budget.saturating_sub(2);
    let mut kept = Map::new();
    let mut inner = Vec::new();
    for ((key, value), whole) in map.into_iter().zip(sizes) {
        let key_size = text_size(&key) + 2;
        let given = whole.min(share.max(key_size + LEAST));
        if given > room {
            break;
        }
        room -= given;
        let place = format!("{pointer}/{}", escaped(&key));
        let value = if whole > given { shrink(value, given - key_size, &place, &mut inner) } else { value };
        kept.insert(key, value);
    }
    if kept.len() < length {
        cuts.push(Cut { pointer: pointer.to_owned(), length, unit: "entries", shown: kept.len() });
    }
    cuts.append(&mut inner);
    Value::Object(kept)
}

/// The largest size that each may have so that all fit into `room`.
fn fair_share(sizes: &[usize], room: usize) -> usize {
    let mut sorted = sizes.to_vec();
    sorted.sort_unstable();
    let (mut left, mut count) = (room, sorted.len());
    for size in sorted {
        let share = left / count.max(1);
        if size > share {
            return share;
        }
        left -= size;
        count -= 1;
    }
    room
}

/// A key as a part of a JSON pointer.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// What of a text, list or object comes after its first `offset` characters, items or entries.
pub(super) fn after(value: Value, offset: usize) -> Value {
    match value {
        Value::String(text) => text.chars().skip(offset).collect::<String>().into(),
        Value::Array(list) => list.into_iter().skip(offset).collect(),
        Value::Object(map) => Value::Object(map.into_iter().skip(offset).collect()),
        other => other,
    }
}

/// Length and unit of what can be cut.
pub(super) fn length(value: &Value) -> Option<(usize, &'static str)> {
    match value {
        Value::String(text) => Some((text.chars().count(), "characters")),
        Value::Array(list) => Some((list.len(), "items")),
        Value::Object(map) => Some((map.len(), "entries")),
        _ => None,
    }
}

/// Marks an answer as cut and lists where, with the call that shows more of each place.
pub(super) fn mark(answer: &mut Map<String, Value>, cuts: &[Cut], next: impl Fn(&Cut) -> Value) {
    if cuts.is_empty() {
        return;
    }
    answer.insert("truncated".into(), true.into());
    let notes: Vec<Value> = cuts.iter().take(LISTED).map(|cut| cut.note(&next(cut))).collect();
    answer.insert("cuts".into(), notes.into());
}

/// A call to go on with, as answers name it.
#[allow(clippy::needless_pass_by_value, reason = "callers build the arguments on the spot")]
pub(super) fn next_call(tool: &str, arguments: Value) -> Value {
    json!({ "tool": tool, "arguments": arguments })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,300}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 60, 12, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..12).prop_map(Value::from),
                proptest::collection::vec(("[a-z/~]{0,12}", inner), 0..12).prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_shown_fits_and_what_is_not_is_noted(value in any_value(), budget in 100_usize..2_000) {
            let mut cuts = Vec::new();
            let shown = shrink(value.clone(), budget, "", &mut cuts);
            prop_assert!(size(&shown) <= budget, "{} of {budget}", size(&shown));
            prop_assert_eq!(cuts.is_empty(), shown == value);
            for cut in cuts {
                prop_assert!(cut.shown <= cut.length && value.pointer(&cut.pointer).is_some(), "{:?}", cut);
            }
        }

        #[test]
        fn the_size_of_a_value_is_never_less_than_its_text(value in any_value()) {
            prop_assert!(size(&value) >= value.to_string().chars().count());
        }
    }

    #[test]
    fn small_values_stay_whole_beside_a_large_one() {
        let mut cuts = Vec::new();
        let value = json!({"a": 1, "rows": vec!["x".repeat(50); 100], "z": "end"});
        let shown = shrink(value, 1_000, "", &mut cuts);
        assert_eq!((&shown["a"], &shown["z"]), (&json!(1), &json!("end")));
        assert_eq!((cuts.len(), cuts[0].pointer.as_str(), cuts[0].length), (1, "/rows", 100));
        assert!(cuts[0].shown > 10 && shown["rows"].as_array().map(Vec::len) == Some(cuts[0].shown));
    }

    #[test]
    fn an_offset_counts_what_the_unit_says() {
        assert_eq!(after(json!("größe"), 2), json!("öße"));
        assert_eq!(after(json!([1, 2, 3]), 2), json!([3]));
        assert_eq!(after(json!({"a": 1, "b": 2}), 1), json!({"b": 2}));
        assert_eq!(after(json!(7), 1), json!(7));
    }
}
