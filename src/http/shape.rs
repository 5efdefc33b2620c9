//! JSON Schemas of the bodies that are no records: logins, keys, starts, errors.

mod session;
mod start;

use serde_json::{Map, Value, json};

use crate::error::Kind;
use crate::records::{TYPES, document};
use crate::service::explanation_schema;

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
    session::logins(&mut add);
    session::own(&mut add);
    start::starts(&mut add);
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
