//! One value of one attribute: the right type, or an error that says what would be right. Nothing is looked up.

use serde_json::Value;
use uuid::Uuid;

use super::attribute::Attribute;
use crate::clock;
use crate::error::{Error, Result};

/// Characters of a STRING.
const STRING: usize = 255;

/// `value` as objects store it: dates and ids in one form.
pub(super) fn check(attribute: &Attribute, value: Value, pointer: &str) -> Result<Value> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let wrong = |expected: &str| Error::invalid(format!("'{}' must be {expected}.", attribute.name)).field(pointer);
    let text = value.as_str();
    match attribute.datatype.as_str() {
        "STRING" => match text {
            Some(text) if text.chars().count() <= STRING && !text.chars().any(char::is_control) => Ok(value),
            _ => Err(wrong("one line of text of up to 255 characters")),
        },
        "TEXT" if text.is_some_and(|text| !text.contains('\0')) => Ok(value),
        "TEXT" => Err(wrong("a text")),
        "INTEGER" if value.is_i64() => Ok(value),
        "INTEGER" => {
            let whole = value.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15).ok_or_else(|| wrong("a whole number"))?;
            #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
            Ok((whole as i64).into())
        }
        "NUMBER" if value.as_f64().is_some_and(f64::is_finite) => Ok(value),
        "NUMBER" => Err(wrong("a number")),
        "BOOLEAN" if value.is_boolean() => Ok(value),
        "BOOLEAN" => Err(wrong("true or false")),
        "DATE" => {
            let date = text.and_then(|text| text.trim().parse::<jiff::civil::Date>().ok());
            Ok(date.filter(|date| date.year() > 0).ok_or_else(|| wrong("a date such as 2026-12-24"))?.to_string().into())
        }
        "DATETIME" => {
            let at = text.and_then(clock::parse).map(clock::format).filter(|at| at.as_str() >= "0001");
            Ok(at.ok_or_else(|| wrong("an ISO 8601 time stamp with an offset, such as 2026-11-21T09:15:00+00:00"))?.into())
        }
        "RECORD_REFERENCE" | "OBJECT_TEMPLATE_REFERENCE" => {
            let id = text.and_then(|text| Uuid::parse_str(text.trim()).ok()).ok_or_else(|| wrong("an id (a UUID)"))?;
            Ok(id.to_string().into())
        }
        _ => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(datatype: &str, value: Value) -> Result<Value> {
        check(&Attribute::sample(datatype), value, "/value/x")
    }

    #[test]
    fn values_are_brought_into_the_form_that_is_stored() {
        assert_eq!(checked("INTEGER", json!(3.0)).unwrap(), json!(3));
        assert_eq!(checked("DATE", json!(" 2026-12-24 ")).unwrap(), json!("2026-12-24"));
        assert_eq!(checked("DATETIME", json!("2026-11-21T10:15:00+01:00")).unwrap(), json!("2026-11-21T09:15:00.000000+00:00"));
        let id = "0190A6F0-0000-7000-8000-000000000000";
        assert_eq!(checked("RECORD_REFERENCE", json!(id)).unwrap(), json!(id.to_lowercase()));
        assert_eq!(checked("JSON", json!({ "a": [1] })).unwrap(), json!({ "a": [1] }));
        for datatype in ["STRING", "TEXT", "INTEGER", "NUMBER", "BOOLEAN", "DATE", "DATETIME", "JSON", "RECORD_REFERENCE"] {
            assert_eq!(checked(datatype, Value::Null).unwrap(), Value::Null);
        }
    }

    #[test]
    fn values_of_another_type_are_refused_with_their_place() {
        for (datatype, value) in [
            ("STRING", json!("two\nlines")),
            ("STRING", json!("x".repeat(256))),
            ("STRING", json!(1)),
            ("TEXT", json!(["a"])),
            ("INTEGER", json!(1.5)),
            ("INTEGER", json!("1")),
            ("NUMBER", json!("1")),
            ("BOOLEAN", json!(0)),
            ("DATE", json!("2026-02-30")),
            ("DATE", json!("24.12.2026")),
            ("DATETIME", json!("2026-11-21T10:15:00")),
            ("RECORD_REFERENCE", json!("mine")),
            ("OBJECT_TEMPLATE_REFERENCE", json!(7)),
        ] {
            assert_eq!(checked(datatype, value.clone()).unwrap_err().field_pointer(), Some("/value/x"), "{datatype} {value}");
        }
    }
}
