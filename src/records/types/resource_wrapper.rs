//! RESOURCE_WRAPPER: what a wrapper is around.

use crate::records::{Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "RESOURCE_WRAPPER",
    singular: "resource_wrapper",
    plural: "resource_wrappers",
    family: Family::Subrecord { parent: "*", column: "resource_id" },
    doc: "Puts a wrapper around a resource: whoever runs the resource runs the wrapper, unless it says `unwrapped`. One per resource and \
          wrapper.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[
        Field::new("resource_id", Kind::Reference("*"), "The flow or connector that is wrapped.").required().fixed(),
        Field::new("wrapper_id", Kind::Reference("WRAPPER"), "The wrapper.").required().fixed(),
        Field::new("input_value", Kind::Json, "Inputs of the wrapper by name.").form(Form::Object),
        Field::new("position", Kind::Integer, "Wrappers of one resource are around each other, the lowest outermost. Default 0.")
            .default("0"),
        Field::new("parent_type", Kind::Text, "The record type of the resource.").hidden(),
    ],
};
