//! BUNDLE_REPOSITORY: where bundles come from.

use crate::records::{Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "BUNDLE_REPOSITORY",
    singular: "bundle_repository",
    plural: "bundle_repositories",
    family: Family::Resource,
    doc: "A place that bundles are installed from, and what it takes to read it.",
    is_identity: false,
    in_project: false,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("url", Kind::Text, "The address of the repository, such as `https://git.example.com/bundles`.")
            .form(Form::Url)
            .required(),
        Field::new("user_name", Kind::Text, "The name to log in with; null where none is asked for."),
        Field::new("secret_id", Kind::Reference("SECRET"), "The SECRET with the password or token to log in with."),
    ],
};
