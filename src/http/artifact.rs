//! Developer artifacts: what editors and agents download to write flows with. The same version answers the same bytes.

use std::future::ready;
use std::io::{Cursor, Write};
use std::sync::OnceLock;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::gate::Caller;
use super::param::{Param, ParamKind, Params};
use super::route::{BASE, Endpoint, Shape, Verb};
use super::state::HttpState;
use super::tag;
use crate::error::{Error, Result};
use crate::records::artifact::{ARTIFACTS, Artifact, CONNECTORS, Content, EDITOR, EXPORT, FORM, File, TYPINGS};
use crate::records::typing::input;

const FORMAT: &[Param] =
    &[Param { name: "format", kind: ParamKind::Word(&["json", "zip"]), doc: "`json`, the default, or `zip` for an archive of the files." }];

static TYPINGS_PARAMS: &[Param] = &[
    FORMAT[0],
    Param {
        name: "flows",
        kind: ParamKind::Bool,
        doc: "True: `flow_api/inputs.pyi` has the types of the inputs of the flows that the caller may read. Default false.",
    },
];

const JSON: &str = "application/json";
const ZIP: &str = "application/zip";

/// The index's path and file name.
const INDEX: (&str, &str) = ("/developer-artifacts", "developer-artifacts.json");

macro_rules! endpoint {
    ($artifact:ident, $operation:literal, $shape:literal, $doc:literal) => {
        Endpoint::new(Verb::Get, $artifact.endpoint, $operation, $doc)
            .params(FORMAT)
            .answer(200, Shape::Archive($shape))
            .once(|verb| on(verb, |params: Params, headers: HeaderMap| ready(serve(&$artifact, &params, &headers))))
    };
}

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new(
        Verb::Get,
        TYPINGS.endpoint,
        "flow_api_typings",
        "The typings of flow_api for editors and type checkers, by path; takes `if-none-match`.",
    )
    .params(TYPINGS_PARAMS)
    .answer(200, Shape::Archive("Files"))
    .once(|verb| on(verb, typings)),
    endpoint!(EXPORT, "export_schemas", "Files", "JSON Schemas of export documents, by path; takes `if-none-match`."),
    endpoint!(CONNECTORS, "connector_schemas", "Files", "JSON Schemas of connections, by path; takes `if-none-match`."),
    endpoint!(FORM, "form_schema", "Document", "The JSON Schema of forms and of flows' input_schema; takes `if-none-match`."),
    endpoint!(EDITOR, "editor_config", "Files", "Settings with which editors find the artifacts, by path; takes `if-none-match`."),
    Endpoint::new(
        Verb::Get,
        INDEX.0,
        "developer_artifacts",
        "The index of what there is for editors: address, target path, hash and media type of each; takes `if-none-match`.",
    )
    .params(FORMAT)
    .answer(200, Shape::Archive("Artifacts"))
    .once(|verb| on(verb, index)),
];

/// Bytes made once, with their ETag.
struct Made {
    media: &'static str,
    content: Bytes,
    /// SHA-256 of the content, 64 hex digits.
    hash: String,
    tag: HeaderValue,
    /// Of an archive: the name that browsers save it under.
    saved_as: Option<HeaderValue>,
}

impl Made {
    fn new(media: &'static str, content: Vec<u8>) -> Made {
        let hash = hex::encode(Sha256::digest(&content));
        let tag = HeaderValue::try_from(format!("\"{}\"", &hash[..32])).expect("hex digits and quotes are plain ASCII");
        Made { media, content: content.into(), hash, tag, saved_as: None }
    }

    fn archive(name: &str, files: &[File]) -> Result<Made> {
        let content = archive(files).map_err(|e| Error::internal("an archive of artifacts cannot be made").source_error(e))?;
        let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
        let name = format!("attachment; filename=\"{plain}-{}.zip\"", env!("CARGO_PKG_VERSION"));
        let mut made = Made::new(ZIP, content);
        made.saved_as = Some(HeaderValue::try_from(name).expect("a version is plain ASCII"));
        Ok(made)
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
            about.extend(self.saved_as.clone().map(|name| (header::CONTENT_DISPOSITION, name)));
        }
        response
    }
}

/// One artifact or the index, in both formats.
struct Pair {
    json: Made,
    zip: Made,
}

impl Pair {
    fn of(artifact: &Artifact) -> Result<Pair> {
        Pair::with(artifact, &artifact.files())
    }

    /// The artifact with these files in the place of its own.
    fn with(artifact: &Artifact, files: &[File]) -> Result<Pair> {
        let json = match artifact.content {
            Content::Files(_) => by_path(files),
            Content::Document(..) => files.first().map(|file| file.text.clone().into_bytes()).unwrap_or_default(),
        };
        Ok(Pair { json: Made::new(JSON, json), zip: Made::archive(artifact.name, files)? })
    }

    fn answer(&self, params: &Params, headers: &HeaderMap) -> Response {
        let made = if params.text("format") == Some("zip") { &self.zip } else { &self.json };
        made.answer(headers)
    }
}

/// All that is served, made at the first request.
struct All {
    artifacts: Vec<Pair>,
    index: Pair,
}

fn all() -> Result<&'static All> {
    static ALL: OnceLock<All> = OnceLock::new();
    if let Some(made) = ALL.get() {
        return Ok(made);
    }
    let artifacts = ARTIFACTS.iter().map(|artifact| Pair::of(artifact)).collect::<Result<Vec<_>>>()?;
    let entries: Vec<Value> = ARTIFACTS.iter().zip(&artifacts).map(|(artifact, pair)| entry(artifact, pair)).collect();
    let text = format!("{:#}\n", json!({"version": env!("CARGO_PKG_VERSION"), "artifacts": entries}));
    let file = File { path: INDEX.1.to_owned(), text: text.clone() };
    let index = Pair { json: Made::new(JSON, text.into_bytes()), zip: Made::archive("developer-artifacts", &[file])? };
    Ok(ALL.get_or_init(|| All { artifacts, index }))
}

/// What the index says of an artifact: of files the archive, of a document the document.
fn entry(artifact: &Artifact, pair: &Pair) -> Value {
    let (query, made) = match artifact.content {
        Content::Files(_) => ("?format=zip", &pair.zip),
        Content::Document(..) => ("", &pair.json),
    };
    json!({
        "name": artifact.name,
        "description": artifact.doc,
        "endpoint": format!("{BASE}{}{query}", artifact.endpoint),
        "target": artifact.target_path(),
        "version": env!("CARGO_PKG_VERSION"),
        "sha256": made.hash,
        "media_type": made.media,
    })
}

fn serve(artifact: &'static Artifact, params: &Params, headers: &HeaderMap) -> Result<Response> {
    let at = ARTIFACTS.iter().position(|other| std::ptr::eq(*other, artifact)).expect("each route serves one of the list");
    Ok(all()?.artifacts[at].answer(params, headers))
}

/// With `flows`, made for the caller; else what everybody gets.
async fn typings(State(state): State<HttpState>, caller: Caller, params: Params, headers: HeaderMap) -> Result<Response> {
    if !params.flag("flows") {
        return serve(&TYPINGS, &params, &headers);
    }
    let known = input::module(&state.service().flow_inputs(&caller.actor).await?);
    let mut files = TYPINGS.files();
    for file in files.iter_mut().filter(|file| file.path == known.path) {
        file.text.clone_from(&known.text);
    }
    Ok(Pair::with(&TYPINGS, &files)?.answer(&params, &headers))
}

async fn index(params: Params, headers: HeaderMap) -> Result<Response> {
    Ok(all()?.index.answer(&params, &headers))
}

fn by_path(files: &[File]) -> Vec<u8> {
    let files: Map<_, _> = files.iter().map(|file| (file.path.clone(), file.text.clone().into())).collect();
    json!({"version": env!("CARGO_PKG_VERSION"), "files": files}).to_string().into_bytes()
}

/// A zip archive without anything of the time and the machine it was made on.
fn archive(files: &[File]) -> zip::result::ZipResult<Vec<u8>> {
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
        for artifact in ARTIFACTS {
            let files = artifact.files();
            assert!(files.is_sorted_by(|a, b| a.path < b.path), "a path is there twice, or out of order");
            let first = archive(&files).unwrap();
            assert_eq!(first, archive(&artifact.files()).unwrap(), "{}", artifact.name);
            let mut read = zip::ZipArchive::new(Cursor::new(first)).unwrap();
            assert_eq!(read.len(), files.len());
            let entry = read.by_index(0).unwrap();
            assert_eq!(entry.last_modified(), Some(zip::DateTime::default()));
        }
    }

    #[test]
    fn every_artifact_has_a_route() {
        for artifact in ARTIFACTS {
            assert!(ENDPOINTS.iter().any(|endpoint| endpoint.path == artifact.endpoint), "{}", artifact.name);
        }
    }
}
