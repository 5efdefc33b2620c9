//! API_KEY: a long-lived credential of a user.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "API_KEY",
    singular: "api_key",
    plural: "api_keys",
    family: Family::Subrecord { parent: "USER", column: "user_id" },
    doc: "A credential for programs that act for a user. The token is shown once, when the key is made; only a hash of it is kept.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[
        Field::new("user_id", Kind::Reference("USER"), "The user it acts for.").required().fixed(),
        Field::new("name", Kind::Name, "What it is used for.").required(),
        Field::new("kind", Kind::Enum(&["user", "service"]), "Whether a person or a service uses it. Default `user`.")
            .default("\"user\"")
            .fixed(),
        Field::new("prefix", Kind::Text, "The public part of the token, between `cldm_` and the secret.").present().system(),
        Field::new("expires_at", Kind::Timestamp, "From when on it is refused; null means never. Default: 90 days after its creation.")
            .fixed(),
        Field::new("last_used_at", Kind::Timestamp, "When it was last used, to the minute.").system(),
        Field::new("replaced_by", Kind::Reference("API_KEY"), "The key that takes its place; this one ends at `expires_at`.").system(),
        Field::new("revoked_at", Kind::Timestamp, "When it was revoked; null while it is good.").system(),
        Field::new(
            "scopes",
            Kind::Json,
            "What the key narrows its user's rights to: a list of `{\"operation\", \"record_type\", \"project\"}`, each unset or null for \
             any. Null narrows nothing.",
        )
        .fixed(),
        Field::new(
            "tools",
            Kind::Text,
            "Groups and presets of tools that agents with this key are shown, with commas between: `runner`, `author`, `operator`, \
             `read_only`; `user`, `run`, `read`, `write`, `script`, `health`, `risk`. Null shows all but `risk`.",
        )
        .fixed(),
        Field::new("secret_hash", Kind::Text, "Hash of the secret part.").present().hidden(),
    ],
};
