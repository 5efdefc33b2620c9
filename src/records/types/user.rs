//! USER: a person or a machine that logs in.

use crate::records::{Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "USER",
    singular: "user",
    plural: "users",
    family: Family::Resource,
    doc: "A person or a machine with a login. The name is the login name; what a user may do comes from its roles.",
    is_identity: true,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[
        Field::new("email", Kind::Text, "Where mail to this user goes."),
        Field::new("is_enabled", Kind::Boolean, "Whether it may log in and use its keys. Default true.").default("true"),
        Field::new("icon", Kind::Text, "A picture, as a `data:` URL."),
        Field::new("is_2fa_enabled", Kind::Boolean, "Whether a login needs a second factor.").default("false").system(),
        Field::new("last_login", Kind::Timestamp, "When it last logged in.").system(),
        Field::new("last_activity", Kind::Timestamp, "When it last did anything, to the minute.").system(),
        Field::new("password", Kind::Text, "A new password of 12 to 1,024 characters. Write-only; kept as an argon2id hash.").sealed(),
        Field::new("otp_secret", Kind::Text, "The secret of the second factor, made by `/auth/2fa/enrol`. No answer shows it again.")
            .system()
            .sealed(),
        Field::new("locked_until", Kind::Timestamp, "Until when logins are refused after too many wrong ones; null when they are not.")
            .system(),
        Field::new("old_password", Kind::Text, "The password it has now. Needed when a user changes its own; not stored.").input(),
        Field::new("otp_last_step", Kind::Integer, "The time step of the last code used, so that each is good once.").hidden(),
        Field::new("recovery_codes", Kind::TextList, "Hashes of the recovery codes that are left.").hidden(),
        Field::new("must_change_password", Kind::Boolean, "Whether the next login has to set a new password.").default("false").hidden(),
    ],
};
