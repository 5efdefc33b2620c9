//! RECORD_METADATA: what others note on a record.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "RECORD_METADATA",
    singular: "record_metadata",
    plural: "record_metadatas",
    family: Family::Subrecord { parent: "*", column: "record_id" },
    doc: "A JSON value noted on a record under a key, beside the record's own columns. One per record and key.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[
        Field::new("record_id", Kind::Reference("*"), "The record it is noted on.").required().fixed(),
        Field::new("key", Kind::Name, "The key; unique within the record.").required().fixed(),
        Field::new("data", Kind::Json, "Any JSON value."),
        Field::new(
            "problem",
            Kind::Text,
            "Why it has no effect, when it stands under a key that the server reads: `mcp_prompt:<name>`, `agent_instructions` or \
             `mcp_enabled` of the workspace. Null otherwise.",
        )
        .computed(),
        Field::new("parent_type", Kind::Text, "The record type of the record it is noted on.").hidden(),
    ],
};
