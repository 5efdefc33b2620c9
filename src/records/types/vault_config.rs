//! VAULT_CONFIG: a vault that secrets are fetched from.

use crate::records::{Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "VAULT_CONFIG",
    singular: "vault_config",
    plural: "vault_configs",
    family: Family::Resource,
    doc: "A vault that secrets are fetched from, as `vault.secret(<its name>:<path>.<key>)` in the inputs of connectors.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("kind", Kind::Enum(&["HASHICORP"]), "What speaks there. Default `HASHICORP`.").default("\"HASHICORP\""),
        Field::new("url", Kind::Text, "The address, such as `https://vault.example.com:8200`.").form(Form::Url).required(),
        Field::new("engine_path", Kind::Text, "Where the engine of keys and values is mounted. Default `secret`.").default("\"secret\""),
        Field::new("auth_method", Kind::Enum(&["TOKEN", "APPROLE"]), "How to log in. Default `TOKEN`.").default("\"TOKEN\""),
        Field::new("token", Kind::Text, "The token to log in with. Write-only.").sealed(),
        Field::new("approle_role_id", Kind::Text, "The role id to log in with."),
        Field::new("approle_secret_id", Kind::Text, "The secret id that goes with it. Write-only.").sealed(),
        Field::new("cacert", Kind::Text, "The certificate to trust, as PEM; null trusts what the machine trusts."),
        Field::new("is_enabled", Kind::Boolean, "Whether it may be used. Default true.").default("true"),
        Field::new("is_auto_renew", Kind::Boolean, "Whether the token is renewed before it expires. Default false.").default("false"),
    ],
};
