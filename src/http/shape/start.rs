//! Bodies about executions: what starts them, what tries them again, and answers to the messages they wait for.

use serde_json::{Value, json};

pub(super) fn starts(add: &mut impl FnMut(&str, &[&str], Value)) {
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
