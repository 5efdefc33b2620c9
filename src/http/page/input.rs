//! The inputs of a form: what each is, where its value goes, in the order in which they are asked.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Objects inside each other that are asked part by part; deeper ones are asked as JSON text.
const DEPTH: usize = 4;
/// `$ref`s followed to find out what a property is.
const LINKS: usize = 16;

/// How a value is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Element {
    /// One line; the `type` of the HTML input.
    Line(&'static str),
    /// Several lines; of source text or of prose.
    Text {
        is_code: bool,
    },
    Number {
        is_integer: bool,
    },
    Toggle,
    /// One of these values.
    Select(Vec<Value>),
    Date,
    /// A time of day; whether the form wants an offset with it.
    Time {
        with_offset: bool,
    },
    DateTime {
        with_offset: bool,
    },
    /// Any JSON value, as text.
    Json,
    /// No input: a text.
    Markdown,
    Submit,
    /// Inputs of its own.
    Group(Vec<Input>),
}

/// One input.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Input {
    /// Where its value goes in the response, as a JSON pointer: also its name on the page.
    pub(super) pointer: String,
    pub(super) label: String,
    pub(super) element: Element,
    pub(super) is_required: bool,
    pub(super) is_readonly: bool,
    /// A text that is cleared is empty, not absent.
    pub(super) takes_empty: bool,
    /// The property, as the form has it.
    pub(super) rules: Map<String, Value>,
}

impl Input {
    /// Whether a JSON pointer leads to this input or to a part of its value.
    pub(super) fn holds(&self, pointer: &str) -> bool {
        pointer.strip_prefix(&self.pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    pub(super) fn rule(&self, name: &str) -> Option<&Value> {
        self.rules.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn words(&self, name: &str) -> Option<&str> {
        self.rule(name).and_then(Value::as_str)
    }

    /// Its id on the page.
    pub(super) fn id(&self) -> String {
        id_of(&self.pointer)
    }
}

/// An id for what stands at this pointer.
pub(super) fn id_of(pointer: &str) -> String {
    let mut id = String::from("in");
    for byte in pointer.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => id.push(byte.into()),
            other => {
                let _ = write!(id, "-{other:x}-");
            }
        }
    }
    id
}

/// The inputs of a form that stands alone.
pub(super) fn inputs(form: &Value) -> Vec<Input> {
    group(form, form, "", DEPTH)
}

fn group(root: &Value, of: &Value, at: &str, depth: usize) -> Vec<Input> {
    let required = |name: &str| of["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
    let properties = of["properties"].as_object().into_iter().flatten();
    let mut inputs: Vec<(f64, Input)> = properties
        .map(|(name, property)| {
            let rules = resolved(root, property);
            let order = rules.get("order").and_then(Value::as_f64).unwrap_or(f64::INFINITY);
            (order, input(root, rules, (name.as_str(), at), required(name), depth))
        })
        .collect();
    inputs.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    inputs.into_iter().map(|(_, input)| input).collect()
}

/// A property with what it refers to; its own keywords go before.
fn resolved(root: &Value, property: &Value) -> Map<String, Value> {
    let mut rules = property.as_object().cloned().unwrap_or_default();
    for _ in 0..LINKS {
        let Some(Value::String(target)) = rules.shift_remove("$ref") else { break };
        let Some(Value::Object(more)) = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer)) else { break };
        for (name, value) in more {
            rules.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    rules
}

fn input(root: &Value, rules: Map<String, Value>, (name, at): (&str, &str), is_required: bool, depth: usize) -> Input {
    let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    let text = |key: &str| rules.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let label = text("label").or_else(|| text("title")).unwrap_or(name).to_owned();
    let element = match element(&rules) {
        Element::Json if is_group(&rules) && depth > 1 => Element::Group(group(root, &Value::Object(rules.clone()), &pointer, depth - 1)),
        other => other,
    };
    let is_readonly = rules.get("readOnly") == Some(&Value::Bool(true));
    let is_text = matches!(element, Element::Line(_) | Element::Text { .. });
    let takes_empty = is_text && rules.get("default").is_some_and(Value::is_string);
    Input { pointer, label, element, is_required, is_readonly, takes_empty, rules }
}

fn is_group(rules: &Map<String, Value>) -> bool {
    rules.get("element").is_none() && rules.get("properties").is_some_and(|parts| parts.as_object().is_some_and(|parts| !parts.is_empty()))
}

/// Told from the keyword, else from what the value is.
fn element(rules: &Map<String, Value>) -> Element {
    let of = |key: &str| rules.get(key).and_then(Value::as_str);
    let values = || rules.get("enum").and_then(Value::as_array).filter(|values| !values.is_empty()).cloned();
    let is_integer = types(rules).contains(&"integer");
    match of("element") {
        Some("string") if values().is_none() => return Element::Line(line(of("format"))),
        Some("text" | "code") => return Element::Text { is_code: of("element") == Some("code") },
        Some("password") => return Element::Line("password"),
        Some("number") => return Element::Number { is_integer },
        Some("toggle") => return Element::Toggle,
        Some("select") if values().is_some() => return Element::Select(values().unwrap_or_default()),
        Some("date") => return Element::Date,
        Some("time") => return Element::Time { with_offset: of("format") == Some("time") },
        Some("datetime") => return Element::DateTime { with_offset: of("format") == Some("date-time") },
        Some("json") => return Element::Json,
        Some("file") => return Element::Line("text"),
        Some("markdown") => return Element::Markdown,
        Some("submit") => return Element::Submit,
        _ => {}
    }
    if let Some(values) = values() {
        return Element::Select(values);
    }
    match (types(rules).first().copied(), of("format")) {
        (Some("boolean"), _) => Element::Toggle,
        (Some("number" | "integer"), _) => Element::Number { is_integer },
        (Some("object" | "array"), _) => Element::Json,
        (_, Some("date")) => Element::Date,
        (_, Some("time")) => Element::Time { with_offset: true },
        (_, Some("date-time")) => Element::DateTime { with_offset: true },
        (_, Some("markdown")) => Element::Text { is_code: false },
        (None, _) if rules.contains_key("properties") => Element::Json,
        (_, format) => Element::Line(line(format)),
    }
}

/// The types that a value may have, null apart.
pub(super) fn types(rules: &Map<String, Value>) -> Vec<&str> {
    match rules.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).filter(|of| *of != "null").collect(),
        _ => Vec::new(),
    }
}

fn line(format: Option<&str>) -> &'static str {
    match format {
        Some("email") => "email",
        Some("uri") => "url",
        Some("password") => "password",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn elements(properties: &Value) -> Vec<(String, Element)> {
        inputs(&json!({ "properties": properties })).into_iter().map(|input| (input.label, input.element)).collect()
    }

    #[test]
    fn the_lowest_order_comes_first_and_the_rest_as_written() {
        let found = elements(&json!({ "a": { "order": 2 }, "b": {}, "c": { "order": 1, "label": "First" }, "d": {} }));
        let labels: Vec<&str> = found.iter().map(|(label, _)| label.as_str()).collect();
        assert_eq!(labels, ["First", "a", "b", "d"]);
    }

    #[test]
    fn what_is_not_said_is_told_from_the_value() {
        let found = elements(&json!({
            "a": { "type": "boolean" }, "b": { "type": ["integer", "null"] }, "c": { "enum": [1, 2] }, "d": { "format": "date" },
            "e": { "type": "string", "format": "email" }, "f": { "type": "array" }, "g": { "element": "time" }, "h": {},
        }));
        let wanted = [
            Element::Toggle,
            Element::Number { is_integer: true },
            Element::Select(vec![json!(1), json!(2)]),
            Element::Date,
            Element::Line("email"),
            Element::Json,
            Element::Time { with_offset: false },
            Element::Line("text"),
        ];
        assert_eq!(found.into_iter().map(|(_, element)| element).collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn what_a_property_refers_to_is_looked_up_and_parts_are_asked_one_by_one() {
        let form = json!({
            "properties": { "who": { "$ref": "#/$defs/person", "label": "You" } },
            "$defs": { "person": { "type": "object", "required": ["na/me"], "properties": { "na/me": { "type": "string" } } } },
        });
        let found = inputs(&form);
        let Element::Group(parts) = &found[0].element else { panic!("{found:?}") };
        assert_eq!((found[0].label.as_str(), parts[0].pointer.as_str(), parts[0].is_required), ("You", "/who/na~1me", true));
    }

    #[test]
    fn a_schema_that_is_its_own_part_comes_to_an_end() {
        let form = json!({ "properties": { "x": { "$ref": "#" } } });
        let mut parts = inputs(&form);
        let mut depth = 0;
        while let Some(Input { element: Element::Group(inner), .. }) = parts.pop() {
            (parts, depth) = (inner, depth + 1);
        }
        assert_eq!(depth, DEPTH - 1);
    }

    #[test]
    fn ids_are_plain_and_of_one_input_alone() {
        assert_eq!(id_of("/a b"), "in-2f-a-20-b");
        assert_ne!(id_of("/a/b"), id_of("/a-2f-b"));
    }
}
