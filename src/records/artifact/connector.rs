//! JSON Schemas of connections as files: three per connector type, and a manifest.

use serde_json::{Value, json};

use super::File;
use crate::records::connector::{Connector, TYPES, schema};

type Make = fn(&Connector) -> Value;

/// The ending of each file, and what makes its schema.
const PARTS: [(&str, &str, Make); 3] = [
    ("input", "input.schema.json", schema::input),
    ("stored_input", "input.stored.schema.json", schema::stored),
    ("output", "output.schema.json", schema::output),
];

/// Every file.
pub(super) fn files() -> Vec<File> {
    let schemas =
        TYPES.iter().flat_map(|of| PARTS.iter().map(move |(_, ending, make)| File::json(format!("{}.{ending}", of.name), &make(of))));
    schemas.chain([File::json("manifest.json", &manifest())]).collect()
}

/// Which types there are and which files tell of each.
fn manifest() -> Value {
    let entry = |of: &&Connector| {
        let mut entry = json!({"connector_type": of.name, "description": of.doc});
        for (part, ending, _) in PARTS {
            entry[part] = format!("{}.{ending}", of.name).into();
        }
        entry
    };
    json!({"version": env!("CARGO_PKG_VERSION"), "connector_types": TYPES.iter().map(entry).collect::<Vec<_>>()})
}
