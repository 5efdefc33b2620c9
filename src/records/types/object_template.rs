//! OBJECT_TEMPLATE: a type of objects that users declare.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "OBJECT_TEMPLATE",
    singular: "object_template",
    plural: "object_templates",
    family: Family::Resource,
    doc: "A type of objects that users declare: its OBJECT_TEMPLATE_ATTRIBUTE rows are the columns, CUSTOM_OBJECT records the rows. The \
          flows named here run when an object is created, changed or deleted.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("icon", Kind::Text, "A picture, as a `data:` URL."),
        Field::new(
            "before_create",
            Kind::Reference("FLOW"),
            "The flow that runs before an object is created and may set values: it gets `value` and may return `{\"value\": {...}}` with \
             those to set. If it fails, the object is not created.",
        ),
        Field::new("on_create", Kind::Reference("FLOW"), "The flow that is started when an object was created."),
        Field::new(
            "on_update",
            Kind::Reference("FLOW"),
            "The flow that is started when an attribute of an object was changed, unless the attribute says `silent_update`.",
        ),
        Field::new("on_delete", Kind::Reference("FLOW"), "The flow that is started when an object was deleted."),
    ],
};
