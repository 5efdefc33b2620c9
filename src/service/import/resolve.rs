//! Names become ids: first those of the file, then what is there and the actor may read.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use super::super::access::Access;
use super::super::handle::Service;
use super::super::identity::record_type;
use super::super::scope::scope_of;
use super::super::selector::Selector;
use super::draft::{self, Draft, Reference, Wanted, pointer_to};
use crate::error::{Error, Result};
use crate::records::{self, Family, RecordType};
use crate::store::{Filter, ListQuery, Scope};

/// The records of a file by type and name.
#[derive(Default)]
pub(super) struct Index {
    records: HashMap<(&'static str, String), Known>,
    /// By type, record they belong to, and name.
    parts: HashMap<(&'static str, Uuid, String), Uuid>,
    /// Which attributes of a template of the file hold references, with the type that they name.
    references: HashMap<Uuid, HashMap<String, Option<&'static RecordType>>>,
}

#[derive(Clone, Copy)]
struct Known {
    index: usize,
    id: Uuid,
    is_new: bool,
}

/// What a name led to, or why it led nowhere.
type Found = Result<(Uuid, Option<usize>)>;

impl Index {
    pub(super) fn add(&mut self, index: usize, draft: &Draft) {
        let known = Known { index, id: draft.id, is_new: draft.existing.is_none() };
        self.records.insert((draft.of.name, draft.name.clone()), known);
        for (part, drafts) in &draft.parts {
            for item in drafts.iter().filter(|item| !item.name.is_empty()) {
                self.parts.insert((part.name, draft.id, item.name.clone()), item.id);
            }
            if part.name == "OBJECT_TEMPLATE_ATTRIBUTE" {
                let text = |item: &Draft, column: &str| item.columns.get(column).and_then(Value::as_str).unwrap_or_default().to_owned();
                let of = |item: &Draft| {
                    Some((item.name.clone(), attribute_target(&text(item, "datatype"), &text(item, "reference_record_type"))?))
                };
                self.references.insert(draft.id, drafts.iter().filter_map(of).map(|(name, target)| (name, target.of)).collect());
            }
        }
    }

    /// Puts ids into the columns of a draft and of its parts. Answers which new records of the file it needs, and for which
    /// columns; the inner error is about the document.
    pub(super) async fn resolve(&self, service: &Service, access: &Access, draft: &mut Draft) -> Result<Result<Vec<(String, usize)>>> {
        let mut depends = Vec::new();
        let id = draft.id;
        if let Err(error) = self.columns(service, access, (draft, None), &mut depends).await? {
            return Ok(Err(error));
        }
        if draft.of.name == "CUSTOM_OBJECT"
            && let Err(error) = self.object(service, access, draft, &mut depends).await?
        {
            return Ok(Err(error));
        }
        for (_, drafts) in &mut draft.parts {
            for part in drafts {
                // Parts are written when all records are there.
                let mut ignored = Vec::new();
                if let Err(error) = self.columns(service, access, (part, Some(id)), &mut ignored).await? {
                    return Ok(Err(error));
                }
            }
        }
        Ok(Ok(depends))
    }

    async fn columns(
        &self,
        service: &Service,
        access: &Access,
        (draft, home): (&mut Draft, Option<Uuid>),
        depends: &mut Vec<(String, usize)>,
    ) -> Result<Result<()>> {
        for Reference { column, pointer, of, wanted } in std::mem::take(&mut draft.references) {
            let value = match self.id(service, access, (&wanted, home), &pointer).await? {
                Ok(None) => Value::Null,
                Ok(Some((id, needed))) => {
                    depends.extend(needed.filter(|_| of.is_some()).map(|needed| (column.clone(), needed)));
                    id.to_string().into()
                }
                Err(error) => return Ok(Err(error)),
            };
            // `project_name` says no more than `project`, when both are there.
            let is_known = draft.columns.get(&column).is_some_and(|known| !known.is_null());
            if !is_known {
                draft.columns.insert(column, value);
            }
        }
        Ok(Ok(()))
    }

    async fn id(
        &self,
        service: &Service,
        access: &Access,
        (wanted, home): (&Wanted, Option<Uuid>),
        place: &str,
    ) -> Result<Result<Option<(Uuid, Option<usize>)>>> {
        let (of, name, owner) = match wanted {
            Wanted::Nothing => return Ok(Ok(None)),
            Wanted::Id(id) => return Ok(Ok(Some((*id, None)))),
            Wanted::Named { of: None, .. } => return Ok(Err(Error::invalid("This names a record without its type.").field(place))),
            Wanted::Named { of: Some(of), name, owner } => (*of, name, owner),
        };
        let Family::Subrecord { parent, .. } = of.family else {
            return Ok(self.record(service, access, (of, name), place).await?.map(Some));
        };
        let owner = match owner {
            None => home,
            Some(owner) => match Box::pin(self.id(service, access, (owner, None), &pointer_to(place, record_type(parent).singular))).await?
            {
                Ok(found) => found.map(|(id, _)| id),
                Err(error) => return Ok(Err(error)),
            },
        };
        let Some(owner) = owner else {
            let text = format!("A {} is named together with its {}.", of.singular, record_type(parent).singular);
            return Ok(Err(Error::invalid(text).field(place)));
        };
        Ok(self.part(service, access, (of, owner, name), place).await?.map(|id| Some((id, None))))
    }

    async fn record(&self, service: &Service, access: &Access, (of, name): (&'static RecordType, &str), place: &str) -> Result<Found> {
        if let Some(known) = self.records.get(&(of.name, name.to_owned())) {
            return Ok(Ok((known.id, Some(known.index).filter(|_| known.is_new))));
        }
        if !of.is_named() {
            let text = format!("Records of type {} have no unique names; give '{{id: ...}}'.", of.name);
            return Ok(Err(Error::invalid(text).field(place)));
        }
        match service.store().row_by_name(of, name, &scope_of(access, of)).await?.and_then(|row| row.id()) {
            Some(id) => Ok(Ok((id, None))),
            None => {
                let missing = service.missing(access, of, &Selector::Name(name.to_owned())).await;
                Ok(Err(Error::invalid(format!("{} It is not in the file either.", missing.message())).field(pointer_to(place, "name"))))
            }
        }
    }

    async fn part(
        &self,
        service: &Service,
        access: &Access,
        (of, owner, name): (&'static RecordType, Uuid, &str),
        place: &str,
    ) -> Result<Result<Uuid>> {
        if let Some(id) = self.parts.get(&(of.name, owner, name.to_owned())) {
            return Ok(Ok(*id));
        }
        let Some(column) = of.parent_column() else { return Err(Error::internal("a part is no subrecord")) };
        let filter = Filter::eq(column, owner.to_string()).and(Filter::eq("name", name));
        let query = ListQuery { filter: Some(filter), limit: 1, ..ListQuery::default() };
        let found = service.store().row_list(of, &query, &scope_of(access, of)).await?.items.pop().and_then(|row| row.id());
        Ok(found.ok_or_else(|| Error::invalid(format!("There is no {} '{name}' there.", of.singular)).field(pointer_to(place, "name"))))
    }

    /// References in the value of an object; which they are, its template says.
    async fn object(
        &self,
        service: &Service,
        access: &Access,
        draft: &mut Draft,
        depends: &mut Vec<(String, usize)>,
    ) -> Result<Result<()>> {
        let template = draft.columns.get("object_template_id").and_then(Value::as_str).and_then(|id| id.parse::<Uuid>().ok());
        let template = template.or_else(|| draft.existing.as_ref().and_then(|row| row.uuid("object_template_id")));
        let Some(template) = template else { return Ok(Ok(())) };
        let references = match self.references.get(&template) {
            Some(known) => known.clone(),
            None => stored_references(service, template).await?,
        };
        let Some(Value::Object(value)) = draft.columns.get_mut("value") else { return Ok(Ok(())) };
        for (name, value) in value.iter_mut() {
            let Some(target) = references.get(name) else { continue };
            let place = pointer_to(&format!("{}/value", draft.pointer), name);
            let wanted = match draft::wanted(value, *target, &place) {
                Ok(wanted) => wanted,
                Err(error) => return Ok(Err(error)),
            };
            match self.id(service, access, (&wanted, None), &place).await? {
                Ok(None) => *value = Value::Null,
                Ok(Some((id, needed))) => {
                    depends.extend(needed.map(|needed| (pointer_to("value", name), needed)));
                    *value = id.to_string().into();
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(()))
    }
}

/// What an attribute that holds references names.
struct Target {
    /// `None` for any type.
    of: Option<&'static RecordType>,
}

fn attribute_target(datatype: &str, record_type: &str) -> Option<Target> {
    match datatype {
        "OBJECT_TEMPLATE_REFERENCE" => Some(Target { of: records::find("CUSTOM_OBJECT") }),
        "RECORD_REFERENCE" => Some(Target { of: records::find(record_type) }),
        _ => None,
    }
}

async fn stored_references(service: &Service, template: Uuid) -> Result<HashMap<String, Option<&'static RecordType>>> {
    let of = record_type("OBJECT_TEMPLATE_ATTRIBUTE");
    let query = ListQuery { filter: Some(Filter::eq("object_template_id", template.to_string())), ..ListQuery::default() };
    let rows = service.store().row_list(of, &query, &Scope::All).await?.items;
    let target = |row: &crate::store::Row| {
        let found = attribute_target(row.text("datatype")?, row.text("reference_record_type").unwrap_or_default())?;
        Some((row.text("name")?.to_owned(), found.of))
    };
    Ok(rows.iter().filter_map(target).collect())
}
