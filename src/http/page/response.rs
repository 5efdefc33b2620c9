//! What a browser sent, as the response that the form asks for. What cannot be read is told with its place.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use super::input::{Element, Input, types};

/// Texts by the names of inputs, as sent and as shown again.
pub(super) type Entered = HashMap<String, String>;

/// Pairs of a body that a browser sent; of several with one name the last counts.
pub(super) fn entered(body: &[u8]) -> Entered {
    form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n"))).collect()
}

/// A place in the response and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Of the input, as its name on the page.
    pub(super) pointer: String,
    pub(super) message: String,
}

/// The response, and what could not be read.
pub(super) fn response(inputs: &[Input], entered: &Entered) -> (Value, Vec<Fault>) {
    let mut faults = Vec::new();
    let values = group(inputs, entered, &mut faults);
    (Value::Object(values), faults)
}

fn group(inputs: &[Input], entered: &Entered, faults: &mut Vec<Fault>) -> Map<String, Value> {
    let mut values = Map::new();
    for input in inputs.iter().filter(|input| !input.is_readonly) {
        let value = match &input.element {
            Element::Group(parts) => {
                let parts = group(parts, entered, faults);
                // A group that nobody filled in is absent, unless it must be there.
                (input.is_required || !parts.is_empty()).then_some(Value::Object(parts))
            }
            _ => single(input, entered.get(&input.pointer).map(String::as_str)).unwrap_or_else(|message| {
                faults.push(Fault { pointer: input.pointer.clone(), message });
                None
            }),
        };
        if let Some(value) = value {
            values.insert(name_of(&input.pointer), value);
        }
    }
    values
}

fn name_of(pointer: &str) -> String {
    pointer.rsplit('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~")
}

/// The value of one input; nothing where nothing was entered.
fn single(input: &Input, text: Option<&str>) -> Result<Option<Value>, String> {
    match &input.element {
        Element::Markdown | Element::Group(_) => Ok(None),
        Element::Submit => Ok(text.map(|_| Value::Bool(true))),
        Element::Toggle => Ok(Some(Value::Bool(text.is_some()))),
        Element::Line(_) | Element::Text { .. } => Ok(text.filter(|text| input.takes_empty || !text.is_empty()).map(Value::from)),
        other => match text.map(str::trim).filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => typed(other, input, text).map(Some),
        },
    }
}

fn typed(element: &Element, input: &Input, text: &str) -> Result<Value, String> {
    match element {
        Element::Number { .. } => number(text).ok_or_else(|| format!("'{text}' is no number; it is written like 1.5.")),
        Element::Select(values) => {
            let chosen = text.parse::<usize>().ok().and_then(|at| values.get(at));
            chosen.cloned().ok_or_else(|| "That is none of the choices.".to_owned())
        }
        Element::Time { with_offset: true } | Element::DateTime { with_offset: true } => Ok(with_seconds(text).into()),
        Element::Json => match serde_json::from_str(text) {
            Ok(value) => Ok(value),
            // Of a text that needs no quotes there is no doubt.
            Err(_) if types(&input.rules) == ["string"] => Ok(text.into()),
            Err(error) => Err(format!("This is no JSON: {error}.")),
        },
        _ => Ok(text.into()),
    }
}

fn number(text: &str) -> Option<Value> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    Number::from_f64(text.parse().ok()?).map(Value::Number)
}

/// `09:15` as browsers send it, with what JSON Schema wants besides: seconds, and the offset of UTC.
fn with_seconds(text: &str) -> String {
    let time = text.rsplit('T').next().unwrap_or_default();
    match time.matches(':').count() {
        _ if text.ends_with(['Z', 'z']) || time.contains('+') => text.to_owned(),
        1 => format!("{text}:00Z"),
        _ => format!("{text}Z"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::input::inputs;
    use super::*;

    fn read(properties: &Value, body: &str) -> (Value, Vec<Fault>) {
        response(&inputs(&json!({ "properties": properties })), &entered(body.as_bytes()))
    }

    #[test]
    fn values_have_the_types_of_their_inputs() {
        let form = json!({
            "n": { "type": "integer" }, "x": { "type": "number" }, "on": { "type": "boolean" }, "off": { "type": "boolean" },
            "pick": { "enum": ["a", 2, null] }, "at": { "format": "date-time" }, "time": { "format": "time" }, "raw": { "element": "time" },
            "any": { "element": "json" }, "text": { "element": "text" }, "yes": { "element": "submit" }, "no": { "element": "submit" },
        });
        let body = "%2Fn=5&%2Fx=1.5&%2Fon=on&%2Fpick=1&%2Fat=2026-11-21T09%3A15&%2Ftime=09%3A15&%2Fraw=09%3A15&%2Fany=%7B%22a%22%3A1%7D\
                    &%2Ftext=a%0D%0Ab&%2Fyes=";
        let (values, faults) = read(&form, body);
        let wanted = json!({
            "n": 5, "x": 1.5, "on": true, "off": false, "pick": 2, "at": "2026-11-21T09:15:00Z", "time": "09:15:00Z", "raw": "09:15",
            "any": {"a": 1}, "text": "a\nb", "yes": true,
        });
        assert_eq!((values, faults), (wanted, vec![]));
    }

    #[test]
    fn what_was_left_empty_is_absent_unless_a_default_was_cleared() {
        let form = json!({
            "a": { "type": "string" }, "b": { "type": "string", "default": "x" }, "n": { "type": "number" }, "pick": { "enum": [1] },
            "part": { "type": "object", "properties": { "c": { "type": "string" } } }, "fixed": { "readOnly": true },
        });
        let (values, faults) = read(&form, "%2Fa=&%2Fb=&%2Fn=&%2Fpick=&%2Fpart%2Fc=&%2Ffixed=forged");
        assert_eq!((values, faults), (json!({ "b": "" }), vec![]));
    }

    #[test]
    fn what_cannot_be_read_is_told_by_its_place() {
        let form = json!({ "n": { "type": "number" }, "pick": { "enum": [1] }, "j": { "type": "array" } });
        let (values, faults) = read(&form, "%2Fn=1%2C000&%2Fpick=7&%2Fj=%5B");
        let places: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!((values, places), (json!({}), vec!["/n", "/pick", "/j"]));
    }
}
