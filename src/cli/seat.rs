//! Where documents are fetched from and brought to: a server by its address, or the one of a data folder, running or not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Place;
use super::administer::{self, Request};
use super::client::{Remote, Server};
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::records::{self, RecordType};

/// Which server: `--url` with a key, or else a data folder.
#[derive(Args)]
pub(super) struct SeatArgs {
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    place: Place,
}

impl SeatArgs {
    pub(super) fn open(self) -> Result<Seat> {
        let remote = self.remote.or_environment();
        let is_local = self.place.data.is_some() || remote.url.is_none();
        if is_local { Ok(Seat::Data(Box::new(self.place.load(None)?))) } else { Ok(Seat::Server(Server::new(remote)?)) }
    }
}

/// In a path, dots too: a segment of dots alone means another place.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

pub(super) enum Seat {
    Server(Server),
    Data(Box<Config>),
}

/// What an import is told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ImportOptions {
    pub dry_run: bool,
    /// `overwrite`, `error` or `skip`.
    pub if_exists: Option<String>,
    pub message: Option<String>,
}

/// An export, or what became of an import.
#[derive(Debug, Serialize, Deserialize)]
pub struct ImportReport {
    pub documents: Vec<Value>,
    /// Why nothing was imported.
    pub error: Option<String>,
}

/// A file that an export gave.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExportFile {
    pub file_name: String,
    /// In base64.
    pub content: String,
}

/// The type that somebody named.
pub(super) fn type_of(name: &str) -> Result<&'static RecordType> {
    records::find(name).filter(|of| records::document::is_exported(of)).ok_or_else(|| {
        let known = records::TYPES.iter().filter(|of| records::document::is_exported(of)).map(|of| of.singular);
        Error::invalid(format!("'{name}' is no type of record with export documents.{}", crate::error::did_you_mean(name, known)))
    })
}

impl Seat {
    /// The export of a record by name, or of the only one of its type: its file's name and content.
    pub(super) async fn export(&self, of: &'static RecordType, name: Option<&str>, informational: bool) -> Result<(String, Vec<u8>)> {
        match self {
            Seat::Server(server) => {
                let one = match name {
                    Some(name) => format!("{}?by=name&", utf8_percent_encode(name, ESCAPED)),
                    None => format!("{}?", the_one(server, of).await?),
                };
                let path = format!("/{}/{one}download=export&informational={informational}", of.singular);
                let answer = server.send(server.request(Method::GET, &path)).await?;
                let given = answer.headers().get("content-disposition").and_then(|value| value.to_str().ok());
                let plain = given.and_then(|text| text.split("filename=\"").nth(1)?.split('"').next());
                let file_name = plain.unwrap_or("export.yaml").to_owned();
                Ok((file_name, answer.bytes().await.map_err(|e| server.unreachable(&e))?.to_vec()))
            }
            Seat::Data(config) => {
                let request = Request::Export { record_type: of.singular.to_owned(), name: name.map(str::to_owned), informational };
                let file: ExportFile = read(&administer::ask(config, request).await?)?;
                let content = STANDARD.decode(&file.content).map_err(|_| unreadable())?;
                Ok((file.file_name, content))
            }
        }
    }

    /// Imports a file. That documents are refused is in the report; an error is that nothing could be asked.
    pub(super) async fn import(&self, content: Vec<u8>, is_archive: bool, options: ImportOptions) -> Result<ImportReport> {
        match self {
            Seat::Server(server) => {
                let mut request = server.request(Method::POST, "/import").query(&[("dry_run", options.dry_run)]);
                request = request.header("content-type", if is_archive { "application/zip" } else { "application/yaml" });
                for (name, value) in [("if_exists", options.if_exists), ("commit_message", options.message)] {
                    request = match value {
                        Some(value) => request.query(&[(name, value)]),
                        None => request,
                    };
                }
                let answer = request.body(content).send().await.map_err(|e| server.unreachable(&e))?;
                let status = answer.status();
                let text = answer.text().await.map_err(|e| server.unreachable(&e))?;
                let body: Value = serde_json::from_str(&text).map_err(|_| unreadable())?;
                let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
                if status.is_success() {
                    return Ok(ImportReport { documents: list(&body["documents"]), error: None });
                }
                let error = body["error_message"].as_str().ok_or_else(unreadable)?.to_owned();
                Ok(ImportReport { documents: list(&body["details"]["documents"]), error: Some(error) })
            }
            Seat::Data(config) => {
                let request = Request::Import { content: STANDARD.encode(content), is_archive, options };
                read(&administer::ask(config, request).await?)
            }
        }
    }

    /// Puts a record into the trash bin.
    pub(super) async fn delete(&self, of: &'static RecordType, name: &str) -> Result<()> {
        match self {
            Seat::Server(server) => {
                let path = format!("/{}/{}?by=name", of.singular, utf8_percent_encode(name, ESCAPED));
                server.send(server.request(Method::DELETE, &path)).await.map(drop)
            }
            Seat::Data(config) => {
                let request = Request::Delete { record_type: of.singular.to_owned(), name: name.to_owned() };
                administer::ask(config, request).await.map(drop)
            }
        }
    }
}

/// The id of the only record of a type.
async fn the_one(server: &Server, of: &RecordType) -> Result<String> {
    let path = format!("/{}?plain=true&fields=id&limit=2", of.singular);
    let text = server.send(server.request(Method::GET, &path)).await?.text().await.map_err(|e| server.unreachable(&e))?;
    let list: Value = serde_json::from_str(&text).map_err(|_| unreadable())?;
    match list.as_array().map(Vec::as_slice) {
        Some([one]) => Ok(one["id"].as_str().ok_or_else(unreadable)?.to_owned()),
        Some([]) => Err(Error::not_found(format!("There is no {} that this key may read.", of.singular))),
        _ => Err(Error::invalid(format!("Which {}? Give its name.", of.singular))),
    }
}

fn read<T: for<'d> Deserialize<'d>>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| unreadable())
}

fn unreadable() -> Error {
    Error::new(Kind::Unavailable, "The server's answer could not be read; is it of another version?")
}
