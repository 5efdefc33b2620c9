//! The content of files, kept under its hash: read whole or in parts, received bit by bit.

use std::ops::Range;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::access::Subject;
use super::actor::Actor;
use super::column;
use super::handle::Service;
use super::identity::record_type;
use super::journal::Journal;
use super::location::Wish;
use super::payload::Payload;
use super::record_write::{RecordWrite, Written};
use super::rights::Operation;
use super::row::subject;
use super::scope::scope_of;
use super::selector::Selector;
use super::spool::{Content, Spool, too_large};
use crate::error::{Error, Kind, Result};
use crate::store::{BlobRead, Row, Store};

/// A file with its content.
pub struct FileContent {
    /// The FILE record.
    pub row: Row,
    pub content: Bytes,
}

/// A file whose content is read part by part.
pub struct OpenFile {
    /// The FILE record.
    pub row: Row,
    /// Bytes of the content.
    pub size: u64,
    hash: String,
    store: Store,
}

impl OpenFile {
    /// A part of it, from the first byte to the one before the last.
    pub fn read(&self, range: Range<u64>) -> BlobRead {
        self.store.blob_read(&self.hash, range)
    }
}

/// Content on its way into a file, from somebody who may write it.
pub struct Incoming {
    pub(super) actor: Actor,
    pub(super) write: RecordWrite,
    pub(super) payload: Payload,
    /// Whether the file must be there already.
    pub(super) must_exist: bool,
    pub(super) spool: Spool,
}

impl Incoming {
    /// For whom it is written.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Refuses what is too large before it is sent, when its size is known.
    pub fn announce(&self, size: u64) -> Result<()> {
        if size > self.spool.limit() { Err(too_large(self.spool.limit())) } else { Ok(()) }
    }

    /// Takes the next bytes. Content over its limit is [`Kind::TooLarge`].
    pub async fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.spool.take(bytes).await
    }
}

impl Service {
    /// The content of a file; empty when none was written yet. Needs READ.
    pub async fn file_content(&self, actor: &Actor, selector: &Selector) -> Result<FileContent> {
        let row = self.record_row(actor, record_type("FILE"), selector).await?;
        let content = match row.text("sha256") {
            Some(hash) => self.store().blob(hash).await?.ok_or_else(|| gone(hash))?,
            None => Bytes::new(),
        };
        Ok(FileContent { row, content })
    }

    /// The content of a file, to be read part by part. Needs READ.
    pub async fn file_open(&self, actor: &Actor, selector: &Selector) -> Result<OpenFile> {
        let row = self.record_row(actor, record_type("FILE"), selector).await?;
        let hash = row.text("sha256").unwrap_or_default().to_owned();
        let size = match hash.as_str() {
            "" => 0,
            hash => self.store().blob_size(hash).await?.ok_or_else(|| gone(hash))?,
        };
        Ok(OpenFile { row, size, hash, store: self.store().clone() })
    }

    /// Writes the content of a file. A name that does not exist yet is created, an id must exist.
    pub async fn file_write(
        &self,
        actor: &Actor,
        selector: Selector,
        content: impl Into<Content>,
        journal: Option<Journal>,
    ) -> Result<Written> {
        let content = content.into();
        let limit = self.file_limit();
        if content.size > limit {
            return Err(too_large(limit));
        }
        let access = self.access(actor).await?;
        let must_exist = matches!(selector, Selector::Id(_));
        let mut payload = Payload::new(name_column(&selector)?, Wish::default());
        payload.file_content(content);
        let write = RecordWrite { selector: Some(selector), journal, ..RecordWrite::new(record_type("FILE"), Map::new()) };
        self.payload_write(actor, access, write, (payload, must_exist, None)).await
    }

    /// Begins to receive the content of a file, as [`Service::file_write`] writes it. Who may not write it is refused before the
    /// first byte. `if_match` names the content that is replaced, by its SHA-256 or by the record's version; `*` is any.
    pub async fn file_begin(&self, actor: &Actor, selector: Selector, if_match: Option<&str>) -> Result<Incoming> {
        let existing = self.file_writable(actor, &selector).await;
        let existing = existing.inspect_err(|error| self.audit_refusal(actor, error, ("write", record_type("FILE")), Some(&selector)))?;
        let payload = Payload::new(name_column(&selector)?, Wish::default());
        let must_exist = matches!(selector, Selector::Id(_)) || if_match.is_some();
        let if_version = version_of(if_match, existing.as_ref())?;
        let write = RecordWrite { selector: Some(selector), if_version, ..RecordWrite::new(record_type("FILE"), Map::new()) };
        Ok(Incoming { actor: actor.clone(), write, payload, must_exist, spool: self.spool(self.file_limit()) })
    }

    /// The file that is there, if the actor sees it; refuses who could not write it. The write itself decides.
    async fn file_writable(&self, actor: &Actor, selector: &Selector) -> Result<Option<Row>> {
        let files = record_type("FILE");
        let access = self.access(actor).await?;
        let existing = match selector {
            Selector::Id(_) => Some(self.record_row(actor, files, selector).await?),
            Selector::Name(name) => self.store().row_by_name(files, name, &scope_of(&access, files)).await?,
        };
        match &existing {
            Some(row) => access.require(Operation::Update, &subject(files, row))?,
            None if access.reach(Operation::Create, files.name).is_nowhere() => {
                access.require(Operation::Create, &Subject::new_in(files.name, None))?;
            }
            None => {}
        }
        Ok(existing)
    }

    /// Writes what was received.
    pub async fn file_finish(&self, incoming: Incoming) -> Result<Written> {
        let Incoming { actor, write, mut payload, must_exist, spool } = incoming;
        payload.file_content(spool.finish().await?);
        // Looked up anew: much may have happened since the first byte.
        let access = self.access(&actor).await?;
        let selector = write.selector.clone();
        let written = self.payload_write(&actor, access, write, (payload, must_exist, None)).await;
        written.inspect_err(|error| self.audit_refusal(&actor, error, ("write", record_type("FILE")), selector.as_ref()))
    }

    /// Bytes that the content of a file may have.
    pub(super) fn file_limit(&self) -> u64 {
        self.config().server.file_limit_bytes as u64
    }

    pub(super) fn spool(&self, limit: u64) -> Spool {
        Spool::new(self.config().server.data.clone(), limit)
    }
}

fn gone(hash: &str) -> Error {
    Error::internal(format!("the content {hash} is gone"))
}

/// The column of a file that is named rather than found.
fn name_column(selector: &Selector) -> Result<Map<String, Value>> {
    let mut columns = Map::new();
    if let Selector::Name(name) = selector {
        let field = record_type("FILE").field("name").ok_or_else(|| Error::internal("a file has no name"))?;
        columns.insert("name".into(), column::check(field, name.clone().into(), "/name")?);
    }
    Ok(columns)
}

/// The version that a file must still have when its content is written.
fn version_of(if_match: Option<&str>, existing: Option<&Row>) -> Result<Option<i64>> {
    let Some(wanted) = if_match else { return Ok(None) };
    let stale = |text: &str| Err(Error::new(Kind::PreconditionFailed, text));
    let Some(row) = existing else { return stale("There is no such file yet, so that it cannot match.") };
    let tag = row.text("sha256").unwrap_or(NO_CONTENT);
    match wanted {
        "*" => Ok(None),
        _ if wanted == tag || wanted == row.version().to_string() => Ok(Some(row.version())),
        _ => stale("The file has other content by now. Read it again and repeat the change."),
    }
}

/// The tag of a file without content.
pub const NO_CONTENT: &str = "empty";
