//! Forms as clients show them in a dialog: a flat object of texts, numbers, booleans and choices, made from the form of a message.

use serde_json::{Map, Value, json};

use crate::service::is_button;

/// `$ref`s followed to find out what a property is.
const LINKS: usize = 16;
/// Formats of texts that dialogs know.
const FORMATS: [&str; 4] = ["email", "uri", "date", "date-time"];
/// Rules that mean the same in a dialog, by the type they belong to.
const OF_TEXT: [&str; 2] = ["minLength", "maxLength"];
const OF_NUMBER: [&str; 2] = ["minimum", "maximum"];
const OF_LIST: [&str; 2] = ["minItems", "maxItems"];

/// The schema of a dialog that asks for what the form asks for; none where only a page can: parts within parts, secrets, files.
pub(super) fn flat(form: &Value) -> Option<Map<String, Value>> {
    let given: Vec<(&String, Map<String, Value>)> =
        form.get("properties").and_then(Value::as_object).into_iter().flatten().map(|(name, of)| (name, resolved(form, of))).collect();
    let buttons = given.iter().filter(|(_, rules)| is_press(rules)).count();
    let mut inputs = Vec::new();
    for (name, rules) in given {
        let element = text(&rules, "element");
        // One button is what sends the dialog; a text is said with the question.
        if element == Some("markdown") || (is_press(&rules) && buttons == 1) {
            continue;
        }
        let order = rules.get("order").and_then(Value::as_f64).unwrap_or(f64::INFINITY);
        inputs.push((order, name.clone(), input(&rules)?));
    }
    inputs.sort_by(|(a, ..), (b, ..)| a.total_cmp(b));
    let required = form.get("required").and_then(Value::as_array).into_iter().flatten();
    let asked = |name: &&Value| inputs.iter().any(|(_, known, _)| name.as_str() == Some(known.as_str()));
    let required: Vec<&Value> = required.filter(asked).collect();
    let mut schema = Map::new();
    schema.insert("type".into(), "object".into());
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    schema.insert("properties".into(), inputs.into_iter().map(|(_, name, input)| (name, input)).collect::<Map<_, _>>().into());
    Some(schema)
}

/// The texts that stand in a form, one after the other.
pub(super) fn words(form: &Value) -> Vec<String> {
    let properties = form.get("properties").and_then(Value::as_object).into_iter().flatten();
    let rules = properties.map(|(_, of)| resolved(form, of)).filter(|rules| text(rules, "element") == Some("markdown"));
    rules.filter_map(|rules| text(&rules, "description").or_else(|| text(&rules, "label")).map(str::to_owned)).collect()
}

fn is_press(rules: &Map<String, Value>) -> bool {
    is_button(&Value::Object(rules.clone()))
}

fn text<'a>(rules: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    rules.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

/// A property with what it refers to within the form; its own keywords go before.
fn resolved(form: &Value, property: &Value) -> Map<String, Value> {
    let mut rules = property.as_object().cloned().unwrap_or_default();
    for _ in 0..LINKS {
        let Some(Value::String(target)) = rules.shift_remove("$ref") else { break };
        let Some(Value::Object(more)) = target.strip_prefix('#').and_then(|pointer| form.pointer(pointer)) else { break };
        for (name, value) in more {
            rules.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    rules
}

/// One input; none for what a dialog cannot ask.
fn input(rules: &Map<String, Value>) -> Option<Value> {
    if matches!(text(rules, "element"), Some("password" | "file" | "json")) || text(rules, "format") == Some("password") {
        return None;
    }
    let types: Vec<&str> = match rules.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).filter(|of| *of != "null").collect(),
        _ if is_press(rules) => vec!["boolean"],
        _ => vec!["string"],
    };
    let [of] = types[..] else { return None };
    let mut input = Map::from_iter([("type".to_owned(), Value::from(of))]);
    for (from, to) in [("label", "title"), ("title", "title"), ("description", "description")] {
        if let Some(words) = text(rules, from) {
            input.entry(to).or_insert_with(|| words.into());
        }
    }
    let mut keep = |names: &[&str]| {
        for name in names {
            if let Some(value) = rules.get(*name).filter(|value| !value.is_null()) {
                input.insert((*name).to_owned(), value.clone());
            }
        }
    };
    match of {
        "boolean" => {}
        "number" | "integer" => {
            // A number to choose is no choice of texts.
            if rules.contains_key("enum") {
                return None;
            }
            keep(&OF_NUMBER);
        }
        "string" => {
            keep(&["enum", "enumNames", "oneOf"]);
            if !["enum", "oneOf"].iter().any(|name| rules.contains_key(*name)) {
                keep(&OF_TEXT);
                if let Some(format) = text(rules, "format").filter(|format| FORMATS.contains(format)) {
                    input.insert("format".into(), format.into());
                }
            }
        }
        "array" => {
            keep(&OF_LIST);
            keep(&["items"]);
        }
        _ => return None,
    }
    let default = rules.get("default").filter(|value| !value.is_null()).cloned();
    let default = default.or_else(|| is_press(rules).then_some(Value::Bool(false)));
    if let Some(default) = default {
        input.insert("default".into(), default);
    }
    Some(input.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(properties: &Value) -> Option<Value> {
        flat(&json!({ "type": "object", "properties": properties })).map(|schema| schema["properties"].clone())
    }

    #[test]
    fn a_form_keeps_its_inputs_their_order_and_their_rules() {
        let form = json!({
            "type": "object",
            "required": ["mail", "go", "amount"],
            "properties": {
                "note": { "element": "text", "type": ["string", "null"], "default": "none", "label": "Note" },
                "amount": { "element": "number", "type": "number", "minimum": 1, "label": "How much?", "order": 1 },
                "mail": { "type": "string", "format": "email", "order": 2, "description": "Yours." },
                "hint": { "element": "markdown", "description": "Of **today**." },
                "go": { "element": "submit", "type": "boolean" },
            },
        });
        let schema = Value::Object(flat(&form).expect("it is flat"));
        let expected = json!({
            "type": "object",
            "required": ["mail", "amount"],
            "properties": {
                "amount": { "type": "number", "title": "How much?", "minimum": 1 },
                "mail": { "type": "string", "description": "Yours.", "format": "email" },
                "note": { "type": "string", "title": "Note", "default": "none" },
            },
        });
        assert_eq!(schema, expected);
        assert_eq!(schema["properties"].as_object().expect("an object").keys().collect::<Vec<_>>(), ["amount", "mail", "note"]);
        assert_eq!(words(&form), ["Of **today**."]);
    }

    #[test]
    fn choices_are_choices_and_several_buttons_are_yes_or_no_each() {
        let choice = json!({ "type": "string", "oneOf": [{ "const": "a", "title": "A" }] });
        let several = json!({ "type": "array", "items": { "type": "string", "enum": ["a"] } });
        let old = json!({ "type": "string", "enum": ["a"], "enumNames": ["A"] });
        let press = json!({ "element": "submit", "type": "boolean" });
        let found = of(&json!({ "a": choice, "b": several, "c": old, "yes": press, "no": press })).expect("it is flat");
        assert_eq!((&found["a"], &found["b"], &found["c"]), (&choice, &several, &old));
        assert_eq!(
            (&found["yes"], &found["no"]),
            (&json!({ "type": "boolean", "default": false }), &json!({ "type": "boolean", "default": false }))
        );
    }

    #[test]
    fn what_a_dialog_must_not_or_cannot_ask_is_left_to_the_page() {
        for property in [
            json!({ "element": "password", "type": "string" }),
            json!({ "type": "string", "format": "password" }),
            json!({ "element": "file", "type": "string" }),
            json!({ "type": "object", "properties": {} }),
            json!({ "type": "integer", "enum": [1, 2] }),
            json!({ "type": ["string", "integer"] }),
        ] {
            assert_eq!(of(&json!({ "x": property })), None, "{property}");
        }
    }

    #[test]
    fn what_a_property_refers_to_is_looked_up() {
        let form =
            json!({ "properties": { "who": { "$ref": "#/$defs/name", "label": "You" } }, "$defs": { "name": { "type": "string" } } });
        assert_eq!(flat(&form).expect("it is flat")["properties"]["who"], json!({ "type": "string", "title": "You" }));
    }
}
