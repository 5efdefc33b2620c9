//! Writes a JSON value as YAML. The bytes are a promise (documents lie in repositories), hence no library's choice of style.
//!
//! Block style throughout; texts of several lines as literals; texts that YAML 1.1 or 1.2 would read as something else
//! (`yes`, `012`, `2026-11-21`) in double quotes.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Blanks of one level.
const STEP: usize = 2;
/// Keys from here on are written in the long form: readers give up on others after 1,024 characters.
const LONG_KEY: usize = 500;
/// What YAML 1.1 reads as a truth value or null, in lower case.
const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// One document, ending with a line feed. `value` is an object.
pub fn document(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => mapping(map, 0, false, &mut out),
        other => {
            scalar(other, 0, &mut out);
            out.push('\n');
        }
    }
    out
}

/// `is_inline`: the first line is begun already, by the dash of a list.
fn mapping(map: &Map<String, Value>, indent: usize, is_inline: bool, out: &mut String) {
    for (number, (name, value)) in map.iter().enumerate() {
        if number > 0 || !is_inline {
            pad(indent, out);
        }
        let is_long = name.chars().count() > LONG_KEY;
        if is_long {
            out.push_str("? ");
        }
        if is_plain(name) && !is_long {
            out.push_str(name);
        } else {
            quoted(name, out);
        }
        if is_long {
            out.push('\n');
            pad(indent, out);
        }
        out.push(':');
        match value {
            Value::Object(map) if !map.is_empty() => {
                out.push('\n');
                mapping(map, indent + STEP, false, out);
            }
            Value::Array(items) if !items.is_empty() => {
                out.push('\n');
                sequence(items, indent + STEP, false, out);
            }
            other => {
                out.push(' ');
                scalar(other, indent, out);
                out.push('\n');
            }
        }
    }
}

fn sequence(items: &[Value], indent: usize, is_inline: bool, out: &mut String) {
    for (number, item) in items.iter().enumerate() {
        if number > 0 || !is_inline {
            pad(indent, out);
        }
        out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => mapping(map, indent + STEP, true, out),
            Value::Array(items) if !items.is_empty() => sequence(items, indent + STEP, true, out),
            other => {
                scalar(other, indent, out);
                out.push('\n');
            }
        }
    }
}

/// What fits on a line, or begins on it. `indent` is that of what it stands in.
fn scalar(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => out.push_str(&decimal(float)),
            None => {
                let _ = write!(out, "{number}");
            }
        },
        Value::String(text) if is_plain(text) => out.push_str(text),
        Value::String(text) if is_literal(text) => literal(text, indent + STEP, out),
        Value::String(text) => quoted(text, out),
        // Only empty ones come here.
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

/// A number that every version of YAML reads as one with a fraction: `1.0e+300`.
fn decimal(float: f64) -> String {
    let text = serde_json::Number::from_f64(float).map(|number| number.to_string()).unwrap_or_default();
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return if text.contains('.') { text } else { format!("{text}.0") };
    };
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['-', '+']) { "" } else { "+" };
    format!("{mantissa}{point}e{sign}{exponent}")
}

/// Whether a text is nothing but itself without quotes, to every reader.
fn is_plain(text: &str) -> bool {
    let is_first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || (!c.is_ascii() && c.is_alphabetic()));
    let is_inner = |c: char| c.is_ascii_alphanumeric() || " _-./@()+".contains(c) || (!c.is_ascii() && c.is_alphanumeric());
    is_first
        && text.chars().count() <= 120
        && !text.ends_with(' ')
        && text.chars().all(is_inner)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

/// Whether a text of several lines can stand as it is.
fn is_literal(text: &str) -> bool {
    text.contains('\n') && text.chars().all(|c| c == '\n' || c == '\t' || is_shown(c)) && text.lines().any(|line| !line.trim().is_empty())
}

/// Whether a character may stand in a document without being escaped, and breaks no line.
fn is_shown(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn literal(text: &str, indent: usize, out: &mut String) {
    out.push('|');
    // Readers take the indentation from the first line that is not empty, unless it is said.
    if text.starts_with(['\n', ' ', '\t']) {
        let _ = write!(out, "{STEP}");
    }
    let body = match text.strip_suffix('\n') {
        None => {
            out.push('-');
            text
        }
        Some(body) => {
            if body.ends_with('\n') {
                out.push('+');
            }
            body
        }
    };
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            pad(indent, out);
            out.push_str(line);
        }
    }
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_shown(c) => out.push(c),
            c => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
        }
    }
    out.push('"');
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}
