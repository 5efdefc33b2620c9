//! What callers send to be written: columns checked one by one, then made whole for a create or compared for an update.

use std::collections::HashMap;

use base64::Engine;
use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::fs::File;
use uuid::Uuid;

use super::access::Access;
use super::column;
use super::handle::Service;
use super::location::Wish;
use super::password;
use super::rights::Operation;
use super::row::default_of;
use super::spool::{Body, Content};
use crate::error::{Error, Result, did_you_mean};
use crate::records::{Field, Kind, RecordType, Storage, Write as Writable};
use crate::store::{Row, Write};

/// Content over so many bytes is stored ahead of its record.
const LONG: usize = 1 << 20;

/// A payload whose values are right, each by itself.
pub(super) struct Payload {
    /// Those of sealed columns still in the clear: they are sealed when the record's id is known.
    pub(super) columns: Map<String, Value>,
    pub(super) wish: Wish,
    /// Content that goes with it: a script, a file.
    pub(super) blobs: Vec<Write>,
    /// Content that lies in a file: its hash and its size.
    pub(super) spooled: Option<(String, u64, File)>,
    /// `old_password` of a user, to be looked at.
    pub(super) old_password: Option<String>,
    /// The hash that it was found to belong to.
    pub(super) proved: Option<String>,
    /// Bookkeeping columns that follow from what is written.
    pub(super) derived: Map<String, Value>,
    /// What the change is about, for the record's history.
    pub(super) commit_message: Option<String>,
    /// The id of a record that is new; `None` takes one.
    pub(super) id: Option<Uuid>,
    /// Of a CUSTOM_OBJECT: `value` is all of it, not a part to be merged.
    pub(super) is_whole: bool,
}

impl Service {
    /// Checks every value of `payload`; nothing is looked up. Scripts are compiled by a worker where there is one.
    pub(super) async fn payload(&self, record_type: &'static RecordType, payload: Map<String, Value>, access: &Access) -> Result<Payload> {
        self.payload_among(record_type, payload, access, &HashMap::new()).await
    }

    /// As [`Service::payload`], for a record that comes together with SCHEMA records, by name, that are not there yet.
    pub(super) async fn payload_among(
        &self,
        record_type: &'static RecordType,
        mut payload: Map<String, Value>,
        access: &Access,
        schemas: &HashMap<String, Value>,
    ) -> Result<Payload> {
        let wish = if record_type.is_subrecord() { Wish::default() } else { Wish::take(&mut payload)? };
        let mut out = Payload::new(Map::new(), wish);
        for (name, value) in payload {
            if record_type.flags().any(|flag| flag == name) {
                // A record may be sent back whole.
                continue;
            }
            let field = field_of(record_type, &name)?;
            match field.storage {
                Storage::Sealed => self.seal(&mut out, (record_type, field), value).await?,
                Storage::Input if field.kind == Kind::Bytes => content(&mut out, &value)?,
                Storage::Input if name == "old_password" => out.old_password = value.as_str().map(str::to_owned),
                Storage::Input => {
                    let value = column::check(field, value, &format!("/{name}"))?;
                    out.commit_message = value.as_str().map(str::to_owned).filter(|_| name == "commit_message");
                }
                _ => {
                    let value = column::check(field, value, &format!("/{name}"))?;
                    out.columns.insert(name, value);
                }
            }
        }
        self.payload_rules(record_type, &mut out, (access, schemas)).await?;
        Ok(out)
    }

    async fn seal(&self, out: &mut Payload, (of, field): (&RecordType, &Field), value: Value) -> Result<()> {
        match (field.name, value) {
            ("password", Value::String(text)) if of.name == "USER" => {
                password::check(&text)?;
                out.derived.insert("must_change_password".into(), false.into());
                out.derived.insert("password".into(), self.passwords().hash(&text).await?.into());
                Ok(())
            }
            ("password", _) if of.name == "USER" => Err(Error::invalid("'password' must be a text.").field("/password")),
            (name, value) => {
                // The check's own words could repeat a piece of the value.
                let checked = column::check(field, value, "").map_err(|_| sealed_wrong(field))?;
                out.columns.insert(name.to_owned(), checked);
                Ok(())
            }
        }
    }
}

fn sealed_wrong(field: &Field) -> Error {
    let expected = match field.kind {
        Kind::Json => "JSON with integers of at most 64 bits",
        _ => "a text without the character U+0000",
    };
    Error::invalid(format!("'{}' must be {expected}.", field.name)).field(format!("/{}", field.name))
}

/// The field a caller may name in a payload.
fn field_of(record_type: &RecordType, name: &str) -> Result<&'static Field> {
    record_type.field(name).filter(|f| f.storage != Storage::Hidden).ok_or_else(|| {
        let near = did_you_mean(name, record_type.fields().filter(|f| f.write != Writable::System).map(|f| f.name));
        Error::invalid(format!("{} has no column '{name}'.{near}", record_type.name)).field(format!("/{name}"))
    })
}

fn content(out: &mut Payload, value: &Value) -> Result<()> {
    let text = match value {
        Value::Null => "",
        Value::String(text) => text,
        _ => return Err(Error::invalid("'content' must be base64 text.").field("/content")),
    };
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text.as_bytes())
        .map_err(|e| Error::invalid(format!("'content' is not base64: {e}.")).field("/content"))?;
    out.file_content(Bytes::from(bytes));
    Ok(())
}

impl Service {
    /// Stores long content before its record's transaction, piece by piece, so that it does not hold up the writes of
    /// others. Only for callers who may write some record of the type; content that no record names is of no use.
    pub(super) async fn content_ahead(&self, access: &Access, of: &RecordType, payload: &mut Payload) -> Result<()> {
        let nowhere = |operation| access.reach(operation, of.name).is_nowhere();
        if nowhere(Operation::Create) && nowhere(Operation::Update) {
            return Ok(());
        }
        let (long, short) = std::mem::take(&mut payload.blobs)
            .into_iter()
            .partition(|blob| matches!(blob, Write::Blob { content, .. } if content.len() > LONG));
        payload.blobs = short;
        let long: Vec<Write> = long;
        for blob in long {
            if let Write::Blob { hash, content } = blob {
                self.store().blob_store(&hash, &content).await?;
            }
        }
        if let Some((hash, size, file)) = payload.spooled.take() {
            self.store().blob_store_from(&hash, size, file).await?;
        }
        Ok(())
    }
}

impl Payload {
    /// Of these columns, nothing else said.
    pub(super) fn new(columns: Map<String, Value>, wish: Wish) -> Payload {
        Payload {
            columns,
            wish,
            blobs: Vec::new(),
            spooled: None,
            old_password: None,
            proved: None,
            derived: Map::new(),
            commit_message: None,
            id: None,
            is_whole: false,
        }
    }

    /// The content of a FILE.
    pub(super) fn file_content(&mut self, content: impl Into<Content>) {
        let Content { sha256, size, body } = content.into();
        self.derived.insert("content_size_bytes".into(), size.into());
        self.derived.insert("sha256".into(), sha256.clone().into());
        match body {
            Body::Held(content) => self.blobs.push(Write::Blob { hash: sha256, content }),
            Body::File(file) => self.spooled = Some((sha256, size, file)),
            Body::Stored => {}
        }
    }

    /// The columns of a new record: what was given, with defaults for the rest.
    pub(super) fn for_create(&mut self, record_type: &'static RecordType) -> Result<Map<String, Value>> {
        let mut columns = Map::new();
        for field in record_type.fields().filter(|f| f.has_column()) {
            let given = self.columns.shift_remove(field.name);
            if given.is_some() && field.write == Writable::System {
                return Err(system_only(record_type, field));
            }
            let value = given.or_else(|| self.derived.shift_remove(field.name)).unwrap_or_else(|| default_of(field));
            if field.required && value.is_null() {
                return Err(Error::invalid(format!("A new {} needs '{}'.", record_type.name, field.name)).field(format!("/{}", field.name)));
            }
            columns.insert(field.name.to_owned(), value);
        }
        if let Some(name) = self.columns.keys().next() {
            return Err(system_only(record_type, field_of(record_type, name)?));
        }
        Ok(columns)
    }

    /// The columns of an update: what differs from `row`. What the system alone writes, and what is fixed, may be
    /// given as it is, so that a record can be sent back whole.
    pub(super) fn for_update(&mut self, record_type: &'static RecordType, row: &Row) -> Result<Map<String, Value>> {
        let mut columns = std::mem::take(&mut self.derived);
        columns.retain(|name, value| row.json(name).unwrap_or(&Value::Null) != value);
        for (name, value) in std::mem::take(&mut self.columns) {
            let field = field_of(record_type, &name)?;
            let is_same = field.has_column() && row.json(&name).unwrap_or(&Value::Null) == &value;
            match field.write {
                Writable::Always if is_same => {}
                Writable::Always => {
                    columns.insert(name, value);
                }
                _ if is_same || !field.has_column() => {}
                Writable::System => return Err(system_only(record_type, field)),
                Writable::Create => {
                    let text = format!("'{name}' of a {} is fixed once it exists.", record_type.name);
                    return Err(Error::invalid(text).field(format!("/{name}")));
                }
            }
        }
        Ok(columns)
    }
}

fn system_only(record_type: &RecordType, field: &Field) -> Error {
    Error::invalid(format!("'{}' of {} is written by the server alone.", field.name, record_type.name)).field(format!("/{}", field.name))
}
