//! ORGANIZATION: whom the workspace belongs to.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "ORGANIZATION",
    singular: "organization",
    plural: "organizations",
    family: Family::Resource,
    doc: "Whom the workspace belongs to: one row, made at the first start, which cannot be created or deleted.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[Field::new("icon", Kind::Text, "A picture, as a `data:` URL.")],
};
