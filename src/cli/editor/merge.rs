//! Settings added to a JSON file that a person keeps: comments, order, indentation and trailing commas stay as they are.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject, CstRootNode};
use serde_json::{Map, Value};

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Merged {
    pub(super) text: String,
    /// The settings that were added or added to.
    pub(super) added: Vec<String>,
    /// What stands in the way of the others, in sentences.
    pub(super) left: Vec<String>,
}

/// `text` with what `wanted`, an object, says and it does not. A value of one that is there is never changed, but lists get
/// items and objects get keys. Refused with a sentence when it cannot be read.
pub(super) fn merge(text: &str, wanted: &Value) -> Result<Merged, String> {
    // What editors themselves take: comments and trailing commas.
    let options = ParseOptions {
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
        ..ParseOptions::default()
    };
    let (mark, body) = text.strip_prefix('\u{feff}').map_or(("", text), |body| ("\u{feff}", body));
    let root = CstRootNode::parse(body, &options).map_err(|error| format!("it is no JSON that editors read ({error})."))?;
    let object = root.object_value_or_create().ok_or("it holds no object.")?;
    let mut merged = Merged { text: String::new(), added: Vec::new(), left: Vec::new() };
    for (key, value) in wanted.as_object().into_iter().flatten() {
        setting(&object, key, value, &mut merged);
    }
    merged.text = if merged.added.is_empty() { text.to_owned() } else { format!("{mark}{root}") };
    Ok(merged)
}

/// One setting at the top.
fn setting(object: &CstObject, key: &str, wanted: &Value, merged: &mut Merged) {
    let Some(there) = object.get(key).and_then(|property| property.value()) else {
        object.append(key, input(wanted));
        merged.added.push(key.to_owned());
        return;
    };
    match wanted {
        Value::Array(items) => match there.as_array() {
            Some(list) if extend(&list, items) => merged.added.push(key.to_owned()),
            Some(_) => {}
            None => merged.left.push(format!("'{key}' is no list there; it should name {wanted}.")),
        },
        Value::Object(entries) => match there.as_object() {
            Some(inner) => {
                if entries_of(&inner, entries) {
                    merged.added.push(key.to_owned());
                }
            }
            None => merged.left.push(format!("'{key}' is no object there; it should have {wanted}.")),
        },
        // What somebody has decided stays decided.
        _ => {}
    }
}

/// Adds to an object of lists of patterns, such as `yaml.schemas`; says whether anything was missing.
fn entries_of(object: &CstObject, wanted: &Map<String, Value>) -> bool {
    let mut is_change = false;
    for (key, value) in wanted {
        let Some(property) = object.get(key) else {
            object.append(key, input(value));
            is_change = true;
            continue;
        };
        let (Some(items), Some(there)) = (value.as_array(), property.value()) else { continue };
        if let Some(list) = there.as_array() {
            is_change |= extend(&list, items);
        } else if let Some(one) = text_of(&there) {
            // A single pattern may stand without a list.
            let rest: Vec<&Value> = items.iter().filter(|item| **item != one).collect();
            if !rest.is_empty() {
                let all = std::iter::once(&one).chain(rest).map(input).collect();
                property.set_value(CstInputValue::Array(all));
                is_change = true;
            }
        }
    }
    is_change
}

/// Appends the items that are missing; says whether there were any.
fn extend(list: &CstArray, wanted: &[Value]) -> bool {
    let there: Vec<Value> = list.elements().iter().filter_map(text_of).collect();
    let missing: Vec<&Value> = wanted.iter().filter(|item| !there.contains(item)).collect();
    for item in &missing {
        list.append(input(item));
    }
    !missing.is_empty()
}

fn text_of(node: &CstNode) -> Option<Value> {
    node.as_string_lit().and_then(|text| text.decoded_value().ok()).map(Value::from)
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(flag) => CstInputValue::Bool(*flag),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(map) => CstInputValue::Object(map.iter().map(|(key, value)| (key.clone(), input(value))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn wanted() -> Value {
        json!({"paths": [".cloudomation"], "schemas": {"./a.json": ["**/*.a.yaml", "**/*.a.yml"]}, "flag": false})
    }

    fn added(text: &str) -> String {
        let merged = merge(text, &wanted()).unwrap();
        let again = merge(&merged.text, &wanted()).unwrap();
        assert!(again.added.is_empty() && again.text == merged.text, "a second time changes nothing: {}", again.text);
        merged.text
    }

    #[test]
    fn comments_and_trailing_commas_stay() {
        let text = "{\n    // mine\n    \"rulers\": [100,], /* and */\n    \"paths\": [\n        \"lib\", // of ours\n    ],\n}\n";
        let expected = "{\n    // mine\n    \"rulers\": [100,], /* and */\n    \"paths\": [\n        \"lib\", // of ours\n        \
                        \".cloudomation\",\n    ],\n    \"schemas\": {";
        let got = added(text);
        assert!(got.starts_with(expected), "{got}");
        assert!(got.contains("\"./a.json\": [") && got.contains("\"flag\": false"), "{got}");
    }

    #[test]
    fn what_is_there_is_added_to_and_never_changed() {
        let text = r#"{"flag": true, "schemas": {"./a.json": "**/*.a.yaml", "mine.json": ["x"]}, "paths": [".cloudomation"]}"#;
        let got: Value = serde_json::from_str(&added(text)).unwrap();
        assert_eq!(got["flag"], true);
        assert_eq!(got["schemas"], json!({"./a.json": ["**/*.a.yaml", "**/*.a.yml"], "mine.json": ["x"]}));
        assert_eq!(got["paths"], json!([".cloudomation"]));
    }

    #[test]
    fn a_value_of_another_kind_is_left_and_told() {
        let merged = merge(r#"{"paths": "lib", "schemas": null, "flag": false}"#, &wanted()).unwrap();
        assert!(merged.added.is_empty() && merged.left.len() == 2, "{merged:?}");
        assert!(merged.left[0].contains("'paths' is no list"), "{merged:?}");
    }

    #[test]
    fn what_is_no_json_of_editors_is_refused_and_an_empty_file_filled() {
        for bad in ["{", "[1]", "{\"a\": }", "{'a': 1}", "nonsense"] {
            assert!(merge(bad, &wanted()).is_err(), "{bad}");
        }
        let got: Value = serde_json::from_str(&added("")).unwrap();
        assert_eq!(got, wanted());
        assert!(added("\u{feff}{}").starts_with('\u{feff}'));
        assert!(!added("{\r\n  \"a\": 1\r\n}\r\n").replace("\r\n", "").contains('\n'), "line ends stay as they are");
    }

    proptest! {
        /// Whatever an object holds is there afterwards, and what is wanted too.
        #[test]
        fn nothing_is_lost(there in prop::collection::btree_map("[a-z]{1,4}", any::<Option<i32>>(), 0..5)) {
            let text = serde_json::to_string_pretty(&there).unwrap();
            let got: Value = serde_json::from_str(&added(&text)).unwrap();
            for (key, value) in there {
                prop_assert_eq!(&got[key], &json!(value));
            }
            prop_assert!(got["schemas"].is_object());
        }
    }
}
