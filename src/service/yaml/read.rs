//! Reads YAML 1.2 into JSON values that know their place. What would surprise is refused: aliases, which can make a small file
//! large; keys given twice; numbers that lose digits; tags that ask for other types.

use std::collections::HashSet;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Number, Value, json};

use crate::error::{Error, Kind, Result};

/// Levels of lists and objects.
const DEPTH: usize = 120;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    pub content: Content,
}

#[derive(Clone, Debug)]
pub enum Content {
    Scalar(Value),
    List(Vec<Node>),
    /// In the order given; no key is there twice.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The line of what a JSON pointer leads to, or of what comes nearest to it.
    pub fn line_of(&self, pointer: &str) -> usize {
        let mut node = self;
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            let next = match &node.content {
                Content::Scalar(_) => None,
                Content::List(items) => part.parse::<usize>().ok().and_then(|n| items.get(n)),
                Content::Map(entries) => entries.iter().find(|(key, _)| *key == part).map(|(_, node)| node),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node.line
    }

    /// The value without its places.
    pub fn into_value(self) -> Value {
        match self.content {
            Content::Scalar(value) => value,
            Content::List(items) => items.into_iter().map(Node::into_value).collect(),
            Content::Map(entries) => Value::Object(entries.into_iter().map(|(key, node)| (key, node.into_value())).collect::<Map<_, _>>()),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self.content, Content::Scalar(Value::Null))
    }
}

/// The documents of a file; empty ones are left out. [`Kind::Malformed`] names line and column.
pub fn documents(text: &str) -> Result<Vec<Node>> {
    let mut reader = Reader::default();
    let mut parser = Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| {
            let mark = error.marker();
            refuse((mark.line(), mark.col() + 1), &format!("this is no YAML: {}", error.info()))
        })?;
        reader.take(event, span)?;
    }
    Ok(reader.done.into_iter().filter(|node| !node.is_empty()).collect())
}

/// A list or an object that is not complete yet.
struct Open {
    place: (usize, usize),
    content: Content,
    keys: HashSet<String>,
    /// The key whose value comes next.
    key: Option<String>,
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    done: Vec<Node>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<()> {
        let place = (span.start.line(), span.start.col() + 1);
        match event {
            Event::Alias(_) => Err(refuse(place, "an alias ('*name') is not read here; write the value out")),
            Event::Scalar(text, style, _, tag) => {
                if self.awaits_key() {
                    return self.take_key(place, &text);
                }
                let value = scalar(&text, style, tag.as_deref()).map_err(|reason| self.refuse_value(place, &reason))?;
                self.put(Node { line: place.0, column: place.1, content: Content::Scalar(value) });
                Ok(())
            }
            Event::SequenceStart(_, tag) => self.begin(place, Content::List(Vec::new()), (tag.as_deref(), "seq")),
            Event::MappingStart(_, tag) => self.begin(place, Content::Map(Vec::new()), (tag.as_deref(), "map")),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.put(Node { line: open.place.0, column: open.place.1, content: open.content });
                }
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => Ok(()),
        }
    }

    fn awaits_key(&self) -> bool {
        self.open.last().is_some_and(|open| matches!(open.content, Content::Map(_)) && open.key.is_none())
    }

    fn take_key(&mut self, place: (usize, usize), text: &str) -> Result<()> {
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        if !open.keys.insert(text.to_owned()) {
            let shown: String = text.chars().take(80).collect();
            return Err(self.refuse_value(place, &format!("the key '{shown}' is there twice")));
        }
        open.key = Some(text.to_owned());
        Ok(())
    }

    fn begin(&mut self, place: (usize, usize), content: Content, (tag, own): (Option<&Tag>, &str)) -> Result<()> {
        if self.awaits_key() {
            return Err(refuse(place, "a list or an object cannot be a key"));
        }
        if tag.is_some_and(|tag| !(tag.is_yaml_core_schema() && tag.suffix == own)) {
            return Err(self.refuse_value(place, "a tag ('!name') is not read here"));
        }
        if self.open.len() == DEPTH {
            return Err(refuse(place, &format!("lists and objects are nested more than {DEPTH} deep")));
        }
        self.open.push(Open { place, content, keys: HashSet::new(), key: None });
        Ok(())
    }

    fn put(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.done.push(node),
            Some(Open { content: Content::List(items), .. }) => items.push(node),
            Some(Open { content: Content::Map(entries), key, .. }) => entries.push((key.take().unwrap_or_default(), node)),
            Some(Open { content: Content::Scalar(_), .. }) => {}
        }
    }

    fn refuse_value(&self, place: (usize, usize), reason: &str) -> Error {
        let mut pointer = String::new();
        for open in &self.open {
            let part = match &open.content {
                Content::List(items) => items.len().to_string(),
                _ => open.key.clone().unwrap_or_default().replace('~', "~0").replace('/', "~1"),
            };
            pointer.push('/');
            pointer.push_str(&part);
        }
        refuse(place, reason).field(pointer.trim_end_matches('/'))
    }
}

fn refuse((line, column): (usize, usize), reason: &str) -> Error {
    let text = format!("Line {line}, column {column}: {}.", reason.trim_end_matches('.'));
    Error::new(Kind::Malformed, text).details(json!({ "line": line, "column": column }))
}

/// A scalar by the core schema of YAML 1.2.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let tag = match tag {
        None => None,
        Some(tag) if tag.is_yaml_core_schema() => Some(tag.suffix.as_str()),
        Some(tag) if tag.handle == "!" && tag.suffix.is_empty() => Some("str"),
        Some(_) => return Err("a tag ('!name') is not read here".to_owned()),
    };
    let wrong = |what: &str| format!("'{}' is no {what}", text.chars().take(80).collect::<String>());
    match tag {
        Some("str") => Ok(text.into()),
        None if style != ScalarStyle::Plain => Ok(text.into()),
        None => plain(text),
        Some("null") if plain(text)?.is_null() => Ok(Value::Null),
        Some("bool") => Some(plain(text)?).filter(Value::is_boolean).ok_or_else(|| wrong("truth value")),
        Some("int") => Some(plain(text)?).filter(Value::is_i64).ok_or_else(|| wrong("whole number")),
        Some("float") => plain(text)?.as_f64().and_then(Number::from_f64).map(Value::Number).ok_or_else(|| wrong("number")),
        Some(_) => Err("a tag ('!name') is not read here".to_owned()),
    }
}

fn plain(text: &str) -> Result<Value, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(true.into()),
        "false" | "False" | "FALSE" => return Ok(false.into()),
        ".nan" | ".NaN" | ".NAN" => return Err("NaN is no JSON value".to_owned()),
        _ => {}
    }
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (&text[..1], rest),
        None => ("", text),
    };
    if matches!(digits, ".inf" | ".Inf" | ".INF") {
        return Err("an infinity is no JSON value".to_owned());
    }
    let radix = |prefix: &str, radix: u32| {
        let digits = text.strip_prefix(prefix).filter(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix)))?;
        Some(i64::from_str_radix(digits, radix).map_err(|_| too_large(text)))
    };
    if let Some(number) = radix("0o", 8).or_else(|| radix("0x", 16)) {
        return number.map(Value::from);
    }
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        let sign = if sign == "-" { "-" } else { "" };
        return format!("{sign}{digits}").parse::<i64>().map(Value::from).map_err(|_| too_large(text));
    }
    if is_decimal(digits) {
        let float = text.parse::<f64>().ok().filter(|float| float.is_finite());
        return float.and_then(Number::from_f64).map(Value::Number).ok_or_else(|| too_large(text));
    }
    Ok(text.into())
}

/// `1.5`, `.5`, `1.`, `1e3`: digits around at most one point, maybe an exponent.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (text, None),
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_mantissa = (is_number(whole) || (whole.is_empty() && !fraction.is_empty())) && (fraction.is_empty() || is_number(fraction));
    is_mantissa && exponent.is_none_or(is_number)
}

fn too_large(text: &str) -> String {
    let shown: String = text.chars().take(40).collect();
    format!("the number {shown} is outside 64 bits; write it as a text, in quotes")
}
