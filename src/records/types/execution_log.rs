//! EXECUTION_LOG: the entries of an execution's log, as read from the engine's chunk rows.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "EXECUTION_LOG",
    singular: "execution_log",
    plural: "execution_logs",
    family: Family::Subrecord { parent: "EXECUTION", column: "execution_id" },
    doc: "One entry of an execution's log: from `this.log`, `print`, the logging module or a standard stream.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: true,
    own: &[
        Field::new("execution_id", Kind::Reference("EXECUTION"), "The execution that wrote it.").present().system(),
        Field::new("seq", Kind::Integer, "Its number within the execution, from 1, without gaps.").present().system(),
        Field::new("at", Kind::Timestamp, "When the server received it.").present().system(),
        Field::new("level", Kind::Enum(&["debug", "info", "warning", "error"]), "How grave it is.").present().system(),
        Field::new("stream", Kind::Enum(&["stdout", "stderr", "logging"]), "Where it came from; null for `this.log`.").system(),
        Field::new(
            "step",
            Kind::Integer,
            "The number of the flow_api call made last before it, 0 before the first; null for raw output and for what the server wrote.",
        )
        .system(),
        Field::new("message", Kind::Text, "The text.").present().system(),
        Field::new("data", Kind::Json, "The named values given to `this.log`, an object; null when there were none.").system(),
    ],
};
