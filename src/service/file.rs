//! The content of files: read and written whole, kept under its hash.

use bytes::Bytes;
use serde_json::Map;

use super::actor::Actor;
use super::column;
use super::handle::Service;
use super::identity::record_type;
use super::journal::Journal;
use super::location::Wish;
use super::payload::Payload;
use super::record_write::{RecordWrite, Written};
use super::selector::Selector;
use crate::error::{Error, Kind, Result};
use crate::store::Row;

/// A file with its content.
pub struct FileContent {
    /// The FILE record.
    pub row: Row,
    pub content: Bytes,
}

impl Service {
    /// The content of a file; empty when none was written yet. Needs READ.
    pub async fn file_content(&self, actor: &Actor, selector: &Selector) -> Result<FileContent> {
        let row = self.record_row(actor, record_type("FILE"), selector).await?;
        let content = match row.text("sha256") {
            Some(hash) => self.store().blob(hash).await?.ok_or_else(|| Error::internal(format!("the content {hash} is gone")))?,
            None => Bytes::new(),
        };
        Ok(FileContent { row, content })
    }

    /// Writes the content of a file. A name that does not exist yet is created, an id must exist.
    pub async fn file_write(&self, actor: &Actor, selector: Selector, content: Bytes, journal: Option<Journal>) -> Result<Written> {
        let limit = self.config().server.file_limit_bytes;
        if content.len() > limit {
            return Err(Error::new(Kind::TooLarge, format!("A file may have {limit} bytes; this one has {}.", content.len())));
        }
        let files = record_type("FILE");
        let access = self.access(actor).await?;
        let must_exist = matches!(selector, Selector::Id(_));
        let mut columns = Map::new();
        if let Selector::Name(name) = &selector {
            let field = files.field("name").ok_or_else(|| Error::internal("a file has no name"))?;
            columns.insert("name".into(), column::check(field, name.clone().into(), "/name")?);
        }
        let mut payload = Payload::new(columns, Wish::default());
        payload.file_content(content);
        let write = RecordWrite { selector: Some(selector), journal, ..RecordWrite::new(files, Map::new()) };
        self.payload_write(actor, access, write, (payload, must_exist, None)).await
    }
}
