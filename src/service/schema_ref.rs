//! References from a schema to SCHEMA records, `{"$ref": "schema:<name>"}`: looked up and written into one that stands alone.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::access::Access;
use super::handle::Service;
use super::identity::record_type;
use super::rights::Operation;
use super::row::subject;
use crate::error::{Error, Result, did_you_mean};
use crate::store::{ListQuery, Scope};

/// How a reference to a SCHEMA record begins.
const PREFIX: &str = "schema:";
/// Records that one schema may refer to, directly or through others.
const MOST: usize = 100;
/// Keywords whose values are data, not schemas.
const DATA: &[&str] = &["const", "default", "enum", "examples"];

/// SCHEMA records by name that are not stored yet.
pub(super) type Known<'a> = dyn Fn(&str) -> Option<Value> + Sync + 'a;

impl Service {
    /// `schema` with every SCHEMA record that it refers to among its `$defs`. With `access`, records out of sight are not
    /// there. `known` are records that are being saved: itself, which may refer to itself, and what comes with it.
    pub(super) async fn schema_whole(
        &self,
        schema: &Value,
        (access, known): (Option<&Access>, &Known<'_>),
        pointer: &str,
    ) -> Result<Value> {
        let mut wanted = Vec::new();
        names(schema, &mut wanted);
        let mut found: BTreeMap<String, Value> = BTreeMap::new();
        while let Some(name) = wanted.pop() {
            if found.contains_key(&name) {
                continue;
            }
            if found.len() == MOST {
                return Err(Error::invalid(format!("A schema may refer to {MOST} records of type SCHEMA, those they refer to included."))
                    .field(pointer));
            }
            let value = match known(&name) {
                Some(value) => value,
                None => self.schema_named(access, &name, pointer).await?,
            };
            names(&value, &mut wanted);
            found.insert(name, value);
        }
        Ok(if found.is_empty() { schema.clone() } else { joined(schema, &found) })
    }

    async fn schema_named(&self, access: Option<&Access>, name: &str, pointer: &str) -> Result<Value> {
        let of = record_type("SCHEMA");
        let wanted = name.to_owned();
        let (row, _) = self.store().transact(move |tx| Box::pin(async move { tx.row_by_name(of, &wanted, &Scope::All).await })).await?;
        let sees = |row: &_| access.is_none_or(|access| access.may(Operation::Read, &subject(of, row)));
        if let Some(row) = row.filter(sees) {
            return Ok(row.json("value").cloned().unwrap_or(Value::Bool(true)));
        }
        let all = self.store().row_list(of, &ListQuery { limit: 1000, ..ListQuery::default() }, &Scope::All).await?.items;
        let near = did_you_mean(name, all.iter().filter(|row| sees(row)).filter_map(|row| row.text("name")));
        Err(Error::invalid(format!("This refers to the schema '{name}', and there is no SCHEMA of that name.{near}")).field(pointer))
    }
}

/// The names of the SCHEMA records that a schema refers to.
fn names(schema: &Value, out: &mut Vec<String>) {
    match schema {
        Value::Object(rules) => {
            for (keyword, value) in rules {
                match value {
                    Value::String(target) if keyword == "$ref" => {
                        if let Some(rest) = target.strip_prefix(PREFIX) {
                            out.push(rest.split('#').next().unwrap_or_default().trim().to_owned());
                        }
                    }
                    _ if DATA.contains(&keyword.as_str()) => {}
                    _ => names(value, out),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, out)),
        _ => {}
    }
}

/// One schema of all.
fn joined(schema: &Value, found: &BTreeMap<String, Value>) -> Value {
    let Value::Object(root) = schema else { return schema.clone() };
    let taken = root.get("$defs").and_then(Value::as_object);
    let mut keys: BTreeMap<&str, String> = BTreeMap::new();
    for name in found.keys() {
        let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        let is_free = |key: &String| !taken.is_some_and(|defs| defs.contains_key(key)) && !keys.values().any(|other| other == key);
        let numbered = (2..).map(|n| format!("schema_{plain}_{n}"));
        let key = std::iter::once(format!("schema_{plain}")).chain(numbered).find(is_free).unwrap_or_default();
        keys.insert(name, key);
    }
    let mut whole = turned(schema, None, &keys);
    if let Value::Object(whole) = &mut whole {
        let defs = whole.entry("$defs").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(defs) = defs {
            for (name, value) in found {
                let key = &keys[name.as_str()];
                defs.insert(key.clone(), turned(value, Some(key), &keys));
            }
        }
    }
    whole
}

/// A schema whose references lead to where things stand in the whole one. `home` is its own place there.
fn turned(schema: &Value, home: Option<&str>, keys: &BTreeMap<&str, String>) -> Value {
    let Value::Object(rules) = schema else {
        return match schema {
            Value::Array(items) => items.iter().map(|item| turned(item, home, keys)).collect(),
            other => other.clone(),
        };
    };
    let turn = |(keyword, value): (&String, &Value)| {
        let value = match value {
            Value::String(target) if keyword == "$ref" => Value::String(retargeted(target, home, keys)),
            _ if DATA.contains(&keyword.as_str()) => value.clone(),
            _ => turned(value, home, keys),
        };
        (keyword.clone(), value)
    };
    Value::Object(rules.iter().map(turn).collect())
}

fn retargeted(target: &str, home: Option<&str>, keys: &BTreeMap<&str, String>) -> String {
    if let Some(rest) = target.strip_prefix(PREFIX) {
        let (name, part) = rest.split_once('#').unwrap_or((rest, ""));
        return keys.get(name.trim()).map_or_else(|| target.to_owned(), |key| format!("#/$defs/{key}{part}"));
    }
    match (target.strip_prefix('#'), home) {
        (Some(part), Some(home)) if part.is_empty() || part.starts_with('/') => format!("#/$defs/{home}{part}"),
        _ => target.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_schema_stands_alone() {
        let root = json!({ "properties": { "home": { "$ref": "schema:post address" }, "x": { "$ref": "#/$defs/schema_country" } },
                           "$defs": { "schema_country": { "type": "integer" } } });
        let found = BTreeMap::from([
            (
                "post address".to_owned(),
                json!({ "properties": { "of": { "$ref": "schema:country#/$defs/code" }, "next": { "$ref": "#" } } }),
            ),
            ("country".to_owned(), json!({ "$defs": { "code": { "maxLength": 2 } }, "default": { "$ref": "schema:x" } })),
        ]);
        let whole = joined(&root, &found);
        assert_eq!(whole["properties"]["home"]["$ref"], "#/$defs/schema_post_address");
        assert_eq!(whole["properties"]["x"]["$ref"], "#/$defs/schema_country", "what was there stays");
        let address = &whole["$defs"]["schema_post_address"]["properties"];
        assert_eq!(
            (&address["of"]["$ref"], &address["next"]["$ref"]),
            (&json!("#/$defs/schema_country_2/$defs/code"), &json!("#/$defs/schema_post_address"))
        );
        assert_eq!(whole["$defs"]["schema_country_2"]["default"], json!({ "$ref": "schema:x" }), "a default is data");
        let validator = jsonschema::draft202012::new(&whole).unwrap();
        assert!(validator.is_valid(&json!({ "home": { "of": "AT", "next": { "of": "DE" } } })));
        assert!(!validator.is_valid(&json!({ "home": { "next": { "of": "AUT" } } })));
    }
}
