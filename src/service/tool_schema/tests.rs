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
