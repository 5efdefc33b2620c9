//! SCHEDULER: a way to say when, written in Python.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "SCHEDULER",
    singular: "scheduler",
    plural: "schedulers",
    family: Family::Resource,
    doc: "A script that says when a SCHEDULE starts its flow, where cron expressions, intervals and lists of times do not do.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("script", Kind::Text, "The Python source, with a function `handler(system, this, inputs)`.").required(),
        Field::new("configuration_schema", Kind::JsonSchema, "JSON Schema (2020-12) of the `configuration` of its schedules."),
    ],
};
