//! PROJECT: where flows and their records lie together.

use crate::records::{Export, Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "PROJECT",
    singular: "project",
    plural: "projects",
    family: Family::Resource,
    doc: "A place for flows and what belongs to them. Rights are given per project, and the scripts of two projects never share an \
          interpreter.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[
        Field::new("default_requirements", Kind::TextList, "Python packages of its flows that name none, as PEP 508 requirements."),
        Field::new("environment", Kind::Json, "The packages of `default_requirements`, as resolved when they were saved.")
            .system()
            .export(Export::Neither),
        Field::new("network", Kind::Enum(&["open", "none"]), "Whether its flows may use the network. Default `open`.").default("\"open\""),
        Field::new("limits", Kind::Json, "Limits of its executions, an object: `{\"max_running\": 4}` lets four of them run at once.")
            .form(Form::Object),
        Field::new("flow_count", Kind::Integer, "How many of its flows the caller may read.").present().computed(),
    ],
};
