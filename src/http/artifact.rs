//! Developer artifacts: what editors and agents download to write flows with. The same version answers the same bytes.

use std::io::{Cursor, Write};
use std::sync::OnceLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use bytes::Bytes;
use serde_json::{Map, json};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::param::{Param, ParamKind, Params};
use super::route::{Endpoint, Shape, Verb};
use super::tag;
use crate::error::{Error, Result};
use crate::records::typing::{self, Stub};

static FORMAT: &[Param] =
    &[Param { name: "format", kind: ParamKind::Word(&["json", "zip"]), doc: "`json`, the default, or `zip` for an archive of the files." }];

pub(super) static ENDPOINTS: &[Endpoint] = &[Endpoint::new(
    Verb::Get,
    "/flow_api/typings",
    "flow_api_typings",
    "The typings of flow_api for editors and type checkers, by path; takes `if-none-match`.",
)
.params(FORMAT)
.answer(200, Shape::Archive("Typings"))
.once(|verb| on(verb, typings))];

/// Bytes made once, with their ETag.
struct Artifact {
    media: &'static str,
    content: Bytes,
    tag: HeaderValue,
}

impl Artifact {
    fn new(media: &'static str, content: Vec<u8>) -> Artifact {
        let hash = blake3::hash(&content).to_hex();
        let tag = HeaderValue::try_from(format!("\"{}\"", &hash[..32])).expect("hex digits and quotes are plain ASCII");
        Artifact { media, content: content.into(), tag }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let is_known = tag::is_known(headers, &self.tag);
        let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { self.content.clone().into_response() };
        let about = response.headers_mut();
        about.insert(header::ETAG, self.tag.clone());
        // It is asked for with a key: no cache in between may hand it to others.
        about.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        if !is_known {
            about.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media));
        }
        response
    }
}

async fn typings(params: Params, headers: HeaderMap) -> Result<Response> {
    static TEXT: OnceLock<Artifact> = OnceLock::new();
    static ARCHIVE: OnceLock<Artifact> = OnceLock::new();
    if params.text("format") != Some("zip") {
        return Ok(TEXT.get_or_init(|| Artifact::new("application/json", document(&typing::files()))).answer(&headers));
    }
    let artifact = match ARCHIVE.get() {
        Some(made) => made,
        None => {
            let content =
                archive(&typing::files()).map_err(|e| Error::internal("the archive of the typings cannot be made").source_error(e))?;
            ARCHIVE.get_or_init(|| Artifact::new("application/zip", content))
        }
    };
    let mut response = artifact.answer(&headers);
    let name = format!("attachment; filename=\"flow_api-typings-{}.zip\"", env!("CARGO_PKG_VERSION"));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::try_from(name).expect("a version is plain ASCII"));
    Ok(response)
}

fn document(files: &[Stub]) -> Vec<u8> {
    let files: Map<_, _> = files.iter().map(|file| (file.path.clone(), file.text.clone().into())).collect();
    json!({"version": env!("CARGO_PKG_VERSION"), "files": files}).to_string().into_bytes()
}

/// A zip archive without anything of the time and the machine it was made on.
fn archive(files: &[Stub]) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default()).unix_permissions(0o644);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        archive.start_file(file.path.as_str(), options)?;
        archive.write_all(file.text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_archives_of_the_same_files_are_the_same_bytes() {
        let files = typing::files();
        assert!(files.is_sorted_by(|a, b| a.path < b.path), "a path is there twice, or out of order");
        let first = archive(&files).unwrap();
        assert_eq!(first, archive(&files).unwrap());
        let mut read = zip::ZipArchive::new(Cursor::new(first)).unwrap();
        assert_eq!(read.len(), files.len());
        let entry = read.by_index(0).unwrap();
        assert_eq!(entry.last_modified(), Some(zip::DateTime::default()));
    }
}
