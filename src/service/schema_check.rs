//! JSON Schemas that authors write: checked when saved, kept compiled, every breach of a value named by its pointer.

use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::{Map, Value, json};

use super::cache::Cache;
use crate::error::{Error, Kind, Result};

/// Breaches named in the sentence; the details list more.
const NAMED: usize = 5;
/// Breaches listed in one answer; the count of all is always given.
const LISTED: usize = 100;
/// Schemas visited while the defaults of one value are filled in, and how deep below each other: a schema that
/// refers to itself could go on forever.
const VISITS: usize = 100_000;
const DEPTH: usize = 160;

/// One rule that a value breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Where in the value; a missing or a surplus property is named itself.
    pub pointer: String,
    /// What the rule asks for. Never shows the value, which may be a secret.
    pub message: String,
    /// The keyword of the rule: `required`, `type`, ...
    pub rule: String,
}

/// A compiled schema.
pub struct Schema {
    source: Value,
    validator: Validator,
}

impl Schema {
    /// Compiles a 2020-12 schema. What is not a schema is refused with every fault listed below `pointer`.
    pub fn new(source: &Value, pointer: &str) -> Result<Schema> {
        Schema::build(source, pointer, false)
    }

    /// As [`Schema::new`], where `format` is a rule as well: what people enter is what it is called.
    pub fn strict(source: &Value, pointer: &str) -> Result<Schema> {
        Schema::build(source, pointer, true)
    }

    fn build(source: &Value, pointer: &str, formats: bool) -> Result<Schema> {
        let faults: Vec<Breach> = jsonschema::draft202012::meta::validator().iter_errors(source).flat_map(|e| breaches(&e)).collect();
        if let Some(first) = faults.first() {
            let place = format!("{pointer}{}", first.pointer);
            let message = format!("This is not a JSON Schema (2020-12): at {} {}.", shown(&place), first.message);
            return Err(Error::invalid(message).field(place).details(listed(&faults, pointer)));
        }
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(formats).offline();
        let validator = options.build(source).map_err(|e| {
            Error::invalid(format!("This JSON Schema cannot be used: {e}.")).field(format!("{pointer}{}", e.instance_path().as_str()))
        })?;
        Ok(Schema { source: source.clone(), validator })
    }

    /// Every rule that `value` breaks.
    pub fn breaches(&self, value: &Value) -> Vec<Breach> {
        self.validator.iter_errors(value).flat_map(|e| breaches(&e)).collect()
    }

    /// `value` with the defaults of absent properties filled in. No value at all becomes an object when the schema
    /// asks for one.
    pub fn with_defaults(&self, value: &Value) -> Value {
        let mut filled = value.clone();
        Filling { root: &self.source, visits: VISITS }.fill(&self.source, &mut filled, DEPTH);
        filled
    }

    /// What the handler gets for `value`: defaults filled in, then checked. Breaches are listed in `details`, their
    /// pointers below `pointer`.
    pub fn accept(&self, value: &Value, pointer: &str) -> Result<Value> {
        let filled = self.with_defaults(value);
        if self.validator.is_valid(&filled) {
            return Ok(filled);
        }
        Err(violation(&self.breaches(&filled), pointer))
    }
}

/// Fills defaults into one value.
struct Filling<'a> {
    root: &'a Value,
    visits: usize,
}

impl<'a> Filling<'a> {
    fn fill(&mut self, schema: &'a Value, value: &mut Value, depth: usize) {
        let Some(rules) = schema.as_object() else { return };
        if depth == 0 || self.visits == 0 {
            return;
        }
        self.visits -= 1;
        if let Some(target) = self.target(rules) {
            self.fill(target, value, depth - 1);
        }
        for part in rules.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.fill(part, value, depth - 1);
        }
        match value {
            Value::Object(object) => self.fill_object(rules, object, depth - 1),
            Value::Array(items) => {
                let first = rules.get("prefixItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                for (at, item) in items.iter_mut().enumerate() {
                    if let Some(schema) = first.get(at).or_else(|| rules.get("items")) {
                        self.fill(schema, item, depth - 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn fill_object(&mut self, rules: &'a Map<String, Value>, object: &mut Map<String, Value>, depth: usize) {
        let properties = rules.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            match object.get_mut(name) {
                Some(value) => self.fill(schema, value, depth),
                None => {
                    if let Some(mut value) = self.default_of(schema, depth).cloned() {
                        self.fill(schema, &mut value, depth);
                        object.insert(name.clone(), value);
                    }
                }
            }
        }
        if let Some(rest) = rules.get("additionalProperties").filter(|s| s.is_object()) {
            let named = |name: &String| properties.is_some_and(|p| p.contains_key(name));
            for (_, value) in object.iter_mut().filter(|(name, _)| !named(name)) {
                self.fill(rest, value, depth);
            }
        }
    }

    fn default_of(&self, schema: &'a Value, depth: usize) -> Option<&'a Value> {
        let rules = schema.as_object()?;
        match rules.get("default") {
            Some(default) => Some(default),
            None if depth == 0 => None,
            None => self.default_of(self.target(rules)?, depth - 1),
        }
    }

    /// What `$ref` points to within the same document.
    fn target(&self, rules: &Map<String, Value>) -> Option<&'a Value> {
        rules.get("$ref")?.as_str()?.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer))
    }
}

/// The key of an output under which blocks for agents stand.
pub const RICH: &str = "mcp_content";

/// Checks the output of an execution against its `output_schema`; every breach is listed in `details`.
pub(super) fn output_check(schemas: &Schemas, schema: &Value, output: &Value) -> Result<()> {
    // What agents are shown beside the data is none of the schema's affair.
    let bare = output.as_object().filter(|output| output.contains_key(RICH)).map(|output| {
        let rest = output.iter().filter(|(name, _)| *name != RICH);
        Value::Object(rest.map(|(name, value)| (name.clone(), value.clone())).collect())
    });
    let breaches = schemas.get(schema, "/output_schema")?.breaches(bare.as_ref().unwrap_or(output));
    if breaches.is_empty() { Ok(()) } else { Err(violation(&breaches, "/output_value")) }
}

/// The error for `breaches`, their places below `pointer`.
pub fn violation(breaches: &[Breach], pointer: &str) -> Error {
    let message = match breaches {
        [] => "The value breaks its schema.".to_owned(),
        [only] => format!("The value breaks its schema: at {} {}.", shown(&format!("{pointer}{}", only.pointer)), only.message),
        several => {
            let places: Vec<String> =
                several.iter().take(NAMED).map(|b| format!("at {} {}", shown(&format!("{pointer}{}", b.pointer)), b.message)).collect();
            let more = if several.len() > NAMED { "; and more" } else { "" };
            format!("The value breaks its schema in {} places: {}{more}.", several.len(), places.join("; "))
        }
    };
    let place = format!("{pointer}{}", breaches.first().map_or("", |b| b.pointer.as_str()));
    Error::new(Kind::SchemaViolation, message).field(place).details(listed(breaches, pointer))
}

fn listed(breaches: &[Breach], pointer: &str) -> Value {
    let list: Vec<Value> = breaches
        .iter()
        .take(LISTED)
        .map(|b| json!({ "pointer": format!("{pointer}{}", b.pointer), "message": b.message, "rule": b.rule }))
        .collect();
    json!({ "breaches": list, "count": breaches.len() })
}

fn shown(pointer: &str) -> &str {
    if pointer.is_empty() { "the top" } else { pointer }
}

/// One breach a place: a missing property and each surplus one are places of their own.
fn breaches(error: &ValidationError<'_>) -> Vec<Breach> {
    let at = error.instance_path().as_str();
    let rule = error.kind().keyword().to_owned();
    let below = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().map_or_else(|| property.to_string(), str::to_owned);
            vec![Breach { pointer: below(&name), message: "a value is required".to_owned(), rule }]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } | ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .map(|name| Breach { pointer: below(name), message: "there must be no such property".to_owned(), rule: rule.clone() })
            .collect(),
        _ => vec![Breach { pointer: at.to_owned(), message: error.masked_with("the value").to_string(), rule }],
    }
}

/// Compiled schemas by their text: flows start far more often than their schemas change.
pub(super) struct Schemas(Cache<String, Arc<Schema>>);

impl Schemas {
    pub(super) fn new() -> Self {
        Schemas(Cache::new(500))
    }

    /// The compiled form of `source`.
    pub(super) fn get(&self, source: &Value, pointer: &str) -> Result<Arc<Schema>> {
        let text = source.to_string();
        if let Some(schema) = self.0.get(&text) {
            return Ok(schema);
        }
        let schema = Arc::new(Schema::new(source, pointer)?);
        self.0.put(self.0.ticket(), text, schema.clone());
        Ok(schema)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(source: &Value) -> Schema {
        Schema::new(source, "/input_schema").unwrap()
    }

    #[test]
    fn every_breach_is_listed_by_its_pointer() {
        let schema = schema(&json!({
            "type": "object", "required": ["name", "a/b"], "additionalProperties": false,
            "properties": { "name": { "type": "string" }, "a/b": {}, "items": { "type": "array", "items": { "type": "integer" } } }
        }));
        let error = schema.accept(&json!({ "items": [1, "two", 3.5], "x": 1, "y": 2 }), "/input_value").unwrap_err();
        assert_eq!(error.kind(), Kind::SchemaViolation);
        let mut pointers: Vec<&str> =
            error.detail_value().unwrap()["breaches"].as_array().unwrap().iter().map(|b| b["pointer"].as_str().unwrap()).collect();
        pointers.sort_unstable();
        let expected =
            ["/input_value/a~1b", "/input_value/items/1", "/input_value/items/2", "/input_value/name", "/input_value/x", "/input_value/y"];
        assert_eq!(pointers, expected);
        assert!(!format!("{error} {:?}", error.detail_value()).contains("two"), "values are not shown");
    }

    #[test]
    fn defaults_are_filled_in_before_the_check() {
        let schema = schema(&json!({
            "type": "object", "required": ["port"],
            "properties": {
                "port": { "type": "integer", "default": 22 },
                "tls": { "$ref": "#/$defs/tls" },
                "hosts": { "type": "array", "items": { "type": "object", "properties": { "n": { "default": 1 } } } }
            },
            "$defs": { "tls": { "type": "object", "default": {}, "properties": { "verify": { "default": true } } } }
        }));
        let got = schema.accept(&json!({ "hosts": [{}, { "n": 2 }] }), "").unwrap();
        assert_eq!(got, json!({ "hosts": [{ "n": 1 }, { "n": 2 }], "port": 22, "tls": { "verify": true } }));
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let around = schema(&json!({ "$ref": "#", "allOf": [{ "$ref": "#" }, { "$ref": "#" }] }));
        assert_eq!(around.accept(&json!({ "a": [1] }), "").unwrap(), json!({ "a": [1] }));
        let endless =
            schema(&json!({ "$ref": "#/$defs/n", "$defs": { "n": { "default": {}, "properties": { "n": { "$ref": "#/$defs/n" } } } } }));
        assert!(endless.with_defaults(&json!({})).is_object());
        let list = Schema::new(
            &json!({ "$ref": "#/$defs/node", "$defs": { "node": { "properties": { "next": { "$ref": "#/$defs/node" }, "n": { "default": 0 } } } } }),
            "",
        )
        .unwrap();
        assert_eq!(list.with_defaults(&json!({ "next": { "next": {} } })), json!({ "next": { "next": { "n": 0 }, "n": 0 }, "n": 0 }));
    }

    #[test]
    fn what_is_no_schema_is_refused_with_its_place() {
        let error = Schema::new(&json!({ "properties": { "a": { "type": "strin" } } }), "/input_schema").err().unwrap();
        assert_eq!(error.kind(), Kind::Invalid);
        assert_eq!(error.field_pointer(), Some("/input_schema/properties/a/type"));
        assert!(Schema::new(&json!(7), "").is_err());
        assert!(Schema::new(&json!({ "$ref": "#/$defs/missing" }), "").is_err());
        assert!(Schema::new(&json!({ "$ref": "https://example.com/schema.json" }), "").is_err(), "nothing is fetched");
        assert!(Schema::new(&json!({ "pattern": "(" }), "").is_err());
    }
}
