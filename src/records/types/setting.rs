//! SETTING: a named JSON value, and a lock.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "SETTING",
    singular: "setting",
    plural: "settings",
    family: Family::Resource,
    doc: "A named value that flows share, read and written whole. It is a lock too: see `acquire` in flow_api.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[Field::new("value", Kind::Json, "Any JSON value.")],
};
