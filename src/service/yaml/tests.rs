//! What is written is read as the same, and what would surprise is refused with its line.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn back(value: &Value) -> Value {
    let text = document(value);
    let mut read = documents(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(read.len(), 1, "{text}");
    read.remove(0).into_value()
}

#[test]
fn awkward_texts_come_back_as_they_were() {
    for text in [
        "",
        " ",
        "\n",
        "\n\n",
        " \n ",
        "yes",
        "No",
        "on",
        "~",
        "null",
        "true",
        "012",
        "1e3",
        "0x1F",
        "1_000",
        "12:30",
        "2026-11-21",
        ".5",
        "-",
        "- a",
        "a: b",
        "a #b",
        "#a",
        "a\n",
        "a\n\n",
        "\na",
        "\n a\n",
        "  a\n b",
        "a  \nb\t\n",
        "\ta\n\tb",
        "a\r\nb",
        "a\u{85}b",
        "a\u{2028}b",
        "\u{feff}a\nb",
        "ä ö",
        "𝄞 clef",
        "\u{7f}",
        "a\u{0}b",
        "'",
        "\"",
        "\\n",
        "%a",
        "@a",
        "`a",
        "&a *b",
        "!a",
        "{a}",
        "[a]",
        "a,b",
        "|",
        ">",
        "...",
        "---\na",
        "---",
        "a\n---\nb\n...\n",
        "<<",
        "=",
        "x\n   \n",
        "x\n   ",
        "   \nx",
        "a\n\tb\n",
        "trailing ",
        "ends with colon:",
        "ß",
        "ⅷ",
        "²",
        "def f():\n    return {\n        'a': 1,\n    }\n\n\n# end  \n",
        "\u{fffe}x\ny",
        "\u{1f600}\n",
    ] {
        let value = json!({ "a": text, "b": [text, [text], { "c": text }], "d": { "e": { "f": text } }, "z": 1 });
        assert_eq!(back(&value), value, "{text:?} in\n{}", document(&value));
        let value = json!({ (text): { (text): 1 }, "z": [{ (text): text }] });
        assert_eq!(back(&value), value, "{text:?} as key in\n{}", document(&value));
    }
}

#[test]
fn other_values_come_back_as_they_were() {
    let deep = (0..100).fold(json!(1), |inner, n| if n % 2 == 0 { json!([inner]) } else { json!({ "a": inner }) });
    let long = "k".repeat(3000);
    for value in [
        json!({}),
        json!({ "a": {} , "b": [], "c": [[], {}, [[]]] }),
        json!({ "a": null, "b": true, "c": false }),
        json!({ "a": [i64::MAX, i64::MIN, 0, -1, 1.0, -0.0, 1e300, 1.5e-7, f64::MIN_POSITIVE, 0.1] }),
        json!({ "a": deep }),
        json!({ (long.as_str()): 1, "b": 2 }),
        json!({ "a": [{ (long): [1] }] }),
    ] {
        let read = back(&value);
        assert_eq!(read.to_string(), value.to_string(), "{}", document(&value));
    }
}

#[test]
fn a_document_looks_as_people_write_it() {
    let value = json!({ "flow": { "name": "hello", "on": "yes", "project": { "name": "Default project" }, "script": "def f():\n    pass\n",
        "tags": [], "list": ["a", 1, null], "parts": [{ "key": "k", "data": { "x": "1" } }] } });
    let text = "flow:\n  name: hello\n  \"on\": \"yes\"\n  project:\n    name: Default project\n  script: |\n    def f():\n        pass\n  tags: []\n  \
                list:\n    - a\n    - 1\n    - null\n  parts:\n    - key: k\n      data:\n        x: \"1\"\n";
    assert_eq!(document(&value), text);
}

#[test]
fn what_others_write_is_read() {
    let text = "%YAML 1.2\n---\n# a note\na: {b: [1, 0x1F, 0o17, +5, 1., .5, 1e3], c: 'it''s', yes: no}\nd: >\n  folded\n  text\n\ne: !!str 5\n...\n---\n---\nf: ~\n";
    let read: Vec<Value> = documents(text).unwrap().into_iter().map(Node::into_value).collect();
    let first = json!({ "a": { "b": [1, 31, 15, 5, 1.0, 0.5, 1000.0], "c": "it's", "yes": "no" }, "d": "folded text\n", "e": "5" });
    assert_eq!(read, [first, json!({ "f": null })]);
    assert_eq!(documents("\u{feff}a: 1\n").unwrap()[0].clone().into_value(), json!({ "a": 1 }));
    assert!(documents("").unwrap().is_empty() && documents("# nothing\n---\n").unwrap().is_empty());
}

#[test]
fn what_would_surprise_is_refused_with_its_place() {
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
    let deep = "[".repeat(100_000);
    let block = (0..3000).map(|n| " ".repeat(n) + "a:\n").collect::<Vec<_>>().concat();
    for (text, words, line, pointer) in [
        (bomb, "an alias", 2, None),
        ("a: 1\nb: 2\na: 3\n", "'a' is there twice", 3, Some("")),
        ("x:\n  - n: 18446744073709551616\n", "outside 64 bits", 2, Some("/x/0/n")),
        ("x: 1e999", "outside 64 bits", 1, Some("/x")),
        ("x: .nan", "NaN", 1, Some("/x")),
        ("x: -.inf", "infinity", 1, Some("/x")),
        ("x: !!python/object:os.system 1", "a tag", 1, Some("/x")),
        ("x: !!int abc", "no whole number", 1, Some("/x")),
        ("? [a]\n: 1", "cannot be a key", 1, None),
        ("a: [1\nb: 2", "no YAML", 2, None),
        ("a: \"x", "no YAML", 1, None),
        (deep.as_str(), "recursion limit", 1, None),
        (block.as_str(), "deep", 121, None),
    ] {
        let error = documents(text).unwrap_err();
        assert!(error.message().contains(words), "{error}");
        assert_eq!(error.detail_value().unwrap()["line"], line, "{error}");
        if pointer.is_some() {
            assert_eq!(error.field_pointer(), pointer, "{error}");
        }
    }
}

#[test]
fn the_line_of_a_pointer_is_that_of_what_comes_nearest() {
    let node = documents("flow:\n  name: x\n  list:\n    - a\n    - b: 1\n      c/d: 2\n").unwrap().remove(0);
    for (pointer, line) in [("/flow/name", 2), ("/flow/list/1/b", 5), ("/flow/list/1/c~1d", 6), ("/flow/list/7", 4), ("", 1)] {
        assert_eq!(node.line_of(pointer), line, "{pointer}");
    }
}

fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        " ", "  ", "\n", "\n\n", "\t", "a", "b: c", "- ", "#", "\"", "'", "\\", "yes", "0", "1.5", "---", "|", ":", "é", "\u{85}", "\r",
        "\u{1}", "{", "]", "~",
    ]);
    prop_oneof![
        prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat()),
        prop::collection::vec(any::<char>(), 0..12).prop_map(String::from_iter),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |float| float.is_finite()).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..5).prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_value_comes_back_and_its_bytes_with_it(value in value()) {
        let value = json!({ "document": value });
        let text = document(&value);
        let read = back(&value);
        prop_assert_eq!(read.to_string(), value.to_string(), "{}", text);
        prop_assert_eq!(document(&read), text);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,200}") {
        let _ = documents(&text);
    }
}
