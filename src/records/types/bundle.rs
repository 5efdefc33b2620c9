//! BUNDLE: records that are installed, changed and released together.

use crate::records::{Export, Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "BUNDLE",
    singular: "bundle",
    plural: "bundles",
    family: Family::Resource,
    doc: "Records that are installed, changed and released together. A record is in a project, in a bundle, or in neither.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[
        Field::new("bundle_version", Kind::Text, "The version of its content, such as `1.4.0`."),
        Field::new("bundle_repository_id", Kind::Reference("BUNDLE_REPOSITORY"), "Where it comes from."),
        Field::new("branch_name", Kind::Text, "The branch of the repository it was installed from.").export(Export::Export),
        Field::new("icon", Kind::Text, "A picture, as a `data:` URL."),
        Field::new(
            "is_dirty",
            Kind::Boolean,
            "Whether a record with `is_bundle_content` was changed since the last installation or release.",
        )
        .default("false")
        .system()
        .export(Export::Neither),
    ],
};
