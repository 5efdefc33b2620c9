//! SCHEMA: a JSON Schema with a name.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "SCHEMA",
    singular: "schema",
    plural: "schemas",
    family: Family::Resource,
    doc: "A JSON Schema with a name. Schemas of flows and of others refer to it as `{\"$ref\": \"schema:<name>\"}`, or to a part of it as \
          `schema:<name>#/$defs/<part>`.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[Field::new("value", Kind::JsonSchema, "The JSON Schema (2020-12).").required()],
};
