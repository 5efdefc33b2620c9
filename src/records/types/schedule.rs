//! SCHEDULE: when a flow is started.

use crate::records::{Export, Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "SCHEDULE",
    singular: "schedule",
    plural: "schedules",
    family: Family::Resource,
    doc: "Starts a flow at given times, as long as it is enabled.",
    is_identity: true,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("flow_id", Kind::Reference("FLOW"), "The flow that it starts.").required(),
        Field::new(
            "scheduler_id",
            Kind::Reference("SCHEDULER"),
            "The SCHEDULER that says when; null for the three kinds of `configuration` that the server knows itself.",
        ),
        Field::new(
            "configuration",
            Kind::Json,
            "When to start: `{\"cron\": \"0 8 * * 1-5\", \"timezone\": \"Europe/Vienna\"}`, `{\"interval_seconds\": 60}`, or `{\"times\": \
             [\"2026-12-24T18:00:00+01:00\"]}`. `\"missed\"` says what becomes of times at which the server was down: `run_once` (the \
             default) or `skip`. With a `scheduler_id`, what that scheduler asks for.",
        )
        .form(Form::Object)
        .required(),
        Field::new("is_enabled", Kind::Boolean, "Whether it starts the flow. Default false.").default("false").export(Export::Export),
        Field::new("input_value", Kind::Json, "The `input_value` of each execution."),
        Field::new(
            "next_runs",
            Kind::Json,
            "The next five times, as a list; empty while it is disabled, null where its scheduler decides.",
        )
        .form(Form::List)
        .computed(),
        Field::new("last_run_at", Kind::Timestamp, "When it last started the flow.").system().export(Export::Neither),
        Field::new("due_after", Kind::Timestamp, "Up to when its times are dealt with; null where it begins anew.").hidden(),
    ],
};
