//! Paths into JSON values, as callers write them: `/rows/0/name` or `rows[0].name`.

use serde_json::Value;

use super::size::escaped;
use crate::error::{Error, Result, did_you_mean};

/// The parts of a path; none for the whole value.
pub(super) fn parts(text: &str) -> Vec<String> {
    if let Some(pointer) = text.strip_prefix('/') {
        return pointer.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    }
    let dotted = text.strip_prefix('$').unwrap_or(text).replace('[', ".").replace(']', "");
    dotted.split('.').map(|part| part.trim_matches(['"', '\''])).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The pointer of these parts.
pub(super) fn pointer(parts: &[String]) -> String {
    parts.iter().fold(String::new(), |pointer, part| pointer + "/" + &escaped(part))
}

/// The value at a path; an error says how far it led.
pub(super) fn look(value: &Value, parts: &[String]) -> Result<Value> {
    let mut here = value;
    for (depth, part) in parts.iter().enumerate() {
        let found = match here {
            Value::Object(map) => map.get(part),
            Value::Array(list) => part.parse::<usize>().ok().and_then(|at| list.get(at)),
            _ => None,
        };
        here = found.ok_or_else(|| missing(here, &pointer(&parts[..depth]), part))?;
    }
    Ok(here.clone())
}

fn missing(here: &Value, place: &str, part: &str) -> Error {
    let place = if place.is_empty() { "The value" } else { place };
    let text = match here {
        Value::Object(map) => {
            let near = did_you_mean(part, map.keys().map(String::as_str));
            let keys: Vec<&str> = map.keys().take(20).map(String::as_str).collect();
            format!("{place} has no key '{part}'.{near} It has: {}.", keys.join(", "))
        }
        Value::Array(list) => format!("{place} is a list of {} items, from 0; it has no item '{part}'.", list.len()),
        Value::Null => format!("{place} is null; it has nothing inside."),
        _ => format!("{place} is a single value; it has no '{part}' inside."),
    };
    Error::not_found(text).field("/path")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_read_in_both_spellings() {
        let value = json!({"rows": [{"a/b": 1}], "x.y": 2});
        for path in ["/rows/0/a~1b", "rows[0].a/b", "rows.0.a/b", "$.rows[0]['a/b']"] {
            assert_eq!(look(&value, &parts(path)).unwrap(), json!(1), "{path}");
        }
        assert_eq!(look(&value, &parts("/x.y")).unwrap(), json!(2));
        assert_eq!(look(&value, &parts("")).unwrap(), value);
        assert_eq!(pointer(&parts("rows[0].a/b")), "/rows/0/a~1b");
    }

    #[test]
    fn a_path_that_leads_nowhere_says_how_far_it_led() {
        let value = json!({"rows": [{"name": 1}]});
        let message = |path: &str| look(&value, &parts(path)).unwrap_err().message().to_owned();
        assert_eq!(message("row"), "The value has no key 'row'. Did you mean 'rows'? It has: rows.");
        assert_eq!(message("rows.1"), "/rows is a list of 1 items, from 0; it has no item '1'.");
        assert_eq!(message("rows.0.name.x"), "/rows/0/name is a single value; it has no 'x' inside.");
    }
}
