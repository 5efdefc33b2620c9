//! A document as a record to be written: keys become columns, names in the place of ids become references to be resolved.

use bytes::Bytes;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::yaml::{Content, Node};
use super::source::Item;
use crate::error::{Error, Result, did_you_mean};
use crate::records::{self, Export, Family, Field, Kind, RecordType, Storage, document};
use crate::store::Row;

/// A record, or a part of one, as a file says it.
pub(super) struct Draft {
    pub(super) of: &'static RecordType,
    /// Empty for parts without one.
    pub(super) name: String,
    /// Where it stands in its document.
    pub(super) pointer: String,
    /// By column, without references.
    pub(super) columns: Map<String, Value>,
    pub(super) references: Vec<Reference>,
    pub(super) content: Option<Bytes>,
    /// Lists of parts that are given; those of other types stay as they are.
    pub(super) parts: Vec<(&'static RecordType, Vec<Draft>)>,
    pub(super) ignored: Vec<String>,
    /// The id it has or will have.
    pub(super) id: Uuid,
    pub(super) existing: Option<Row>,
}

/// A column that names a record.
pub(super) struct Reference {
    pub(super) column: String,
    /// Where it stands, below the draft.
    pub(super) pointer: String,
    /// The type it must be of; `None` for any.
    pub(super) of: Option<&'static RecordType>,
    pub(super) wanted: Wanted,
}

/// What a reference says.
#[derive(Clone)]
pub(super) enum Wanted {
    Nothing,
    Id(Uuid),
    Named {
        of: Option<&'static RecordType>,
        name: String,
        /// Of a part: the record it belongs to, if it is another one.
        owner: Option<Box<Wanted>>,
    },
}

/// The one key of a document's top, which is its type.
pub(super) fn type_of(node: &Node) -> Result<(&'static RecordType, &Node)> {
    let example = "such as 'setting:'";
    let Content::Map(entries) = &node.content else {
        return Err(Error::invalid(format!("A document is an object whose one key is a type of record in lower case, {example}.")));
    };
    let names = || records::TYPES.iter().filter(|of| document::is_exported(of)).map(|of| of.singular);
    let [(key, inner)] = entries.as_slice() else {
        return Err(Error::invalid(format!(
            "A document has one key at its top, a type of record in lower case, {example}; more stand behind a line '---'."
        )));
    };
    match records::find(key).filter(|of| of.singular == key) {
        Some(of) if document::is_exported(of) => Ok((of, inner)),
        Some(of) => {
            Err(Error::invalid(format!("Records of type {} are not imported; only resources are.", of.name)).field(pointer_to("", key)))
        }
        None => {
            let near = did_you_mean(key, names());
            Err(Error::invalid(format!("'{key}' is no type of record.{near}")).field(pointer_to("", key)))
        }
    }
}

/// The type and the name of a document, as far as they can be made out, whatever else is wrong with it.
pub(super) fn label(node: &Node) -> (Option<&'static str>, Option<String>) {
    let Ok((of, inner)) = type_of(node) else { return (None, None) };
    let Content::Map(entries) = &inner.content else { return (Some(of.singular), None) };
    let name = entries.iter().find(|(key, _)| key == "name").and_then(|(_, node)| match &node.content {
        Content::Scalar(Value::String(name)) => Some(name.trim().to_owned()),
        _ => None,
    });
    (Some(of.singular), name)
}

/// Reads a document. Errors point into it.
pub(super) fn read(item: &Item) -> Result<Draft> {
    let (of, node) = type_of(&item.node)?;
    let mut draft = part(of, node, &format!("/{}", of.singular))?;
    let is_nameless = draft.name.is_empty() && !of.is_single();
    if is_nameless {
        return Err(Error::invalid(format!("A document of a {} needs 'name'.", of.singular)).field(draft.pointer + "/name"));
    }
    for field in document::columns(of) {
        let Some(content) = document::beside(field).and_then(|ending| item.beside.get(ending)) else { continue };
        let is_double = draft.columns.contains_key(field.name) || draft.content.is_some();
        let place = pointer_to(&draft.pointer, document::key(field));
        if is_double {
            return Err(Error::invalid(format!("'{}' stands in the document and in a file beside it; keep one.", field.name)).field(place));
        }
        match field.kind {
            Kind::Bytes => draft.content = Some(content.clone()),
            _ => {
                let text =
                    std::str::from_utf8(content).map_err(|_| Error::invalid("The file beside it is not UTF-8 text.").field(place))?;
                draft.columns.insert(field.name.to_owned(), text.into());
            }
        }
    }
    Ok(draft)
}

fn part(of: &'static RecordType, node: &Node, pointer: &str) -> Result<Draft> {
    let Content::Map(entries) = &node.content else {
        return Err(Error::invalid(format!("A {} is an object of its columns.", of.singular)).field(pointer));
    };
    let mut draft = Draft {
        of,
        name: String::new(),
        pointer: pointer.to_owned(),
        columns: Map::new(),
        references: Vec::new(),
        content: None,
        parts: Vec::new(),
        ignored: Vec::new(),
        id: Uuid::nil(),
        existing: None,
    };
    for (key, node) in entries {
        draft.take(key, node)?;
    }
    draft.name = draft.columns.get("name").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    Ok(draft)
}

impl Draft {
    fn take(&mut self, key: &str, node: &Node) -> Result<()> {
        let of = self.of;
        let place = pointer_to(&self.pointer, key);
        if let Some(part_type) = document::parts(of).find(|part| part.singular == key) {
            let Content::List(items) = &node.content else {
                return Err(Error::invalid(format!("'{key}' must be a list.")).field(place));
            };
            let read = items.iter().enumerate().map(|(n, item)| part(part_type, item, &format!("{place}/{n}")));
            self.parts.push((part_type, read.collect::<Result<_>>()?));
            return Ok(());
        }
        let is_foreign = document::FOREIGN.iter().any(|name| key.starts_with(name));
        if is_foreign || of.flags().any(|flag| flag == key) {
            self.ignored.push(key.to_owned());
            return Ok(());
        }
        let field = field_of(of, key).ok_or_else(|| self.unknown(key, &place))?;
        match (field.storage, field.export) {
            (Storage::Sealed, _) => {
                let text = format!("'{key}' of a {} is sealed: it stands in no document. Set it when the {0} is there.", of.singular);
                Err(Error::invalid(text).field(place))
            }
            _ if field.name == "schema_version" => version(node, &place),
            (Storage::Hidden, _) => Err(self.unknown(key, &place)),
            (_, Export::Both | Export::Import) if of.parent_column() != Some(field.name) => self.take_column(field, node, &place),
            _ => {
                self.ignored.push(key.to_owned());
                Ok(())
            }
        }
    }

    fn take_column(&mut self, field: &'static Field, node: &Node, place: &str) -> Result<()> {
        let looked_up = match field.name {
            "project_name" => Some(("project_id", "PROJECT")),
            "bundle_name" => Some(("bundle_id", "BUNDLE")),
            _ => None,
        };
        let value = node.clone().into_value();
        if let Some((column, target)) = looked_up {
            let Value::String(name) = value else {
                return if value.is_null() {
                    Ok(())
                } else {
                    Err(Error::invalid(format!("'{}' must be a text.", field.name)).field(place))
                };
            };
            let of = records::find(target);
            let wanted = Wanted::Named { of, name: name.trim().to_owned(), owner: None };
            self.references.push(Reference { column: column.to_owned(), pointer: place.to_owned(), of, wanted });
            return Ok(());
        }
        match field.kind {
            Kind::Reference(target) => {
                let of = records::find(target);
                let wanted = wanted(&value, of, place)?;
                self.references.push(Reference { column: field.name.to_owned(), pointer: place.to_owned(), of, wanted });
            }
            Kind::Bytes => self.content = Some(bytes(&value, place)?),
            _ => {
                self.columns.insert(field.name.to_owned(), value);
            }
        }
        Ok(())
    }

    fn unknown(&self, key: &str, place: &str) -> Error {
        let known = document::columns(self.of).map(document::key).chain(document::parts(self.of).map(|part| part.singular));
        let near = did_you_mean(key, known);
        Error::invalid(format!("A document of a {} has no '{key}'.{near}", self.of.singular)).field(place)
    }

    /// An error about a column, as one about this place of the document.
    pub(super) fn placed(&self, error: &Error) -> Error {
        let pointer = match error.field_pointer() {
            None | Some("") => self.pointer.clone(),
            Some(inner) if inner.starts_with(&self.pointer) => inner.to_owned(),
            Some(inner) => {
                let mut parts = inner[1..].splitn(2, '/');
                let column = parts.next().unwrap_or_default();
                let key = self.of.field(column).map_or_else(|| column.to_owned(), |field| document::key(field).to_owned());
                parts.next().map_or_else(|| format!("{}/{key}", self.pointer), |rest| format!("{}/{key}/{rest}", self.pointer))
            }
        };
        let details = error.detail_value().cloned();
        let out = Error::new(error.kind(), error.message()).field(pointer);
        match details {
            Some(details) => out.details(details),
            None => out,
        }
    }
}

/// By the key of documents, or by the column's own name.
fn field_of(of: &'static RecordType, key: &str) -> Option<&'static Field> {
    of.fields().find(|field| document::key(field) == key).or_else(|| of.field(key))
}

pub(super) fn pointer_to(place: &str, key: &str) -> String {
    format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Documents of older versions would be brought to this one here; there is none yet.
fn version(node: &Node, place: &str) -> Result<()> {
    let text = match node.clone().into_value() {
        Value::String(text) => text,
        other => other.to_string(),
    };
    match text.trim().parse::<u32>() {
        Ok(document::SCHEMA_VERSION) => Ok(()),
        Ok(newer) if newer > document::SCHEMA_VERSION => Err(Error::invalid(format!(
            "This document is of version {newer}, and this server reads up to {}; import it with a newer one.",
            document::SCHEMA_VERSION
        ))
        .field(place)),
        _ => Err(Error::invalid(format!("'schema_version' must be {}.", document::SCHEMA_VERSION)).field(place)),
    }
}

fn bytes(value: &Value, place: &str) -> Result<Bytes> {
    match value {
        Value::Null => Ok(Bytes::new()),
        Value::String(text) => {
            // Long ones are broken into lines by hand.
            let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text);
            decoded.map(Bytes::from).map_err(|e| Error::invalid(format!("This is not base64: {e}.")).field(place))
        }
        _ => Err(Error::invalid("This must be base64 text.").field(place)),
    }
}

/// Reads `{name: ...}`, `{type: ..., name: ...}`, `{id: ...}`, an id, or null.
pub(super) fn wanted(value: &Value, target: Option<&'static RecordType>, place: &str) -> Result<Wanted> {
    let wrong = |text: String| Error::invalid(text).field(place);
    let entries = match value {
        Value::Null => return Ok(Wanted::Nothing),
        Value::String(text) => {
            let id =
                text.trim().parse().map_err(|_| wrong(format!("A record is named as '{{name: {text}}}'; a text alone must be an id.")))?;
            return Ok(Wanted::Id(id));
        }
        Value::Object(entries) => entries,
        _ => return Err(wrong("A record is named as '{name: ...}'.".to_owned())),
    };
    let text = |name: &str| entries.get(name).and_then(Value::as_str).map(str::trim);
    let mut of = target;
    let mut owner = None;
    for (key, value) in entries {
        match (key.as_str(), target.map(|of| of.family)) {
            ("name" | "id", _) if value.is_string() => {}
            ("type", None) => {
                let name = value.as_str().unwrap_or_default();
                let found = records::find(name);
                of = Some(found.ok_or_else(|| {
                    wrong(format!("'{name}' is no type of record.{}", did_you_mean(name, records::TYPES.iter().map(|of| of.singular))))
                })?);
            }
            (key, Some(Family::Subrecord { parent, .. })) if records::find(parent).is_some_and(|of| of.singular == key) => {
                owner = Some(Box::new(wanted(value, records::find(parent), &pointer_to(place, key))?));
            }
            _ => return Err(wrong(format!("'{key}' is not expected here: a record is named as '{{name: ...}}'."))),
        }
    }
    match (text("name"), text("id")) {
        (Some(name), _) if of.is_some() => Ok(Wanted::Named { of, name: name.to_owned(), owner }),
        (Some(_), _) => Err(wrong("This may be a record of any type: say which, as in '{type: flow, name: ...}'.".to_owned())),
        (None, Some(id)) => id.parse().map(Wanted::Id).map_err(|_| wrong(format!("'{id}' is no id."))),
        (None, None) => Err(wrong("A record is named as '{name: ...}'.".to_owned())),
    }
}
