//! One value for one column: the right kind, or an error that says what would be right.

use serde_json::Value;
use uuid::Uuid;

use crate::clock;
use crate::error::{Error, Result, did_you_mean};
use crate::records::{Field, Kind};

/// `value` as the column stores it: names without outer blanks, ids in lower case, time stamps in one form.
pub(super) fn check(field: &Field, value: Value, pointer: &str) -> Result<Value> {
    if value.is_null() {
        let may = field.nullable || matches!(field.kind, Kind::Json | Kind::JsonSchema);
        return if may { Ok(Value::Null) } else { Err(Error::invalid(format!("'{}' cannot be null.", field.name)).field(pointer)) };
    }
    let wrong = |expected: &str| Error::invalid(format!("'{}' must be {expected}.", field.name)).field(pointer);
    match field.kind {
        Kind::Uuid | Kind::Reference(_) => {
            let id = value.as_str().and_then(|text| Uuid::parse_str(text.trim()).ok()).ok_or_else(|| wrong("an id (a UUID)"))?;
            Ok(id.to_string().into())
        }
        Kind::Name => {
            let text = value.as_str().map(str::trim).ok_or_else(|| wrong("a text"))?;
            match text.chars().count() {
                1..=128 if !text.chars().any(char::is_control) => Ok(text.into()),
                1..=128 => Err(wrong("a text without control characters")),
                _ => Err(wrong("a text of 1 to 128 characters")),
            }
        }
        Kind::Text => {
            if value.is_string() {
                Ok(value)
            } else {
                Err(wrong("a text"))
            }
        }
        Kind::Integer => {
            if value.is_i64() {
                return Ok(value);
            }
            // 3.0 is a whole number to every client but the strictest.
            let whole = value.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15).ok_or_else(|| wrong("a whole number"))?;
            #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
            Ok((whole as i64).into())
        }
        Kind::Number if value.as_f64().is_some_and(f64::is_finite) => Ok(value.as_f64().into()),
        Kind::Number => Err(wrong("a number")),
        Kind::Boolean => {
            if value.is_boolean() {
                Ok(value)
            } else {
                Err(wrong("true or false"))
            }
        }
        Kind::Timestamp => {
            let at = value.as_str().and_then(clock::parse);
            at.map(|at| clock::format(at).into())
                .ok_or_else(|| wrong("an ISO 8601 time stamp with an offset, such as 2026-11-21T09:15:00+00:00"))
        }
        Kind::Enum(words) => match value.as_str() {
            Some(word) if words.contains(&word) => Ok(value),
            Some(word) => {
                let near = did_you_mean(word, words.iter().copied());
                Err(Error::invalid(format!("'{}' cannot be '{word}'; there are {}.{near}", field.name, words.join(", "))).field(pointer))
            }
            None => Err(wrong(&format!("one of {}", words.join(", ")))),
        },
        Kind::TextList => match value.as_array() {
            Some(list) if list.iter().all(Value::is_string) => Ok(value),
            _ => Err(wrong("a list of texts")),
        },
        Kind::Json => {
            no_large_integers(&value, pointer)?;
            Ok(value)
        }
        Kind::JsonSchema => {
            let is_schema = value.is_object() || value.is_boolean();
            if is_schema { Ok(value) } else { Err(wrong("a JSON Schema: an object, true or false")) }
        }
        Kind::Bytes => {
            if value.is_string() {
                Ok(value)
            } else {
                Err(wrong("base64 text"))
            }
        }
    }
}

/// Integers outside 64 bits would lose digits on their way through stores and clients.
fn no_large_integers(value: &Value, pointer: &str) -> Result<()> {
    match value {
        Value::Number(n) if n.is_u64() && !n.is_i64() => {
            Err(Error::invalid(format!("The number {n} is outside 64 bits; send it as a text.")).field(pointer))
        }
        Value::Array(list) => list.iter().enumerate().try_for_each(|(n, item)| no_large_integers(item, &format!("{pointer}/{n}"))),
        Value::Object(object) => object
            .iter()
            .try_for_each(|(key, item)| no_large_integers(item, &format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(kind: Kind, value: Value) -> Result<Value> {
        check(&Field::new("x", kind, ""), value, "/x")
    }

    #[test]
    fn values_are_brought_into_the_form_that_is_stored() {
        assert_eq!(checked(Kind::Name, json!("  a b ")).unwrap(), json!("a b"));
        assert_eq!(checked(Kind::Integer, json!(3.0)).unwrap(), json!(3));
        assert_eq!(checked(Kind::Timestamp, json!("2026-11-21T10:15:00+01:00")).unwrap(), json!("2026-11-21T09:15:00.000000+00:00"));
        let id = "0190A6F0-0000-7000-8000-000000000000";
        assert_eq!(checked(Kind::Uuid, json!(id)).unwrap(), json!(id.to_lowercase()));
    }

    #[test]
    fn wrong_values_are_refused_with_their_place() {
        for (kind, value) in [
            (Kind::Name, json!("  ")),
            (Kind::Name, json!("a\u{0}b")),
            (Kind::Name, json!("x".repeat(129))),
            (Kind::Integer, json!(1.5)),
            (Kind::Boolean, json!("true")),
            (Kind::Timestamp, json!("2026-11-21T10:15:00")),
            (Kind::Enum(&["a", "b"]), json!("c")),
            (Kind::TextList, json!([1])),
            (Kind::Reference("FLOW"), json!("hello")),
        ] {
            assert_eq!(checked(kind, value).unwrap_err().field_pointer(), Some("/x"));
        }
        let error = checked(Kind::Json, json!({ "a": [1, u64::MAX] })).unwrap_err();
        assert_eq!(error.field_pointer(), Some("/x/a/1"));
    }
}
