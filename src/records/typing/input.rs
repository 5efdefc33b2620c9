//! `flow_api.inputs`: a TypedDict for the inputs of each flow, made from its JSON Schema.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::super::artifact::File;
use super::text::docstring;

/// How deep a schema is followed before it is any value.
const DEPTH: usize = 12;
/// How many parts of a flow's schema are looked at: references to each other must not make it endless.
const PARTS: usize = 2_000;
/// Words that are no names in Python.
pub(super) const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
    "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try",
    "while", "with", "yield",
];
/// Names that the module itself uses.
const TAKEN: &[&str] = &["Any", "Literal", "NotRequired", "TypedDict"];

/// Where the module lies among the typings.
pub const PATH: &str = "flow_api/inputs.pyi";

/// The module with the types of these flows, each a name and an `input_schema`. Schemas that describe no object have none.
pub fn module(flows: &[(String, Value)]) -> File {
    let mut out = Module { classes: String::new(), names: TAKEN.iter().map(|name| (*name).to_owned()).collect(), shown: Vec::new() };
    for (name, schema) in flows {
        if !is_record(schema, schema) {
            continue;
        }
        let class = out.fresh(&camel(name));
        let given = out.fresh(&format!("{class}Given"));
        let quoted = name.replace('\\', "\\\\");
        let doc = format!("What the handler of the flow \"{quoted}\" gets.");
        Writer::new(&mut out, schema, false).class(&class, schema, &doc, DEPTH);
        let doc = format!("What a caller of the flow \"{quoted}\" gives: defaults may be left out.");
        Writer::new(&mut out, schema, true).class(&given, schema, &doc, DEPTH);
        out.shown.extend([class, given]);
    }
    File { path: PATH.to_owned(), text: out.text() }
}

struct Module {
    classes: String,
    /// Every name that is taken.
    names: HashSet<String>,
    /// What the module exports.
    shown: Vec<String>,
}

impl Module {
    /// The name, or with a number behind it if it is taken.
    fn fresh(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 2;
        while !self.names.insert(name.clone()) {
            name = format!("{wanted}{number}");
            number += 1;
        }
        name
    }

    fn text(self) -> String {
        let mut text =
            docstring(&["The inputs of the flows of this workspace, as they were when these typings were fetched.".to_owned()], 0);
        text.push_str("\nfrom typing import Any, Literal, NotRequired\n\nfrom typing_extensions import TypedDict\n\n__all__ = [\n");
        for name in &self.shown {
            text.push_str(&format!("    '{name}',\n"));
        }
        format!("{text}]\n{}", self.classes)
    }
}

/// `import orders` as `ImportOrders`. What no name has is left out.
fn camel(name: &str) -> String {
    let parts = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let camel: String = parts.map(|part| part[..1].to_uppercase() + &part[1..]).collect();
    match camel.chars().next() {
        None => "Flow".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("Flow{camel}"),
        Some(_) if KEYWORDS.contains(&camel.as_str()) => format!("{camel}Flow"),
        Some(_) => camel,
    }
}

fn target<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut at = schema;
    for _ in 0..DEPTH {
        match at.get("$ref").and_then(Value::as_str).and_then(|path| root.pointer(path.strip_prefix('#')?)) {
            Some(next) => at = next,
            None => break,
        }
    }
    at
}

/// Whether it describes an object whose keys are known.
fn is_record(root: &Value, schema: &Value) -> bool {
    target(root, schema).get("properties").is_some_and(Value::is_object)
}

/// Writes the classes of one flow in one of the two ways.
struct Writer<'a> {
    module: &'a mut Module,
    root: &'a Value,
    is_given: bool,
    /// The classes that are written or being written, by the address of their schema: what refers to itself has one class.
    classes: HashMap<*const Value, String>,
    /// How many parts may still be looked at.
    left: usize,
}

impl<'a> Writer<'a> {
    fn new(module: &'a mut Module, root: &'a Value, is_given: bool) -> Writer<'a> {
        Writer { module, root, is_given, classes: HashMap::new(), left: PARTS }
    }

    /// Writes a class of this name, those of its parts before it.
    fn class(&mut self, name: &str, schema: &'a Value, doc: &str, depth: usize) {
        let schema = target(self.root, schema);
        self.classes.insert(std::ptr::from_ref(schema), name.to_owned());
        let properties = || schema["properties"].as_object().into_iter().flatten();
        let is_required = |key: &str| schema["required"].as_array().is_some_and(|keys| keys.iter().any(|other| other == key));
        // A name in a class that begins with two underscores would be another one.
        let is_plain = properties().all(|(key, _)| is_name(key));
        let is_closed = schema["additionalProperties"] == Value::Bool(false);
        let extra = if is_closed { "" } else { ", extra_items=Any" };
        let mut fields = String::new();
        for (key, part) in properties() {
            let has_default = target(self.root, part).get("default").or_else(|| part.get("default")).is_some();
            let annotation = self.annotation(&format!("{name}{}", camel(key)), part, depth - 1);
            let is_there = is_required(key) || (has_default && !self.is_given);
            let may_lack = self.is_given && has_default;
            let annotation = if is_there && !may_lack { annotation } else { format!("NotRequired[{annotation}]") };
            if is_plain {
                fields.push_str(&format!("    {key}: {annotation}\n"));
                if let Some(doc) = part["description"].as_str().filter(|doc| !doc.trim().is_empty()) {
                    fields.push_str(&docstring(&[doc.to_owned()], 4));
                }
            } else {
                fields.push_str(&format!("        {}: {annotation},\n", quoted(key)));
            }
        }
        let written = if is_plain {
            let body = if fields.is_empty() { String::new() } else { format!("\n{fields}") };
            format!("\nclass {name}(TypedDict{extra}):\n{}{body}", docstring(&[doc.to_owned()], 4))
        } else {
            format!("\n{name} = TypedDict(\n    '{name}',\n    {{\n{fields}    }}{extra},\n)\n{}", docstring(&[doc.to_owned()], 0))
        };
        self.module.classes.push_str(&written);
    }

    /// The type of values of this schema; `name` is for a class that it may need.
    fn annotation(&mut self, name: &str, schema: &'a Value, depth: usize) -> String {
        let root = self.root;
        let schema = target(root, schema);
        if depth == 0 || self.left == 0 || !schema.is_object() {
            return "Any".to_owned();
        }
        self.left -= 1;
        if let Some(value) = schema.get("const") {
            return literal(std::slice::from_ref(value)).unwrap_or_else(|| "Any".to_owned());
        }
        if let Some(values) = schema["enum"].as_array() {
            return literal(values).unwrap_or_else(|| "Any".to_owned());
        }
        if let Some(options) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
            let found = options.iter().map(|option| self.annotation(name, option, depth - 1)).collect();
            return union(found);
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ if is_record(root, schema) => vec!["object"],
            _ => return "Any".to_owned(),
        };
        let found = types.into_iter().map(|of| self.plain(name, of, schema, depth)).collect();
        union(found)
    }

    fn plain(&mut self, name: &str, of: &str, schema: &'a Value, depth: usize) -> String {
        match of {
            "string" => "str".to_owned(),
            "integer" => "int".to_owned(),
            "number" => "float".to_owned(),
            "boolean" => "bool".to_owned(),
            "null" => "None".to_owned(),
            "array" => {
                let item =
                    schema.get("items").map_or_else(|| "Any".to_owned(), |items| self.annotation(&format!("{name}Item"), items, depth - 1));
                format!("list[{item}]")
            }
            "object" if is_record(self.root, schema) => {
                if let Some(known) = self.classes.get(&std::ptr::from_ref(schema)) {
                    return known.clone();
                }
                let class = self.module.fresh(name);
                let doc = schema["description"].as_str().unwrap_or("A part of it.").to_owned();
                self.class(&class, schema, &doc, depth);
                class
            }
            "object" => {
                let rest = schema.get("additionalProperties").filter(|rest| rest.is_object());
                let value = rest.map_or_else(|| "Any".to_owned(), |rest| self.annotation(&format!("{name}Value"), rest, depth - 1));
                format!("dict[str, {value}]")
            }
            _ => "Any".to_owned(),
        }
    }
}

/// `A | B`, each once; anything at all swallows the rest.
fn union(mut found: Vec<String>) -> String {
    let mut seen = HashSet::new();
    found.retain(|one| seen.insert(one.clone()));
    if found.is_empty() || found.iter().any(|one| one == "Any") {
        return "Any".to_owned();
    }
    found.join(" | ")
}

/// The literal type of these values; none if one is of a kind that has no literals.
fn literal(values: &[Value]) -> Option<String> {
    let words = values.iter().map(|value| match value {
        Value::Null => Some("None".to_owned()),
        Value::Bool(flag) => Some(if *flag { "True" } else { "False" }.to_owned()),
        Value::Number(number) if number.is_i64() => Some(number.to_string()),
        Value::String(text) => Some(quoted(text)),
        _ => None,
    });
    let words: Vec<String> = words.collect::<Option<_>>()?;
    (!words.is_empty()).then(|| format!("Literal[{}]", words.join(", ")))
}

fn quoted(text: &str) -> String {
    // What JSON escapes, Python escapes alike.
    Value::from(text).to_string()
}

fn is_name(key: &str) -> bool {
    let mut chars = key.chars();
    let begins = chars.next().is_some_and(|c| c == '_' || c.is_ascii_alphabetic());
    begins && chars.all(|c| c == '_' || c.is_ascii_alphanumeric()) && !key.starts_with("__") && !KEYWORDS.contains(&key)
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn text(name: &str, schema: &Value) -> String {
        module(&[(name.to_owned(), schema.clone())]).text
    }

    #[test]
    fn a_schema_becomes_what_the_handler_gets_and_what_a_caller_gives() {
        let text = text(
            "import orders",
            &json!({"type": "object", "additionalProperties": false, "required": ["id", "mode"], "properties": {
                "id": {"type": "integer", "description": "Which."},
                "mode": {"enum": ["fast", "safe"], "default": "fast"},
                "lines": {"type": "array", "items": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}}}},
                "note": {"type": ["string", "null"]},
                "labels": {"type": "object", "additionalProperties": {"type": "number"}},
            }}),
        );
        let expected = "class ImportOrders(TypedDict):\n    \"\"\"What the handler of the flow \"import orders\" gets.\"\"\"\n\n    id: int\n    \
                        \"\"\"Which.\"\"\"\n    mode: Literal[\"fast\", \"safe\"]\n    lines: NotRequired[list[ImportOrdersLinesItem]]\n    note: \
                        NotRequired[str | None]\n    labels: NotRequired[dict[str, float]]\n";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("class ImportOrdersLinesItem(TypedDict, extra_items=Any):"), "{text}");
        assert!(
            text.contains("class ImportOrdersGiven(TypedDict):") && text.contains("mode: NotRequired[Literal[\"fast\", \"safe\"]]"),
            "{text}"
        );
        assert!(text.contains("    'ImportOrders',\n    'ImportOrdersGiven',\n"), "{text}");
    }

    #[test]
    fn names_that_are_none_in_python_are_written_as_text() {
        let text = text("größe-2", &json!({"properties": {"a b": {"type": "string"}, "class": true}}));
        assert!(text.contains("GrE2 = TypedDict(\n    'GrE2',\n    {\n        \"a b\": NotRequired[str],\n        \"class\": NotRequired[Any],\n    }, extra_items=Any,\n)"), "{text}");
    }

    #[test]
    fn flows_of_one_name_and_schemas_without_end_are_told_apart_and_end() {
        let node = json!({"$ref": "#/$defs/node", "$defs": {"node": {"properties": {"next": {"$ref": "#/$defs/node"}}}}});
        let file = module(&[
            ("a b".into(), node.clone()),
            ("a-b".into(), node),
            ("c".into(), json!({"type": "string"})),
            ("any".into(), json!({"properties": {}})),
        ]);
        assert!(file.text.contains("class AB(TypedDict") && file.text.contains("class AB2(TypedDict"), "{}", file.text);
        assert!(!file.text.contains("class C(") && file.text.contains("class Any2("), "{}", file.text);
        assert!(file.text.contains("    next: NotRequired[AB]\n"), "{}", file.text);
    }

    #[test]
    fn a_schema_that_refers_to_itself_many_times_makes_no_more_than_it_says() {
        let many: Map<String, Value> = (0..40).map(|at| (format!("p{at}"), json!({"$ref": "#"}))).collect();
        let alike: Vec<Value> = (0..40).map(|_| json!({"$ref": "#/$defs/any"})).collect();
        let file = module(&[
            ("tree".into(), json!({"type": "object", "properties": many})),
            ("choice".into(), json!({"properties": {"x": {"$ref": "#/$defs/any"}}, "$defs": {"any": {"anyOf": alike}}})),
        ]);
        assert_eq!(file.text.matches("class ").count(), 4, "{}", file.text);
        assert!(
            file.text.contains("    p39: NotRequired[Tree]\n") && file.text.contains("    p39: NotRequired[TreeGiven]\n"),
            "{}",
            file.text
        );
    }
}
