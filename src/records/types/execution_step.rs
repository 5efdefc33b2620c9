//! EXECUTION_STEP: the journal of an execution, one row per flow_api call.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "EXECUTION_STEP",
    singular: "execution_step",
    plural: "execution_steps",
    family: Family::Subrecord { parent: "EXECUTION", column: "execution_id" },
    doc: "One recorded flow_api call of an execution: the step view, the event stream, and what a replay reads.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: true,
    own: &[
        Field::new("execution_id", Kind::Reference("EXECUTION"), "The execution that made the call.").present().system(),
        Field::new("epoch", Kind::Integer, "Which journal of the execution; `restart` opens a new one. From 1.").present().system(),
        Field::new("seq", Kind::Integer, "The number of the call within its epoch, from 1.").present().system(),
        Field::new("op", Kind::Text, "The operation, such as `child` or `sleep`.").present().system(),
        Field::new("target", Kind::Text, "What it was about: a flow, a record, the name of a step.").system(),
        Field::new("args", Kind::Text, "The arguments as JSON text, redacted and capped.").system(),
        Field::new("started_at", Kind::Timestamp, "When the call was made.").present().system(),
        Field::new("due_at", Kind::Timestamp, "When a wait that is still open ends at the latest.").system(),
        Field::new("done_at", Kind::Timestamp, "When it was answered; null while it is open.").system(),
        Field::new("ok", Kind::Boolean, "Whether it was answered with a result (true) or an error (false); null while it is open.")
            .system(),
        Field::new("result", Kind::Json, "The result, or the error as `{\"exception\", \"message\"}`; null while it is open.").system(),
        Field::new("next", Kind::Integer, "The number of the call after it; a finished step skips the calls made inside it.").system(),
        Field::new(
            "replayed_args",
            Kind::Text,
            "What the last replay gave instead of `args`, where they may differ: texts of progress, times. The recorded ones stand.",
        )
        .system(),
    ],
};
