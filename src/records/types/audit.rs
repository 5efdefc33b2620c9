//! AUDIT: who did what, and when, and by which way in. Each entry vouches for all before it.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "AUDIT",
    singular: "audit",
    plural: "audits",
    family: Family::Activity,
    doc: "An entry of the audit log: one change, login or refusal. Entries are written with the change that they tell of and never changed.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: true,
    own: &[
        Field::new("id", Kind::Uuid, "The entry's id.").present().system(),
        Field::new("seq", Kind::Integer, "Its number, from 1, without gaps.").present().system(),
        Field::new("at", Kind::Timestamp, "When it was done.").present().system(),
        Field::new("operation", Kind::Text, "What was done: `create`, `update`, `delete`, `restore`, `start`, `cancel`, `login`, ...")
            .present()
            .system(),
        Field::new("record_type", Kind::Text, "The type of the record that it was done to, in upper case.").system(),
        Field::new("record_id", Kind::Uuid, "The record that it was done to.").system(),
        Field::new("record_name", Kind::Text, "The name of that record at the time.").system(),
        Field::new("outcome", Kind::Enum(&["ok", "denied", "failed"]), "Whether it was done, was not allowed, or went wrong.")
            .present()
            .system(),
        Field::new(
            "door",
            Kind::Text,
            "The way in: `rest`, `mcp`, `cli`, `flow`, `webhook`, `schedule`, or `server` for the server itself.",
        )
        .present()
        .system(),
        Field::new("actor_type", Kind::Text, "What did it: `USER`, `EXECUTION`, `WEBHOOK`, `SCHEDULE`, or null for the server.").system(),
        Field::new("actor_id", Kind::Uuid, "Who did it: a user, an execution, a webhook or a schedule.").system(),
        Field::new("actor_name", Kind::Text, "The login name of the user, as it was given at a login.").system(),
        Field::new("user_id", Kind::Uuid, "The user it was done for in the end: an execution acts for one.").system(),
        Field::new("api_key_id", Kind::Uuid, "The API key that the request came with.").system(),
        Field::new("client", Kind::Text, "What the client calls itself.").system(),
        Field::new("address", Kind::Text, "The address that the request came from.").system(),
        Field::new("details", Kind::Json, "More about it: the columns that were changed, why something was refused.").system(),
        Field::new("hash", Kind::Text, "Made from this entry and the hash of the one before it, with a key outside the database.")
            .present()
            .system(),
    ],
};
