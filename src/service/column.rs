//! One value for one column: the right kind, or an error that says what would be right.

use serde_json::Value;
use uuid::Uuid;

use crate::clock;
use crate::error::{Error, Result, did_you_mean};
use crate::records::{self, Field, Form, Kind};

/// `value` as the column stores it: names without outer blanks, ids in lower case, time stamps in one form.
pub(super) fn check(field: &Field, value: Value, pointer: &str) -> Result<Value> {
    let value = check_kind(field, value, pointer)?;
    check_form(field, &value, pointer)?;
    Ok(value)
}

fn check_kind(field: &Field, value: Value, pointer: &str) -> Result<Value> {
    if value.is_null() {
        let may = field.nullable || (matches!(field.kind, Kind::Json | Kind::JsonSchema) && field.form == Form::Any);
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
            let text = value.as_str().ok_or_else(|| wrong("a text"))?;
            if has_nul(text) { Err(wrong("a text without the character U+0000")) } else { Ok(value) }
        }
        Kind::Integer => {
            // 3.0 is a whole number to every client but the strictest.
            let whole = value.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15);
            #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
            let whole = value.as_i64().or(whole.map(|n| n as i64)).ok_or_else(|| wrong("a whole number"))?;
            if field.is_positive && whole <= 0 { Err(wrong("a whole number above 0")) } else { Ok(whole.into()) }
        }
        Kind::Number => match value.as_f64().filter(|number| number.is_finite()) {
            Some(number) if field.is_positive && number <= 0.0 => Err(wrong("a number above 0")),
            Some(number) => Ok(number.into()),
            None => Err(wrong("a number")),
        },
        Kind::Boolean => {
            if value.is_boolean() {
                Ok(value)
            } else {
                Err(wrong("true or false"))
            }
        }
        Kind::Timestamp => {
            let at = value.as_str().and_then(clock::parse);
            let at = at.ok_or_else(|| wrong("an ISO 8601 time stamp with an offset, such as 2026-11-21T09:15:00+00:00"))?;
            let text = clock::format(at);
            // Python's datetime has no years before the first, and their order as texts would be wrong.
            if text.as_str() < "0001" { Err(wrong("a time stamp of the year 1 or later")) } else { Ok(text.into()) }
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
            Some(list) if list.iter().any(|item| item.as_str().is_some_and(has_nul)) => {
                Err(wrong("a list of texts without the character U+0000"))
            }
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

fn check_form(field: &Field, value: &Value, pointer: &str) -> Result<()> {
    let text = value.as_str().unwrap_or_default();
    let (is_right, expected) = match field.form {
        _ if value.is_null() => return Ok(()),
        Form::Any => return Ok(()),
        Form::Url => (is_url(text), "an address with its scheme, such as https://example.com"),
        Form::Color => (is_color(text), "a color such as #3366ff"),
        Form::Host => {
            let mut hosts = value.as_array().into_iter().flatten().map(|host| host.as_str().unwrap_or_default());
            (hosts.all(is_host), "a list of host names such as api.example.com or *.example.com, maybe with a port")
        }
        Form::RecordType => {
            if records::TYPES.iter().any(|ty| ty.name == text) {
                return Ok(());
            }
            let near = did_you_mean(text, records::TYPES.iter().map(|ty| ty.name));
            return Err(Error::invalid(format!("'{text}' is no record type.{near}")).field(pointer));
        }
        Form::Object => (value.is_object(), "an object"),
        Form::List => (value.is_array(), "a list"),
    };
    if is_right { Ok(()) } else { Err(Error::invalid(format!("'{}' must be {expected}.", field.name)).field(pointer)) }
}

fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let mut letters = scheme.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && !rest.is_empty()
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.chars().all(|c| c.is_ascii_hexdigit()))
}

fn is_host(text: &str) -> bool {
    let (host, port) = text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let labels = host.strip_prefix("*.").unwrap_or(host);
    let is_label =
        |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    host.len() <= 253 && labels.split('.').all(is_label) && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// SQL ends a text there, silently, and PostgreSQL takes none.
fn has_nul(text: &str) -> bool {
    text.contains('\0')
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
    fn a_positive_number_is_above_zero_and_the_first_year_is_a_year() {
        let minutes = Field::new("minutes", Kind::Number, "").positive();
        assert_eq!(check(&minutes, json!(1), "/minutes").unwrap(), json!(1.0));
        for wrong in [0.0, -1.5] {
            assert_eq!(check(&minutes, json!(wrong), "/minutes").unwrap_err().message(), "'minutes' must be a number above 0.");
        }
        let most = Field::new("most", Kind::Integer, "").positive();
        assert_eq!(check(&most, json!(1.0), "/most").unwrap(), json!(1));
        assert_eq!(check(&most, json!(0), "/most").unwrap_err().message(), "'most' must be a whole number above 0.");
        assert_eq!(checked(Kind::Number, json!(-1.5)).unwrap(), json!(-1.5));
        assert_eq!(checked(Kind::Timestamp, json!("0001-01-01T00:00:00Z")).unwrap(), json!("0001-01-01T00:00:00.000000+00:00"));
    }

    #[test]
    fn wrong_values_are_refused_with_their_place() {
        for (kind, value) in [
            (Kind::Name, json!("  ")),
            (Kind::Name, json!("a\u{0}b")),
            (Kind::Name, json!("x".repeat(129))),
            (Kind::Text, json!("a\u{0}b")),
            (Kind::TextList, json!(["a", "\u{0}"])),
            (Kind::Integer, json!(1.5)),
            (Kind::Timestamp, json!("-000001-01-01T00:00:00Z")),
            (Kind::Timestamp, json!("0001-01-01T00:30:00+01:00")),
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
