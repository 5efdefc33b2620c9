//! JSON Schemas of connections: what a call needs, what may be stored of it, what it answers.

use serde_json::{Map, Value, json};

use super::{Connector, Input, Is, Rule};

/// The dialect of all of them.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// What a text that stands for a secret looks like; such a one may be given in the place of any value.
const REFERENCE: &str = r"^\s*(vault\.)?secret\([^()]+\)\s*$";

/// The inputs of a connection as it is made: what is required is there, and nothing else.
pub fn input(connector: &Connector) -> Value {
    let mut schema = whole(connector, "input", connector.every_input(), Mode::Strict);
    let rules: Vec<Value> = connector.rules.iter().map(rule).collect();
    if !rules.is_empty() {
        schema["allOf"] = rules.into();
    }
    schema
}

/// The same inputs as a CONNECTOR's `value`: nothing is required, since calls may give the rest.
pub fn stored(connector: &Connector) -> Value {
    whole(connector, "stored input", connector.every_input(), Mode::Stored)
}

/// The `output_value` of a connection that succeeded.
pub fn output(connector: &Connector) -> Value {
    whole(connector, "output", connector.output.iter(), Mode::Output)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Strict,
    Stored,
    Output,
}

fn whole<'a>(connector: &Connector, part: &str, inputs: impl Iterator<Item = &'a Input>, mode: Mode) -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".into(), DIALECT.into());
    schema.insert("title".into(), format!("{}: {part}", connector.name).into());
    schema.insert("description".into(), connector.doc.into());
    let Value::Object(rest) = object(inputs, mode) else { return Value::Object(schema) };
    schema.extend(rest);
    if mode != Mode::Output {
        let doc = "`secret(<name>)` or `vault.secret(<vault-config>:<path>.<key>)` in the place of the value.";
        schema.insert("$defs".into(), json!({"reference": {"type": "string", "pattern": REFERENCE, "description": doc}}));
    }
    Value::Object(schema)
}

fn object<'a>(inputs: impl Iterator<Item = &'a Input>, mode: Mode) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for input in inputs {
        properties.insert(input.name.into(), property(input, mode));
        if input.required && mode != Mode::Stored {
            required.push(input.name);
        }
    }
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

fn property(input: &Input, mode: Mode) -> Value {
    let mut schema = kind(input.is, mode);
    // What an input is may be known only when its secret is resolved. A text takes a reference as it is.
    if mode != Mode::Output && !matches!(input.is, Is::Any | Is::Text | Is::TextOrTexts) {
        schema = json!({"if": {"$ref": "#/$defs/reference"}, "else": schema});
    }
    schema["description"] = input.doc.into();
    if let Some(default) = input.default.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        schema["default"] = default;
    }
    if input.is_secret {
        schema["writeOnly"] = true.into();
    }
    schema
}

fn kind(is: Is, mode: Mode) -> Value {
    match is {
        Is::Any => json!({}),
        Is::Text => json!({"type": "string"}),
        Is::Integer => json!({"type": "integer"}),
        Is::Number => json!({"type": "number"}),
        Is::Boolean => json!({"type": "boolean"}),
        Is::Seconds => json!({"type": "number", "exclusiveMinimum": 0}),
        Is::Port => json!({"type": "integer", "minimum": 1, "maximum": 65535}),
        Is::Object => json!({"type": "object"}),
        Is::List => json!({"type": "array"}),
        Is::Texts => json!({"type": "array", "items": {"type": "string"}}),
        Is::TextOrTexts => json!({"type": ["string", "array"], "items": {"type": "string"}}),
        Is::Integers => json!({"type": "array", "items": {"type": "integer"}}),
        Is::TextByName => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        Is::ScalarByName => {
            let scalars = ["string", "number", "boolean", "null", "array"];
            json!({"type": "object", "additionalProperties": {"type": scalars, "items": {"type": ["string", "number", "boolean", "null"]}}})
        }
        Is::Word(words) => json!({"type": "string", "enum": words}),
        Is::Of(inputs) => object(inputs.iter(), mode),
        Is::ListOf(inputs) => json!({"type": "array", "items": object(inputs.iter(), mode)}),
    }
}

fn rule(rule: &Rule) -> Value {
    let have = |names: &[&str]| names.iter().map(|name| json!({"required": [name]})).collect::<Vec<_>>();
    match *rule {
        Rule::Any(names) => json!({"anyOf": have(names)}),
        Rule::One(names) => json!({"oneOf": have(names)}),
        Rule::Most(names) => {
            let pairs =
                names.iter().enumerate().flat_map(|(at, one)| names[at + 1..].iter().map(move |other| json!({"required": [one, other]})));
            json!({"not": {"anyOf": pairs.collect::<Vec<_>>()}})
        }
        Rule::With(one, other) => json!({"dependentRequired": {one: [other]}}),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TYPES, find};
    use super::*;

    #[test]
    fn every_schema_is_one_and_defaults_fit_their_own() {
        for connector in TYPES {
            for schema in [input(connector), stored(connector), output(connector)] {
                jsonschema::draft202012::new(&schema).unwrap_or_else(|e| panic!("{}: {e}", connector.name));
                for (name, property) in schema["properties"].as_object().unwrap() {
                    let Some(default) = property.get("default") else { continue };
                    let mut alone = property.clone();
                    alone["$defs"] = schema["$defs"].clone();
                    assert!(jsonschema::is_valid(&alone, default), "{} {name}", connector.name);
                }
            }
        }
    }

    #[test]
    fn what_is_stored_needs_nothing_and_takes_secrets_for_anything() {
        for connector in TYPES {
            let schema = stored(connector);
            assert!(!schema.to_string().contains("\"required\""), "{}", connector.name);
            assert!(jsonschema::is_valid(&schema, &json!({})), "{}", connector.name);
            let all: Map<String, Value> = connector.every_input().map(|input| (input.name.to_owned(), json!("secret(it)"))).collect();
            assert!(jsonschema::is_valid(&schema, &all.into()), "{}", connector.name);
            assert!(!jsonschema::is_valid(&schema, &json!({"no_such_input": 1})), "{}", connector.name);
        }
    }

    #[test]
    fn a_call_needs_what_is_required_and_keeps_the_rules() {
        let is_valid = |name: &str, value: Value| jsonschema::is_valid(&input(find(name).unwrap()), &value);
        assert!(is_valid("REST", json!({"url": "https://example.org", "json": {"a": 1}})));
        assert!(is_valid("REST", json!({"hostname": "example.org", "connect_timeout": "secret(patience)"})));
        assert!(!is_valid("REST", json!({"method": "get"})), "nowhere to go");
        assert!(!is_valid("REST", json!({"url": "https://example.org", "json": 1, "text": "two bodies"})));
        assert!(!is_valid("REST", json!({"url": "https://example.org", "connect_timeout": "long"})));
        assert!(!is_valid("SQLPG", json!({"host": "db", "fetch": "select 1", "execute": "delete"})), "two statements");
        assert!(!is_valid("SSH", json!({"hostname": "h", "username": "u"})), "no script");
    }
}
