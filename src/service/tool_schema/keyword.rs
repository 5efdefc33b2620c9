//! Single keywords: kept as they are, turned into what every client reads, or told in words.

use serde_json::{Map, Value, json};

/// Keywords that every client reads or passes over.
const KEPT: [&str; 17] = [
    "title",
    "description",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "default",
    "examples",
];
/// Formats that all model APIs know.
const FORMATS: [&str; 9] = ["date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];
/// Rules with no form that clients read.
pub(super) const UNTOLD: [&str; 11] = [
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contentSchema",
];
/// Longest form of a schema or value that is told in words, bytes.
const TOLD: usize = 300;

/// What needs no look at other schemas, and notes for the description.
pub(super) fn plain(rules: &Map<String, Value>) -> (Map<String, Value>, Vec<String>) {
    let (mut out, mut notes) = (Map::new(), Vec::new());
    for (word, value) in rules {
        match (word.as_str(), value) {
            ("type", Value::String(_)) => {
                out.insert(word.clone(), value.clone());
            }
            ("type", Value::Array(types)) if types.len() == 1 => {
                out.insert(word.clone(), types[0].clone());
            }
            ("enum", Value::Array(values)) if !values.is_empty() && values.iter().all(Value::is_string) => {
                out.insert(word.clone(), value.clone());
            }
            ("enum", Value::Array(_)) => notes.extend(short(value).map(|text| format!("One of {text}."))),
            ("const", Value::String(_)) => {
                out.insert("enum".to_owned(), json!([value]));
            }
            ("const", _) => notes.extend(short(value).map(|text| format!("Always {text}."))),
            ("format", Value::String(format)) if FORMATS.contains(&format.as_str()) => {
                out.insert(word.clone(), value.clone());
            }
            ("format", Value::String(format)) => notes.push(format!("Format: {format}.")),
            ("contentEncoding", Value::String(name)) => notes.push(format!("Encoded as {name}.")),
            (kept, _) if KEPT.contains(&kept) => {
                out.insert(word.clone(), value.clone());
            }
            _ => {}
        }
    }
    if UNTOLD.iter().any(|word| rules.contains_key(*word)) {
        notes.push("Further rules are checked with each call.".to_owned());
    }
    (out, notes)
}

/// The types of a list of several.
pub(super) fn several_types(rules: &Map<String, Value>) -> Option<&Vec<Value>> {
    rules.get("type").and_then(Value::as_array).filter(|types| types.len() > 1)
}

/// What stands for a schema that is not written out.
pub(super) fn described(rules: &Map<String, Value>, why: &str) -> Map<String, Value> {
    let mut out = Map::new();
    for word in ["type", "title", "description"] {
        if let Some(text @ Value::String(_)) = rules.get(word) {
            out.insert(word.to_owned(), text.clone());
        }
    }
    note(&mut out, &[why.to_owned()]);
    complete(&mut out);
    out
}

/// Appends notes to the description.
pub(super) fn note(out: &mut Map<String, Value>, notes: &[String]) {
    if notes.is_empty() {
        return;
    }
    let said = out.get("description").and_then(Value::as_str).map(str::trim_end).filter(|text| !text.is_empty());
    let text = said.into_iter().chain(notes.iter().map(String::as_str)).collect::<Vec<_>>().join(" ");
    out.insert("description".to_owned(), text.into());
}

/// What some clients miss: `items` of an array, the type of an `enum`, a property for each required name.
pub(super) fn complete(out: &mut Map<String, Value>) {
    if out.contains_key("enum") && !out.contains_key("type") {
        out.insert("type".to_owned(), json!("string"));
    }
    if out.get("type") == Some(&json!("array")) && !out.contains_key("items") {
        out.insert("items".to_owned(), json!({}));
    }
    let required: Vec<String> =
        out.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(|name| Some(name.as_str()?.to_owned())).collect();
    let closed = out.get("additionalProperties") == Some(&Value::Bool(false));
    // A name that must be there and must not be there is left to the check of the call.
    if !required.is_empty()
        && !closed
        && let Value::Object(properties) = out.entry("properties").or_insert_with(|| json!({}))
    {
        for name in required {
            properties.entry(name).or_insert_with(|| json!({}));
        }
    }
}

/// The compact text of a value that is short enough to be told in words.
pub(super) fn short(value: &Value) -> Option<String> {
    Some(value.to_string()).filter(|text| text.len() <= TOLD)
}
