//! JSON Schemas of the bodies that are no records: logins, keys, starts, errors.

use serde_json::{Map, Value, json};

use crate::error::Kind;
use crate::records::{TYPES, document};
use crate::service::{OVERLAP_LIMIT, explanation_schema};

const KINDS: [Kind; 14] = [
    Kind::Malformed,
    Kind::Invalid,
    Kind::SchemaViolation,
    Kind::Unauthenticated,
    Kind::Forbidden,
    Kind::NotFound,
    Kind::Conflict,
    Kind::PreconditionFailed,
    Kind::TooLarge,
    Kind::UnsupportedMedia,
    Kind::Throttled,
    Kind::Unavailable,
    Kind::Timeout,
    Kind::Internal,
];

/// Every schema by the name that routes give.
pub(super) fn named() -> Map<String, Value> {
    let mut out = Map::new();
    let mut add = |name: &str, required: &[&str], properties: Value| {
        let schema = json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false});
        out.insert(name.to_owned(), schema);
    };
    let text = || json!({"type": "string"});
    add(
        "Error",
        &["error_message", "code", "request_id"],
        json!({
            "error_message": {"type": "string", "description": "A sentence: what was wrong, and what would be right."},
            "code": {"type": "string", "enum": KINDS.map(Kind::code)},
            "field": {"type": "string", "description": "Where in the body, as a JSON pointer."},
            "details": {"description": "Near names, every breach of a schema, seconds to wait."},
            "request_id": text(),
        }),
    );
    add("Alive", &["name", "version"], json!({"name": {"const": "flowstead"}, "version": text()}));
    add("Health", &["status"], json!({"status": {"type": "string", "enum": ["live", "ready"]}}));
    let files =
        json!({"type": "object", "additionalProperties": text(), "description": "Text by path; paths have `/`, no file lies outside."});
    add("Files", &["version", "files"], json!({"version": text(), "files": files}));
    let artifact = json!({
        "type": "object",
        "required": ["name", "description", "endpoint", "target", "version", "sha256", "media_type"],
        "properties": {
            "name": text(),
            "description": text(),
            "endpoint": {"type": "string", "description": "Path and query on this server."},
            "target": {"type": "string", "description": "Where it goes in a project: a file, or the folder that an archive is unpacked in."},
            "version": text(),
            "sha256": {"type": "string", "description": "Of what the endpoint answers."},
            "media_type": text(),
        },
        "additionalProperties": false,
    });
    add("Artifacts", &["version", "artifacts"], json!({"version": text(), "artifacts": {"type": "array", "items": artifact}}));
    logins(&mut add);
    own(&mut add);
    starts(&mut add);
    versions(&mut add);
    imports(&mut add);
    uploads(&mut add);
    reports(&mut add);
    // With `plain=true` the list alone.
    if let Some(page) = out.get_mut("VersionPage") {
        let items = page["properties"]["items"].clone();
        *page = json!({"anyOf": [page.take(), items]});
    }
    out.insert("Explanation".to_owned(), explanation_schema());
    out.insert("ExportDocument".to_owned(), export_document());
    out
}

/// What users see to themselves: sessions, passwords, second factors.
fn own(add: &mut impl FnMut(&str, &[&str], Value)) {
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

fn logins(add: &mut impl FnMut(&str, &[&str], Value)) {
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

/// How executions went, and how the server is doing.
fn reports(add: &mut impl FnMut(&str, &[&str], Value)) {
    let (text, count) = (|| json!({"type": "string"}), || json!({"type": "integer", "minimum": 0}));
    let maybe = |kind: &str| json!({"type": [kind, "null"]});
    let outcomes = || {
        json!({
            "ended": count(), "succeeded": count(), "failed": count(), "cancelled": count(),
            "success_rate": maybe("number"), "p50_ms": maybe("integer"), "p95_ms": maybe("integer"),
        })
    };
    let list = |properties: Value| json!({"type": "array", "items": {"type": "object", "properties": properties}});
    let mut group = outcomes();
    group["id"] = maybe("string");
    group["name"] = maybe("string");
    let mut metrics = outcomes();
    for (name, schema) in [
        ("since", text()),
        ("until", text()),
        ("live", json!({"type": "object", "additionalProperties": count(), "description": "How many stand at each status now."})),
        ("by_flow", list(group.clone())),
        ("by_project", list(group)),
        ("interval_seconds", count()),
        ("over_time", list(json!({"at": text(), "succeeded": count(), "failed": count(), "cancelled": count()}))),
    ] {
        metrics[name] = schema;
    }
    add("Metrics", &["since", "until", "live", "ended", "success_rate", "by_flow", "by_project", "over_time"], metrics);
    add(
        "ServerHealth",
        &["status", "problems", "version"],
        json!({
            "status": {"type": "string", "enum": ["ok", "degraded"]},
            "problems": {"type": "array", "items": text()},
            "version": text(),
            "uptime_seconds": count(),
            "store": {"type": "object", "properties": {"bytes": count(), "free_bytes": maybe("integer"), "statements": count()}},
            "workers": {"type": "object", "properties": {"slots": count(), "zygotes": count(), "running": count(), "parked": count()}},
            "backlog": {"type": "object", "properties": {"live": count(), "pending": count()}},
            "sandbox": list(json!({"part": text(), "holds": {"type": "boolean"}, "detail": text()})),
        }),
    );
}

fn versions(add: &mut impl FnMut(&str, &[&str], Value)) {
    let count = || json!({"type": "integer"});
    let line = json!({
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "number": {"type": "integer", "description": "The record's `version` after the change."},
            "operation": {"type": "string", "enum": ["create", "update", "delete", "restore"]},
            "commit_message": {"type": ["string", "null"]},
            "created_at": {"type": "string", "format": "date-time", "description": "When the change was made."},
            "created_by": {"type": ["string", "null"], "description": "Who made it: a user or an execution."},
        },
    });
    let items = json!({"type": "array", "items": line, "description": "With `plain=true` this list alone."});
    add(
        "VersionPage",
        &["items", "total", "limit", "offset"],
        json!({"items": items, "total": count(), "limit": count(), "offset": count()}),
    );
    let change = json!({
        "type": "object",
        "required": ["column", "before", "after"],
        "properties": {
            "column": {"type": "string"},
            "before": {"description": "The value in the version."},
            "after": {"description": "The value in what it is compared with."},
            "diff": {"type": "string", "description": "Of texts of several lines: a unified diff."},
        },
    });
    add(
        "VersionDiff",
        &["from", "to", "changes"],
        json!({
            "from": count(),
            "to": {"type": ["integer", "null"], "description": "Null: the record as it is."},
            "changes": {"type": "array", "items": change},
        }),
    );
    let message =
        json!({"type": ["string", "null"], "description": "What the change is about. Default: that it goes back to this version."});
    add("VersionRestore", &[], json!({"commit_message": message}));
}

fn export_document() -> Value {
    let types: Vec<&str> = TYPES.iter().filter(|of| document::is_exported(of)).map(|of| of.singular).collect();
    json!({
        "description": "Below its record type, the columns of a record; `/schemas/export` has what each type takes. A file may have several \
                        of these, divided by `---`.",
        "type": "object",
        "propertyNames": {"enum": types},
        "additionalProperties": {"type": "object"},
        "minProperties": 1,
        "maxProperties": 1,
    })
}

fn imports(add: &mut impl FnMut(&str, &[&str], Value)) {
    let text = || json!({"type": ["string", "null"]});
    let list = || json!({"type": "array", "items": {"type": "string"}});
    let error = json!({
        "type": "object",
        "required": ["error_message", "code"],
        "properties": {
            "error_message": {"type": "string"},
            "code": {"type": "string"},
            "field": {"type": ["string", "null"], "description": "Where in the document, as a JSON pointer."},
        },
    });
    let document = json!({
        "type": "object",
        "required": ["file", "line", "type", "name", "outcome", "id"],
        "properties": {
            "file": {"type": ["string", "null"], "description": "Its file in the archive."},
            "line": {"type": "integer", "description": "Where it begins, from 1."},
            "type": text(),
            "name": text(),
            "outcome": {"type": "string", "enum": ["created", "updated", "unchanged", "skipped", "refused"]},
            "id": text(),
            "error": error,
            "error_line": {"type": "integer"},
            "ignored": list(),
            "missing": {"type": "array", "items": {"type": "string"}, "description": "Sealed columns that have no value yet."},
        },
    });
    add(
        "ImportReport",
        &["dry_run", "documents"],
        json!({
            "dry_run": {"type": "boolean", "description": "Whether this is only what would be done."},
            "documents": {"type": "array", "items": document},
        }),
    );
}

fn uploads(add: &mut impl FnMut(&str, &[&str], Value)) {
    let maybe = || json!({"type": ["string", "null"]});
    add(
        "UploadRequest",
        &["name"],
        json!({
            "name": {"type": "string", "description": "Of the file."},
            "size": {"type": ["integer", "null"], "minimum": 0, "description": "Bytes that the content has at most. Default: as many as \
                a file may have."},
            "content_type": maybe(),
            "description": maybe(),
            "location_inheritance": maybe(),
            "project_id": maybe(),
            "project_name": maybe(),
            "bundle_id": maybe(),
            "bundle_name": maybe(),
        }),
    );
    add(
        "Upload",
        &["upload_url", "method", "expires_at", "limit_bytes"],
        json!({
            "upload_url": {"type": "string", "description": "Takes the content once. Whoever has it may send."},
            "method": {"const": "PUT"},
            "expires_at": {"type": "string", "format": "date-time"},
            "limit_bytes": {"type": "integer"},
        }),
    );
}

fn starts(add: &mut impl FnMut(&str, &[&str], Value)) {
    let run = json!({
        "input_value": {"description": "The handler's inputs, checked against the flow's input_schema."},
        "name": {"type": ["string", "null"], "description": "Default: the flow's name."},
        "priority": {"type": ["integer", "null"]},
        "max_runtime_minutes": {"type": ["number", "null"]},
        "unwrapped": {"type": ["boolean", "null"], "description": "Without the wrappers that RESOURCE_WRAPPER puts around the flow. Default false."},
        "scheduled_for": {"type": ["string", "null"], "description": "ISO 8601 with an offset, or unix seconds as text."},
        "description": {"type": ["string", "null"]},
        "message": {"type": ["string", "null"]},
        "is_productive": {"type": ["boolean", "null"]},
        "location_inheritance": {"type": ["string", "null"]},
        "project_id": {"type": ["string", "null"]},
        "project_name": {"type": ["string", "null"]},
        "bundle_id": {"type": ["string", "null"]},
        "bundle_name": {"type": ["string", "null"]},
        "run": {"type": ["boolean", "null"], "description": "False: only make it; it stays CREATED. Default true."},
    });
    let mut start = run.clone();
    start["flow_id"] = json!({"type": ["string", "null"]});
    start["flow_name"] = json!({"type": ["string", "null"]});
    start["script"] = json!({"type": ["string", "null"], "description": "Source to run in place of a stored flow."});
    add(
        "RetryRequest",
        &[],
        json!({
            "from_seq": {"type": ["integer", "null"], "minimum": 0, "description": "The last recorded call that is taken over; 0 takes \
                none. Default: the last one that was answered before the failure, so that what failed is done again."},
            "script": {"type": ["string", "null"], "description": "Source to run in place of the recorded script. Needs CREATE on FLOW."},
            "current_script": {"type": ["boolean", "null"], "description": "True: run the script that the flow has now."},
            "repeat_escaped": {"type": ["boolean", "null"], "description": "True: what it did outside flow_api among the calls taken over \
                may be done again."},
        }),
    );
    messages(add);
    add("RunRequest", &[], run);
    add("StartRequest", &[], start);
    add(
        "Validation",
        &["problems", "has_syntax_error", "has_deprecation"],
        json!({
            "problems": {"type": "array", "items": {"type": "object", "properties": {
                "severity": {"type": "string", "enum": ["error", "warning"]},
                "line": {"type": "integer", "description": "From 1; 0 when it concerns the whole."},
                "column": {"type": "integer"},
                "message": {"type": "string"},
            }}},
            "has_syntax_error": {"type": "boolean"},
            "has_deprecation": {"type": "boolean"},
        }),
    );
}

fn messages(add: &mut impl FnMut(&str, &[&str], Value)) {
    let response = json!({
        "type": ["object", "null"],
        "description": "Values by their names in the form; `string` for a `request`. A message without either needs none.",
    });
    add("AnswerRequest", &[], json!({ "response": response }));
    let seconds =
        json!({"type": ["number", "null"], "exclusiveMinimum": 0, "description": "How long the link is good for. Default: a week."});
    add("LinkRequest", &[], json!({ "valid_seconds": seconds }));
    let url = json!({"type": "string", "description": "Whoever has it can answer: it is shown this once."});
    add("MessageLink", &["url", "expires_at"], json!({ "url": url, "expires_at": {"type": "string", "format": "date-time"} }));
}
