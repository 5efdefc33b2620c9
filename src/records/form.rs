//! Forms: JSON Schemas with keywords of our own that say how a value is asked for. Here those keywords are data.

use serde_json::{Map, Value, json};

use super::connector::schema::DIALECT;

/// A keyword of a property and what it may be.
struct Keyword {
    name: &'static str,
    /// JSON text of the schema of its values.
    schema: &'static str,
    doc: &'static str,
}

const fn keyword(name: &'static str, schema: &'static str, doc: &'static str) -> Keyword {
    Keyword { name, schema, doc }
}

/// How a value is asked for: the word, and what it shows.
const ELEMENTS: &[(&str, &str)] = &[
    ("string", "One line of text."),
    ("text", "Several lines of text."),
    ("password", "One line of text that is not shown while it is typed."),
    ("number", "A number."),
    ("toggle", "Yes or no."),
    ("select", "One of the values in `enum`."),
    ("date", "A day."),
    ("time", "A time of day."),
    ("datetime", "A day and a time."),
    ("code", "Source text, in a font of one width."),
    ("json", "Any JSON value, typed as text."),
    ("file", "A FILE, chosen or uploaded."),
    ("markdown", "No input: the `description`, shown as Markdown."),
    ("submit", "A button that sends the form; its value says whether it was the one."),
];

const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "uuid",
    "json-pointer",
    "regex",
    "password",
    "markdown",
];

const COUNT: &str = r#"{"type": "integer", "minimum": 0}"#;
const NUMBER: &str = r#"{"type": "number"}"#;
const FLAG: &str = r#"{"type": "boolean"}"#;
const TEXT: &str = r#"{"type": "string"}"#;
const ONE: &str = r##"{"$ref": "#/$defs/schema"}"##;
const LIST: &str = r##"{"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/schema"}}"##;
const BY_NAME: &str = r##"{"type": "object", "additionalProperties": {"$ref": "#/$defs/schema"}}"##;

/// Our own keywords come first; the rest are JSON Schema's, checked as its own schema checks them.
static KEYWORDS: &[Keyword] = &[
    keyword("label", TEXT, "What stands beside the input. Default: the property's name."),
    keyword("order", NUMBER, "Where it stands among the others: the lowest comes first."),
    keyword("example", "{}", "A value shown as an example where nothing is entered."),
    keyword("default", "{}", "The value when none is given."),
    keyword("title", TEXT, "A short name."),
    keyword("description", TEXT, "What it is for; shown below the input as Markdown."),
    keyword("examples", r#"{"type": "array"}"#, "Values shown as examples."),
    keyword("enum", r#"{"type": "array"}"#, "The values there are."),
    keyword("const", "{}", "The one value there is."),
    keyword("properties", BY_NAME, "The inputs of an object by name."),
    keyword("required", r#"{"type": "array", "items": {"type": "string"}, "uniqueItems": true}"#, "Names of inputs that must be given."),
    keyword("additionalProperties", ONE, "What properties with other names must be; false allows none."),
    keyword("patternProperties", BY_NAME, "What properties must be whose names match these patterns."),
    keyword("propertyNames", ONE, "What the names of properties must be."),
    keyword("minProperties", COUNT, "The fewest properties."),
    keyword("maxProperties", COUNT, "The most properties."),
    keyword("items", ONE, "What each item of a list must be."),
    keyword("prefixItems", LIST, "What the first items of a list must be, one after the other."),
    keyword("contains", ONE, "What at least one item of a list must be."),
    keyword("minItems", COUNT, "The fewest items."),
    keyword("maxItems", COUNT, "The most items."),
    keyword("uniqueItems", FLAG, "Whether no two items may be the same."),
    keyword("minLength", COUNT, "The fewest characters."),
    keyword("maxLength", COUNT, "The most characters."),
    keyword("pattern", r#"{"type": "string", "format": "regex"}"#, "A pattern that the text must match."),
    keyword("minimum", NUMBER, "The lowest number."),
    keyword("maximum", NUMBER, "The highest number."),
    keyword("exclusiveMinimum", NUMBER, "The number must be above this."),
    keyword("exclusiveMaximum", NUMBER, "The number must be below this."),
    keyword("multipleOf", r#"{"type": "number", "exclusiveMinimum": 0}"#, "The number must be a multiple of this."),
    keyword("readOnly", FLAG, "Whether it is shown and cannot be changed."),
    keyword("writeOnly", FLAG, "Whether it is asked for and never shown."),
    keyword("deprecated", FLAG, "Whether it should not be used any more."),
    keyword("allOf", LIST, "All of these hold."),
    keyword("anyOf", LIST, "At least one of these holds."),
    keyword("oneOf", LIST, "Exactly one of these holds."),
    keyword("not", ONE, "This does not hold."),
    keyword("if", ONE, "If this holds, `then` does too, else `else`."),
    keyword("then", ONE, "What holds if `if` does."),
    keyword("else", ONE, "What holds if `if` does not."),
    keyword("$ref", TEXT, "Another schema: `#/$defs/<name>`, or the name of a SCHEMA record."),
    keyword("$defs", BY_NAME, "Schemas that `$ref` refers to."),
];

/// The JSON Schema of forms.
pub fn schema() -> Value {
    let mut properties = Map::new();
    properties.insert("element".into(), element());
    let types = json!({"enum": ["string", "number", "integer", "boolean", "object", "array", "null"]});
    properties.insert(
        "type".into(),
        json!({"description": "What values are.", "if": {"type": "array"}, "then": {"items": types}, "else": types}),
    );
    let formats = json!({"type": "string", "description": "What a text looks like.", "examples": FORMATS});
    properties.insert("format".into(), formats);
    for keyword in KEYWORDS {
        let mut schema: Value = serde_json::from_str(keyword.schema).expect("the table holds JSON");
        schema["description"] = keyword.doc.into();
        properties.insert(keyword.name.into(), schema);
    }
    json!({
        "$schema": DIALECT,
        "title": "Form",
        "description": "A form, or the input_schema of a flow: a JSON Schema (2020-12) whose properties may say how they are asked for.",
        "$ref": "#/$defs/schema",
        "$defs": {"schema": {"type": ["object", "boolean"], "properties": properties}},
    })
}

fn element() -> Value {
    let list: Vec<String> = ELEMENTS.iter().map(|(word, doc)| format!("- `{word}`: {doc}")).collect();
    let words: Vec<&str> = ELEMENTS.iter().map(|(word, _)| *word).collect();
    json!({
        "enum": words,
        "description": format!("How the value is asked for; told from `type` and `format` unless given.\n\n{}", list.join("\n")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_one_and_a_wrong_keyword_is_seen() {
        let form = json!({"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string", "element": "string", "label": "Name", "order": 1, "example": "Anna"},
            "on": {"type": ["string", "null"], "format": "date", "element": "date", "default": null},
            "any": true,
        }});
        let validator = jsonschema::draft202012::new(&schema()).unwrap();
        assert!(validator.is_valid(&form) && validator.is_valid(&json!(true)));
        for (pointer, wrong) in [
            ("/properties/name/element", json!("sting")),
            ("/properties/name/order", json!("first")),
            ("/properties/name/type", json!("str")),
            ("/properties/on/type/0", json!("text")),
            ("/required", json!("name")),
            ("/properties/any", json!("anything")),
        ] {
            let mut form = form.clone();
            *form.pointer_mut(pointer).unwrap() = wrong;
            assert!(!validator.is_valid(&form), "{pointer}");
        }
    }

    /// What this schema refuses, a flow's `input_schema` may not be either, but for our own keywords.
    #[test]
    fn every_keyword_of_json_schema_agrees_with_its_own_schema() {
        let standard = jsonschema::draft202012::meta::validator();
        let ours = jsonschema::draft202012::new(&schema()).unwrap();
        let values = [json!(1), json!(-1), json!("text"), json!(true), json!({}), json!([]), json!(["a"]), json!([{}]), json!({"a": {}})];
        for keyword in KEYWORDS.iter().filter(|k| !matches!(k.name, "label" | "order" | "example")) {
            for value in &values {
                let schema = json!({keyword.name: value});
                assert!(ours.is_valid(&schema) || !standard.is_valid(&schema), "{schema} is a JSON Schema");
            }
        }
    }
}
