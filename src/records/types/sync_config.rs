//! SYNC_CONFIG: a Git repository that records are kept in step with.

use crate::records::{Export, Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "SYNC_CONFIG",
    singular: "sync_config",
    plural: "sync_configs",
    family: Family::Resource,
    doc: "A Git repository that the records beside it are kept in step with.",
    is_identity: true,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new(
            "direction",
            Kind::Enum(&["PULL", "PUSH", "BOTH"]),
            "`PULL` takes changes from the repository, `PUSH` commits changes to it. Default `PULL`.",
        )
        .default("\"PULL\""),
        Field::new(
            "remote_url",
            Kind::Text,
            "The repository, such as `https://git.example.com/flows.git` or `git@git.example.com:flows.git`.",
        )
        .required(),
        Field::new("ref", Kind::Text, "The branch or tag. Default `main`.").default("\"main\""),
        Field::new("path", Kind::Text, "The folder of the repository; null is its root."),
        Field::new("user_name", Kind::Text, "The name to log in with."),
        Field::new("password", Kind::Text, "The password or token that goes with it. Write-only.").sealed(),
        Field::new("ssh_key", Kind::Text, "The private key to log in with, as PEM. Write-only.").sealed(),
        Field::new("is_enabled", Kind::Boolean, "Whether it is at work. Default false.").default("false").export(Export::Export),
    ],
};
