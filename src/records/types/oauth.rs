//! OAUTH: a login or a grant at another system.

use crate::records::{Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "OAUTH",
    singular: "oauth",
    plural: "oauths",
    family: Family::Resource,
    doc: "What it takes to get OAuth tokens from another system, for connectors and for logins.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("provider", Kind::Text, "Whose system it is, such as `google` or `azure`.").required(),
        Field::new("client_id", Kind::Text, "The id that the provider has given.").required(),
        Field::new("client_secret", Kind::Text, "The secret that goes with it. Write-only.").sealed(),
        Field::new(
            "refresh_token",
            Kind::Text,
            "What the provider gave for a user who agreed: tokens are fetched in their name, and it is replaced when the provider gives a newer \
             one. Without it they are fetched for the client itself. Write-only.",
        )
        .sealed(),
        Field::new("scopes", Kind::TextList, "What is asked for.").default("[]"),
        Field::new("authorization_url", Kind::Text, "Where users are sent to agree.").form(Form::Url),
        Field::new("token_url", Kind::Text, "Where tokens are fetched.").form(Form::Url),
        Field::new("user_info_url", Kind::Text, "Where a login learns who it is.").form(Form::Url),
    ],
};
