//! Bodies about who is there: logins and keys, and what users see to themselves.

use serde_json::{Value, json};

use crate::service::OVERLAP_LIMIT;

/// What users see to themselves: sessions, passwords, second factors.
pub(super) fn own(add: &mut impl FnMut(&str, &[&str], Value)) {
    let text = || json!({"type": "string"});
    let maybe = || json!({"type": ["string", "null"]});
    let time = || json!({"type": "string", "format": "date-time"});
    let secret = || json!({"type": "string", "format": "password"});
    let code = || json!({"type": "string", "description": "Of the authenticator, or a recovery code."});
    let columns = json!({
        "id": text(),
        "user_id": text(),
        "created_at": time(),
        "last_seen_at": time(),
        "expires_at": time(),
        "client": maybe(),
        "address": maybe(),
        "is_current": {"type": "boolean", "description": "Whether this request came with it."},
    });
    let names: Vec<&String> = columns.as_object().map(|columns| columns.keys().collect()).unwrap_or_default();
    let session = json!({"type": "object", "required": names, "properties": columns});
    add("SessionList", &["items"], json!({"items": {"type": "array", "items": session}}));
    add("PasswordRequest", &["old_password", "new_password"], json!({"old_password": secret(), "new_password": secret()}));
    add(
        "Enrolment",
        &["otp_secret", "provisioning_uri"],
        json!({
            "otp_secret": {"type": "string", "description": "In base 32, to be typed in. It is shown this once."},
            "provisioning_uri": {"type": "string", "description": "The same as an `otpauth:` URL, for a QR code."},
        }),
    );
    add("ConfirmRequest", &["twofa_code"], json!({"twofa_code": {"type": "string", "description": "Of the authenticator."}}));
    add(
        "RecoveryCodes",
        &["recovery_codes"],
        json!({"recovery_codes": {"type": "array", "items": text(), "description": "Each is good once. They are shown this once."}}),
    );
    add("DisableRequest", &["password", "twofa_code"], json!({"password": secret(), "twofa_code": code()}));
    add(
        "RotateKeyRequest",
        &[],
        json!({
            "overlap_hours": {"type": ["integer", "null"], "minimum": 0, "maximum": OVERLAP_LIMIT,
                "description": "How long the older key is still good. Default 24."},
            "expires_at": {"type": ["string", "null"], "description": "Of the new key: a time stamp, or `never`. Default: 90 days from \
                now; `never` for a key that never ended."},
        }),
    );
}

pub(super) fn logins(add: &mut impl FnMut(&str, &[&str], Value)) {
    let text = || json!({"type": "string"});
    add(
        "LoginRequest",
        &["user_name", "password"],
        json!({
            "user_name": text(),
            "password": {"type": "string", "format": "password"},
            "twofa_code": {"type": ["string", "null"], "description": "Only for users with a second factor."},
            "authentication_method": {"type": ["string", "null"], "enum": ["cloudomation", null], "description": "Local users."},
        }),
    );
    add(
        "Login",
        &["identity_id", "name", "session_id", "expires_at", "must_change_password"],
        json!({
            "identity_id": text(),
            "name": text(),
            "session_id": {"type": "string", "description": "For the header `x-cloudomation-session-id`."},
            "expires_at": {"type": "string", "format": "date-time"},
            "must_change_password": {"type": "boolean", "description": "The password was made for the user and should be replaced."},
        }),
    );
    add(
        "Me",
        &["identity_id", "name", "record_type", "api_key_id"],
        json!({
            "identity_id": text(),
            "name": text(),
            "record_type": {"const": "USER"},
            "api_key_id": {"type": ["string", "null"], "description": "The key that this request came with."},
        }),
    );
    let scope = json!({"type": "object", "properties": {
        "operation": {"type": ["string", "null"], "enum": ["CREATE", "READ", "UPDATE", "DELETE", null]},
        "record_type": {"type": ["string", "null"]},
        "project": {"type": ["string", "null"], "description": "Id or name."},
    }});
    add(
        "NewKeyRequest",
        &["name"],
        json!({
            "name": {"type": "string", "description": "What the key is used for."},
            "user_id": {"type": ["string", "null"], "description": "Whom it acts for. Default: the caller."},
            "kind": {"type": ["string", "null"], "enum": ["user", "service", null]},
            "expires_at": {"type": ["string", "null"], "description": "A time stamp, or `never`. Default: 90 days from now."},
            "scopes": {"type": ["array", "null"], "items": scope, "description": "Narrows what the user may do."},
            "tools": {"type": ["string", "null"], "description": "Groups and presets of tools that agents are shown, with commas between: \
                runner, author, operator, read_only; user, run, read, write, script, health, risk. Default: all but risk."},
        }),
    );
    add(
        "NewKey",
        &["api_key", "token"],
        json!({
            "api_key": {"$ref": "#/components/schemas/ApiKey"},
            "token": {"type": "string", "description": "The key itself. It is shown this once."},
        }),
    );
}
