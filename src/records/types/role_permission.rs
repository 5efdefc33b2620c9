//! ROLE_PERMISSION: one thing a role allows.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "ROLE_PERMISSION",
    singular: "role_permission",
    plural: "role_permissions",
    family: Family::Subrecord { parent: "ROLE", column: "role_id" },
    doc: "One thing a role allows: an operation on a record type in a project. Each of the three may be unset and then means any.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[
        Field::new("role_id", Kind::Reference("ROLE"), "The role that allows it.").required().fixed(),
        Field::new("operation", Kind::Enum(&["CREATE", "READ", "UPDATE", "DELETE"]), "What may be done; unset means everything."),
        Field::new("permission_record_type", Kind::Text, "On which type of record, in upper case; unset means on every type."),
        Field::new("project_id", Kind::Reference("PROJECT"), "In which project; unset means everywhere."),
    ],
};
