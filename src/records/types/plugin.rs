//! PLUGIN: buttons of the console.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "PLUGIN",
    singular: "plugin",
    plural: "plugins",
    family: Family::Resource,
    doc: "Buttons that the console offers on records of given types. Its PLUGIN_ACTION rows are the buttons; each starts a flow.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("is_enabled", Kind::Boolean, "Whether its actions are offered. Default true.").default("true"),
        Field::new("icon", Kind::Text, "A picture, as a `data:` URL."),
    ],
};
