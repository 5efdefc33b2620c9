//! RECORD_TAG: a tag on a record.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "RECORD_TAG",
    singular: "record_tag",
    plural: "record_tags",
    family: Family::Subrecord { parent: "*", column: "record_id" },
    doc: "Puts a tag on a record. One per record and tag.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[
        Field::new("record_id", Kind::Reference("*"), "The record that is tagged.").required().fixed(),
        Field::new("tag_id", Kind::Reference("TAG"), "The tag.").required().fixed(),
        Field::new("parent_type", Kind::Text, "The record type of the record that is tagged.").hidden(),
    ],
};
