//! Documents for the command line, where the data folder is: exported and imported by the server itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::seat::{ExportFile, ImportOptions, ImportReport, type_of};
use crate::error::{Error, Result};
use crate::service::{Actor, IfThere, ImportFile, ImportRequest, Imported, ListRequest, Selector, Service};

/// An [`ExportFile`] as JSON.
pub(super) async fn export(service: &Service, actor: &Actor, (of, name): (&str, Option<String>), informational: bool) -> Result<String> {
    let of = type_of(of)?;
    let selector = match name {
        Some(name) => Selector::Name(name),
        None => {
            let page = service.record_list(actor, of, &ListRequest { limit: Some(1), ..ListRequest::default() }).await?;
            let id = page.items.first().and_then(|record| record["id"].as_str()).and_then(|id| id.parse().ok());
            Selector::Id(id.ok_or_else(|| Error::not_found(format!("There is no {}.", of.singular)))?)
        }
    };
    let exported = service.record_export(actor, of, &selector, informational).await?;
    let file = ExportFile { file_name: exported.file_name, content: STANDARD.encode(&exported.content) };
    serde_json::to_string(&file).map_err(|e| Error::internal("a file is not JSON").source_error(e))
}

/// An [`ImportReport`] as JSON.
pub(super) async fn import(
    service: &Service,
    actor: &Actor,
    (content, is_archive): (&str, bool),
    options: ImportOptions,
) -> Result<String> {
    let content = STANDARD.decode(content).map_err(|_| Error::invalid("The file to be imported is not base64."))?;
    let file = if is_archive {
        ImportFile::Archive(content.into())
    } else {
        ImportFile::Yaml(String::from_utf8(content).map_err(|_| Error::invalid("The file is not UTF-8 text."))?)
    };
    let if_exists = match options.if_exists.as_deref() {
        Some("error") => IfThere::Error,
        Some("skip") => IfThere::Skip,
        _ => IfThere::Overwrite,
    };
    let request = ImportRequest { file, if_exists, dry_run: options.dry_run, commit_message: options.message };
    let report = match service.import(actor, request).await {
        Ok(documents) => ImportReport { documents: documents.iter().map(Imported::to_value).collect(), error: None },
        Err(error) => {
            let told = error.detail_value().and_then(|details| details["documents"].as_array().cloned());
            ImportReport { documents: told.unwrap_or_else(Vec::<Value>::new), error: Some(error.message().to_owned()) }
        }
    };
    serde_json::to_string(&report).map_err(|e| Error::internal("a report is not JSON").source_error(e))
}
