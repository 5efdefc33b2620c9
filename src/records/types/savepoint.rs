//! SAVEPOINT: a named moment of an execution.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "SAVEPOINT",
    singular: "savepoint",
    plural: "savepoints",
    family: Family::Subrecord { parent: "EXECUTION", column: "execution_id" },
    doc: "A named moment of an execution, which it can go back to. Made by `this.save_dump`.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[
        Field::new("execution_id", Kind::Reference("EXECUTION"), "The execution it is of.").present().system(),
        Field::new("name", Kind::Name, "Its name; unique within the execution.").present().system(),
        Field::new("epoch", Kind::Integer, "The epoch of the execution's journal it lies in.").default("1").system(),
        Field::new("seq", Kind::Integer, "The number of the call after which it stands.").present().system(),
    ],
};
