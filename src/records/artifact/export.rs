//! JSON Schemas of export documents as files: one per resource type, and what they share.

use serde_json::{Map, Value, json};

use super::File;
use crate::records::connector::{self, schema::DIALECT};
use crate::records::document::{self, FOREIGN, SCHEMA_VERSION};
use crate::records::{Export, Field, Kind, RecordType, Storage, TYPES, schema};

/// Where the form schema lies, seen from a resource type's or a subrecord's file.
const FORM: &str = "../../formSchema.json";
/// Where the connectors' schemas lie, seen from there.
const CONNECTORS: &str = "../../connectors";
/// The file of references that may name a record of any type.
const ANY: &str = "any";

fn resources() -> impl Iterator<Item = &'static RecordType> {
    TYPES.iter().copied().filter(|of| document::is_exported(of))
}

/// The subrecord types that stand in any document, once each.
fn parts() -> Vec<&'static RecordType> {
    let is_part = |part: &RecordType| resources().any(|of| document::parts(of).any(|other| other.name == part.name));
    TYPES.iter().copied().filter(|part| is_part(part)).collect()
}

fn resource_path(of: &RecordType) -> String {
    format!("resource-types/{}.schema.json", of.singular)
}

/// Every file.
pub(super) fn files() -> Vec<File> {
    let mut files = vec![File::json("manifest.json", &manifest()), reference(ANY, &any_reference())];
    files.extend(resources().map(|of| File::json(resource_path(of), &whole(of))));
    files.extend(parts().into_iter().map(|part| File::json(format!("subrecords/{}.schema.json", part.singular), &subrecord(part))));
    // What a reference may name is any type that some column refers to.
    let mut targets: Vec<&str> = Vec::new();
    for field in TYPES.iter().flat_map(|of| of.fields()) {
        if let Kind::Reference(target) = field.kind
            && target != "*"
            && !targets.contains(&target)
        {
            targets.push(target);
        }
    }
    let found = targets.into_iter().filter_map(crate::records::find);
    files.extend(found.map(|of| reference(of.singular, &typed_reference(of))));
    files
}

fn reference(name: &str, schema: &Value) -> File {
    File::json(format!("references/{name}.schema.json"), schema)
}

/// Each resource type's schema and the file names that it is for.
pub(super) fn patterns() -> impl Iterator<Item = (String, [String; 2])> {
    resources().map(|of| (resource_path(of), ["yaml", "yml"].map(|ending| format!("**/*.{}.{ending}", of.singular))))
}

fn manifest() -> Value {
    let types: Vec<Value> = resources()
        .zip(patterns())
        .map(|(of, (path, patterns))| {
            let parts: Vec<&str> = document::parts(of).map(|part| part.singular).collect();
            json!({"record_type": of.name, "key": of.singular, "description": of.doc, "schema": path, "file_match": patterns, "subrecords": parts})
        })
        .collect();
    json!({"version": env!("CARGO_PKG_VERSION"), "schema_version": SCHEMA_VERSION, "resource_types": types})
}

/// The schema of a document: one top key, below it the record.
fn whole(of: &'static RecordType) -> Value {
    let mut record = object(of);
    for part in document::parts(of) {
        let path = format!("../subrecords/{}.schema.json", part.singular);
        record["properties"][part.singular] = json!({"type": "array", "description": part.doc, "items": {"$ref": path}});
    }
    if of.name == "CONNECTOR" {
        let cases = connector::NAMES.map(|name| {
            json!({
                "if": {"required": ["connector_type"], "properties": {"connector_type": {"const": name}}},
                "then": {"properties": {"value": {"$ref": format!("{CONNECTORS}/{name}.input.stored.schema.json")}}},
            })
        });
        record["allOf"] = cases.to_vec().into();
    }
    json!({
        "$schema": DIALECT,
        "title": format!("Export document of a {}", of.name),
        "description": of.doc,
        "type": "object",
        "properties": {of.singular: record},
        "required": [of.singular],
        "additionalProperties": false,
    })
}

fn subrecord(part: &'static RecordType) -> Value {
    let mut schema = json!({"$schema": DIALECT, "title": part.name});
    if let (Value::Object(into), Value::Object(rest)) = (&mut schema, object(part)) {
        into.extend(rest);
    }
    schema
}

/// The columns of a record or a subrecord as they stand in a document.
fn object(of: &'static RecordType) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in document::columns(of) {
        properties.insert(document::key(field).into(), property(field));
        // What may lie beside the document need not be in it.
        if field.required && document::beside(field).is_none() {
            required.push(document::key(field));
        }
    }
    let imported = of.fields().filter(|field| field.export == Export::Import && field.storage == Storage::Input && of.has_place(field));
    for field in imported {
        properties.insert(field.name.into(), property(field));
    }
    for field in document::informational(of) {
        let mut schema = property(field);
        schema["readOnly"] = true.into();
        properties.insert(document::key(field).into(), schema);
    }
    for flag in of.flags() {
        let doc = format!("Whether `{}` is set; its value is in no document.", &flag[4..]);
        properties.insert(flag, json!({"type": "boolean", "readOnly": true, "description": doc}));
    }
    let foreign: Map<String, Value> = FOREIGN
        .iter()
        .map(|name| {
            let end = if name.ends_with('_') { "" } else { "$" };
            (format!("^{name}{end}"), json!({"description": "Bookkeeping of another system, which an import ignores."}))
        })
        .collect();
    let mut schema = json!({
        "type": "object",
        "description": of.doc,
        "properties": properties,
        "patternProperties": foreign,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

fn property(field: &Field) -> Value {
    let doc = field.doc;
    if field.name == "schema_version" {
        return json!({"enum": [SCHEMA_VERSION, SCHEMA_VERSION.to_string()], "description": doc});
    }
    match field.kind {
        Kind::Reference(target) => {
            let file = crate::records::find(target).map_or(ANY, |of| of.singular);
            let kind = if field.nullable { json!(["object", "null"]) } else { json!("object") };
            json!({"type": kind, "$ref": format!("../references/{file}.schema.json"), "description": doc})
        }
        Kind::JsonSchema => json!({
            "description": doc,
            "if": {"type": "object"},
            "then": {"$ref": FORM},
            "else": {"type": ["boolean", "null"]},
        }),
        _ => schema::property(field),
    }
}

/// A record of one type, by its name. The keywords below say nothing of null, so that columns may allow it.
fn typed_reference(of: &RecordType) -> Value {
    json!({
        "$schema": DIALECT,
        "title": format!("A {} by name", of.name),
        "properties": {
            "name": {"type": "string", "description": "Its name.", "minLength": 1},
            "id": {"type": "string", "description": "Its id, where it has no name of its own."},
        },
        "additionalProperties": false,
        "minProperties": 1,
    })
}

fn any_reference() -> Value {
    let types: Vec<&str> = TYPES.iter().map(|of| of.singular).collect();
    json!({
        "$schema": DIALECT,
        "title": "A record of any type by name",
        "properties": {
            "type": {"enum": types, "description": "Its type."},
            "name": {"type": "string", "description": "Its name.", "minLength": 1},
            "id": {"type": "string", "description": "Its id, where it has no name of its own."},
        },
        "additionalProperties": false,
        "minProperties": 1,
        "dependentRequired": {"name": ["type"]},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exported_column_stands_in_its_schema() {
        for of in resources() {
            let schema = whole(of);
            let known = &schema["properties"][of.singular]["properties"];
            for field in document::columns(of).chain(document::informational(of)) {
                assert!(known.get(document::key(field)).is_some(), "{}.{}", of.name, field.name);
            }
            for part in document::parts(of) {
                assert!(known[part.singular]["items"]["$ref"].is_string(), "{}.{}", of.name, part.name);
            }
        }
    }

    #[test]
    fn the_manifest_names_every_resource_type_and_no_activity() {
        let manifest = manifest();
        let named: Vec<&str> = manifest["resource_types"].as_array().unwrap().iter().filter_map(|t| t["record_type"].as_str()).collect();
        assert!(named.contains(&"FLOW") && named.contains(&"CUSTOM_OBJECT"));
        assert!(!named.contains(&"EXECUTION") && !named.contains(&"ROLE_PERMISSION"));
    }
}
