//! Export: a record as a YAML document, a project, a bundle or the workspace as an archive of them. Only what the actor may read.
//!
//! What a document looks like is said by [`crate::records::document`]. An archive is a zip of `<type>/<name>.<type>.yaml`, with
//! scripts beside as `<name>.<type>.py` and contents of files as `<name>.<type>.content`. The same records are the same bytes,
//! whenever and wherever they are exported.

mod archive;
mod file_name;
mod row;
mod writer;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::actor::Actor;
use super::handle::Service;
use super::selector::Selector;
use super::yaml;
use crate::error::{Error, Result};
use crate::records::{RecordType, document};

pub use file_name::{name as name_of_stem, stem};

/// What is exported, ready to be saved as a file.
#[derive(Clone, Debug)]
pub struct Exported {
    /// `hello.flow.yaml`, `Default project.zip`.
    pub file_name: String,
    pub media: &'static str,
    pub content: Bytes,
}

/// A record as a document.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) of: &'static RecordType,
    pub(super) name: String,
    /// By the keys of the document.
    pub(super) columns: Map<String, Value>,
    /// The hash of a FILE's content, which is fetched when it is written.
    pub(super) content: Option<String>,
}

impl Document {
    fn yaml(self) -> String {
        yaml::document(&json!({ self.of.singular: self.columns }))
    }
}

impl Service {
    /// A record as a document; with `informational`, with the columns that imports leave alone. A project, a bundle and the
    /// workspace are archives of all that lies in them.
    pub async fn record_export(
        &self,
        actor: &Actor,
        of: &'static RecordType,
        selector: &Selector,
        informational: bool,
    ) -> Result<Exported> {
        if !document::is_exported(of) {
            let text = format!("{} has no export document; only resources have, and what belongs to them goes with them.", of.name);
            return Err(Error::invalid(text));
        }
        let row = self.record_row(actor, of, selector).await?;
        let access = self.access(actor).await?;
        let mut writer = writer::Writer::new(self, &access, informational);
        if matches!(of.name, "PROJECT" | "BUNDLE" | "WORKSPACE") {
            return archive::of_place(&mut writer, (of, row)).await;
        }
        let mut document = writer.documents(of, vec![row]).await?.pop().ok_or_else(|| Error::internal("a record gave no document"))?;
        if let Some(field) = of.fields().find(|field| document::beside(field) == Some("content")) {
            let content = writer.content(&document).await?;
            let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &content);
            document.columns.insert(field.name.to_owned(), text.into());
        }
        let file_name = format!("{}.{}.yaml", stem(&document.name), of.singular);
        Ok(Exported { file_name, media: "application/yaml", content: document.yaml().into() })
    }
}
