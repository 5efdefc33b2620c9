//! LDAP_CONFIG: a directory that users log in with.

use crate::records::{Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "LDAP_CONFIG",
    singular: "ldap_config",
    plural: "ldap_configs",
    family: Family::Resource,
    doc: "A directory that users log in with, and which of its groups have which roles here.",
    is_identity: true,
    in_project: false,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("url", Kind::Text, "The address, such as `ldaps://ldap.example.com`.").form(Form::Url).required(),
        Field::new("base_dn", Kind::Text, "Where users are looked for, such as `ou=people,dc=example,dc=com`.").required(),
        Field::new(
            "authentication_mechanism",
            Kind::Enum(&["SIMPLE", "DIGEST-MD5", "NTLM", "CRAM-MD5", "EXTERNAL"]),
            "How the server itself logs in. Default `SIMPLE`.",
        )
        .default("\"SIMPLE\""),
        Field::new("bind_dn", Kind::Text, "The name that the server itself logs in with."),
        Field::new("password", Kind::Text, "The password that goes with it. Write-only.").sealed(),
        Field::new("user_filter", Kind::Text, "The LDAP filter of users. Default `(objectClass=person)`.")
            .default("\"(objectClass=person)\""),
        Field::new("user_name_attribute", Kind::Text, "The attribute with the login name. Default `uid`.").default("\"uid\""),
        Field::new("role_mapping", Kind::Json, "Which groups have which roles: an object of lists of role names by group.")
            .form(Form::Object)
            .default("{}"),
        Field::new("cacert", Kind::Text, "The certificate to trust, as PEM; null trusts what the machine trusts."),
        Field::new("client_cert", Kind::Text, "The certificate to show, as PEM."),
        Field::new("client_key", Kind::Text, "The key that goes with it, as PEM. Write-only.").sealed(),
        Field::new("is_enabled", Kind::Boolean, "Whether users may log in with it. Default false.").default("false"),
    ],
};
