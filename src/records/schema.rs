//! JSON Schemas of record types in three modes: what a create takes, what an update takes, what a read answers.

use serde_json::{Map, Value, json};

use super::{Field, Form, Kind, RecordType, Storage, Write};

/// What a create takes.
pub fn create(ty: &RecordType) -> Value {
    let writable = |f: &&Field| f.write != Write::System && f.storage != Storage::Hidden && ty.has_place(f);
    object(ty, ty.fields().filter(writable), |f| f.required)
}

/// What an update takes: every writable column that may change, none required.
pub fn update(ty: &RecordType) -> Value {
    let writable = |f: &&Field| f.write == Write::Always && f.storage != Storage::Hidden && ty.has_place(f);
    object(ty, ty.fields().filter(writable), |_| false)
}

/// What a read answers; sealed columns show as `has_<name>`.
pub fn read(ty: &RecordType) -> Value {
    let mut schema = object(ty, ty.readable(), |f| f.storage == Storage::Column && !f.nullable);
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for field in ty.fields().filter(|f| f.storage == Storage::Sealed) {
            let doc = format!("Whether `{}` is set; its value is never shown.", field.name);
            properties.insert(format!("has_{}", field.name), json!({ "type": "boolean", "description": doc }));
        }
    }
    schema
}

fn object<'a>(ty: &RecordType, fields: impl Iterator<Item = &'a Field>, is_required: impl Fn(&Field) -> bool) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        properties.insert(field.name.to_owned(), property(field));
        if is_required(field) {
            required.push(field.name);
        }
    }
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("title".to_owned(), json!(ty.name));
    schema.insert("description".to_owned(), json!(ty.doc));
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("additionalProperties".to_owned(), json!(false));
    Value::Object(schema)
}

/// The schema of one field's value.
pub fn property(field: &Field) -> Value {
    let mut schema = kind(field.kind);
    form(field.form, &mut schema);
    if field.nullable
        && let Some(Value::String(one)) = schema.get("type").cloned()
    {
        schema.insert("type".to_owned(), json!([one, "null"]));
        if let Some(Value::Array(words)) = schema.get_mut("enum") {
            words.push(Value::Null);
        }
    }
    if field.is_positive {
        schema.insert("exclusiveMinimum".to_owned(), json!(0));
    }
    schema.insert("description".to_owned(), json!(field.doc));
    if let Some(default) = field.default.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        schema.insert("default".to_owned(), default);
    }
    if field.storage == Storage::Sealed {
        schema.insert("writeOnly".to_owned(), json!(true));
    }
    Value::Object(schema)
}

fn kind(kind: Kind) -> Map<String, Value> {
    let schema = match kind {
        Kind::Uuid | Kind::Reference(_) => json!({ "type": "string", "format": "uuid" }),
        Kind::Name => json!({ "type": "string", "minLength": 1, "maxLength": 128 }),
        Kind::Text => json!({ "type": "string" }),
        Kind::Integer => json!({ "type": "integer" }),
        Kind::Number => json!({ "type": "number" }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Timestamp => json!({ "type": "string", "format": "date-time" }),
        Kind::Json => json!({}),
        Kind::JsonSchema => json!({ "type": ["object", "boolean", "null"] }),
        Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        Kind::Enum(words) => json!({ "type": "string", "enum": words }),
        Kind::TextList => json!({ "type": "array", "items": { "type": "string" } }),
    };
    match schema {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn form(form: Form, schema: &mut Map<String, Value>) {
    let (name, value) = match form {
        Form::Any => return,
        Form::Url => ("format", json!("uri")),
        Form::Color => ("pattern", json!("^#[0-9a-fA-F]{6}$")),
        Form::Host => ("items", json!({ "type": "string", "minLength": 1, "maxLength": 259 })),
        Form::RecordType => ("enum", json!(super::TYPES.iter().map(|ty| ty.name).collect::<Vec<_>>())),
        Form::Object => ("type", json!("object")),
        Form::List => ("type", json!("array")),
    };
    schema.insert(name.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::TYPES;

    #[test]
    fn every_schema_is_valid_and_names_every_field_it_should() {
        for ty in TYPES {
            for schema in [create(ty), update(ty), read(ty)] {
                jsonschema::draft202012::new(&schema).unwrap_or_else(|e| panic!("{}: {e}", ty.name));
            }
            let shown = read(ty);
            for field in ty.readable() {
                assert!(shown["properties"].get(field.name).is_some(), "{} {}", ty.name, field.name);
            }
        }
    }

    #[test]
    fn defaults_fit_their_own_schemas() {
        for ty in TYPES {
            for field in ty.fields().filter(|f| f.default.is_some()) {
                let schema = property(field);
                let default = schema.get("default").cloned().expect("a default is JSON");
                assert!(jsonschema::is_valid(&schema, &default), "{} {}", ty.name, field.name);
            }
        }
    }

    #[test]
    fn a_type_that_lies_in_no_project_and_no_bundle_takes_none() {
        for ty in TYPES.iter().filter(|ty| !ty.is_subrecord()) {
            for schema in [create(ty), update(ty)] {
                let takes = |name: &str| schema["properties"].get(name).is_some();
                for (place, may) in [("project_id", ty.in_project), ("project_name", ty.in_project), ("bundle_id", ty.in_bundle)] {
                    assert!(may || !takes(place), "{} offers {place}", ty.name);
                }
            }
        }
        for name in ["FLOW", "ROLE_PERMISSION"] {
            assert!(create(crate::records::find(name).unwrap())["properties"].get("project_id").is_some(), "{name}");
        }
    }

    #[test]
    fn what_the_system_writes_is_in_no_write_schema() {
        for ty in TYPES {
            for field in ty.fields().filter(|f| f.write == Write::System) {
                assert!(create(ty)["properties"].get(field.name).is_none(), "{} {}", ty.name, field.name);
            }
        }
    }
}
