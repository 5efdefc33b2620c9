//! OBJECT_TEMPLATE_ATTRIBUTE: a column of the objects of a template.

use crate::records::{Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "OBJECT_TEMPLATE_ATTRIBUTE",
    singular: "object_template_attribute",
    plural: "object_template_attributes",
    family: Family::Subrecord { parent: "OBJECT_TEMPLATE", column: "object_template_id" },
    doc: "A column of the objects of a template: its name, its type and what its values must keep.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[
        Field::new("object_template_id", Kind::Reference("OBJECT_TEMPLATE"), "The template it belongs to.").required().fixed(),
        Field::new("name", Kind::Name, "The key of the value in the objects' `value`; unique within the template.").required(),
        Field::new("description", Kind::Text, "What it is for, as Markdown."),
        Field::new(
            "datatype",
            Kind::Enum(DATATYPES),
            "What its values are. STRING is one line of up to 255 characters, DATE is `2026-12-24`, DATETIME has a time and an offset, the \
             references are ids.",
        )
        .required(),
        Field::new("is_nullable", Kind::Boolean, "Whether objects may have no value of it. Default true.").default("true"),
        Field::new("is_unique", Kind::Boolean, "Whether two objects of the template may not have the same value. Default false.")
            .default("false"),
        Field::new("is_hidden", Kind::Boolean, "Whether forms and lists leave it out. Default false.").default("false"),
        Field::new("reference_record_type", Kind::Text, "Of a RECORD_REFERENCE: the type of the records, such as `FLOW`; null for any.")
            .form(Form::RecordType),
        Field::new(
            "reference_object_template_id",
            Kind::Reference("OBJECT_TEMPLATE"),
            "Of an OBJECT_TEMPLATE_REFERENCE: the template of the objects it names.",
        ),
        Field::new("silent_update", Kind::Boolean, "Whether a change of it does not start `on_update`. Default false.").default("false"),
    ],
};

/// What an attribute's values can be.
pub(super) const DATATYPES: &[&str] =
    &["STRING", "TEXT", "INTEGER", "NUMBER", "BOOLEAN", "DATE", "DATETIME", "JSON", "RECORD_REFERENCE", "OBJECT_TEMPLATE_REFERENCE"];
