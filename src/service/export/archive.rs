//! A place as an archive: every record in it that the actor may read, as files of the same bytes each time.

use std::io::{Cursor, Write};

use bytes::Bytes;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::super::row::id_of;
use super::file_name::{Stems, stem};
use super::writer::Writer;
use super::{Document, Exported};
use crate::error::{Error, Kind, Result};
use crate::records::{RecordType, TYPES, document};
use crate::store::{Filter, Row};

/// Bytes that an archive may hold: it is made in memory.
const LIMIT: usize = 512 << 20;

/// One file of an archive.
struct Entry {
    path: String,
    content: Bytes,
}

/// All that lies in a project, in a bundle or in the workspace, and itself.
pub(super) async fn of_place(writer: &mut Writer<'_>, (of, row): (&'static RecordType, Row)) -> Result<Exported> {
    let mut entries = Vec::new();
    let mut left = LIMIT;
    let file_name = format!("{}.{}.zip", stem(row.text("name").unwrap_or_default()), of.singular);
    for ty in TYPES.iter().copied().filter(|ty| document::is_exported(ty)) {
        let rows = match of.name {
            "WORKSPACE" => writer.service.rows_all(writer.access, ty, None).await?,
            _ if ty.name == of.name => vec![row.clone()],
            "PROJECT" if ty.in_project => inside(writer, ty, ("project_id", &row)).await?,
            "BUNDLE" if ty.in_bundle => inside(writer, ty, ("bundle_id", &row)).await?,
            _ => continue,
        };
        let mut documents = writer.documents(ty, rows).await?;
        documents.sort_by(|a, b| a.name.cmp(&b.name));
        let mut stems = Stems::default();
        for document in documents {
            for entry in files(writer, document, &mut stems).await? {
                left = left.checked_sub(entry.content.len()).ok_or_else(|| {
                    let text = format!("This is more than the {LIMIT} bytes of one archive; export its projects, or single records.");
                    Error::new(Kind::TooLarge, text)
                })?;
                entries.push(entry);
            }
        }
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    let packed = tokio::task::spawn_blocking(move || pack(&entries));
    let unmade = |e: zip::result::ZipError| Error::internal("an archive could not be made").source_error(e);
    let content = packed.await.map_err(|e| Error::internal("an archive was not made").source_error(e))?.map_err(unmade)?;
    Ok(Exported { file_name, media: "application/zip", content: content.into() })
}

async fn inside(writer: &Writer<'_>, ty: &'static RecordType, (column, place): (&'static str, &Row)) -> Result<Vec<Row>> {
    writer.service.rows_all(writer.access, ty, Some(Filter::eq(column, id_of(place).to_string()))).await
}

/// The document, and what stands beside it.
async fn files(writer: &Writer<'_>, mut document: Document, stems: &mut Stems) -> Result<Vec<Entry>> {
    let of = document.of;
    let path = format!("{0}/{1}.{0}", of.singular, stems.take(&document.name));
    let mut entries = Vec::new();
    for field in document::columns(of) {
        let Some(ending) = document::beside(field) else { continue };
        let content = match document.columns.shift_remove(document::key(field)) {
            Some(serde_json::Value::String(text)) => Bytes::from(text),
            _ => writer.content(&document).await?,
        };
        entries.push(Entry { path: format!("{path}.{ending}"), content });
    }
    entries.push(Entry { path: format!("{path}.yaml"), content: document.yaml().into() });
    Ok(entries)
}

/// Nothing of the time and the machine it is made on goes in.
fn pack(entries: &[Entry]) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default()).unix_permissions(0o644);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        archive.start_file(entry.path.as_str(), options)?;
        archive.write_all(&entry.content)?;
    }
    Ok(archive.finish()?.into_inner())
}
