//! The JSON Schema of an explanation, for the OpenAPI document and the tool.

use serde_json::{Value, json};

/// The schema; a test holds real explanations against it.
pub fn explanation_schema() -> Value {
    let text = || json!({"type": "string"});
    let number = || json!({"type": "integer"});
    let list = |items: Value| json!({"type": "array", "items": items});
    let frame = json!({"line": number(), "function": text(), "source": text()});
    let frames = || list(object(&["line", "function", "source"], frame.clone()));
    let failure = json!({
        "message": text(),
        "hint": text(),
        "frames": frames(),
        "caused_by": object(&["message", "frames"], json!({"message": text(), "frames": frames()})),
    });
    let one = json!({"execution_id": text(), "name": text(), "status": text()});
    let with = |more: Value| {
        let mut properties = one.clone();
        merge(&mut properties, more);
        properties
    };
    let waiting = with(json!({"words": text(), "until": text(), "others": {"type": "object", "additionalProperties": number()}}));
    let waits = json!({
        "words": text(),
        "until": text(),
        "path": list(object(&["execution_id", "name", "status"], waiting)),
        "message": object(
            &["message_id", "may_answer"],
            json!({"message_id": text(), "subject": text(), "may_answer": {"type": "boolean"}}),
        ),
        "hidden": number(),
        "circle": {"type": "boolean"},
    });
    let stands = json!({
        "where": {"type": "string", "enum": ["flow", "native code", "no process", "unknown"]},
        "words": text(),
        "frames": frames(),
        "left_out": number(),
        "inside": text(),
        "tasks": list(object(&["name", "frames"], json!({"name": text(), "frames": frames()}))),
    });
    let step = with(json!({"known_by": text()}));
    let mut cause = with(json!({"flow_name": text(), "path": list(object(&["execution_id", "known_by"], step)), "hidden": number()}));
    merge(&mut cause, failure.clone());
    let mut escaped = json!({"words": text(), "event": text(), "argument": text(), "at": text(), "after": number()});
    merge(&mut escaped, frame.clone());
    let attempts = json!({
        "count": number(),
        "on_loss": text(),
        "losses": list(object(&["at", "message"], json!({"at": text(), "message": text()}))),
    });
    let next = json!({"tool": text(), "arguments": {"type": "object"}, "why": text()});
    let mut whole = with(json!({"flow_name": text(), "summary": text()}));
    merge(
        &mut whole,
        json!({
            "waits": described("What it waits for, followed to the end of the line.", object(&["words", "path"], waits)),
            "stands": described("Where a live flow stands now.", object(&["where", "words", "frames"], stands)),
            "error": described("How it failed, in the flow's own lines.", object(&["message", "frames"], failure)),
            "first_cause": described(
                "The deepest failed child that explains the error.",
                object(&["execution_id", "message", "frames", "path"], cause),
            ),
            "escaped": described("What it did outside flow_api first.", object(&["words", "event", "line"], escaped)),
            "attempts": object(&["count", "on_loss"], attempts),
            "last_good": described("The last run of the flow before it that succeeded, and what was different.", last_good()),
            "next": described("Tool calls that make sense now.", list(object(&["tool", "arguments", "why"], next))),
        }),
    );
    object(&["execution_id", "name", "status", "summary", "attempts", "next"], whole)
}

fn last_good() -> Value {
    let text = || json!({"type": "string"});
    let number = || json!({"type": "integer"});
    let flag = || json!({"type": "boolean"});
    let change =
        json!({"pointer": text(), "kind": {"type": "string", "enum": ["added", "removed", "changed"]}, "then": text(), "now": text()});
    let steps = json!({
        "same": number(), "then": number(), "now": number(), "truncated": flag(), "then_came": text(), "now_came": text(),
    });
    let milliseconds = json!({"type": ["integer", "null"]});
    let properties = json!({
        "execution_id": text(),
        "ended_at": text(),
        "script": object(&["changed"], json!({"changed": flag(), "diff": text(), "truncated": flag()})),
        "inputs": {"type": "array", "items": object(&["pointer", "kind"], change)},
        "more_inputs": number(),
        "steps": object(&["same", "then", "now"], steps),
        "duration": object(&["then_ms", "now_ms"], json!({"then_ms": milliseconds, "now_ms": milliseconds})),
    });
    object(&["execution_id", "ended_at", "script", "inputs", "steps", "duration"], properties)
}

#[allow(clippy::needless_pass_by_value, reason = "called with json! literals")]
fn object(required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
}

fn described(text: &str, mut schema: Value) -> Value {
    schema["description"] = text.into();
    schema
}

fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}
