//! RECORD_VERSION: what a record was like.

use crate::records::{Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "RECORD_VERSION",
    singular: "record_version",
    plural: "record_versions",
    family: Family::Subrecord { parent: "*", column: "record_id" },
    doc: "What a resource was like after one of its changes, by whom and why: `created_at` and `created_by` are of the change. Kept by the \
          server; sealed columns are left out.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[
        Field::new("record_id", Kind::Reference("*"), "The record.").present().system(),
        Field::new("number", Kind::Integer, "The record's `version` after the change.").present().system(),
        Field::new(
            "operation",
            Kind::Enum(&["create", "update", "delete", "restore"]),
            "What was done: `delete` put the record into the trash bin, `restore` took it out.",
        )
        .present()
        .system(),
        Field::new("commit_message", Kind::Text, "What the change was about, as given with it.").system(),
        Field::new("content", Kind::Json, "The record's columns after the change; of a FILE, `sha256` instead of the content.")
            .form(Form::Object)
            .present()
            .system(),
        Field::new("parent_type", Kind::Text, "The record type of the record.").hidden(),
    ],
};
