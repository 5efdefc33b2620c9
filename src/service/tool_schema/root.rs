//! The root of a tool's arguments: an object without combinators.

use serde_json::{Map, Value, json};

use super::keyword;

/// Branches that are told in words at the most.
const TOLD: usize = 8;

/// Whether a value of this schema can be an object.
pub(super) fn may_be_object(schema: &Map<String, Value>) -> bool {
    match schema.get("type") {
        Some(of) => of == "object",
        None => branches(schema).is_none_or(|branches| branches.iter().any(|branch| branch.as_object().is_none_or(may_be_object))),
    }
}

/// Whether every value of this schema is an object.
pub(super) fn is_object(schema: &Map<String, Value>) -> bool {
    match schema.get("type") {
        Some(of) => of == "object",
        None => branches(schema).is_some_and(|branches| branches.iter().all(|branch| branch.as_object().is_some_and(is_object))),
    }
}

fn branches(schema: &Map<String, Value>) -> Option<&Vec<Value>> {
    schema.get("anyOf").and_then(Value::as_array)
}

/// `schema` as one plain object: the branches of a combinator become properties, and the description says which belong together.
pub(super) fn object(mut schema: Map<String, Value>) -> Map<String, Value> {
    let branches = match schema.shift_remove("anyOf") {
        Some(Value::Array(branches)) => branches,
        _ => Vec::new(),
    };
    let branches: Vec<Map<String, Value>> = branches
        .into_iter()
        .filter_map(|branch| match branch {
            Value::Object(branch) if may_be_object(&branch) => Some(object(branch)),
            _ => None,
        })
        .collect();
    fold(&mut schema, &branches);
    let mut out = Map::new();
    out.insert("type".to_owned(), json!("object"));
    for word in ["title", "description", "properties", "required", "additionalProperties", "minProperties", "maxProperties", "default"] {
        if let Some(value) = schema.shift_remove(word) {
            out.insert(word.to_owned(), value);
        }
    }
    out.entry("properties").or_insert_with(|| json!({}));
    out
}

fn fold(schema: &mut Map<String, Value>, branches: &[Map<String, Value>]) {
    let Some((first, others)) = branches.split_first() else { return };
    let said = choices(branches);
    if let Value::Object(properties) = schema.entry("properties").or_insert_with(|| json!({})) {
        for (name, theirs) in branches.iter().flat_map(|branch| branch["properties"].as_object().into_iter().flatten()) {
            match properties.get_mut(name) {
                None => {
                    properties.insert(name.clone(), theirs.clone());
                }
                Some(ours) => either(ours, theirs),
            }
        }
    }
    let names = |branch: &Map<String, Value>| branch.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let shared = names(first).into_iter().filter(|name| others.iter().all(|branch| names(branch).contains(name)));
    let own = names(schema);
    let required: Vec<Value> = own.iter().cloned().chain(shared.filter(|name| !own.contains(name))).collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    if branches.iter().all(|branch| branch.get("additionalProperties") == Some(&Value::Bool(false))) {
        schema.insert("additionalProperties".to_owned(), false.into());
    }
    keyword::note(schema, &said);
}

/// One schema for a property that several branches have.
fn either(ours: &mut Value, theirs: &Value) {
    if ours == theirs || ours == &json!({}) {
        return;
    }
    if let (Some(known), Some(more)) = (ours["enum"].as_array().cloned(), theirs["enum"].as_array()) {
        let added = more.iter().filter(|word| !known.contains(word)).cloned();
        ours["enum"] = known.iter().cloned().chain(added).collect();
        return;
    }
    match ours.get_mut("anyOf").and_then(Value::as_array_mut) {
        Some(list) if list.contains(theirs) => {}
        Some(list) => list.push(theirs.clone()),
        None => *ours = json!({ "anyOf": [ours.take(), theirs] }),
    }
}

/// "Give one of these together: ..."
fn choices(branches: &[Map<String, Value>]) -> Vec<String> {
    let shown: Vec<String> = branches.iter().map(choice).collect();
    if branches.len() < 2 || branches.len() > TOLD || shown.iter().any(String::is_empty) {
        return Vec::new();
    }
    vec![format!("Give one of these: {}.", shown.join("; or "))]
}

fn choice(branch: &Map<String, Value>) -> String {
    let list = branch.get("required").and_then(Value::as_array);
    let names = list.into_iter().flatten().filter_map(Value::as_str).map(|name| {
        let words = branch["properties"][name]["enum"].as_array().filter(|words| words.len() == 1);
        words.map_or_else(|| name.to_owned(), |words| format!("{name} = {}", words[0]))
    });
    names.collect::<Vec<_>>().join(", ")
}
