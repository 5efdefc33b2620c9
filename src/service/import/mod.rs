//! Import: documents as export writes them, created or overwritten by name. A file is one transaction: all of it or nothing.
//!
//! Documents may refer to each other in any order, in circles too: their ids are settled before anything is written. What an
//! export cannot bring (sealed values, what each server sets itself) stays as it is, and the report says what is missing.
//! Life-cycle flows of custom objects are not started: an import brings objects back, it does not make them happen.

mod draft;
mod plan;
mod resolve;
mod source;
mod work;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::actor::Actor;
use super::audit::Deed;
use super::handle::Service;
use crate::error::{Error, Kind, Result};
use crate::store::Unit;

/// What is imported.
#[derive(Clone, Debug)]
pub enum ImportFile {
    /// YAML, one document or several.
    Yaml(String),
    /// A zip archive as exports make them.
    Archive(Bytes),
}

/// What becomes of a document whose record exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfThere {
    #[default]
    Overwrite,
    /// It is refused, and the whole file with it.
    Error,
    /// It is left out.
    Skip,
}

/// A file to be imported.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    pub file: ImportFile,
    pub if_exists: IfThere,
    /// Say what would be done; nothing is written.
    pub dry_run: bool,
    /// For the history of every record that is changed; a document's own goes before.
    pub commit_message: Option<String>,
}

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Updated,
    Unchanged,
    Skipped,
    Refused,
}

impl Outcome {
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Created => "created",
            Outcome::Updated => "updated",
            Outcome::Unchanged => "unchanged",
            Outcome::Skipped => "skipped",
            Outcome::Refused => "refused",
        }
    }
}

/// One document of a file and what became of it.
#[derive(Debug)]
pub struct Imported {
    /// Its file in an archive.
    pub file: Option<String>,
    /// Where it begins, from 1.
    pub line: usize,
    /// The type in lower case.
    pub record_type: Option<&'static str>,
    pub name: Option<String>,
    pub outcome: Outcome,
    pub id: Option<Uuid>,
    /// Why it was refused; its field points into the document.
    pub error: Option<Error>,
    /// The line that the error is about.
    pub error_line: Option<usize>,
    /// Keys that are accepted and left alone.
    pub ignored: Vec<String>,
    /// Sealed columns that have no value.
    pub missing: Vec<String>,
}

impl Imported {
    /// As doors show it.
    pub fn to_value(&self) -> Value {
        let mut out = Map::new();
        out.insert("file".into(), json!(self.file));
        out.insert("line".into(), json!(self.line));
        out.insert("type".into(), json!(self.record_type));
        out.insert("name".into(), json!(self.name));
        out.insert("outcome".into(), json!(self.outcome.name()));
        out.insert("id".into(), json!(self.id.map(|id| id.to_string())));
        if let Some(error) = &self.error {
            let place = error.field_pointer();
            out.insert("error".into(), json!({ "error_message": error.message(), "code": error.kind().code(), "field": place }));
            out.insert("error_line".into(), json!(self.error_line));
        }
        for (name, list) in [("ignored", &self.ignored), ("missing", &self.missing)] {
            if !list.is_empty() {
                out.insert(name.into(), json!(list));
            }
        }
        Value::Object(out)
    }
}

impl Service {
    /// Imports a file. If any document is refused, nothing is written, and the error's details tell of each.
    pub async fn import(&self, actor: &Actor, request: ImportRequest) -> Result<Vec<Imported>> {
        let items = source::items(request.file, self.config().server.file_limit_bytes)?;
        if items.is_empty() {
            return Err(Error::new(Kind::Malformed, "There is no document in this file. One looks like 'setting: {name: x, value: 1}'."));
        }
        let access = self.access(actor).await?;
        // What was written a moment ago is found.
        self.store().barrier().await?;
        let mut plan = plan::Plan::read(items);
        let options = work::Options { if_there: request.if_exists, dry_run: request.dry_run, commit_message: request.commit_message };
        plan.settle(self, &access, options.if_there).await?;
        let prepared = plan.prepare(self, &access).await?;
        let commit = self.import_work(actor, &access, (plan.shared(), prepared), options).await?;
        let (documents, commit) = (plan.report(), commit);
        if let Some(commit) = commit {
            commit.wait().await?;
        }
        let refused: Vec<&Imported> = documents.iter().filter(|document| document.outcome == Outcome::Refused).collect();
        let Some(first) = refused.first().and_then(|document| document.error.as_ref()) else { return Ok(documents) };
        let kinds: Vec<Kind> = refused.iter().filter_map(|document| document.error.as_ref()).map(Error::kind).collect();
        let kind = if kinds.iter().all(|kind| *kind == first.kind()) { first.kind() } else { Kind::Invalid };
        let text = match (refused.len(), documents.len()) {
            (1, 1) => first.message().to_owned(),
            (some, all) => format!("Nothing was imported: {some} of {all} documents are refused. The first: {}", first.message()),
        };
        if kind == Kind::Forbidden {
            let details = json!({ "reason": text });
            let entry = Deed { operation: "import", details: Some(&details), ..Deed::default() };
            self.audit_alone(actor, entry, "denied");
        }
        let shown: Vec<Value> = documents.iter().map(Imported::to_value).collect();
        let mut error = Error::new(kind, text).details(json!({ "documents": shown }));
        if let Some(pointer) = first.field_pointer() {
            error = error.field(pointer);
        }
        Err(error)
    }

    /// Waits until all that was imported is on disk.
    pub async fn import_settled(&self) -> Result<()> {
        self.store().submit(Unit::default()).wait().await
    }
}
