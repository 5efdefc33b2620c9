//! Filters and orders as callers write them, checked against a type, and their SQL. Values are always bound.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::dialect::{any_of, quoted};
use crate::error::{Error, Result, did_you_mean};
use crate::records::{Field, Kind, RecordType, Storage};

/// Deepest nesting of `and` and `or`.
const DEPTH: usize = 16;
/// Most comparisons in one filter, and most `and` and `or`.
const COMPARISONS: usize = 200;
/// Longest pattern, in bytes; SQLite refuses those over 50,000.
const PATTERN: usize = 10_000;
const OPS: [&str; 12] = ["eq", "neq", "like", "notlike", "lt", "gt", "lte", "gte", "set", "unset", "in", "notin"];

/// A checked filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Compare { column: &'static str, op: Op, value: Value },
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Eq,
    Neq,
    Like,
    Notlike,
    Lt,
    Gt,
    Lte,
    Gte,
    Set,
    Unset,
    In,
    Notin,
}

impl Op {
    fn from_name(name: &str) -> Option<Op> {
        Some(match name {
            "eq" => Op::Eq,
            "neq" => Op::Neq,
            "like" => Op::Like,
            "notlike" => Op::Notlike,
            "lt" => Op::Lt,
            "gt" => Op::Gt,
            "lte" => Op::Lte,
            "gte" => Op::Gte,
            "set" => Op::Set,
            "unset" => Op::Unset,
            "in" => Op::In,
            "notin" => Op::Notin,
            _ => return None,
        })
    }
}

/// One column to order by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub column: &'static str,
    pub descending: bool,
}

/// What a list asks for.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    pub filter: Option<Filter>,
    pub order: Vec<Order>,
    /// Only these columns, and always `id`; `None`: all that are stored.
    pub fields: Option<Vec<String>>,
    /// 0 sets none.
    pub limit: u32,
    pub offset: u32,
    /// The trash bin instead of live records.
    pub trash: bool,
    /// Count all matches, not only this page's.
    pub total: bool,
}

impl Filter {
    /// Reads and checks `{"field","op","value"}`, `{"and":[..]}`, `{"or":[..]}`.
    pub fn parse(value: &Value, ty: &'static RecordType) -> Result<Filter> {
        let mut left = Left { comparisons: COMPARISONS, groups: COMPARISONS };
        parse(value, ty, &Place { pointer: String::new(), depth: 0 }, &mut left)
    }

    /// One comparison for equality, from code.
    pub fn eq(column: &'static str, value: impl Into<Value>) -> Filter {
        Filter::Compare { column, op: Op::Eq, value: value.into() }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Filter) -> Filter {
        Filter::And(vec![self, other])
    }

    /// The condition and its bound values, in order.
    pub(super) fn sql(&self, table: &str, out: &mut String, binds: &mut Vec<Value>) {
        match self {
            Filter::And(parts) => join(parts, " and ", "true", (table, out, binds)),
            Filter::Or(parts) => join(parts, " or ", "false", (table, out, binds)),
            Filter::Compare { column, op, value } => compare(&format!("{table}.{}", quoted(column)), *op, value, (out, binds)),
        }
    }
}

impl Order {
    /// Reads `name`, `+name`, ` name` or `-name`.
    pub fn parse(text: &str, ty: &'static RecordType) -> Result<Order> {
        let (descending, name) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix(['+', ' ']).unwrap_or(text)),
        };
        let field = comparable(ty, name.trim(), "/order")?;
        if is_ordered(field) {
            Ok(Order { column: field.name, descending })
        } else {
            Err(Error::invalid(format!("'{}' holds JSON, which has no order.", field.name)).field("/order"))
        }
    }
}

struct Place {
    pointer: String,
    depth: usize,
}

/// How much more a filter may have.
struct Left {
    comparisons: usize,
    groups: usize,
}

fn is_ordered(field: &Field) -> bool {
    !matches!(field.kind, Kind::Json | Kind::JsonSchema | Kind::TextList)
}

fn comparable(ty: &'static RecordType, name: &str, pointer: &str) -> Result<&'static Field> {
    let usable = |f: &&Field| f.storage == Storage::Column && f.kind != Kind::Bytes;
    ty.field(name).filter(usable).ok_or_else(|| {
        let names: Vec<&str> = ty.fields().filter(usable).map(|f| f.name).collect();
        let near = did_you_mean(name, names.iter().copied());
        Error::invalid(format!("{} has no field '{name}' to filter or order by.{near} Fields: {}.", ty.name, names.join(", ")))
            .field(pointer)
    })
}

fn parse(value: &Value, ty: &'static RecordType, place: &Place, left: &mut Left) -> Result<Filter> {
    let wrong = |message: String, at: &str| Err(Error::invalid(message).field(format!("{}{at}", place.pointer)));
    if place.depth > DEPTH {
        return wrong(format!("The filter is nested deeper than {DEPTH}."), "");
    }
    let Value::Object(map) = value else {
        return wrong("A filter is an object: {\"field\", \"op\", \"value\"}, {\"and\": [...]} or {\"or\": [...]}.".to_owned(), "");
    };
    for (word, make) in [("and", Filter::And as fn(Vec<Filter>) -> Filter), ("or", Filter::Or)] {
        if let Some(parts) = map.get(word) {
            let Value::Array(parts) = parts else { return wrong(format!("'{word}' takes a list of filters."), &format!("/{word}")) };
            left.groups = match left.groups.checked_sub(1) {
                Some(groups) => groups,
                None => return wrong(format!("A filter has at most {COMPARISONS} 'and' and 'or'."), ""),
            };
            if map.len() > 1 {
                return wrong(format!("'{word}' stands alone in its object."), "");
            }
            let parts = parts.iter().enumerate().map(|(n, part)| {
                let place = Place { pointer: format!("{}/{word}/{n}", place.pointer), depth: place.depth + 1 };
                parse(part, ty, &place, left)
            });
            return Ok(make(parts.collect::<Result<_>>()?));
        }
    }
    if let Some(unknown) = map.keys().find(|k| !["field", "op", "value"].contains(&k.as_str())) {
        return wrong(format!("A comparison has 'field', 'op' and 'value', not '{unknown}'."), &format!("/{unknown}"));
    }
    left.comparisons = match left.comparisons.checked_sub(1) {
        Some(comparisons) => comparisons,
        None => return wrong(format!("A filter has at most {COMPARISONS} comparisons."), ""),
    };
    let Some(name) = map.get("field").and_then(Value::as_str) else { return wrong("'field' names a field.".to_owned(), "/field") };
    let field = comparable(ty, name, &format!("{}/field", place.pointer))?;
    let op_name = map.get("op").and_then(Value::as_str).unwrap_or("eq");
    let Some(op) = Op::from_name(op_name) else {
        return wrong(format!("'{op_name}' is no operator; there are {}.", OPS.join(", ")), "/op");
    };
    let value = match map.get("value") {
        Some(value) => value,
        None if matches!(op, Op::Set | Op::Unset) => &Value::Null,
        None => return wrong(format!("'{op_name}' compares with a 'value', which is missing."), ""),
    };
    let value = checked(field, op, value, &format!("{}/value", place.pointer))?;
    Ok(Filter::Compare { column: field.name, op, value })
}

fn checked(field: &Field, op: Op, value: &Value, pointer: &str) -> Result<Value> {
    let wrong = |message: String| Error::invalid(message).field(pointer);
    match op {
        Op::Set | Op::Unset => Ok(Value::Null),
        Op::In | Op::Notin => {
            let Value::Array(items) = value else { return Err(wrong("'in' and 'notin' take a list of values.".to_owned())) };
            let items = items.iter().enumerate().map(|(n, item)| single(field, item, &format!("{pointer}/{n}")));
            Ok(Value::Array(items.collect::<Result<_>>()?))
        }
        Op::Like | Op::Notlike => match value {
            _ if matches!(field.kind, Kind::Integer | Kind::Number | Kind::Boolean) => {
                Err(wrong(format!("'like' compares text, and '{}' holds none.", field.name)))
            }
            Value::String(pattern) if pattern.len() <= PATTERN => Ok(value.clone()),
            Value::String(_) => Err(wrong(format!("A pattern has at most {PATTERN} bytes."))),
            _ => Err(wrong("'like' and 'notlike' take a pattern, a text with % and _.".to_owned())),
        },
        Op::Eq | Op::Neq if value.is_null() => Ok(Value::Null),
        Op::Eq | Op::Neq => single(field, value, pointer),
        Op::Lt | Op::Gt | Op::Lte | Op::Gte if is_ordered(field) => single(field, value, pointer),
        Op::Lt | Op::Gt | Op::Lte | Op::Gte => Err(wrong(format!("'{}' holds JSON, which has no order.", field.name))),
    }
}

/// A value that is no null, as the column holds it.
fn single(field: &Field, value: &Value, pointer: &str) -> Result<Value> {
    let wrong = |message: String| Err(Error::invalid(message).field(pointer));
    let expected = match (field.kind, value) {
        (_, Value::Null) => return wrong("Null compares with nothing; use the operators 'set' and 'unset'.".to_owned()),
        (Kind::Json | Kind::JsonSchema | Kind::TextList, value) => return Ok(Value::String(value.to_string())),
        (Kind::Timestamp, Value::String(text)) => {
            return match crate::clock::parse(text) {
                Some(at) => Ok(Value::String(crate::clock::format(at))),
                None => wrong(format!("'{text}' is not a time stamp such as 2026-11-21T09:15:00+00:00.")),
            };
        }
        (Kind::Enum(words), Value::String(text)) if !words.contains(&text.as_str()) => {
            let near = did_you_mean(text, words.iter().copied());
            return wrong(format!("'{text}' is no {}.{near} There are {}.", field.name, words.join(", ")));
        }
        (Kind::Uuid | Kind::Reference(_), Value::String(text)) => {
            // Ids are stored in lower case with hyphens; what is no id is equal to none.
            return Ok(Value::String(text.parse::<uuid::Uuid>().map_or_else(|_| text.clone(), |id| id.to_string())));
        }
        (Kind::Integer, _) if value.is_i64() => return Ok(value.clone()),
        (Kind::Number, Value::Number(_)) | (Kind::Boolean, Value::Bool(_)) => return Ok(value.clone()),
        (Kind::Integer, _) => "an integer",
        (Kind::Number, _) => "a number",
        (Kind::Boolean, _) => "true or false",
        (_, Value::String(_)) => return Ok(value.clone()),
        (Kind::Timestamp, _) => "a time stamp as text",
        _ => "text",
    };
    wrong(format!("'{}' is compared with {expected}.", field.name))
}

type Sink<'a> = (&'a mut String, &'a mut Vec<Value>);

fn join(parts: &[Filter], word: &str, empty: &str, (table, out, binds): (&str, &mut String, &mut Vec<Value>)) {
    if parts.is_empty() {
        out.push_str(empty);
        return;
    }
    out.push('(');
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            out.push_str(word);
        }
        part.sql(table, out, binds);
    }
    out.push(')');
}

fn compare(column: &str, op: Op, value: &Value, (out, binds): Sink<'_>) {
    let mut with = |before: String, after: &str, value: Value| {
        binds.push(value);
        let _ = write!(out, "{before}${}{after}", binds.len());
    };
    match (op, value) {
        (Op::Set, _) | (Op::Neq, Value::Null) => {
            let _ = write!(out, "{column} is not null");
        }
        (Op::Unset, _) | (Op::Eq, Value::Null) => {
            let _ = write!(out, "{column} is null");
        }
        (Op::Eq, v) => with(format!("{column} = "), "", v.clone()),
        (Op::Neq, v) => with(format!("({column} is null or {column} <> "), ")", v.clone()),
        (Op::Lt, v) => with(format!("{column} < "), "", v.clone()),
        (Op::Gt, v) => with(format!("{column} > "), "", v.clone()),
        (Op::Lte, v) => with(format!("{column} <= "), "", v.clone()),
        (Op::Gte, v) => with(format!("{column} >= "), "", v.clone()),
        (Op::Like, v) => with(format!("{column} like "), "", v.clone()),
        (Op::Notlike, v) => with(format!("({column} is null or {column} not like "), ")", v.clone()),
        (Op::In | Op::Notin, v) => {
            binds.push(json!(v.to_string()));
            let among = any_of(binds.len());
            let _ = match op {
                Op::In => write!(out, "{column} in {among}"),
                _ => write!(out, "({column} is null or {column} not in {among})"),
            };
        }
    }
}
