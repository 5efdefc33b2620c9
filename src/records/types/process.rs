//! PROCESS: a process that runs flows.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "PROCESS",
    singular: "process",
    plural: "processes",
    family: Family::Activity,
    doc: "A process that runs flows. Kept by the server.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[
        Field::new("kind", Kind::Enum(&["server", "zygote", "slot"]), "What it does.").present().system(),
        Field::new("host", Kind::Text, "The machine it runs on.").system(),
        Field::new("pid", Kind::Integer, "Its number on that machine.").system(),
        Field::new("environment", Kind::Text, "The packages it has, by the hash of their list; null for the default ones.").system(),
        Field::new("status", Kind::Enum(&["idle", "busy", "parked", "gone"]), "What it is at.").present().system(),
        Field::new("current_execution_id", Kind::Reference("EXECUTION"), "The execution it runs.").system(),
        Field::new("started_at", Kind::Timestamp, "When it was started.").system(),
        Field::new("last_seen_at", Kind::Timestamp, "When it last reported.").system(),
        Field::new("memory_bytes", Kind::Integer, "The memory it held then, in bytes.").system(),
    ],
};
