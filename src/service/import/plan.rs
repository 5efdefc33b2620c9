//! A whole file as a plan: which records are there, which ids the others get, in which order they are written.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};
use uuid::Uuid;

use super::super::access::Access;
use super::super::handle::Service;
use super::super::location::Wish;
use super::super::payload::Payload;
use super::super::rights::Operation;
use super::super::row::{id_of, subject};
use super::draft::{self, Draft};
use super::source::Item;
use super::{IfThere, Imported, Outcome};
use crate::error::{Error, Result};
use crate::records::{RecordType, Storage};
use crate::store::{Filter, ListQuery, Row, Scope};

/// What was found out about each document, from inside the transaction too.
pub(super) type Told = Arc<Mutex<Vec<Note>>>;

/// Which document, and what became of it.
pub(super) type Note = (usize, Result<Outcome>);

/// One document with what is known about it.
struct Entry {
    item: Item,
    draft: Option<Draft>,
    refused: Option<Error>,
    is_skipped: bool,
    /// Other documents of the file that it refers to and that are not there yet.
    depends: Vec<(String, usize)>,
}

pub(super) struct Plan {
    entries: Vec<Entry>,
    told: Told,
}

/// A record or a part, ready to be written.
pub(super) struct Work {
    pub(super) payload: Option<Payload>,
    /// Columns that are set when everything is there: what refers in circles, and the mark that forbids changes.
    pub(super) later: Option<Payload>,
    pub(super) id: Uuid,
    /// Of a part: the value that tells it from others of the same record.
    pub(super) key: Option<String>,
}

/// A document, ready to be written.
pub(super) struct Job {
    pub(super) index: usize,
    pub(super) of: &'static RecordType,
    pub(super) name: String,
    /// The version of the record that is overwritten.
    pub(super) version: Option<i64>,
    pub(super) work: Work,
    pub(super) parts: Vec<(&'static RecordType, Vec<Work>)>,
    /// New records of the file that it needs.
    pub(super) needs: Vec<usize>,
}

impl Plan {
    pub(super) fn read(items: Vec<Item>) -> Plan {
        let mut seen = HashSet::new();
        let read = |item: Item| {
            let (draft, refused) = match draft::read(&item) {
                Ok(draft) if seen.insert((draft.of.name, draft.name.clone())) => (Some(draft), None),
                Ok(draft) => {
                    let text = format!("The {} '{}' is in this file twice.", draft.of.singular, draft.name);
                    (None, Some(Error::invalid(text).field(draft.pointer + "/name")))
                }
                Err(error) => (None, Some(error)),
            };
            Entry { item, draft, refused, is_skipped: false, depends: Vec::new() }
        };
        Plan { entries: items.into_iter().map(read).collect(), told: Told::default() }
    }

    pub(super) fn shared(&self) -> Told {
        self.told.clone()
    }

    /// Finds the records that are there, gives ids to the others, and puts ids in the place of names.
    pub(super) async fn settle(&mut self, service: &Service, access: &Access, if_there: IfThere) -> Result<()> {
        for entry in &mut self.entries {
            let Some(draft) = &mut entry.draft else { continue };
            match find(service, access, draft).await? {
                Err(error) => entry.refused = Some(draft.placed(&error)),
                Ok(None) => draft.id = Service::new_id(),
                Ok(Some(row)) => {
                    draft.id = id_of(&row);
                    draft.existing = Some(row);
                    entry.is_skipped = if_there == IfThere::Skip;
                    if if_there == IfThere::Error {
                        let error = Error::conflict(format!("There is a {} '{}' already.", draft.of.singular, draft.name)).field("/name");
                        entry.refused = Some(draft.placed(&error));
                    }
                }
            }
            parts_found(service, draft).await?;
        }
        self.resolve(service, access).await
    }

    async fn resolve(&mut self, service: &Service, access: &Access) -> Result<()> {
        let mut index = super::resolve::Index::default();
        for (number, entry) in self.entries.iter().enumerate() {
            if let Some(draft) = entry.draft.as_ref().filter(|_| entry.refused.is_none()) {
                index.add(number, draft);
            }
        }
        for entry in &mut self.entries {
            let Some(draft) = entry.draft.as_mut().filter(|_| entry.refused.is_none() && !entry.is_skipped) else { continue };
            match index.resolve(service, access, draft).await? {
                Ok(depends) => entry.depends = depends,
                Err(error) => entry.refused = Some(draft.placed(&error)),
            }
        }
        Ok(())
    }

    /// The documents in the order of their writing. What is wrong with one by itself is noted.
    pub(super) async fn prepare(&mut self, service: &Service, access: &Access) -> Result<Vec<Job>> {
        let mut schemas = HashMap::new();
        for draft in self.entries.iter().filter_map(|entry| entry.draft.as_ref()).filter(|draft| draft.of.name == "SCHEMA") {
            if let Some(value) = draft.columns.get("value") {
                schemas.insert(draft.name.clone(), value.clone());
            }
        }
        let (order, deferred) = self.order();
        let mut jobs = Vec::new();
        for index in order {
            let entry = &mut self.entries[index];
            if entry.refused.is_some() || entry.is_skipped {
                continue;
            }
            let Some(draft) = &mut entry.draft else { continue };
            let put_off: Vec<&str> = deferred.iter().filter(|(of, _)| *of == index).map(|(_, column)| column.as_str()).collect();
            let needs = entry.depends.iter().map(|(_, needed)| *needed).collect();
            match job(service, access, (index, draft, &put_off), &schemas).await {
                Ok(job) => jobs.push(Job { needs, ..job }),
                Err(error) => entry.refused = Some(draft.placed(&error)),
            }
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, entry) in self.entries.iter().enumerate() {
            if entry.is_skipped && entry.refused.is_none() {
                told.push((index, Ok(Outcome::Skipped)));
            } else if entry.refused.is_some() {
                // The reason itself stays with the entry.
                told.push((index, Ok(Outcome::Refused)));
            }
        }
        Ok(jobs)
    }

    /// What is referred to goes before what refers. Where that leads in circles, a column is put off.
    fn order(&self) -> (Vec<usize>, Vec<(usize, String)>) {
        let (mut order, mut deferred) = (Vec::new(), Vec::new());
        let mut state = vec![0_u8; self.entries.len()];
        for start in 0..self.entries.len() {
            // Depth first, without recursion: a chain may be as long as the file.
            let mut path = vec![(start, 0)];
            while let Some((index, next)) = path.pop() {
                if next == 0 && state[index] != 0 {
                    continue;
                }
                state[index] = 1;
                match self.entries[index].depends.get(next) {
                    None => {
                        state[index] = 2;
                        order.push(index);
                    }
                    Some((column, needed)) => {
                        path.push((index, next + 1));
                        match state[*needed] {
                            0 => path.push((*needed, 0)),
                            1 => deferred.push((index, column.clone())),
                            _ => {}
                        }
                    }
                }
            }
        }
        (order, deferred)
    }

    /// What became of every document, in the order of the file.
    pub(super) fn report(&mut self) -> Vec<Imported> {
        let mut told: HashMap<usize, Result<Outcome>> = HashMap::new();
        for (index, note) in self.told.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            told.entry(index).or_insert(note);
        }
        let mut out = Vec::with_capacity(self.entries.len());
        for (index, entry) in self.entries.iter_mut().enumerate() {
            let noted = told.remove(&index).unwrap_or(Ok(Outcome::Refused));
            let (outcome, error) = match (noted, entry.refused.take()) {
                (_, Some(error)) => (Outcome::Refused, Some(error)),
                (Ok(outcome), None) => (outcome, None),
                (Err(error), None) => match &entry.draft {
                    Some(draft) => (Outcome::Refused, Some(draft.placed(&error))),
                    None => (Outcome::Refused, Some(error)),
                },
            };
            let draft = entry.draft.as_ref();
            let (record_type, name) = match draft {
                Some(draft) => (Some(draft.of.singular), Some(draft.name.clone())),
                None => draft::label(&entry.item.node),
            };
            let error_line = error.as_ref().map(|error| entry.item.node.line_of(error.field_pointer().unwrap_or_default()));
            out.push(Imported {
                file: entry.item.file.clone(),
                line: entry.item.node.line,
                record_type,
                name,
                outcome,
                id: draft.map(|draft| draft.id).filter(|_| outcome != Outcome::Refused),
                error,
                error_line,
                ignored: draft.map(|draft| draft.ignored.clone()).unwrap_or_default(),
                missing: draft.filter(|_| outcome != Outcome::Refused).map(missing).unwrap_or_default(),
            });
        }
        out
    }
}

/// Sealed columns without a value, which no document brings.
fn missing(draft: &Draft) -> Vec<String> {
    let sealed = draft.of.fields().filter(|field| field.storage == Storage::Sealed && field.write != crate::records::Write::System);
    let is_empty = |column: &str| draft.existing.as_ref().is_none_or(|row| row.json(column).is_none());
    sealed.filter(|field| is_empty(field.name)).map(|field| field.name.to_owned()).collect()
}

/// The record that a document is about. One out of sight has its name all the same.
async fn find(service: &Service, access: &Access, draft: &mut Draft) -> Result<Result<Option<Row>>> {
    let of = draft.of;
    let row = if of.is_single() {
        service.store().row_list(of, &ListQuery { limit: 1, ..ListQuery::default() }, &Scope::All).await?.items.pop()
    } else {
        service.store().row_by_name(of, &draft.name, &Scope::All).await?
    };
    Ok(match row {
        Some(row) if !access.may(Operation::Read, &subject(of, &row)) => {
            Err(Error::conflict(format!("The name '{}' is taken; choose another one.", draft.name)).field("/name"))
        }
        row => Ok(row),
    })
}

/// Gives parts with names their ids: others may refer to them.
async fn parts_found(service: &Service, draft: &mut Draft) -> Result<()> {
    let (parent, is_there) = (draft.id, draft.existing.is_some());
    for (part, drafts) in &mut draft.parts {
        let Some(column) = part.parent_column() else { continue };
        let mut known = Vec::new();
        if is_there && part.field("name").is_some() {
            let query = ListQuery { filter: Some(Filter::eq(column, parent.to_string())), ..ListQuery::default() };
            known = service.store().row_list(part, &query, &Scope::All).await?.items;
        }
        for draft in drafts {
            let row = known.iter().find(|row| !draft.name.is_empty() && row.text("name") == Some(draft.name.as_str()));
            draft.id = row.map_or_else(Service::new_id, id_of);
        }
    }
    Ok(())
}

async fn job(
    service: &Service,
    access: &Access,
    (index, draft, put_off): (usize, &mut Draft, &[&str]),
    schemas: &HashMap<String, Value>,
) -> Result<Job> {
    let mut columns = std::mem::take(&mut draft.columns);
    let mut later = Map::new();
    for column in put_off {
        if let Some(attribute) = column.strip_prefix("value/") {
            // Of an object: the rest of its value is needed at once.
            let whole = later.entry("value").or_insert_with(|| columns.get("value").cloned().unwrap_or_default()).clone();
            if let Some(Value::Object(value)) = columns.get_mut("value") {
                value.retain(|name, _| draft::pointer_to("", name)[1..] != *attribute);
            }
            later.insert("value".into(), whole);
            continue;
        }
        let is_required = draft.of.field(column).is_some_and(|field| field.required);
        if is_required {
            let text = format!("'{column}' refers to a record that refers back to this one, so that neither can be made first.");
            return Err(Error::invalid(text).field(format!("/{column}")));
        }
        if let Some(value) = columns.shift_remove(*column) {
            later.insert((*column).to_owned(), value);
        }
    }
    if columns.get("is_readonly") == Some(&Value::Bool(true)) && !draft.existing.as_ref().is_some_and(|row| row.flag("is_readonly")) {
        columns.shift_remove("is_readonly");
        later.insert("is_readonly".into(), true.into());
    }
    let mut payload = service.payload_among(draft.of, columns, access, schemas).await?;
    payload.id = Some(draft.id);
    payload.is_whole = true;
    if let Some(content) = draft.content.take() {
        payload.file_content(content);
    }
    service.content_ahead(access, draft.of, &mut payload).await?;
    let mut parts = Vec::new();
    for (part, drafts) in &mut draft.parts {
        let mut works = Vec::new();
        for draft_of_part in drafts {
            works.push(part_work(service, access, (part, draft.id), draft_of_part).await.map_err(|e| draft_of_part.placed(&e))?);
        }
        parts.push((*part, works));
    }
    let later = if later.is_empty() { None } else { Some(service.payload_among(draft.of, later, access, schemas).await?) };
    let work = Work { payload: Some(payload), later, id: draft.id, key: None };
    let version = draft.existing.as_ref().map(Row::version);
    Ok(Job { index, of: draft.of, name: draft.name.clone(), version, work, parts, needs: Vec::new() })
}

async fn part_work(service: &Service, access: &Access, (part, parent): (&'static RecordType, Uuid), draft: &mut Draft) -> Result<Work> {
    let Some(column) = part.parent_column() else { return Err(Error::internal("a part is no subrecord")) };
    let mut columns = std::mem::take(&mut draft.columns);
    columns.insert(column.to_owned(), parent.to_string().into());
    // What refers to another part comes when all parts are there.
    let mut later = Map::new();
    for field in part.fields() {
        let to_part =
            matches!(field.kind, crate::records::Kind::Reference(to) if crate::records::find(to).is_some_and(RecordType::is_subrecord));
        if let Some(value) = columns.get(field.name).cloned().filter(|value| to_part && !value.is_null()) {
            columns.shift_remove(field.name);
            later.insert(field.name.to_owned(), value);
        }
    }
    let second = part.pair().map(|(_, second)| second);
    let key = second.map(|second| match columns.get(second) {
        Some(Value::String(text)) => text.trim().to_owned(),
        _ => String::new(),
    });
    let mut payload = service.payload(part, columns, access).await?;
    payload.id = Some(draft.id);
    let later = if later.is_empty() { None } else { Some(Payload::new(later, Wish::default())) };
    Ok(Work { payload: Some(payload), later, id: draft.id, key })
}
