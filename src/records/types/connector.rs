//! CONNECTOR: the stored part of a connection's input.

use crate::records::{Family, Field, Form, Kind, RecordType, connector};

pub static TYPE: RecordType = RecordType {
    name: "CONNECTOR",
    singular: "connector",
    plural: "connectors",
    family: Family::Resource,
    doc: "The stored part of a connection's input: `this.connect('its name', ...)` begins with its value, and keywords override it key by \
          key.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("connector_type", Kind::Enum(&connector::NAMES), "What kind of system it connects to.").required(),
        Field::new(
            "value",
            Kind::Json,
            "Inputs of the connection by name; none is required here. A text may be `secret(<name>)` in the place of a secret.",
        )
        .form(Form::Object)
        .default("{}"),
        Field::new("secrets", Kind::TextList, "Names of the SECRET records that `value` refers to, sorted.").default("[]").system(),
    ],
};
