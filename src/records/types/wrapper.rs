//! WRAPPER: a flow around others.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "WRAPPER",
    singular: "wrapper",
    plural: "wrappers",
    family: Family::Resource,
    doc: "A flow that runs in the place of what it wraps and runs that as its child. RESOURCE_WRAPPER rows say what it is around.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("flow_id", Kind::Reference("FLOW"), "The flow that runs in place of what is wrapped.").required(),
        Field::new("input_schema", Kind::JsonSchema, "JSON Schema (2020-12) of the wrapper's own inputs; null accepts anything."),
    ],
};
