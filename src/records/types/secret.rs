//! SECRET: a named value that flows and connectors use without seeing it.

use crate::records::{Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "SECRET",
    singular: "secret",
    plural: "secrets",
    family: Family::Resource,
    doc: "A named value that is kept encrypted and shown by no answer. Connectors use it as `secret(<name>)`, which needs READ on it.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("value", Kind::Json, "The secret: a text, or any JSON value. Write-only; an imported secret has none until it is set.")
            .sealed(),
        Field::new(
            "allowed_hosts",
            Kind::TextList,
            "Hosts that it may be sent to, such as `api.example.com` or `*.example.com`; null allows every host, an empty list none. \
             Who changes it gives the value with it.",
        )
        .form(Form::Host),
    ],
};
