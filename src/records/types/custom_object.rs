//! CUSTOM_OBJECT: an object of a type that users declared.

use crate::records::{Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "CUSTOM_OBJECT",
    singular: "custom_object",
    plural: "custom_objects",
    family: Family::Resource,
    doc: "An object of a type that an OBJECT_TEMPLATE declares.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("object_template_id", Kind::Reference("OBJECT_TEMPLATE"), "The template that says what attributes it has.")
            .required()
            .fixed(),
        Field::new("value", Kind::Json, "Attribute names and values. An update merges key by key: what is not named stays as it is.")
            .form(Form::Object)
            .default("{}"),
        Field::new(
            "provisioning_state",
            Kind::Enum(&["PROVISIONING", "READY", "FAILED", "DEPROVISIONING"]),
            "How far what it stands for is set up; flows that set it up say so here. Default `READY`.",
        )
        .default("\"READY\""),
    ],
};
