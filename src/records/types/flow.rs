//! FLOW: a Python module with a handler.

use crate::records::{Export, Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "FLOW",
    singular: "flow",
    plural: "flows",
    family: Family::Resource,
    doc: "A Python module with a function `handler(system, this, inputs)`. Each run of it is an EXECUTION.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("script", Kind::Text, "The Python source, with a function `handler(system, this, inputs)`.").required(),
        Field::new("input_schema", Kind::JsonSchema, "JSON Schema (2020-12) of `input_value`; null accepts anything."),
        Field::new(
            "output_schema",
            Kind::JsonSchema,
            "JSON Schema (2020-12) that `output_value` must keep on success; null accepts anything.",
        ),
        Field::new("max_runtime_minutes", Kind::Number, "Minutes of wall time an execution may take; null means no limit.").positive(),
        Field::new("priority", Kind::Integer, "Executions of higher priority are started first; within one, the oldest. Default 0.")
            .default("0"),
        Field::new(
            "max_running",
            Kind::Integer,
            "How many of its executions may run at once; null means no limit. One that waits (sleeps, waits for another, for a lock) \
             does not count, and goes on when it is its turn.",
        )
        .positive(),
        Field::new("savepoint_retention", Kind::Integer, "How many savepoints of an execution are kept; null means all."),
        Field::new("breakpoints", Kind::Json, "Lines of the script to stop at, a list of numbers from 1."),
        Field::new("environment", Kind::Json, "The packages that its script asks for (PEP 723), as resolved when it was saved: `{\"key\", \"python\", \"requirements\", \"packages\"}`. \
             Null where it asks for none by itself: then it has those of its project, else of the workspace.").system().export(Export::Neither),
        Field::new(
            "on_loss",
            Kind::Enum(ON_LOSS),
            "What happens to an execution whose process or server is lost: `resume` replays it, `restart` runs it from the top, `fail` \
             ends it, `auto` replays it unless it acted on the world outside flow_api. Default `auto`.",
        )
        .default("\"auto\""),
        Field::new(
            "isolation",
            Kind::Enum(ISOLATION),
            "Whether executions of the same flow version may follow each other in one process (`reuse`) or each get their own (`fresh`). \
             Default `reuse`.",
        )
        .default("\"reuse\""),
        Field::new("last_steps", Kind::Json, "The step graph of its last good run.").system().export(Export::Neither),
        Field::new("can_execute", Kind::Boolean, "Whether the caller may start it.").present().computed(),
        Field::new(
            "tool_warnings",
            Kind::Json,
            "What makes agents fail with its schemas, as a list of `{\"pointer\", \"message\"}`; null where no user tool shows it.",
        )
        .form(Form::List)
        .computed(),
        Field::new("script_hash", Kind::Text, "Hash of the script; executions pin the version they run by it.").hidden(),
    ],
};

/// The policies of `on_loss`.
pub(super) const ON_LOSS: &[&str] = &["auto", "resume", "restart", "fail"];
/// The levels of `isolation`.
pub(super) const ISOLATION: &[&str] = &["reuse", "fresh"];
