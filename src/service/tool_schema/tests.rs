//! The projection and what it promises.
#![allow(clippy::needless_pass_by_value, reason = "values are written in place")]

use proptest::prelude::*;

use super::*;

fn listed(schema: Value) -> Value {
    Value::Object((*input(&schema).unwrap().listed).clone())
}

#[test]
fn without_a_schema_a_tool_takes_any_object() {
    for schema in [json!(null), json!(true), json!({})] {
        assert_eq!(listed(schema), json!({ "type": "object", "properties": {} }));
    }
}

#[test]
fn references_are_written_out() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "order",
        "type": "object", "required": ["to", "via"],
        "properties": { "to": { "$ref": "#/$defs/place", "description": "Where to." }, "via": { "$ref": "#stop" } },
        "$defs": {
            "place": { "type": "object", "description": "A place.", "properties": { "name": { "type": "string" } } },
            "a/b": { "$anchor": "stop", "type": "string", "format": "uri" }
        }
    });
    let expected = json!({
        "type": "object",
        "properties": {
            "to": { "description": "Where to.", "type": "object", "properties": { "name": { "type": "string" } } },
            "via": { "type": "string", "description": "Format: uri." }
        },
        "required": ["to", "via"]
    });
    assert_eq!(listed(schema), expected);
}

#[test]
fn a_schema_that_contains_itself_is_described_where_it_comes_again() {
    let tree = json!({
        "type": "object", "title": "Node",
        "properties": { "name": { "type": "string" }, "children": { "type": "array", "items": { "$ref": "#" } } }
    });
    let items = json!({ "type": "object", "title": "Node", "description": "It has the same form again." });
    assert_eq!(listed(tree)["properties"]["children"]["items"], items);
    let endless = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } } });
    assert_eq!(listed(endless)["type"], "object");
}

#[test]
fn a_schema_that_doubles_at_every_level_stays_short() {
    let mut defs = Map::new();
    for n in 0..40 {
        let next = json!({ "$ref": format!("#/$defs/d{}", n + 1) });
        defs.insert(format!("d{n}"), json!({ "type": "object", "properties": { "a": next, "b": next } }));
    }
    defs.insert("d40".into(), json!({ "type": "string" }));
    let schema = json!({ "$ref": "#/$defs/d0", "$defs": defs });
    let tool = input(&schema).unwrap();
    assert!(serde_json::to_string(&*tool.listed).unwrap().len() <= LISTED_BYTES);
}

#[test]
fn branches_at_the_root_become_one_object() {
    let schema = json!({
        "oneOf": [
            { "type": "object", "required": ["kind", "host"], "properties": { "kind": { "const": "ssh" }, "host": { "type": "string" } } },
            { "type": "object", "required": ["kind", "url"], "properties": { "kind": { "const": "http" }, "url": { "type": "string" } } },
            { "type": "null" }
        ]
    });
    let expected = json!({
        "type": "object",
        "description": "Give one of these: kind = \"ssh\", host; or kind = \"http\", url.",
        "properties": {
            "kind": { "enum": ["ssh", "http"], "type": "string" },
            "host": { "type": "string" },
            "url": { "type": "string" }
        },
        "required": ["kind"]
    });
    assert_eq!(listed(schema), expected);
}

#[test]
fn parts_of_all_of_are_laid_over_each_other() {
    let schema = json!({
        "type": "object", "properties": { "a": { "type": "integer" } }, "required": ["a"],
        "allOf": [{ "properties": { "a": { "minimum": 1 }, "b": { "type": "string" } }, "required": ["b"] }, { "if": {}, "then": {} }]
    });
    let expected = json!({
        "type": "object", "description": "Further rules are checked with each call.",
        "properties": { "a": { "type": "integer", "minimum": 1 }, "b": { "type": "string" } }, "required": ["a", "b"]
    });
    assert_eq!(listed(schema), expected);
}

#[test]
fn what_clients_refuse_is_told_in_words() {
    let schema = json!({ "type": "object", "properties": {
        "count": { "type": "integer", "enum": [1, 2] },
        "version": { "const": 3 },
        "name": { "type": ["string", "null"], "maxLength": 5 },
        "pair": { "type": "array", "prefixItems": [{ "type": "string" }, { "type": "integer" }], "items": false },
        "list": { "type": "array" },
        "labels": { "type": "object", "additionalProperties": { "type": "string" } }
    } });
    let expected = json!({
        "count": { "type": "integer", "description": "One of [1,2]." },
        "version": { "description": "Always 3." },
        "name": { "maxLength": 5, "anyOf": [{ "type": "string" }, { "type": "null" }] },
        "pair": {
            "type": "array", "maxItems": 2, "items": { "anyOf": [{ "type": "string" }, { "type": "integer" }] },
            "description": "Its items in order: [{\"type\":\"string\"},{\"type\":\"integer\"}]."
        },
        "list": { "type": "array", "items": {} },
        "labels": { "type": "object", "description": "Other properties hold {\"type\":\"string\"}." }
    });
    assert_eq!(listed(schema)["properties"], expected);
}

#[test]
fn an_input_that_is_no_object_is_wrapped() {
    let tool = input(&json!({ "type": "array", "items": { "type": "string" } })).unwrap();
    assert!(tool.is_wrapped);
    let expected = json!({
        "type": "object", "properties": { "result": { "type": "array", "items": { "type": "string" } } }, "required": ["result"]
    });
    assert_eq!(Value::Object((*tool.listed).clone()), expected);
    assert!(!input(&json!({ "type": ["object", "null"] })).unwrap().is_wrapped);
}

#[test]
fn an_output_is_wrapped_only_where_its_root_is_no_object() {
    assert_eq!(output(&json!({ "type": "object" })).unwrap().wrapped, None);
    assert_eq!(output(&json!({ "anyOf": [{ "type": "object" }, { "type": "object" }] })).unwrap().wrapped, None);
    for schema in [json!({ "type": "string" }), json!({ "properties": { "a": {} } }), json!(true), json!({ "type": ["object", "null"] })] {
        assert!(output(&schema).unwrap().wrapped.is_some_and(|wrapped| wrapped["type"] == "object"), "{schema}");
    }
}

#[test]
fn what_cannot_be_listed_says_why() {
    let problem = |schema: Value| input(&schema).unwrap_err();
    assert_eq!(problem(json!(false)), "its `input_schema` accepts no value at all");
    let odd = problem(json!({ "properties": { "a": { "properties": { "Straße": {} } } } }));
    assert_eq!(odd, "its `input_schema` names a property 'Straße'; agents take 1 to 64 letters, digits, '_', '.' and '-'");
    assert!(problem(json!({ "properties": { "x".repeat(65): {} } })).contains("names a property"));
    assert!(problem(json!({ "description": "x".repeat(40_000) })).contains("takes 40"));
    assert!(output(&json!(false)).is_err());
    assert!(output(&json!({ "properties": { "Straße": {} } })).is_ok(), "answers may name what they like");
}

/// Keywords that the root of listed arguments must not have, and those that no listed schema has.
fn assert_clean(schema: &Value, at: &str) {
    let Some(rules) = schema.as_object() else { panic!("{at}: {schema} is no object") };
    for word in ["$ref", "$schema", "$defs", "$id", "oneOf", "allOf", "prefixItems", "const", "if", "not"] {
        assert!(!rules.contains_key(word), "{at}: {word} in {schema}");
    }
    assert!(rules.get("type").is_none_or(Value::is_string), "{at}: {schema}");
    for (name, part) in rules.get("properties").and_then(Value::as_object).into_iter().flatten() {
        assert_clean(part, &format!("{at}/{name}"));
    }
    if let Some(items) = rules.get("items") {
        assert_clean(items, &format!("{at}/items"));
    }
    for part in rules.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        assert_clean(part, &format!("{at}/anyOf"));
    }
}

fn any_schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(true)),
        Just(json!({})),
        Just(json!({ "type": "string" })),
        Just(json!({ "type": ["integer", "null"] })),
        Just(json!({ "enum": [1, "a", null] })),
        Just(json!({ "enum": ["a", "b"] })),
        Just(json!({ "const": 1 })),
        Just(json!({ "$ref": "#" })),
        Just(json!({ "type": "array", "minItems": 1 })),
        Just(json!({ "additionalProperties": false, "properties": { "a": true } })),
        Just(json!({ "required": ["b"], "additionalProperties": { "type": "integer" } })),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let list = prop::collection::vec(inner.clone(), 1..3);
        let word = prop::sample::select(vec!["anyOf", "oneOf", "allOf"]);
        prop_oneof![
            (word, list.clone()).prop_map(|(word, list)| json!({ word: list })),
            (inner.clone(), inner.clone(), any::<bool>()).prop_map(|(a, b, closed)| {
                json!({ "type": "object", "properties": { "a": a, "b": b }, "required": ["a"], "additionalProperties": !closed })
            }),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({ "properties": { "a": a }, "allOf": [b] })),
            (list, inner.clone()).prop_map(|(first, rest)| json!({ "type": "array", "prefixItems": first, "items": rest })),
            (inner.clone(), inner)
                .prop_map(|(a, b)| json!({ "patternProperties": { "^a": a }, "additionalProperties": false, "properties": { "b": b } })),
        ]
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop::sample::select(vec![json!(null), json!(1), json!(2), json!("a"), json!("c"), json!({}), json!([])]);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c"]), inner, 0..3).prop_map(|map| map
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Map<_, _>>()
                .into()),
        ]
    })
}

proptest! {
    #[test]
    fn an_output_that_is_right_is_right_for_clients_too(schema in any_schema(), value in any_value()) {
        let Ok(original) = jsonschema::draft202012::new(&schema) else { return Ok(()) };
        let Ok(tool) = output(&schema) else { return Ok(()) };
        if original.is_valid(&value) {
            let bare = Value::Object((*tool.bare).clone());
            prop_assert!(jsonschema::is_valid(&bare, &value), "{bare}");
            if let Some(wrapped) = tool.wrapped {
                let is_valid = jsonschema::is_valid(&Value::Object((*wrapped).clone()), &json!({ "result": value }));
                prop_assert!(is_valid);
            }
        }
    }

    #[test]
    fn listed_arguments_are_plain_objects(schema in any_schema()) {
        let Ok(tool) = input(&schema) else { return Ok(()) };
        let listed = Value::Object((*tool.listed).clone());
        prop_assert_eq!(&listed["type"], "object");
        prop_assert!(listed.get("anyOf").is_none());
        prop_assert!(jsonschema::draft202012::meta::is_valid(&listed));
        assert_clean(&listed, "");
    }
}

/// Pointers and messages that a flow with this `input_schema` is warned of.
#[allow(clippy::needless_pass_by_value, reason = "schemas are written in place")]
fn warned(schema: Value) -> Vec<(String, String)> {
    let mut flow = Row::new();
    flow.set("input_schema", schema);
    lint(&flow).into_iter().map(|warning| (warning.pointer, warning.message)).collect()
}

/// That exactly these places are warned of, with words of the message.
fn assert_warned(schema: Value, expected: &[(&str, &str)]) {
    let found = warned(schema);
    let places: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, expected.iter().map(|(place, _)| *place).collect::<Vec<_>>(), "{found:?}");
    for ((_, message), (_, words)) in found.iter().zip(expected) {
        assert!(message.contains(words), "{message} has no '{words}'");
    }
}

#[test]
fn a_schema_that_says_everything_is_not_warned_of() {
    let schema = json!({
        "type": "object", "required": ["name", "home"], "additionalProperties": false,
        "properties": {
            "name": { "type": "string", "description": "Who.", "default": "Ada", "examples": ["Ada"] },
            "home": { "$ref": "#/$defs/address" },
            "next": { "allOf": [{ "$ref": "#/$defs/address" }], "description": "Where to go on." },
            "counts": { "type": "object", "description": "By word.", "additionalProperties": { "type": "integer" } }
        },
        "$defs": { "address": {
            "type": "object", "description": "Where.", "properties": { "city": { "enum": ["Wien", "Graz"], "description": "Which." } }
        } }
    });
    assert_warned(schema, &[]);
    assert_warned(json!({ "type": "object", "properties": {}, "additionalProperties": false }), &[]);
}

#[test]
fn what_models_would_have_to_guess_is_named_by_its_place() {
    let schema = json!({
        "type": "object",
        "properties": {
            "a/b": {}, "one": { "type": "string" }, "two": { "description": "Two." },
            "three": { "type": "object", "description": "Three." }, "four": { "$ref": "#/$defs/four" }, "five": { "$ref": "#/$defs/four" }
        },
        "$defs": { "four": { "type": "array", "items": { "properties": { "deep": { "type": "integer" } } } } }
    });
    let expected = [
        ("/input_schema/properties/a~1b", "Clients refuse this name"),
        ("/input_schema/properties/a~1b", "neither a type nor a description"),
        ("/input_schema/properties/one", "no description"),
        ("/input_schema/properties/two", "no type"),
        ("/input_schema/properties/three", "an object of any form"),
        ("/input_schema/properties/four", "no description"),
        ("/input_schema/$defs/four/items/properties/deep", "no description"),
        ("/input_schema/properties/five", "no description"),
    ];
    assert_warned(schema, &expected);
    assert_warned(Value::Null, &[("/input_schema", "no input schema")]);
    assert_warned(json!({}), &[("/input_schema", "an object of any form")]);
    assert_warned(json!({ "type": "string" }), &[("/input_schema", "the one argument 'result'")]);
}

#[test]
fn what_no_value_or_no_client_takes_is_named() {
    let said = json!({ "type": "object", "description": "x", "properties": { "known": { "type": "integer", "description": "x" } } });
    let with = |words: Value| {
        let mut schema = said.clone();
        schema.as_object_mut().expect("an object").extend(words.as_object().expect("an object").clone());
        schema
    };
    assert_warned(with(json!({ "required": ["known", "other"] })), &[("/input_schema/required", "'other' is required, but")]);
    let closed = with(json!({ "required": ["other"], "additionalProperties": false }));
    assert_warned(closed, &[("/input_schema/required", "no value fits")]);
    assert_warned(with(json!({ "required": ["a1"], "patternProperties": { "^a": { "type": "string" } } })), &[]);
    assert_warned(with(json!({ "not": { "required": ["b"] } })), &[("/input_schema", "`not`")]);
    let parts = with(json!({ "oneOf": [{ "required": ["known"] }, { "properties": { "b": { "type": "null", "description": "x" } } }] }));
    assert_eq!(warned(parts)[0].0, "/input_schema", "alternatives at the top are told");
    let mixed = with(json!({ "properties": { "pick": { "description": "x", "enum": ["a", 1, null] } } }));
    assert_warned(mixed, &[("/input_schema/properties/pick/enum", "(null, number, string)")]);
}

#[test]
fn a_default_and_an_example_must_fit_where_they_stand() {
    let schema = json!({
        "type": "object", "default": { "größe": "klein" },
        "properties": {
            "größe 1": { "$ref": "#/$defs/n", "default": "many", "description": "x" },
            "list": { "type": "array", "description": "x", "items": { "$ref": "#/$defs/n", "examples": [1, -1] } },
            "self": { "$ref": "#", "description": "x", "default": { "list": [true] } }
        },
        "$defs": { "n": { "type": "integer", "minimum": 0, "default": 3 } }
    });
    let expected = [
        ("/input_schema/properties/größe 1", "Clients refuse"),
        ("/input_schema/properties/größe 1/default", "not of type \"integer\""),
        ("/input_schema/properties/list/items/examples/1", "less than the minimum"),
        ("/input_schema/properties/self/default", "at /list/0"),
    ];
    assert_warned(schema, &expected);
}

#[test]
fn what_is_deep_long_or_much_is_told_once() {
    let mut deep = json!({ "type": "string", "description": "x" });
    for _ in 0..12 {
        deep = json!({ "type": "object", "description": "x", "properties": { "d": deep } });
    }
    let found = warned(deep);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.contains("11 levels deep"), "{found:?}");
    let words: Vec<String> = (0..1_001).map(|n| format!("word number {n}")).collect();
    let found = warned(json!({ "type": "object", "properties": { "w": { "enum": words, "description": "x" } } }));
    assert!(found.iter().any(|(_, text)| text.contains("1001 words")) && found.iter().any(|(_, text)| text.contains("bytes")), "{found:?}");
    let many: Map<String, Value> = (0..100).map(|n| (format!("p{n}"), json!({}))).collect();
    let found = warned(json!({ "type": "object", "properties": many }));
    assert_eq!(found.len(), 31);
    assert_eq!(found[30].1, "There are 70 more like these.");
    let around = json!({ "type": "object", "properties": { "me": { "$ref": "#/$defs/me" } },
        "$defs": { "me": { "description": "x", "properties": { "me": { "$ref": "#/$defs/me" } } } } });
    assert_warned(around, &[]);
}

proptest! {
    #[test]
    fn lint_ends_for_any_schema(schema in any_schema()) {
        for (place, message) in warned(schema) {
            prop_assert!(place.starts_with("/input_schema") && message.ends_with(['.', '}']), "{place} {message}");
        }
    }
}
