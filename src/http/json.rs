//! JSON text from outside: parsed, with numbers that do not fit refused by their place.

use serde_json::Value;

use crate::error::{Error, Kind, Result};

/// Integers of fewer digits always fit into 64 bits.
const SAFE_DIGITS: usize = 18;

/// Reads JSON text. Broken text is Malformed with line and column; an integer outside 64 bits is Invalid with its
/// JSON pointer, since reading it as a float would change it unseen.
pub(super) fn parse(bytes: &[u8]) -> Result<Value> {
    let value: Value = serde_json::from_slice(bytes).map_err(|e| {
        let (line, column) = (e.line(), e.column());
        let text = e.to_string();
        let problem = problem(&text);
        Error::new(Kind::Malformed, format!("The JSON is broken at line {line}, column {column}: {problem}."))
    })?;
    if has_long_number(bytes)
        && let Some(pointer) = find_wide_integer(bytes)
    {
        let message = "A whole number here does not fit into 64 bits. Send it as a string, or with a decimal point.";
        return Err(Error::invalid(message).field(pointer));
    }
    Ok(value)
}

/// The parser's message without its place, which stands in front already.
fn problem(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(problem, _)| problem)
}

/// Whether some run of digits is long enough to overflow; most bodies have none and are done here.
fn has_long_number(bytes: &[u8]) -> bool {
    let mut run = 0;
    bytes.iter().any(|b| {
        run = if b.is_ascii_digit() { run + 1 } else { 0 };
        run > SAFE_DIGITS
    })
}

/// One open array or object on the way to the current value.
enum Level {
    Array(usize),
    Object(String),
}

/// The pointer of the first integer outside 64 bits in `bytes`, which are known to be valid JSON.
fn find_wide_integer(bytes: &[u8]) -> Option<String> {
    let mut levels: Vec<Level> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'[' => levels.push(Level::Array(0)),
            b'{' => levels.push(Level::Object(String::new())),
            b']' | b'}' => {
                levels.pop();
            }
            b',' => {
                if let Some(Level::Array(index)) = levels.last_mut() {
                    *index += 1;
                }
            }
            b'"' => {
                let end = string_end(bytes, at);
                let is_key = bytes[end..].iter().find(|b| !b.is_ascii_whitespace()) == Some(&b':');
                if is_key && let Some(Level::Object(key)) = levels.last_mut() {
                    *key = serde_json::from_slice(&bytes[at..end]).unwrap_or_default();
                }
                at = end;
                continue;
            }
            b'-' | b'0'..=b'9' => {
                let length = bytes[at..].iter().take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
                let token = std::str::from_utf8(&bytes[at..at + length]).unwrap_or_default();
                let is_integer = !token.contains(['.', 'e', 'E']);
                if is_integer && token.parse::<i64>().is_err() && token.parse::<u64>().is_err() {
                    return Some(pointer(&levels));
                }
                at += length;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The index behind the string that begins at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

fn pointer(levels: &[Level]) -> String {
    levels
        .iter()
        .map(|level| match level {
            Level::Array(index) => format!("/{index}"),
            Level::Object(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn broken_text_names_line_and_column() {
        let error = parse(b"{\n  \"a\": }").unwrap_err();
        assert_eq!(error.kind(), Kind::Malformed);
        assert_eq!(error.message(), "The JSON is broken at line 2, column 8: expected value.");
        assert!(parse(b"{\"a\": NaN}").is_err());
        assert!(parse(b"\xff").is_err());
        assert!(parse(&vec![b'['; 100_000]).is_err());
    }

    #[test]
    fn an_integer_outside_64_bits_is_refused_by_its_place() {
        let error = parse(br#"{"a\"b": [1, {"c/d": 18446744073709551616}], "z": 1}"#).unwrap_err();
        assert_eq!(error.field_pointer(), Some("/a\"b/1/c~1d"));
        assert!(parse(b"-9223372036854775809").is_err());
        for good in ["18446744073709551615", "-9223372036854775808", "1e30", "\"99999999999999999999\"", "12345678901234567890.5"] {
            assert!(parse(good.as_bytes()).is_ok(), "{good}");
        }
    }

    proptest! {
        #[test]
        fn the_search_never_panics_and_finds_only_what_is_there(text in r#"[\[\]{}:,"\\0-9a-e. -]{0,60}"#) {
            let _ = find_wide_integer(text.as_bytes());
        }

        #[test]
        fn what_fits_is_never_refused(numbers in proptest::collection::vec(any::<i64>(), 0..20)) {
            prop_assert!(parse(serde_json::to_string(&numbers).unwrap().as_bytes()).is_ok());
        }
    }
}
