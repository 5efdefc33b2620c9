//! DEVOLUTIONS_CONFIG: a Devolutions Server that secrets are fetched from.

use crate::records::{Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "DEVOLUTIONS_CONFIG",
    singular: "devolutions_config",
    plural: "devolutions_configs",
    family: Family::Resource,
    doc: "A Devolutions Server that secrets are fetched from.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("url", Kind::Text, "The address, such as `https://dvls.example.com`.").form(Form::Url).required(),
        Field::new("application_id", Kind::Text, "The id of the application to log in as."),
        Field::new("application_key", Kind::Text, "The key that goes with it. Write-only.").sealed(),
        Field::new("is_enabled", Kind::Boolean, "Whether it may be used. Default true.").default("true"),
    ],
};
