//! The arguments of a call, read against what its tool declares: everything that is wrong is said at once, by pointer.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::definition::{Argument, Definition, Shape};
use crate::error::{Error, Kind, Result, did_you_mean, near_names};
use crate::service::Selector;

/// Arguments of the declared shapes. One that is null counts as not given.
#[derive(Debug, Default)]
pub(super) struct Arguments(Map<String, Value>);

/// What is wrong with one argument.
struct Breach {
    pointer: String,
    message: String,
    near: Vec<String>,
}

impl Arguments {
    /// Reads what a call of this tool was given.
    pub(super) fn read(definition: &Definition, given: &Map<String, Value>) -> Result<Arguments> {
        let declared = definition.arguments;
        let (mut read, mut breaches) = (Map::new(), Vec::new());
        for (name, value) in given {
            match declared.iter().find(|a| a.name == name) {
                None => breaches.push(unknown(definition, name)),
                Some(_) if value.is_null() => {}
                Some(argument) => match shaped(argument, value) {
                    Ok(value) => {
                        read.insert(name.clone(), value);
                    }
                    Err(message) => {
                        let near = match (argument.shape, value) {
                            (Shape::Word(words), Value::String(text)) => near(text, words.iter().copied()),
                            _ => Vec::new(),
                        };
                        breaches.push(Breach { pointer: format!("/{name}"), message, near });
                    }
                },
            }
        }
        for argument in declared.iter().filter(|a| a.required && given.get(a.name).is_none_or(Value::is_null)) {
            let message = format!("'{}' is required.", argument.name);
            breaches.push(Breach { pointer: format!("/{}", argument.name), message, near: Vec::new() });
        }
        if breaches.is_empty() { Ok(Arguments(read)) } else { Err(refused(&breaches)) }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    pub(super) fn integer(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(Value::as_u64)
    }

    /// For numbers that the declaration keeps below 2^32.
    pub(super) fn small(&self, name: &str) -> Option<u32> {
        self.integer(name).map(|n| u32::try_from(n).unwrap_or(u32::MAX))
    }

    pub(super) fn size(&self, name: &str) -> Option<usize> {
        self.integer(name).map(|n| usize::try_from(n).unwrap_or(usize::MAX))
    }

    pub(super) fn seconds(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(Value::as_f64)
    }

    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        let list = self.0.get(name)?.as_array()?;
        Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    pub(super) fn object(&self, name: &str) -> Option<Map<String, Value>> {
        self.0.get(name)?.as_object().cloned()
    }

    pub(super) fn value(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    /// An argument that is an id.
    pub(super) fn id(&self, name: &str) -> Result<Option<Uuid>> {
        self.text(name).map(|text| uuid(text, &format!("/{name}"))).transpose()
    }

    /// A record named by one of two arguments, an id and a name. A name is taken under `id` too: agents mix them up.
    pub(super) fn selector(&self, id: &str, name: &str) -> Result<Option<Selector>> {
        match (self.text(id), self.text(name)) {
            (Some(_), Some(_)) => Err(Error::invalid(format!("Give '{id}' or '{name}', not both.")).field(format!("/{name}"))),
            (Some(text), None) => Ok(Some(Selector::parse(text))),
            (None, Some(text)) => Ok(Some(Selector::Name(text.trim().to_owned()))),
            (None, None) => Ok(None),
        }
    }

    /// [`Arguments::selector`] where one of the two must be given.
    pub(super) fn required_selector(&self, id: &str, name: &str) -> Result<Selector> {
        self.selector(id, name)?.ok_or_else(|| Error::invalid(format!("Give '{id}' or '{name}'.")).field(format!("/{id}")))
    }
}

/// An id in an argument.
pub(super) fn uuid(text: &str, pointer: &str) -> Result<Uuid> {
    Uuid::parse_str(text.trim()).map_err(|_| Error::invalid(format!("'{text}' is no id; an id is a UUID.")).field(pointer))
}

fn near<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    near_names(wanted, names).into_iter().map(str::to_owned).collect()
}

fn unknown(definition: &Definition, name: &str) -> Breach {
    let names = || definition.arguments.iter().map(|a| a.name);
    let known = match did_you_mean(name, names()) {
        near if !near.is_empty() => near,
        _ if definition.arguments.is_empty() => " It takes none.".to_owned(),
        _ => format!(" It takes {}.", names().collect::<Vec<_>>().join(", ")),
    };
    let message = format!("{} has no argument '{name}'.{known}", definition.name);
    Breach { pointer: format!("/{}", name.replace('~', "~0").replace('/', "~1")), message, near: near(name, names()) }
}

/// One error for all of them.
fn refused(breaches: &[Breach]) -> Error {
    let message = breaches.iter().map(|b| b.message.as_str()).collect::<Vec<_>>().join(" ");
    let list: Vec<Value> = breaches.iter().map(|b| json!({ "pointer": b.pointer, "message": b.message })).collect();
    let near: Vec<&String> = breaches.iter().flat_map(|b| &b.near).collect();
    let mut details = json!({ "breaches": list });
    if !near.is_empty() {
        details["near"] = json!(near);
    }
    let first = breaches.first().map_or("", |b| b.pointer.as_str());
    Error::new(Kind::Invalid, message).field(first).details(details)
}

/// `value` in the shape of `argument`; what is unmistakable is taken as what was meant.
fn shaped(argument: &Argument, value: &Value) -> Result<Value, String> {
    let name = argument.name;
    let refuse = |expected: &str| Err(format!("'{name}' must be {expected}."));
    match argument.shape {
        Shape::Text => match value {
            Value::String(_) => Ok(value.clone()),
            _ => refuse("a text"),
        },
        Shape::Integer(from, to) => match whole(value).filter(|n| (from..=to).contains(n)) {
            Some(n) => Ok(n.into()),
            None if to >= u64::from(u32::MAX) => refuse(&format!("a whole number of at least {from}")),
            None => refuse(&format!("a whole number from {from} to {to}")),
        },
        Shape::Seconds(most) => match number(value).filter(|n| (0.0..=most as f64).contains(n)) {
            Some(n) => Ok(n.into()),
            None => refuse(&format!("a number of seconds from 0 to {most}")),
        },
        Shape::Word(words) => match value.as_str() {
            Some(text) if words.contains(&text) => Ok(value.clone()),
            Some(text) => refuse(&format!("one of {}, not '{text}'", words.join(", "))),
            None => refuse(&format!("one of {}", words.join(", "))),
        },
        Shape::Bool => match value {
            Value::Bool(_) => Ok(value.clone()),
            Value::String(text) if text == "true" || text == "false" => Ok((text == "true").into()),
            _ => refuse("true or false"),
        },
        Shape::TextList => texts(value).map_or_else(|| refuse("a list of texts"), |list| Ok(json!(list))),
        Shape::Object => match object(value) {
            Some(object) => Ok(object),
            None => refuse("an object"),
        },
        Shape::Any => Ok(object(value).unwrap_or_else(|| value.clone())),
    }
}

/// An object, or the text of one, which some clients send instead.
fn object(value: &Value) -> Option<Value> {
    match value {
        Value::Object(_) => Some(value.clone()),
        Value::String(text) if text.trim_start().starts_with('{') => serde_json::from_str(text).ok().filter(Value::is_object),
        _ => None,
    }
}

fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(n) => n.as_u64().or_else(|| n.as_f64().filter(|f| f.fract() == 0.0).and_then(from_float)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn from_float(value: f64) -> Option<u64> {
    // `3.0` is how some clients write 3.
    format!("{value:.0}").parse().ok()
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
        _ => None,
    }
}

/// A list of texts, the JSON text of one, or one text with commas.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(list) => list.iter().map(|v| v.as_str().map(str::to_owned)).collect(),
        Value::String(text) if text.trim_start().starts_with('[') => serde_json::from_str(text).ok(),
        Value::String(text) => Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()),
        _ => None,
    }
}
