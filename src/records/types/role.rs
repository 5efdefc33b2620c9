//! ROLE: a named set of permissions.

use crate::records::{Family, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "ROLE",
    singular: "role",
    plural: "roles",
    family: Family::Resource,
    doc: "A named set of permissions. Its ROLE_PERMISSION rows say what it allows, IDENTITY_ROLE rows say who has it.",
    is_identity: false,
    in_project: false,
    in_bundle: true,
    is_derived: false,
    own: &[],
};
