//! What the columns of a user tool must keep when it is saved.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::ToolHints;
use crate::error::{Error, Result, did_you_mean};
use crate::service::handle::Service;

/// Seconds that a call may wait.
const TIMEOUT: RangeInclusive<i64> = 1..=3600;
/// Longest name: clients put a prefix in front, and models take 64 characters in all.
const NAME: usize = 48;
/// What `annotations` may say.
pub(super) const HINTS: [&str; 5] = ["title", "read_only", "destructive", "idempotent", "open_world"];

/// Names of built-in tools, those to come included: no user tool may have one, compared as [`reserved`] does.
pub static RESERVED: &[&str] = &[
    "run_flow",
    "get_execution",
    "get_execution_logs",
    "wait_for_executions",
    "list_executions",
    "list_record_types",
    "list_subrecord_types",
    "describe_record_type",
    "describe_subrecord_type",
    "list_records",
    "list_subrecords",
    "get_record",
    "get_subrecord",
    "create_record",
    "update_record",
    "delete_record",
    "create_subrecord",
    "update_subrecord",
    "delete_subrecord",
    "cancel_execution",
    "control_execution",
    "get_execution_events",
    "explain_execution",
    "validate_flow",
    "list_messages",
    "answer_message",
    "create_upload",
    "get_metrics",
    "get_health",
    "find_tools",
    "call_tool",
    "run_script",
    "list_workers",
    "list_services",
    "call_service",
];

/// The built-in tool that a name would be taken for: letters of either case are alike, and so are `-` and `_`.
pub fn reserved(name: &str) -> Option<&'static str> {
    let folded = name.to_ascii_lowercase().replace('-', "_");
    RESERVED.iter().copied().find(|reserved| *reserved == folded)
}

/// Checks the columns of a write.
pub(in crate::service) fn payload(columns: &Map<String, Value>) -> Result<()> {
    if let Some(name) = columns.get("name").and_then(Value::as_str) {
        self::name(name)?;
    }
    if let Some(seconds) = columns.get("timeout_sec").and_then(Value::as_i64).filter(|seconds| !TIMEOUT.contains(seconds)) {
        let text = format!("'timeout_sec' must be {} to {}; this is {seconds}.", TIMEOUT.start(), TIMEOUT.end());
        return Err(Error::invalid(text).field("/timeout_sec"));
    }
    annotations(columns.get("annotations").unwrap_or(&Value::Null))
}

fn name(name: &str) -> Result<()> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.len() > NAME || !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(is_word) {
        let text = format!("'{name}' cannot be the name of a tool: a letter, then at most {} letters, digits, '_' or '-'.", NAME - 1);
        return Err(Error::invalid(text).field("/name"));
    }
    match reserved(name) {
        Some(built_in) => Err(Error::invalid(format!("'{built_in}' is the name of a built-in tool; choose another one.")).field("/name")),
        None => Ok(()),
    }
}

fn annotations(value: &Value) -> Result<()> {
    let said = match value {
        Value::Null => return Ok(()),
        Value::Object(said) => said,
        _ => return Err(Error::invalid("'annotations' must be an object or null.").field("/annotations")),
    };
    for (word, value) in said {
        let place = format!("/annotations/{word}");
        if !HINTS.contains(&word.as_str()) {
            let near = did_you_mean(word, HINTS);
            return Err(Error::invalid(format!("'annotations' has no '{word}'; there are {}.{near}", HINTS.join(", "))).field(place));
        }
        match (word.as_str(), value) {
            ("title", Value::String(_)) | (_, Value::Null) => {}
            ("title", _) => return Err(Error::invalid("'title' must be a text.").field(place)),
            (_, Value::Bool(_)) => {}
            _ => return Err(Error::invalid(format!("'{word}' must be true or false.")).field(place)),
        }
    }
    Ok(())
}

/// What is said, and the worst of what is not: a flow may do anything.
pub(super) fn hints(annotations: &Value) -> ToolHints {
    let said = |word: &str| annotations.get(word).and_then(Value::as_bool);
    let read_only = said("read_only").unwrap_or(false);
    ToolHints {
        title: annotations.get("title").and_then(Value::as_str).filter(|text| !text.trim().is_empty()).map(str::to_owned),
        read_only,
        destructive: said("destructive").unwrap_or(!read_only),
        idempotent: said("idempotent").unwrap_or(false),
        open_world: said("open_world").unwrap_or(true),
    }
}

/// The name of a copy that gets none of its own.
pub(in crate::service) fn copy_name(name: &str) -> String {
    let id = Service::new_id().simple().to_string();
    // The last digits of an id are random; the first are the time.
    format!("{}-copy-{}", &name[..name.len().min(NAME - 12)], &id[26..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[allow(clippy::needless_pass_by_value, reason = "values are written in place")]
    fn saved(value: Value) -> Result<()> {
        payload(value.as_object().expect("an object"))
    }

    #[test]
    fn names_are_what_every_client_takes() {
        for good in ["a", "Greet", "greet-people_2", &"x".repeat(48)] {
            saved(json!({ "name": good })).unwrap();
        }
        for bad in ["", "2fast", "_x", "a b", "a.b", "größe", &"x".repeat(49)] {
            assert_eq!(saved(json!({ "name": bad })).unwrap_err().field_pointer(), Some("/name"), "{bad}");
        }
    }

    #[test]
    fn names_of_built_in_tools_are_refused_however_they_are_written() {
        for name in RESERVED.iter().copied().chain(["Run-Flow", "RUN_FLOW", "call-Service"]) {
            assert!(saved(json!({ "name": name })).unwrap_err().message().contains("built-in tool"), "{name}");
        }
        assert!(reserved("run_flows").is_none());
    }

    #[test]
    fn a_wait_lasts_between_a_second_and_an_hour() {
        for seconds in [1, 300, 3600] {
            saved(json!({ "timeout_sec": seconds })).unwrap();
        }
        for seconds in [0, -1, 3601] {
            assert_eq!(saved(json!({ "timeout_sec": seconds })).unwrap_err().field_pointer(), Some("/timeout_sec"));
        }
    }

    #[test]
    fn annotations_are_known_words_and_a_reader_destroys_nothing() {
        saved(json!({ "annotations": { "title": "Greet", "read_only": true } })).unwrap();
        let error = saved(json!({ "annotations": { "readonly": true } })).unwrap_err();
        assert!(error.message().ends_with("Did you mean 'read_only'?"), "{error}");
        assert!(saved(json!({ "annotations": { "read_only": "yes" } })).is_err());
        let usual = hints(&Value::Null);
        assert_eq!((usual.read_only, usual.destructive, usual.idempotent, usual.open_world), (false, true, false, true));
        assert!(!hints(&json!({ "read_only": true })).destructive);
    }

    #[test]
    fn the_name_of_a_copy_is_a_name() {
        for source in ["greet", &"x".repeat(48)] {
            saved(json!({ "name": copy_name(source) })).unwrap();
        }
    }
}
