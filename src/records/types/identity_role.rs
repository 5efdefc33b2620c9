//! IDENTITY_ROLE: who has which role.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "IDENTITY_ROLE",
    singular: "identity_role",
    plural: "identity_roles",
    family: Family::Subrecord { parent: "*", column: "identity_id" },
    doc: "Gives a role to an identity. Whoever adds one must hold everything that the role allows.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[
        Field::new("identity_id", Kind::Reference("*"), "Who gets the role: the id of a user or of another identity.").required().fixed(),
        Field::new("role_id", Kind::Reference("ROLE"), "The role.").required().fixed(),
        Field::new("propagate", Kind::Boolean, "Whether what the identity creates, executions above all, gets the role too. Default true.")
            .default("true"),
        Field::new("project_id", Kind::Reference("PROJECT"), "In which project the role counts; unset means wherever its permissions say."),
        Field::new("parent_type", Kind::Text, "The record type of the identity.").hidden(),
    ],
};
