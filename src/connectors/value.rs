//! Values that JSON has no form for, in outputs and in arguments: bytes, numbers that are none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// About the bytes of a value as JSON.
pub(super) fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 12,
        Value::String(text) => text.len() + 3,
        Value::Array(items) => 2 + items.iter().map(|item| weight(item) + 1).sum::<usize>(),
        Value::Object(map) => 2 + map.iter().map(|(name, value)| name.len() + 4 + weight(value)).sum::<usize>(),
    }
}

/// Bytes as they stand in results and arguments.
pub(super) fn bytes_value(bytes: &[u8]) -> Value {
    json!({ "base64": STANDARD.encode(bytes) })
}

/// The bytes that an argument stands for; `None` if it stands for something else.
pub(super) fn as_bytes(value: &Value) -> Result<Option<Vec<u8>>, String> {
    let Some(map) = value.as_object().filter(|map| map.len() == 1) else { return Ok(None) };
    let Some(text) = map.get("base64").and_then(Value::as_str) else { return Ok(None) };
    STANDARD.decode(text).map(Some).map_err(|_| "holds something else than base64".to_owned())
}

/// A number that may be none of JSON's: those are texts.
pub(super) fn float(number: f64) -> Value {
    match serde_json::Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number.is_nan() => "NaN".into(),
        None if number > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

/// A number of single precision as the shortest text that is it says: `0.1`, not `0.10000000149011612`.
pub(super) fn single(number: f32) -> Value {
    if number.is_finite() { float(number.to_string().parse().unwrap_or_else(|_| f64::from(number))) } else { float(f64::from(number)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_both_ways_and_are_not_mistaken() {
        assert_eq!(bytes_value(&[0, 255]), json!({ "base64": "AP8=" }));
        assert_eq!(as_bytes(&json!({ "base64": "AP8=" })), Ok(Some(vec![0, 255])));
        assert_eq!(as_bytes(&json!({ "base64": "AP8=", "more": 1 })), Ok(None));
        assert_eq!(as_bytes(&json!("AP8=")), Ok(None));
        assert!(as_bytes(&json!({ "base64": "no!" })).is_err());
    }

    #[test]
    fn numbers_are_as_they_were_written() {
        assert_eq!((single(0.1), float(f64::NAN), single(f32::NEG_INFINITY)), (json!(0.1), json!("NaN"), json!("-Infinity")));
    }
}
