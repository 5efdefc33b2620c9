//! TAG: a label for records.

use crate::records::{Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "TAG",
    singular: "tag",
    plural: "tags",
    family: Family::Resource,
    doc: "A label. RECORD_TAG rows put it on records.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[Field::new("color", Kind::Text, "The color it is shown in, such as `#3366ff`.").form(Form::Color)],
};
