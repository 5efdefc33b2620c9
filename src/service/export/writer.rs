//! Rows become documents: columns under their keys, names in the place of ids, parts as lists.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::access::Access;
use super::super::handle::Service;
use super::super::identity::record_type;
use super::super::row::id_of;
use super::super::scope::scope_of;
use super::Document;
use crate::error::{Error, Result};
use crate::records::{self, Family, Field, Kind, RecordType, Storage, TYPES, document};
use crate::store::{Row, Scope};

/// What one export has looked up.
pub(super) struct Writer<'s> {
    pub(super) service: &'s Service,
    pub(super) access: &'s Access,
    informational: bool,
    /// The name of a record, and of a part the record that it belongs to; `None` for what the actor does not see.
    named: HashMap<(&'static str, Uuid), Option<Named>>,
    /// Which attributes of a template hold references, and the type they name; `*` for any.
    references: HashMap<Uuid, HashMap<String, &'static str>>,
}

#[derive(Clone)]
struct Named {
    name: String,
    parent: Option<Uuid>,
}

impl<'s> Writer<'s> {
    pub(super) fn new(service: &'s Service, access: &'s Access, informational: bool) -> Writer<'s> {
        Writer { service, access, informational, named: HashMap::new(), references: HashMap::new() }
    }

    /// The documents of these rows, in their order.
    pub(super) async fn documents(&mut self, of: &'static RecordType, rows: Vec<Row>) -> Result<Vec<Document>> {
        let ids: Vec<Uuid> = rows.iter().map(id_of).collect();
        let mut parts: Vec<(&'static RecordType, HashMap<Uuid, Vec<Row>>)> = Vec::new();
        for part in document::parts(of) {
            let Some(column) = part.parent_column() else { continue };
            let mut by_parent: HashMap<Uuid, Vec<Row>> = HashMap::new();
            for row in self.service.rows_of(self.access, part, (column, &ids)).await? {
                by_parent.entry(row.uuid(column).unwrap_or_default()).or_default().push(row);
            }
            parts.push((part, by_parent));
        }
        let mut documents = Vec::with_capacity(rows.len());
        for row in rows {
            let mut columns = self.columns(of, &row).await?;
            for (part, by_parent) in &mut parts {
                let rows = by_parent.remove(&id_of(&row)).unwrap_or_default();
                columns.insert(part.singular.to_owned(), self.part_list(part, rows).await?);
            }
            let name = row.text("name").unwrap_or_default().to_owned();
            let content = row.text("sha256").filter(|_| of.name == "FILE").map(str::to_owned);
            documents.push(Document { of, name, columns, content });
        }
        Ok(documents)
    }

    /// The content of a FILE; empty when none was written.
    pub(super) async fn content(&self, document: &Document) -> Result<Bytes> {
        match &document.content {
            None => Ok(Bytes::new()),
            Some(hash) => {
                let found = self.service.store().blob(hash).await?;
                found.ok_or_else(|| Error::internal(format!("the content {hash} is gone")))
            }
        }
    }

    /// In an order of their own, not that of their making, which an import changes.
    async fn part_list(&mut self, part: &'static RecordType, rows: Vec<Row>) -> Result<Value> {
        let second = part.pair().map(|(_, second)| second);
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            let columns = Value::Object(self.columns(part, &row).await?);
            let first = second.and_then(|column| part.field(column)).map(|field| columns[document::key(field)].to_string());
            items.push((first, columns.to_string(), columns));
        }
        items.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        Ok(items.into_iter().map(|(_, _, columns)| columns).collect())
    }

    async fn columns(&mut self, of: &'static RecordType, row: &Row) -> Result<Map<String, Value>> {
        let mut out = Map::new();
        for field in document::columns(of) {
            let value = self.value(of, field, row).await?;
            out.insert(document::key(field).to_owned(), value);
        }
        if self.informational {
            for field in document::informational(of) {
                let value = self.value(of, field, row).await?;
                out.insert(document::key(field).to_owned(), value);
            }
            for field in of.fields().filter(|field| field.storage == Storage::Sealed) {
                out.insert(format!("has_{}", field.name), row.json(field.name).is_some().into());
            }
        }
        Ok(out)
    }

    async fn value(&mut self, of: &'static RecordType, field: &Field, row: &Row) -> Result<Value> {
        let home = of.parent_column().and_then(|column| row.uuid(column));
        match (field.kind, field.name) {
            (Kind::Reference(target), name) => match row.uuid(name) {
                Some(id) => self.reference(target, id, home).await,
                None => Ok(Value::Null),
            },
            (_, "schema_version") => Ok(document::SCHEMA_VERSION.to_string().into()),
            (Kind::Bytes, _) => Ok(Value::Null),
            (_, "value") if of.name == "CUSTOM_OBJECT" => self.object_value(row).await,
            (_, name) => Ok(row.json(name).cloned().unwrap_or_default()),
        }
    }

    /// What stands in the place of an id. `home` is the record that the referring part belongs to.
    async fn reference(&mut self, target: &str, id: Uuid, home: Option<Uuid>) -> Result<Value> {
        let Some(of) = records::find(target) else {
            for of in TYPES.iter().copied().filter(|of| !of.is_subrecord() && !of.is_derived) {
                if let Some(named) = self.named(of, id).await? {
                    return Ok(json!({ "type": of.singular, "name": named.name }));
                }
            }
            return Ok(json!({ "id": id.to_string() }));
        };
        let Some(named) = self.named(of, id).await? else { return Ok(json!({ "id": id.to_string() })) };
        let Family::Subrecord { parent, .. } = of.family else { return Ok(json!({ "name": named.name })) };
        match named.parent.filter(|parent| Some(*parent) != home) {
            None => Ok(json!({ "name": named.name })),
            Some(other) => {
                let owner = Box::pin(self.reference(parent, other, None)).await?;
                Ok(json!({ "name": named.name, record_type(parent).singular: owner }))
            }
        }
    }

    async fn named(&mut self, of: &'static RecordType, id: Uuid) -> Result<Option<Named>> {
        let is_named = of.is_named() || (of.is_subrecord() && of.field("name").is_some());
        if !is_named {
            return Ok(None);
        }
        if let Some(known) = self.named.get(&(of.name, id)) {
            return Ok(known.clone());
        }
        let row = self.service.store().row_get(of, id, &scope_of(self.access, of)).await?.filter(|row| row.json("deleted_at").is_none());
        let named = row.and_then(|row| {
            let parent = of.parent_column().and_then(|column| row.uuid(column));
            row.text("name").map(|name| Named { name: name.to_owned(), parent })
        });
        self.named.insert((of.name, id), named.clone());
        Ok(named)
    }

    /// The value of an object: names in the place of the ids that its attributes hold, in the order of the attributes' names.
    async fn object_value(&mut self, row: &Row) -> Result<Value> {
        let Some(template) = row.uuid("object_template_id") else { return Ok(Value::Null) };
        if !self.references.contains_key(&template) {
            let of = record_type("OBJECT_TEMPLATE_ATTRIBUTE");
            let filter = crate::store::Filter::eq("object_template_id", template.to_string());
            let query = crate::store::ListQuery { filter: Some(filter), ..crate::store::ListQuery::default() };
            // Not by rights: the object that the actor reads says the names of its attributes anyway.
            let rows = self.service.store().row_list(of, &query, &Scope::All).await?.items;
            let found = rows.iter().filter_map(|row| Some((row.text("name")?.to_owned(), target(row)?)));
            self.references.insert(template, found.collect());
        }
        let given = row.json("value").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut entries: Vec<(String, Value)> = given.into_iter().collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        let mut out = Map::new();
        for (name, value) in entries {
            let target = self.references.get(&template).and_then(|known| known.get(&name)).copied();
            let id = value.as_str().and_then(|text| text.parse::<Uuid>().ok());
            let value = match (target, id) {
                (Some(target), Some(id)) => self.reference(target, id, None).await?,
                _ => value,
            };
            out.insert(name, value);
        }
        Ok(Value::Object(out))
    }
}

/// The type that an attribute refers to, `*` for any; `None` where its values are no references.
fn target(attribute: &Row) -> Option<&'static str> {
    match attribute.text("datatype")? {
        "OBJECT_TEMPLATE_REFERENCE" => Some("CUSTOM_OBJECT"),
        "RECORD_REFERENCE" => Some(attribute.text("reference_record_type").and_then(records::find).map_or("*", |of| of.name)),
        _ => None,
    }
}
